//! Every list, every id and every link between rows gives exactly the rows the caller reaches.

use std::collections::{BTreeMap, BTreeSet};

use custodian::authz::Level;
use custodian_entity::choice::Scope;
use custodian_entity::id::CustomerId;
use serde_json::{Value, json};

use super::matrix;
use super::world::{KINDS, TO_MANY, TO_ONE, Who, World, complete};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{ROLES, absent};
use crate::suite::Suite;

/// The lists, and the type of their rows.
const LISTS: [(&str, &str); 16] = [
    ("resellers", "Reseller"),
    ("users", "User"),
    ("roles", "Role"),
    ("customers", "Customer"),
    ("servicePlans", "ServicePlan"),
    ("subscriptions", "Subscription"),
    ("networkServices", "NetworkService"),
    ("invoices", "Invoice"),
    ("payments", "Payment"),
    ("tickets", "Ticket"),
    ("callLogs", "CallLog"),
    ("documents", "Document"),
    ("sessions", "Session"),
    ("securityAlerts", "SecurityAlert"),
    ("securityIncidents", "SecurityIncident"),
    ("containments", "Containment"),
];

/// Links that are connections; the other links to many rows are plain lists or, of one row each, no list.
const CONNECTIONS: [&str; 9] = [
    "Reseller.customers",
    "Customer.subscriptions",
    "Customer.invoices",
    "Customer.payments",
    "Customer.tickets",
    "Customer.callLogs",
    "Customer.documents",
    "Customer.changes",
    "Ticket.messages",
];

/// The most rows of a page.
const MOST: usize = 100;

/// So many ids at once stay within the cost that a document may have, with pages of that size behind each.
const IDS: usize = 8;

pub(super) fn register(suite: &mut Suite) {
    for &(username, role) in custodian::seed::DEMO_ACCOUNTS {
        suite.both(format!("rows::{username} gets the rows of its lists"), async move |app: TestApp| {
            complete(&app).await;
            let (client, world) = (app.login(username).await, World::read(&app).await);
            lists(&client, &world, &world.who(username, role)).await;
        });
        suite.both(
            format!("rows::{username} gets the rows of its ids and links"),
            async move |app: TestApp| {
                complete(&app).await;
                let (client, world) = (app.login(username).await, World::read(&app).await);
                nodes_and_links(&client, &world, &world.who(username, role)).await;
            },
        );
    }
    suite.both("rows::the demo data show each scope", each_scope_shows);
}

/// Without rows within and outside a scope the other tests of this file would pass whatever the service did.
async fn each_scope_shows(app: TestApp) {
    complete(&app).await;
    let world = World::read(&app).await;
    for (role, _) in ROLES {
        for kind in KINDS {
            let all = world.rows.values().filter(|row| row.kind == kind).count();
            let holders = world.everybody().into_iter().filter(|who| who.role == role);
            let reached: Vec<usize> = holders.map(|who| world.reached(&who, kind).len()).collect();
            let is_right = match matrix::reach(role, kind) {
                None => reached.iter().all(|count| *count == 0),
                Some(Scope::All) => reached.contains(&all),
                _ => reached.iter().any(|count| (1..all).contains(count)),
            };
            assert!(
                is_right && all > 0,
                "{role} reaches {reached:?} of {all} {kind}: the demo data lack an example"
            );
        }
    }
}

