//! What the index holds: the members of an entry as it leaves the service (`audit::document`), and nothing else.

use serde_json::{Map, Value, json};

/// Names, ids and hashes: compared, not searched for words.
const KEYWORDS: [&str; 19] = [
    "id",
    "eventType",
    "action",
    "outcome",
    "tenantId",
    "resellerId",
    "customerId",
    "resourceType",
    "resourceId",
    "actorId",
    "actorRole",
    "apiClientId",
    "userAgent",
    "correlationId",
    "fieldsRead",
    "purpose",
    "chain",
    "prevHash",
    "hash",
];

/// Before templates that cover more.
const PRIORITY: u32 = 500;

/// The template of the index and of those that follow it.
pub(super) fn template(index: &str) -> Value {
    json!({
        "index_patterns": [index, format!("{index}-*")],
        "priority": PRIORITY,
        "template": { "mappings": mappings() },
    })
}

/// Strict: a member that is not here is our mistake, and makes no field. Both servers understand all of it.
pub(super) fn mappings() -> Value {
    // Longer terms than 32,766 bytes would refuse a document (Lucene); a character has up to 4.
    let keyword = json!({ "type": "keyword", "ignore_above": 8191 });
    let mut fields: Map<_, _> = KEYWORDS.iter().map(|name| ((*name).to_owned(), keyword.clone())).collect();
    fields.insert("occurredAt".to_owned(), json!({ "type": "date" }));
    fields.insert("sequence".to_owned(), json!({ "type": "long" }));
    // A masked address (`203.0.113.***`) is a keyword only; a whole one can be searched by network, too.
    let address = json!({ "type": "ip", "ignore_malformed": true });
    fields.insert(
        "ip".to_owned(),
        json!({ "type": "keyword", "ignore_above": 8191, "fields": { "address": address } }),
    );
    // Each type of event has its own: kept, not indexed, so that they make no fields and refuse no document.
    fields.insert("details".to_owned(), json!({ "type": "object", "enabled": false }));
    json!({ "dynamic": "strict", "properties": fields })
}
