//! What happens around a file while it comes in.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use chrono::TimeDelta;
use custodian::documents::turns::Turns;
use custodian_entity::choice::CustomerStatus;
use custodian_entity::id::TypedId;
use custodian_entity::{customer, document};
use futures_util::{StreamExt, stream};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::json;

use super::samples;
use super::scanning::kept;
use crate::app::TestApp;
use crate::fixture::{MARIA, customer};
use crate::suite::Suite;
use crate::uploads::clients::{taken, upload};
use crate::uploads::form::{BOUNDARY, Form, in_pieces};

pub fn register(suite: &mut Suite) {
    suite.pure("documents::a turn lasts as long as its work, whoever waits for that", turns);
    suite.sqlite("documents::an object stays where nobody is sure that its row is missing", unsure);
    suite.both(
        "documents::over a store of objects, a database without documents sweeps nothing",
        foreign_store,
    );
    suite.both("documents::no file is added to a customer who left while it came in", left);
}

/// A client that goes away does not let the next one in beside the work it left.
fn turns() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let turns = Turns::new(1);
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let (begin, begins) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let turns = turns.clone();
            async move {
                let work = move || {
                    let _ = begin.send(());
                    let _ = ends.recv();
                };
                turns.take(work).await
            }
        });
        begins.await.expect("it begins");
        first.abort();
        assert!(first.await.is_err_and(|error| error.is_cancelled()));
        let mut second = Box::pin(turns.take(|| ()));
        let soon = Duration::from_millis(100);
        assert!(tokio::time::timeout(soon, &mut second).await.is_err(), "the first still works");
        end.send(()).expect("it still works");
        second.await.expect("there is a place again");
    });
}

/// A commit whose answer is lost fails as well, and its row is there.
async fn unsure(app: TestApp) {
    let before = kept(&app);
    let fails = "CREATE TRIGGER planted BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'planted'); END";
    app.db().execute_unprepared(fails).await.unwrap();
    let answer = upload(&app, "0", "a.png", "image/png", &samples::png()).await;
    assert!(answer.code().is_some(), "{}", answer.text);
    assert_eq!(kept(&app), before + 1);
}

/// A service whose database is new, or another one, finds the store of documents that are elsewhere.
async fn foreign_store(app: TestApp) {
    let answer = upload(&app, "0", "a.png", "image/png", &samples::png()).await;
    taken(&answer);
    let held = kept(&app);
    let rows = document::Entity::find().all(app.db()).await.unwrap();
    document::Entity::delete_many().exec(app.db()).await.unwrap();
    // Files have the time of the machine, whatever the clock says.
    app.clock.advance(TimeDelta::days(36_500));
    app.service.sweep_documents(Duration::ZERO).await.expect_err("it is hardly ours");
    assert_eq!(kept(&app), held);
    // With one document it is ours, and what it does not name goes.
    let mut other = rows.into_iter().next().expect("one was added").into_active_model();
    (other.object_name, other.content_key) = (Set(None), Set(None));
    document::Entity::insert(other).exec_without_returning(app.db()).await.unwrap();
    let swept = app.service.sweep_documents(Duration::ZERO).await.unwrap();
    assert!(swept.objects >= 1 && kept(&app) < held, "{swept:?}");
}

async fn left(app: TestApp) {
    let before = kept(&app);
    let client = app.login("support@acme.example").await;
    let maria = customer(&app, MARIA).await;
    let mutation = "mutation($input: DocumentUploadInput!) { documentUpload(input: $input) { \
        document { id } userErrors { field code } } }";
    let input = json!({ "customerId": maria.id.encode(), "type": "OTHER", "title": "late", "file": null });
    let operations = json!({ "query": mutation, "variables": { "input": input } });
    let form = Form::of(&operations.to_string(), r#"{"0": ["variables.input.file"]}"#);
    let mut body = form.file("0", "a.png", &samples::png_of(400_000)).end();
    let rest = body.split_off(300_000);
    let db = app.db().clone();
    let leaves = stream::once(async move {
        let status = Set(CustomerStatus::Closed);
        let leaving = customer::ActiveModel { id: Set(maria.id), status, ..Default::default() };
        leaving.update(&db).await.unwrap();
        Ok(Bytes::from(rest))
    });
    let request = Request::post("/graphql")
        .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .header("GraphQL-Require-Preflight", "true")
        .body(Body::from_stream(in_pieces(body, 4096).chain(leaves)));
    let answer = client.send(request.unwrap()).await;
    let payload = &answer.ok()["documentUpload"];
    assert_eq!(
        payload["userErrors"],
        json!([{ "field": ["customerId"], "code": "INVALID" }]),
        "{}",
        answer.text
    );
    assert!(payload["document"].is_null());
    assert_eq!(kept(&app), before, "its content is there");
}
