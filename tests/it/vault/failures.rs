//! What cannot be opened: it is told by its key, counted and logged; nothing is given out, and nothing written over it.

use std::ops::ControlFlow;

use custodian::vault::Vault;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use uuid::Uuid;

use super::{Keys, customer, open, place, seal, tenant};
use crate::app::TestApp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both(
        "vault::what cannot be opened is told by its key, counted, logged, and left as it is",
        failures,
    );
}

/// How many failures of a kind were counted.
fn counted(metrics: &PrometheusHandle, kind: &str) -> u64 {
    let name = format!("custodian_vault_errors_total{{kind=\"{kind}\"}} ");
    let metrics = metrics.render();
    metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

/// The text with one letter in the middle changed.
fn flipped(text: &str) -> String {
    let at = text.len() - 20;
    let letter = if text[at..].starts_with('A') { "B" } else { "A" };
    format!("{}{letter}{}", &text[..at], &text[at + 1..])
}

/// Everything in the key store.
async fn content(keys: &Keys) -> Vec<(Uuid, Option<String>)> {
    let mut content = Vec::new();
    for sql in
        ["SELECT id, wrapped FROM tenant_key ORDER BY id", "SELECT id, wrapped FROM data_key ORDER BY id"]
    {
        let rows = keys.rows(sql).await;
        content.extend(
            rows.iter().map(|row| (row.try_get("", "id").unwrap(), row.try_get("", "wrapped").unwrap())),
        );
    }
    content
}

async fn failures(app: TestApp) {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test runs on this thread, and so does what it calls.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let keys = Keys::fresh(app).await;
    let (vault, stranger) = (keys.vault(&[1]).await, keys.vault(&[2]).await);
    let value = format!("planted-{}", keys.app.clock.new_uuid());
    let sealed = seal(&vault.open_keys(), place(1, 1), customer(1), &value).await.unwrap();
    let [(tenant_key, tenant_wrapped), (data_key, data_wrapped)] = content(&keys).await.try_into().unwrap();
    let (tenant_wrapped, data_wrapped) = (tenant_wrapped.unwrap(), data_wrapped.unwrap());

    let set = |table: &str, wrapped: &str| format!("UPDATE {table} SET wrapped = '{wrapped}'");
    let unguarded = |sql: &str| match keys.url.is_sqlite() {
        true => format!("PRAGMA foreign_keys = OFF; {sql}"),
        false => format!("SET session_replication_role = replica; {sql}"),
    };
    let other = flipped(&sealed);
    let cases: [(String, &Vault, &str, &str, Uuid, String); 6] = [
        (String::new(), &vault, &other, "value", data_key, String::new()),
        (String::new(), &stranger, &sealed, "master_key_missing", tenant_key, String::new()),
        (
            set("data_key ", &flipped(&data_wrapped)),
            &vault,
            &sealed,
            "data_key",
            data_key,
            set("data_key ", &data_wrapped),
        ),
        (
            set("tenant_key ", &flipped(&tenant_wrapped)),
            &vault,
            &sealed,
            "tenant_key",
            tenant_key,
            set("tenant_key ", &tenant_wrapped),
        ),
        (
            unguarded("DELETE FROM tenant_key "),
            &vault,
            &sealed,
            "tenant_key_missing",
            tenant_key,
            String::new(),
        ),
        (unguarded("DELETE FROM data_key "), &vault, &sealed, "data_key_missing", data_key, String::new()),
    ];
    for (harm, vault, text, kind, id, repair) in cases {
        if !harm.is_empty() {
            keys.change(&harm).await;
        }
        let (before, already) = (content(&keys).await, counted(&metrics, kind));
        let said = open(vault, place(1, 1), text).await.unwrap_err();
        assert!(said.contains(&id.to_string()) && !said.contains(&value), "{kind}: {said}");
        assert_eq!(counted(&metrics, kind), already + 1, "{kind}");
        let logs = keys.app.logs();
        let is_told = |line: &str| {
            line.contains("the vault fails") && line.contains(&id.to_string()) && line.contains(kind)
        };
        assert!(logs.lines().any(is_told), "{kind} is not logged");
        if !["value", "data_key_missing"].contains(&kind) {
            let again = seal(&vault.open_keys(), place(1, 1), customer(1), "eve").await;
            assert!(again.is_err(), "{kind}: sealed with what cannot be opened");
        }
        // Whatever comes of it.
        let _ = vault.rewrap(tenant(1), 10, |_| ControlFlow::Continue(())).await;
        assert_eq!(content(&keys).await, before, "{kind}");
        if !repair.is_empty() {
            keys.change(&repair).await;
        }
    }
    assert!(!keys.app.logs().contains(&value));
}
