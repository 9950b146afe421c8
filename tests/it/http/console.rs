//! The console's pages and files, as a browser asks for them; what they do in one is in `browser.rs` beside this folder.

use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH,
};
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use super::{assert_refused, header, router, send};
use crate::app::TestApp;
use crate::client::Client;

pub async fn files(app: TestApp) {
    let served = router(&app, |_| {}).await;
    let client = Client::new(served.clone(), None);
    let page = send(&client, Request::get("/graphiql"), Body::empty()).await;
    assert_eq!(send(&client, Request::get("/access"), Body::empty()).await.text, page.text);
    let policy = header(&page, &CONTENT_SECURITY_POLICY);
    assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(header(&page, &CACHE_CONTROL), "no-cache");
    assert!(!page.text.contains("http") && !page.text.contains("<style") && !page.text.contains("style="));
    assert!(!page.text.contains("<script>"), "{}", page.text);

    let loaded: Vec<_> = page.text.split('"').filter(|part| part.starts_with("/console/")).collect();
    assert!(
        loaded.iter().any(|path| path.ends_with(".js")) && loaded.iter().any(|path| path.ends_with(".css"))
    );
    for path in ["/graphiql", "/access"].into_iter().chain(loaded.iter().copied()) {
        let plain = send(&client, Request::get(path), Body::empty()).await;
        assert_eq!(plain.status, StatusCode::OK, "{path}");
        let kept =
            if path.starts_with("/console/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(header(&plain, &CACHE_CONTROL), kept, "{path}");
        assert!(!header(&plain, &CONTENT_TYPE).contains("octet-stream"), "{path}");
        let again = Request::get(path).header(IF_NONE_MATCH, header(&plain, &ETAG));
        assert_eq!(send(&client, again, Body::empty()).await.status, StatusCode::NOT_MODIFIED, "{path}");
        for coding in ["br", "gzip", "gzip, deflate, br, zstd"] {
            let packed = Request::get(path).header(ACCEPT_ENCODING, coding).body(Body::empty()).unwrap();
            let packed = served.clone().oneshot(packed).await.unwrap();
            let used = packed.headers()[CONTENT_ENCODING].to_str().unwrap().to_owned();
            assert!(coding.contains(&used), "{path}: {used} for {coding}");
            let size = to_bytes(packed.into_body(), 4 << 20).await.unwrap().len();
            assert!(size < plain.text.len(), "{path} in {coding}: {size} of {} bytes", plain.text.len());
        }
    }
    for path in
        ["/console/", "/console/index.html", "/console/assets/../index.html", "/console/assets/none.js"]
    {
        assert_refused(
            &send(&client, Request::get(path), Body::empty()).await,
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
        );
    }

    let off = Client::new(router(&app, |config| config.graphiql = false).await, None);
    for path in ["/graphiql", "/access", "/graphiql/settings.json"].into_iter().chain(loaded) {
        assert_refused(
            &send(&off, Request::get(path), Body::empty()).await,
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
        );
    }
}

pub async fn settings(app: TestApp) {
    let ask =
        async |client: Client| send(&client, Request::get("/graphiql/settings.json"), Body::empty()).await;
    let development = ask(app.anonymous()).await;
    if !custodian::http::has_console() {
        assert_eq!(development.status, StatusCode::NOT_FOUND);
        return;
    }
    let demo = &development.body["demo"];
    assert_eq!(demo["password"], "Custodian-Demo-1");
    assert_eq!(demo["accounts"][0]["username"], "admin@acme.example");
    let own = Client::new(router(&app, |config| config.demo_password = "another".into()).await, None);
    assert!(ask(own).await.body["demo"]["password"].is_null(), "a password of somebody's own is shown");
    let production = router(&app, |config| {
        *config = app.database().production();
        config.graphiql = true;
    });
    let production = ask(Client::new(production.await, None)).await;
    assert_eq!(production.text, r#"{"demo":null}"#);
}
