//! The console in a browser: Chromium in front of the service, with no other host within its reach. What a page does is
//! in `tests/browser`; each of its programs prints a line for what held, and fails at the first that does not.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::TestApp;
use crate::daemon::{self, script};
use crate::listening::Listening;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.browser("browser::GraphiQL is the role's, and says what the policy did", async |app, browser| {
        holds(&app, &browser, "graphiql.mjs", 13, 900).await;
    });
    suite.browser("browser::a session is renewed, changes its role, and ends", async |app, browser| {
        holds(&app, &browser, "session.mjs", 3, 10).await;
    });
    suite.browser("browser::the access matrix filters, explains and compares", async |app, browser| {
        holds(&app, &browser, "access.mjs", 9, 900).await;
    });
    suite.browser("browser::little is loaded, and once", async |app, browser| {
        holds(&app, &browser, "size.mjs", 1, 900).await;
    });
    suite.browser("browser::a screen reader is told what it needs", async |app, browser| {
        holds(&app, &browser, "reader.mjs", 3, 900).await;
    });
    suite.browser("browser::pages are for phones, too", async |app, browser| {
        holds(&app, &browser, "phone.mjs", 2, 900).await;
    });
    suite.browser("browser::it is dark where the system is", async |app, browser| {
        holds(&app, &browser, "dark.mjs", 2, 900).await;
    });
}

/// Chromium, and what drives it.
#[derive(Clone, Debug)]
pub struct Browser {
    node: PathBuf,
    chromium: PathBuf,
    version: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

impl Browser {
    /// Looks for them.
    ///
    /// # Errors
    /// What is missing, for people to read.
    pub fn find() -> Result<Self, String> {
        if !custodian::http::has_console() {
            return Err(
                "the program was built without the console (npm ci && npm run build in console)".to_owned()
            );
        }
        let node = daemon::program("node").ok_or("no node found")?;
        let chromium = daemon::program("chromium").ok_or("no chromium found")?;
        if !folder().join("node_modules/playwright-core").is_dir() {
            return Err("no node_modules (npm ci in tests/browser)".to_owned());
        }
        let version = daemon::version(&chromium, "Chromium")?;
        Ok(Self { node, chromium, version })
    }

    /// The version of Chromium.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// Runs a program against a service whose tokens live for so many seconds; so many of its steps hold. Pictures of pages
/// are kept in `target/screenshots`.
async fn holds(app: &TestApp, browser: &Browser, script_name: &str, steps: usize, seconds: u32) {
    let listening = Listening::begin(app, |config| config.access_token_ttl_seconds = seconds).await;
    let world = json!({
        "base": format!("http://{}", listening.address),
        "chromium": browser.chromium,
        "screenshots": Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots"),
    });
    let said = script(&folder(), &browser.node, script_name, &world.to_string()).await;
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), steps, "{said}");
}
