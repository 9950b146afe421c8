//! `/graphiql` where the program was built without the console ([`super::console`]): GraphiQL in one page, loaded from
//! a CDN.
//!
//! Invariant: the page runs nothing but the files named here, each of one version and with the hash of its content,
//! and sends requests to this server only; both are enforced by the browser, through the policy below.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::HeaderValue;

use super::assets::{self, Asset};
use crate::app::App;

/// A file of the CDN: address and hash (`sha384-` and the digest of the npm package's file, W3C SRI).
struct Foreign {
    url: &'static str,
    integrity: &'static str,
}

/// In the order they must run in. GraphiQL 4 is the last line that is one file, React 18 the last with one.
const SCRIPTS: [Foreign; 3] = [
    Foreign {
        url: "https://cdn.jsdelivr.net/npm/react@18.3.1/umd/react.production.min.js",
        integrity: "sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    },
    Foreign {
        url: "https://cdn.jsdelivr.net/npm/react-dom@18.3.1/umd/react-dom.production.min.js",
        integrity: "sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    },
    Foreign {
        url: "https://cdn.jsdelivr.net/npm/graphiql@4.1.2/graphiql.min.js",
        integrity: "sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    },
];

const STYLE: Foreign = Foreign {
    url: "https://cdn.jsdelivr.net/npm/graphiql@4.1.2/graphiql.min.css",
    integrity: "sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
};

/// The one inline style GraphiQL writes: its dialogs keep the page behind them from scrolling.
const SCROLL_LOCK: &str = "'sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo='";

const OWN_SCRIPT: &str = include_str!("page/graphiql.js");
const OWN_STYLE: &str = include_str!("page/graphiql.css");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let mut elements = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        elements,
        r#"<link rel="stylesheet" href="{}" integrity="{}" crossorigin="anonymous">"#,
        STYLE.url, STYLE.integrity,
    );
    for Foreign { url, integrity } in SCRIPTS {
        let _ = writeln!(
            elements,
            r#"<script defer src="{url}" integrity="{integrity}" crossorigin="anonymous"></script>"#,
        );
    }
    include_str!("page/graphiql.html").replace("<!-- foreign files -->\n", &elements)
});

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let scripts = SCRIPTS.map(|script| script.url).join(" ");
    let policy = format!(
        "default-src 'none'; script-src 'self' {scripts}; style-src 'self' {SCROLL_LOCK} {style}; \
         connect-src 'self'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        style = STYLE.url,
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page and its own files.
pub(super) fn routes() -> Router<Arc<App>> {
    assets::routes([
        ("/graphiql", Asset::new("text/html; charset=utf-8", PAGE.as_bytes()).under(POLICY.clone())),
        ("/graphiql/app.js", Asset::new("text/javascript; charset=utf-8", OWN_SCRIPT.as_bytes())),
        ("/graphiql/app.css", Asset::new("text/css; charset=utf-8", OWN_STYLE.as_bytes())),
    ])
}
