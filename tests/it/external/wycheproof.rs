//! Wycheproof's JOSE vectors through the signatures of the verifier, with their keys and RS256, PS256 and ES256 allowed.
//! They are read from `../shared/wycheproof` when that is there.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use custodian::authn::external::jws::{Signed, read_keys};
use custodian::config::SignatureAlgorithm::{Es256, Ps256, Rs256};
use serde_json::{Value, json};

use crate::suite::Suite;

/// The files with signatures.
const FILES: [&str; 3] =
    ["json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"];

pub(super) fn register(suite: &mut Suite) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/wycheproof");
    if FILES.iter().all(|file| folder.join(file).is_file()) {
        suite.pure("external::no signature that Wycheproof calls invalid is taken", move || vectors(&folder));
    } else {
        suite.skip("wycheproof — the vectors are not in ../shared/wycheproof");
    }
}

/// Whether the valid signature is one that we take: asymmetric, with a key made for its algorithm.
fn is_ours(jws: &str, keys: &[Value]) -> bool {
    let header =
        jws.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok()).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    let is_allowed = ["RS256", "PS256", "ES256"].iter().any(|name| header["alg"] == *name);
    is_allowed
        && keys
            .iter()
            .any(|key| key["kid"] == header["kid"] && [&Value::Null, &header["alg"]].contains(&&key["alg"]))
}

fn vectors(folder: &Path) {
    let (mut refused, mut taken, mut wrong) = (0, 0, Vec::new());
    for file in FILES {
        let text = std::fs::read_to_string(folder.join(file)).expect("it is there");
        let tests: Value = serde_json::from_str(&text).expect("it is JSON");
        for group in tests["testGroups"].as_array().expect("there are groups") {
            let key = if group["public"].is_null() { &group["private"] } else { &group["public"] };
            let keys = key["keys"].as_array().cloned().unwrap_or_else(|| vec![key.clone()]);
            let set = read_keys(json!({ "keys": keys }).to_string().as_bytes()).expect("it is a key set");
            for test in group["tests"].as_array().expect("there are tests") {
                // The others encrypt.
                let Some(jws) = test["jws"].as_str() else { continue };
                let is_taken = Signed::read(jws, &[Rs256, Ps256, Es256])
                    .is_some_and(|signed| signed.verified(&set).is_ok());
                let name = format!("{file} {}: {}", test["tcId"], test["comment"]);
                match (test["result"].as_str(), is_taken) {
                    (Some("invalid"), false) => refused += 1,
                    (Some("invalid"), true) => wrong.push(format!("{name} is taken")),
                    (_, true) => taken += 1,
                    (Some("valid"), false) if is_ours(jws, &keys) => wrong.push(format!("{name} is refused")),
                    (_, false) => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused > 300 && taken > 10, "refused {refused}, taken {taken}");
}
