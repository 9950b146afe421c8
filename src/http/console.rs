//! `/graphiql` and `/access` where the program was built with the console (`console/`, put here by `build.rs`).
//!
//! Invariant: its pages load nothing but files of this server and send requests to no other; the browser holds them to
//! the policy below. They are the same for everybody and hold no data: what a viewer sees is what the API answers him.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::routing::get;
use axum::{Json, Router};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::assets::{self, Asset};
use crate::app::App;
use crate::config::{DEMO_PASSWORD, Profile};
use crate::seed::{self, DEMO_ACCOUNTS};

/// The files of `console/dist`, each with its name there; `x.br` is `x` in brotli.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// Two addresses of one page, so that whoever goes from one to the other stays signed in.
const PAGES: [&str; 2] = ["/graphiql", "/access"];

const PAGE: &str = "index.html";

/// Where the bundler has the other files; their names hold the hash of their content.
const ASSETS: &str = "assets/";

/// GraphiQL's dialogs keep the page behind them from scrolling by the one inline style there is.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; \
     style-src 'self' 'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='; connect-src 'self'; \
     img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The pages, their files and what they ask the server before anybody has signed in; none without a console.
pub(super) fn pages() -> Option<Router<Arc<App>>> {
    let page = asset(PAGE)?.under(POLICY);
    let mut served: Vec<_> = PAGES.iter().map(|path| ((*path).to_owned(), page.clone())).collect();
    for (name, _) in FILES.iter().filter(|(name, _)| name.starts_with(ASSETS) && !name.ends_with(".br")) {
        served.push((format!("/console/{name}"), asset(name)?.forever()));
    }
    Some(assets::routes(served).route("/graphiql/settings.json", get(settings)))
}

fn asset(name: &str) -> Option<Asset> {
    let compressed = format!("{name}.br");
    Some(Asset::new(content_type(name), file(name)?).with_brotli(file(&compressed)))
}

fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, content)| *content)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// What the pages know before anybody has signed in.
#[derive(Serialize)]
struct Settings {
    /// The accounts whose password everybody knows; in production there are none.
    demo: Option<Demo>,
}

#[derive(Serialize)]
struct Demo {
    /// Only the one that the manual says.
    password: Option<&'static str>,
    accounts: Vec<DemoAccount>,
}

#[derive(Serialize)]
struct DemoAccount {
    username: &'static str,
    role: &'static str,
}

async fn settings(State(app): State<Arc<App>>) -> Json<Settings> {
    let is_development = app.config.profile == Profile::Development;
    // A database that cannot be asked has none to offer.
    let has_demo = is_development && seed::is_there(app.db()).await.unwrap_or(false);
    Json(Settings { demo: has_demo.then(|| demo(app.config.demo_password.expose_secret())) })
}

fn demo(password: &str) -> Demo {
    let accounts = DEMO_ACCOUNTS.iter().map(|&(username, role)| DemoAccount { username, role });
    Demo { password: (password == DEMO_PASSWORD).then_some(DEMO_PASSWORD), accounts: accounts.collect() }
}
