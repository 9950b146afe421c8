//! A customer whose keys were destroyed: what was handed in of him opens no more, also from a store that was put back.

use axum::http::StatusCode;
use custodian::vault::{Owner, Retention};
use serde_json::json;

use super::samples;
use crate::app::TestApp;
use crate::fixture::{MARIA, customer, text};
use crate::suite::Suite;
use crate::uploads::clients::{CUSTOMER, taken, upload};
use crate::uploads::content::get;

pub fn register(suite: &mut Suite) {
    suite.both("documents::of an erased customer none opens, whatever the store still holds", erased);
}

async fn erased(app: TestApp) {
    let answer = upload(&app, "0", "passport.png", "image/png", &samples::png_of(100_000)).await;
    let id = text(&taken(&answer)["id"]).to_owned();
    assert_eq!(get(&app, CUSTOMER, &id, &[]).await.0, StatusCode::OK);

    let maria = customer(&app, MARIA).await;
    let owner = Owner::Customer(maria.id, Retention::Kyc);
    app.service.vault.destroy(maria.tenant_id, owner).await.expect("the key store is there");

    // Row and object are where they were.
    assert_eq!(get(&app, CUSTOMER, &id, &[]).await.0, StatusCode::NOT_FOUND);
    let ask = "query($id: ID!) { document(id: $id) { id filename sizeBytes } }";
    let document = app.login(CUSTOMER).await.query(ask, json!({ "id": id })).await;
    assert_eq!(document.ok()["document"]["filename"], "***", "{}", document.text);
    // Nothing more is kept of him under that key.
    let answer = upload(&app, "0", "passport.png", "image/png", &samples::png()).await;
    assert_eq!(answer.code(), Some("CONFLICT"), "{}", answer.text);
}
