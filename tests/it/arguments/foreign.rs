//! A row that lies out of reach is a row that is not there: in every input, argument and filter that takes an id, the
//! id of another provider's row, or another reseller's, is answered as one that no row has.

use serde_json::{Value, json};

use super::rows::{Rows, complete, kind_of};
use super::state::State;
use super::values::literal;
use super::writes::{Ids, Mutation};
use super::{Specification, assert_none, without_request_id};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::ROLES;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("arguments::an id out of reach in an input is an id that is not there", inputs);
    suite.both("arguments::an id out of reach in a query is an id that is not there", queries);
}

/// Who acts for an installation reaches every row.
fn with_borders() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROLES.into_iter().filter(|(role, _)| *role != "system_admin")
}

/// Asks with the id that no row has, then with each of the others, which must be answered alike.
async fn answered_alike(
    client: &Client,
    rows: &Rows,
    kind: &str,
    ask: impl Fn(&str) -> (String, Value),
    problems: &mut Vec<String>,
) -> String {
    let nobodys = rows.nobodys(kind);
    let (document, variables) = ask(&nobodys);
    let expected = without_request_id(&client.query(&document, variables).await);
    for theirs in rows.theirs(kind) {
        let (document, variables) = ask(theirs);
        let answer = client.query(&document, variables.clone()).await;
        let is = without_request_id(&answer).replace(theirs, &nobodys);
        if is != expected {
            problems.push(format!("{document} {variables}: {is}\n  where there is no row: {expected}"));
        }
    }
    expected
}

async fn inputs(app: TestApp) {
    complete(&app).await;
    let spec = Specification::read().await;
    let (mut problems, mut asked) = (Vec::new(), 0);
    for (role, account) in with_borders() {
        let client = app.login(account).await;
        let rows = Rows::of(&app, role).await;
        let before = State::of(&app).await;
        for mutation in Mutation::all(&spec) {
            if !spec.may_execute(role, &format!("Mutation.{}", mutation.name)) {
                continue;
            }
            let ids = spec.sdl.inputs[mutation.input].iter().filter(|(_, typed)| typed.named == "ID");
            for (member, _) in ids {
                let kind = kind_of(mutation.input, member);
                // Everything else is in order: only this id can be what is wrong.
                let mut input = mutation.input_with(&spec, Some(member), &Ids::Mine(&rows));
                if mutation.name == "ticketCreate" && spec.matrix.may_write(role, "Ticket.customer", 'c') {
                    input.insert("customerId".to_owned(), json!(rows.mine("Customer")));
                }
                let ask = |form: usize, id: &str| {
                    let mut input = input.clone();
                    input.insert(member.clone(), json!(id));
                    mutation.forms(&spec, &input)[form].clone()
                };
                for form in [0, 1] {
                    asked += 1;
                    let expected =
                        answered_alike(&client, &rows, kind, |id| ask(form, id), &mut problems).await;
                    let is_refused = expected.contains("\"NOT_FOUND\"") || expected.contains("\"FORBIDDEN\"");
                    if !is_refused {
                        problems.push(format!(
                            "{}.{member} as {role} takes an id of no row: {expected}",
                            mutation.input
                        ));
                    }
                }
            }
        }
        let mut changes = before.changes(&app).await;
        // What is refused is on record.
        changes.retain(|row| !(row.starts_with("audit_event: ") && row.contains("REVEAL_DENIED")));
        assert!(changes.is_empty(), "as {role}, with ids out of reach, something was changed: {changes:?}");
    }
    assert!(asked > 100, "this asked hardly anything: {asked}");
    assert_none(&problems);
}

/// What `node` finds, and the roots that find one row by its id.
const KINDS: [&str; 20] = [
    "Customer",
    "Address",
    "Contact",
    "Subscription",
    "NetworkService",
    "Invoice",
    "InvoiceLine",
    "Payment",
    "Ticket",
    "TicketMessage",
    "CallLog",
    "IdentityCheck",
    "Document",
    "CustomerNote",
    "EmailVerification",
    "ChangeRecord",
    "AuditEvent",
    "ServicePlan",
    "Reseller",
    "User",
];

async fn queries(app: TestApp) {
    complete(&app).await;
    let spec = Specification::read().await;
    let (mut problems, mut asked) = (Vec::new(), 0);
    for (role, account) in with_borders() {
        let client = app.login(account).await;
        let rows = Rows::of(&app, role).await;
        for kind in KINDS {
            let mut documents = vec![
                "query($id: ID!) { node(id: $id) { id __typename } }".to_owned(),
                format!("query($id: ID!) {{ nodes(ids: [$id, $id]) {{ ... on {kind} {{ id }} }} }}"),
            ];
            let root = format!("{}{}", kind[..1].to_lowercase(), &kind[1..]);
            let by_id =
                spec.sdl.objects["Query"].get(&root).filter(|field| field.arguments.contains_key("id"));
            if by_id.is_some() {
                documents.push(format!("query($id: ID!) {{ {root}(id: $id) {{ id }} }}"));
            }
            for document in documents {
                asked += 1;
                let ask = |id: &str| (document.clone(), json!({ "id": id }));
                let expected = answered_alike(&client, &rows, kind, ask, &mut problems).await;
                if !expected.contains("\"NOT_FOUND\"") && !expected.contains("\"FORBIDDEN\"") {
                    problems.push(format!("{document} as {role} finds a row that is not there: {expected}"));
                }
            }
        }
        for (list, field) in &spec.sdl.objects["Query"] {
            let Some(filter) = field.arguments.get("filter") else { continue };
            if !spec.may_execute(role, &format!("Query.{list}")) {
                continue;
            }
            for (member, typed) in
                spec.sdl.inputs[&filter.named].iter().filter(|(_, typed)| typed.named.ends_with("LinkFilter"))
            {
                let kind = typed.named.trim_end_matches("LinkFilter");
                for operator in ["eq", "in"] {
                    asked += 1;
                    let ask = |id: &str| {
                        let id = if operator == "in" { json!([id]) } else { json!(id) };
                        let value = json!({ member: { operator: id } });
                        let filter = literal(&spec.sdl, &filter.named, &value);
                        (
                            format!("{{ {list}(filter: {filter}) {{ totalCount nodes {{ id }} }} }}"),
                            Value::Null,
                        )
                    };
                    answered_alike(&client, &rows, kind, ask, &mut problems).await;
                }
            }
        }
    }
    assert!(asked > 150, "this asked hardly anything: {asked}");
    assert_none(&problems);
}
