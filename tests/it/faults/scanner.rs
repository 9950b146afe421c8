//! The scanner refuses, is silent, slow, or gone in the middle (FA7): a document waits for it unseen, and the rest goes on.

use std::time::Duration;

use custodian::config::ClamdUrl;
use serde_json::{Value, json};

use super::proxy::{Fate, Proxy, Upstream};
use super::{ASKED, prompt};
use crate::app::TestApp;
use crate::clamd::Clamd;
use crate::documents::samples;
use crate::fixture::{ADMIN, text};
use crate::suite::Suite;
use crate::uploads::clients::{CUSTOMER, taken, upload};
use crate::uploads::content::get;

pub(super) fn register(suite: &mut Suite) {
    suite.scanned("faults::whatever the scanner does, nothing is served that it has not seen", whatever);
}

async fn whatever(mut app: TestApp, clamd: Clamd) {
    let mut place = clamd.place();
    place.start();
    let ClamdUrl::Unix(socket) = place.url() else { panic!("scanners of tests listen on sockets") };
    let mut proxy = Proxy::to(Upstream::Unix(socket));
    let url = ClamdUrl::parse(&format!("tcp://{}", proxy.address));
    (app.service, app.router) = app
        .instance(|config| {
            config.clamd_url = url;
            config.clamd_timeout_seconds = 1;
        })
        .await;
    let content = samples::png_of(100_000);
    let said = async |id: &str| {
        let document = "query($id: ID!) { document(id: $id) { status scanStatus content { url } } }";
        app.login(ADMIN).await.query(document, json!({ "id": id })).await.ok()["document"].clone()
    };
    for how in ["refuses", "is silent", "is too slow", "is cut in the middle", "is cut before its answer"] {
        match how {
            "refuses" => proxy.refuse(),
            "is silent" => proxy.blackhole(),
            "is too slow" => proxy.slow(Duration::from_millis(700)),
            "is cut in the middle" => proxy.trap("INSTREAM", Fate::CutBefore, 1),
            // The first of a PNG, which is what is said after the command.
            _ => proxy.trap("IHDR", Fate::CutAfter, 1),
        }
        let answer = prompt(how, upload(&app, "0", "a.png", "image/png", &content)).await;
        let document = taken(&answer);
        let id = text(&document["id"]).to_owned();
        assert_eq!(document["status"], "SCANNING", "{how}: it was not scanned");
        for who in [CUSTOMER, ADMIN] {
            let (status, _, body) = prompt(how, get(&app, who, &id, &[])).await;
            assert!(!status.is_success(), "{how}: {who} reads what was not scanned");
            assert!(!body.windows(16).any(|part| part == &content[..16]), "{how}: it is in the refusal");
        }
        let before = said(&id).await;
        assert_eq!((&before["scanStatus"], &before["content"]), (&json!("PENDING"), &Value::Null), "{how}");
        prompt(how, app.login(ADMIN).await.query(ASKED, Value::Null)).await.ok();

        proxy.pass();
        assert_eq!(prompt(how, app.service.scan_waiting()).await.expect("the database answers"), 1, "{how}");
        assert_eq!(said(&id).await["scanStatus"], "CLEAN", "{how}");
        let (status, _, read) = get(&app, CUSTOMER, &id, &[]).await;
        assert!(status.is_success() && read == content, "{how}: it waits no longer");
    }
    // Slow, and not too slow.
    proxy.slow(Duration::from_millis(20));
    let answer = upload(&app, "0", "a.png", "image/png", &content).await;
    assert_eq!(taken(&answer)["status"], "PENDING_REVIEW");
}