async fn lists(client: &Client, world: &World, who: &Who) {
    for (list, kind) in LISTS {
        let document = format!(
            "query ($after: String) {{ {list}(first: 37, after: $after) \
             {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let expected: BTreeSet<&str> = world.reached(who, kind);
        let mut found = Vec::new();
        let mut after = Value::Null;
        loop {
            let answer = client.query(&document, json!({ "after": after })).await;
            if matrix::reach(who.role, kind).is_none() {
                assert_eq!(answer.code(), Some("FORBIDDEN"), "{list}: {}", answer.text);
                break;
            }
            let page = &answer.ok()[list];
            assert_eq!(page["totalCount"], expected.len(), "{}: {list}: totalCount", who.username);
            let ids =
                page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned());
            found.extend(ids);
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let distinct: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(distinct.len(), found.len(), "{}: {list} gives a row twice", who.username);
        // More than expected: rows of others. Fewer: scope.rs is narrower than the specification.
        assert_eq!(distinct, expected, "{}: {list}", who.username);
    }
}

/// Everything that can be followed from a row of a type, under names that no two types share.
fn document(kind: &str) -> String {
    let mut links = String::new();
    for (parent, field) in TO_ONE.iter().filter(|(parent, _)| *parent == kind) {
        links.push_str(&format!("{parent}_{field}: {field} {{ id }} "));
    }
    for (parent, field, ..) in TO_MANY.iter().filter(|(parent, ..)| *parent == kind) {
        match is_connection(parent, field) {
            true => links.push_str(&format!(
                "{parent}_{field}: {field}(first: {MOST}) \
                 {{ totalCount nodes {{ id }} edges {{ node {{ id }} }} pageInfo {{ hasNextPage }} }} "
            )),
            false => links.push_str(&format!("{parent}_{field}: {field} {{ id }} ")),
        }
    }
    let fragment = format!("... on {kind} {{ __typename {links} }}");
    format!("query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id {fragment} }} }}")
}

fn is_connection(parent: &str, field: &str) -> bool {
    CONNECTIONS.contains(&format!("{parent}.{field}").as_str())
}

async fn nodes_and_links(client: &Client, world: &World, who: &Who) {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        KINDS.iter().map(|kind| (*kind, world.reached(who, kind))).collect();
    let absent = absent::<CustomerId>();
    for kind in KINDS {
        let of_kind = world.rows.values().filter(|row| row.kind == kind).map(|row| row.id.as_str());
        let ids: Vec<&str> = of_kind.chain([absent.as_str()]).collect();
        for ids in ids.chunks(IDS) {
            let answer = client.query(&document(kind), json!({ "ids": ids })).await;
            compare(world, who, &reached, ids, &answer);
        }
    }
}

/// Compares what came for these ids with what the caller reaches.
fn compare(
    world: &World,
    who: &Who,
    reached: &BTreeMap<&str, BTreeSet<&str>>,
    ids: &[&str],
    answer: &Answer,
) {
    let nodes = answer.data()["nodes"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    let mut missing = 0;
    for (id, node) in ids.iter().zip(nodes) {
        let row = world.rows.get(*id).filter(|row| reached[row.kind].contains(id));
        let Some(row) = row else {
            missing += 1;
            assert!(node.is_null(), "{} gets {id}, a row of others: {node}", who.username);
            continue;
        };
        assert_eq!((&node["__typename"], &node["id"]), (&json!(row.kind), &json!(id)), "{}", who.username);
        for (kind, field) in TO_ONE.iter().filter(|(kind, _)| *kind == row.kind) {
            let target = row.links.get(field).filter(|target| reached_any(reached, target));
            expect(
                who,
                kind,
                field,
                id,
                &node[format!("{kind}_{field}")],
                target.map(|id| json!({ "id": id })),
            );
        }
        for (kind, field, of, back) in TO_MANY.iter().filter(|(kind, ..)| *kind == row.kind) {
            let children =
                reached[of].iter().filter(|child| world.rows[**child].links.get(back) == Some(&row.id));
            let children: Vec<Value> = children.map(|child| json!({ "id": child })).collect();
            let given = &node[format!("{kind}_{field}")];
            let wanted = match (is_connection(kind, field), *field) {
                (true, _) => json!({
                    "totalCount": children.len(),
                    "nodes": children,
                    "edges": children.iter().map(|child| json!({ "node": child })).collect::<Vec<_>>(),
                    "pageInfo": { "hasNextPage": false },
                }),
                (false, "networkService") => children.first().cloned().unwrap_or_default(),
                // Ordered by place on the invoice.
                (false, "lines") => sorted(given, children),
                (false, _) => Value::Array(children),
            };
            expect(who, kind, field, id, given, Some(wanted));
        }
    }
    let refusals: Vec<&Value> =
        answer.errors().iter().filter(|error| error["extensions"]["code"] == "NOT_FOUND").collect();
    assert_eq!(refusals.len(), missing, "{}: one error for each row that is missing", who.username);
    let texts: BTreeSet<&str> = refusals.iter().filter_map(|error| error["message"].as_str()).collect();
    assert!(
        texts.len() <= 1,
        "{}: a hidden row differs from one that does not exist: {texts:?}",
        who.username
    );
    for error in answer.errors() {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        assert!(["NOT_FOUND", "FORBIDDEN"].contains(&code), "{}: {error}", who.username);
    }
}

fn reached_any(reached: &BTreeMap<&str, BTreeSet<&str>>, id: &str) -> bool {
    reached.values().any(|ids| ids.contains(id))
}

/// The expected rows in the order in which they came, if they are the same.
fn sorted(given: &Value, mut wanted: Vec<Value>) -> Value {
    let place = |row: &Value| given.as_array().and_then(|rows| rows.iter().position(|one| one == row));
    wanted.sort_by_key(place);
    Value::Array(wanted)
}

fn expect(who: &Who, kind: &str, field: &str, id: &str, given: &Value, wanted: Option<Value>) {
    let wanted = match matrix::seen(who.role, &format!("{kind}.{field}")) {
        Level::Denied => Value::Null,
        Level::Masked | Level::Clear => wanted.unwrap_or_default(),
    };
    assert_eq!(given, &wanted, "{}: {kind}.{field} of {id}", who.username);
}
