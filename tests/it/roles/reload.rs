//! The policy is exchanged while requests run.

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use custodian::authz::policy::PolicyFiles;
use serde_json::Value;

use super::phone;
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::SUPPORT;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.sqlite("roles::new files are put in force, and broken ones refused", files);
    suite.sqlite("roles::requests under load see one policy each", load);
}

fn write(folder: &Path, files: &PolicyFiles) {
    for (name, text) in [
        ("model.conf", &files.model),
        ("policy.csv", &files.policy),
        ("fields.csv", &files.fields),
        ("inputs.csv", &files.inputs),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// The built-in policy, in which support is denied telephone numbers.
fn stricter() -> PolicyFiles {
    let mut files = PolicyFiles::built_in();
    for right in ["read", "read:masked"] {
        files.policy.push_str(&format!("p, support_agent, Customer.phone, {right}, deny\n"));
    }
    files
}

async fn readiness(client: &Client) -> String {
    let answer = client.send(Request::get("/readyz").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "an instance with an older policy serves");
    answer.text
}

async fn files(app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &PolicyFiles::built_in());
    let (service, router) = app.instance(|config| config.policy_dir = Some(folder.path().to_owned())).await;
    let support = app.login(SUPPORT).await.at(&router);
    assert!(phone(&support).await.contains('*'));
    let old = service.policy.snapshot().version().to_owned();
    service.refresh_policy().await;
    assert_eq!(service.policy.snapshot().version(), old, "nothing has changed");

    write(folder.path(), &stricter());
    service.refresh_policy().await;
    assert_eq!(phone(&support).await, "FORBIDDEN");
    assert_eq!(readiness(&support).await, "ready\n");
    let strict = service.policy.snapshot().version().to_owned();
    assert_ne!(strict, old);

    // Broken in each way: the stricter one stays, and it is said that something newer was refused.
    for broken in ["p, nobody, customer.name, read, allow\n", "nonsense\n"] {
        let mut files = PolicyFiles::built_in();
        files.policy.push_str(broken);
        write(folder.path(), &files);
        service.refresh_policy().await;
        service.refresh_policy().await;
        assert_eq!(phone(&support).await, "FORBIDDEN");
        assert_eq!(service.policy.snapshot().version(), strict);
        assert!(readiness(&support).await.contains("refused"));
        assert!(app.logs().contains("policy.csv"), "the log names the file");
    }
    fs::remove_file(folder.path().join("policy.csv")).unwrap();
    service.refresh_policy().await;
    assert_eq!(phone(&support).await, "FORBIDDEN", "no file is no policy, not an open one");
    write(folder.path(), &PolicyFiles::built_in());
    service.refresh_policy().await;
    assert!(phone(&support).await.contains('*'));
    assert_eq!(readiness(&support).await, "ready\n");
}

async fn load(app: TestApp) {
    const DOCUMENT: &str = "{ customers(first: 30) { nodes { phone displayName } } again: customers(last: 30) { nodes { phone } } }";
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &PolicyFiles::built_in());
    let (service, router) = app.instance(|config| config.policy_dir = Some(folder.path().to_owned())).await;
    let support = app.login(SUPPORT).await.at(&router);
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let support = support.clone();
            tokio::spawn(async move {
                let mut seen = [0_u32; 2];
                while seen.iter().sum::<u32>() < 40 {
                    let answer = support.query(DOCUMENT, Value::Null).await;
                    assert_eq!(answer.status, 200, "a request was dropped: {}", answer.text);
                    let rows =
                        ["customers", "again"].map(|list| answer.data()[list]["nodes"].as_array().cloned());
                    let phones: Vec<bool> =
                        rows.iter().flatten().flatten().map(|row| row["phone"].is_null()).collect();
                    assert_eq!(phones.len(), 60);
                    let is_denied = answer.errors().len() == 1;
                    // One policy: what is null is null everywhere, and said; or nothing is.
                    assert!(phones.iter().filter(|null| **null).count() >= if is_denied { 60 } else { 0 });
                    assert!(
                        is_denied || phones.iter().any(|null| !null),
                        "denied without a word: {}",
                        answer.text
                    );
                    assert!(is_denied || answer.errors().is_empty(), "{}", answer.text);
                    seen[usize::from(is_denied)] += 1;
                }
                seen
            })
        })
        .collect();
    let mut strict = false;
    while !callers.iter().all(|caller| caller.is_finished()) {
        strict = !strict;
        write(folder.path(), &if strict { stricter() } else { PolicyFiles::built_in() });
        service.refresh_policy().await;
        tokio::task::yield_now().await;
    }
    let mut seen = [0, 0];
    for caller in callers {
        let counts = caller.await.expect("a caller fails with a message of its own");
        seen = [seen[0] + counts[0], seen[1] + counts[1]];
    }
    assert!(seen[0] > 0, "the built-in policy was never seen: {seen:?}");
}
