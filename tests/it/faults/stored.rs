//! The store of documents refuses, is cut or silent: no row without its content, no answer that breaks off, and the rest
//! goes on.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use custodian::app::App;
use custodian::config::{PublicUrl, StoreUrl};
use custodian_entity::document;
use serde_json::Value;

use super::proxy::{Fate, Proxy, Upstream};
use super::{ASKED, assert_discreet, back, page, prompt};
use crate::app::TestApp;
use crate::documents::samples;
use crate::fixture::{ADMIN, all, text};
use crate::s3::{self, S3};
use crate::suite::Suite;
use crate::uploads::clients::{CUSTOMER, taken, upload};
use crate::uploads::content::get;

pub(super) fn register(suite: &mut Suite) {
    suite.stored("faults::without the store documents are refused as such, and the rest goes on", away);
    suite.stored("faults::a store that is silent holds an upload up once, and nobody else", silent);
}

/// The service with its store behind a proxy, which the store itself knows nothing of.
async fn behind(app: &mut TestApp, service: &s3::Store) -> Proxy {
    service.bucket("planted-bucket");
    let upstream = service.endpoint().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let proxy = Proxy::to(Upstream::Tcp(upstream));
    let endpoint = format!("http://{}", proxy.address);
    let started: (Arc<App>, axum::Router) = app
        .instance(|config| {
            config.store_url = StoreUrl::parse("s3://planted-bucket/part").expect("an address");
            config.store_endpoint = PublicUrl::parse(&endpoint);
            config.store_access_key = Some(s3::ACCESS_KEY.into());
            config.store_secret_key = Some(s3::SECRET_KEY.into());
            config.request_timeout_seconds = 3;
        })
        .await;
    (app.service, app.router) = started;
    proxy
}

/// How many files wait in the spool.
fn spooled(app: &TestApp) -> usize {
    std::fs::read_dir(app.database().folder.path().join("spool")).map_or(0, Iterator::count)
}

/// Reads a document that must be refused.
async fn assert_unread(app: &TestApp, id: &str, how: &str, code: &str) {
    let (status, headers, body) = prompt(how, get(app, CUSTOMER, id, &[])).await;
    let said = String::from_utf8(body).expect("a refusal is text");
    assert_eq!(
        status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{how}: it is answered by the beginning of nothing: {said}"
    );
    assert!(said.contains(code) && !said.contains("planted"), "{how}: {said}");
    assert_eq!(headers.contains_key("retry-after"), code == "UNAVAILABLE", "{how}");
}

async fn away(mut app: TestApp, s3: S3) {
    let service = s3.start();
    let mut proxy = behind(&mut app, &service).await;
    let content = samples::png_of(300_000);
    let kept = taken(&upload(&app, "0", "a.png", "image/png", &content).await)["id"].clone();
    let kept = text(&kept).to_owned();
    for how in ["refuses", "is cut"] {
        let rows = all::<document::Entity>(&app).await.len();
        match how {
            "refuses" => proxy.refuse(),
            // As often as it is tried.
            _ => proxy.trap("HTTP/1.1", Fate::CutBefore, 3),
        }
        let answer = prompt(how, upload(&app, "0", "a.png", "image/png", &content)).await;
        assert_eq!(answer.code(), Some("UNAVAILABLE"), "{how}: {}", answer.text);
        assert_discreet(&answer, &["planted", s3::ACCESS_KEY, s3::SECRET_KEY]);
        assert_eq!(all::<document::Entity>(&app).await.len(), rows, "{how}: a row without a content");
        assert_eq!(spooled(&app), 0, "{how}: what was refused is left in the spool");
        if how == "refuses" {
            assert_unread(&app, &kept, how, "UNAVAILABLE").await;
        }
        prompt(how, app.login(ADMIN).await.query(ASKED, Value::Null)).await.ok();
        assert_eq!(
            page(&app.anonymous(), "/readyz").await.0,
            200,
            "{how}: without documents it serves the rest"
        );

        proxy.pass();
        back("contents", async || get(&app, CUSTOMER, &kept, &[]).await.0 == StatusCode::OK).await;
        assert!(get(&app, CUSTOMER, &kept, &[]).await.2 == content, "{how}");
        taken(&upload(&app, "0", "a.png", "image/png", &content).await);
    }
}

async fn silent(mut app: TestApp, s3: S3) {
    let service = s3.start();
    let mut proxy = behind(&mut app, &service).await;
    let content = samples::png_of(300_000);
    let kept = taken(&upload(&app, "0", "a.png", "image/png", &content).await)["id"].clone();
    let kept = text(&kept).to_owned();
    let rows = all::<document::Entity>(&app).await.len();
    proxy.blackhole();
    let sending = {
        let (app, content) = (app.clone(), content.clone());
        tokio::spawn(async move { upload(&app, "0", "a.png", "image/png", &content).await })
    };
    assert_unread(&app, &kept, "is silent", "TIMEOUT").await;
    prompt("others", app.login(ADMIN).await.query(ASKED, Value::Null)).await.ok();
    // An upload may take longer than other requests, for its size.
    let answer = tokio::time::timeout(Duration::from_secs(60), sending).await;
    let answer =
        answer.expect("an upload waits for the store without a limit").expect("a client does not panic");
    assert_eq!(answer.code(), Some("UNAVAILABLE"), "{}", answer.text);
    assert_discreet(&answer, &["planted"]);
    assert_eq!((all::<document::Entity>(&app).await.len(), spooled(&app)), (rows, 0));
    proxy.pass();
    back("contents", async || get(&app, CUSTOMER, &kept, &[]).await.0 == StatusCode::OK).await;
    taken(&upload(&app, "0", "a.png", "image/png", &content).await);
}
