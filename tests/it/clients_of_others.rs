//! Clients of other people, unchanged: JavaScript's and Python's libraries for GraphQL do here what they do anywhere, and the
//! server audits of `graphql-http` find nothing that is not named (abuse case HT1).

use std::path::{Path, PathBuf};

use custodian_entity::id::TypedId;
use serde_json::json;

use crate::app::TestApp;
use crate::daemon::{self, script};
use crate::fixture::{ADMIN, MARIA, customer};
use crate::listening::Listening;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.others("others::the server audits of graphql-http find nothing new", audits);
    for name in ["apollo", "urql", "request", "ws"] {
        suite.others(
            format!("others::{name} of JavaScript does what it does anywhere"),
            async move |app, others| {
                does(&app, others.node(), &format!("{name}.mjs"), is_whole(name)).await;
            },
        );
    }
    suite.others("others::gql of Python does what it does anywhere", async |app: TestApp, others: Others| {
        does(&app, others.python(), "gql_client.py", 4).await;
    });
}

/// How many of query, mutation, upload and subscription a client has.
fn is_whole(name: &str) -> usize {
    match name {
        "request" => 2,
        "ws" => 3,
        _ => 4,
    }
}

/// Where the clients are, and the programs that run them.
#[derive(Clone, Debug)]
pub struct Others {
    node: PathBuf,
    python: PathBuf,
    version: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

impl Others {
    /// Looks for them.
    ///
    /// # Errors
    /// What is missing, for people to read.
    pub fn find() -> Result<Self, String> {
        let missing = |what: &str| format!("no {what} (.ci/run installs it into tests/clients)");
        let node = daemon::program("node").ok_or("no node found")?;
        let version = daemon::version(&node, "v")?;
        if !folder().join("node_modules/graphql-http").is_dir() {
            return Err(missing("node_modules"));
        }
        let python = folder().join(".venv/bin/python");
        if !python.is_file() {
            return Err(missing(".venv"));
        }
        Ok(Self { node, python, version })
    }

    /// The version of Node.
    pub fn version(&self) -> &str {
        &self.version
    }

    fn node(&self) -> &Path {
        &self.node
    }

    fn python(&self) -> &Path {
        &self.python
    }
}

async fn audits(app: TestApp, others: Others) {
    let listening = Listening::begin(&app, |_| {}).await;
    let url = format!("http://{}/graphql", listening.address);
    let world = json!({ "http": url, "token": app.token(ADMIN).await });
    let said = script(&folder(), others.node(), "audits.mjs", &world.to_string()).await;
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("61 audits, ") && last.ends_with(" 0 wrong"), "{said}");
}

async fn does(app: &TestApp, program: &Path, name: &str, parts: usize) {
    let listening = Listening::begin(app, |_| {}).await;
    let world = json!({
        "http": format!("http://{}/graphql", listening.address),
        "ws": format!("ws://{}/graphql/ws", listening.address),
        "token": app.token(ADMIN).await,
        "customer": customer(app, MARIA).await.id.encode(),
    });
    let said = script(&folder(), program, name, &world.to_string()).await;
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), parts, "{said}");
}
