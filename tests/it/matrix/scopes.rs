//! Token scopes × fields: what each lets through (`snapshots/scope_matrix.snap`), executed under roles: what comes is what
//! both the role and the scope show, and never more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use async_graphql::Variables;
use custodian::authn::{Credentials, Identity, Origin, Viewer};
use custodian::authz::policy::Policy;
use custodian::authz::{Level, Rights, Verb};
use serde_json::{Value, json};

use super::agreement::policy;
use super::assert_same;
use super::cells::{is_link, selection};
use super::rows::{self, STORED};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, SUPPORT};
use crate::reference::Sdl;
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("matrix::the table of token scopes is the committed one", table_is_committed);
    suite.both("matrix::within a token scope each field shows what role and scope both show", every_cell);
    suite.both("matrix::within a token scope each operation runs that role and scope both run", operations);
}

fn table_is_committed() {
    assert_same("scope_matrix", &rendered(&runtime().block_on(policy())));
}

fn rendered(policy: &Policy) -> String {
    let scopes: Vec<&Rights> = policy.token_scopes().collect();
    let catalog = policy.catalog();
    let mut text = String::new();
    for (n, scope) in scopes.iter().enumerate() {
        writeln!(text, "{n:>2}  {}", scope.role()).expect("a text can be written");
    }
    text += "\nC clear or run, m masked, c given when creating, u when changing, . nothing; of a type *: its rows\n";
    let mut nothing = Vec::new();
    let mut owner = "";
    let line = |name: &str, cell: &dyn Fn(usize, &Rights) -> String| {
        let cells: String =
            scopes.iter().enumerate().map(|(n, scope)| format!("{:<4}", cell(n, scope))).collect();
        format!("{name:<36}{}\n", cells.trim_end())
    };
    let field_cell = |field, scope: &Rights| {
        let mut cell = match scope.level(field) {
            Level::Clear => "C".to_owned(),
            Level::Masked => "m".to_owned(),
            Level::Denied => ".".to_owned(),
        };
        let verbs = [(Verb::Create, 'c'), (Verb::Update, 'u'), (Verb::Lookup, 'l'), (Verb::Reveal, 'r')];
        cell.extend(
            verbs.into_iter().filter(|(verb, _)| scope.allows(*verb, field)).map(|(_, letter)| letter),
        );
        cell
    };
    for field in catalog.field_ids() {
        let name = catalog.field_name(field);
        if scopes.iter().all(|scope| field_cell(field, scope) == ".") {
            nothing.push(name);
            continue;
        }
        let of = name.split('.').next().unwrap_or_default();
        if of != owner {
            owner = of;
            text.push('\n');
            text += &line(of, &|n, _| n.to_string());
            if scopes.iter().any(|scope| scope.scope(of).is_some()) {
                let rows = |_, scope: &Rights| if scope.scope(of).is_some() { "*" } else { "." }.to_owned();
                text += &line(&format!("{of}.*"), &rows);
            }
        }
        text += &line(name, &|_, scope| field_cell(field, scope));
    }
    format!("{text}\nOf no scope:\n{}\n", nothing.join("\n"))
}

/// The accounts that act within scopes: one that sees most, one that sees much masked, one outside of the house.
const OWNERS: [(&str, &str); 4] = [
    ("tenant_admin", ADMIN),
    ("support_agent", SUPPORT),
    ("billing_manager", BILLING),
    ("reseller", "reseller@acme.example"),
];

/// How many rows of a type are asked for.
const ROWS: usize = 40;

async fn identity(app: &TestApp, username: &str) -> Identity {
    let token = app.token(username).await;
    let credentials = Credentials { bearer: Some(&token), ..Credentials::default() };
    let viewer =
        app.service.authenticate(credentials, &Origin::default()).await.expect("the account signed in");
    viewer.identity().expect("it is known").clone()
}

async fn ask(app: &TestApp, identity: &Identity, document: &str, variables: Value) -> Value {
    let request = async_graphql::Request::new(document).variables(Variables::from_json(variables));
    let viewer = Viewer::signed_in(identity.clone());
    let response = app.service.execute(viewer, Origin::default(), request).await;
    serde_json::to_value(&response).expect("an answer is JSON")
}

fn within(identity: &Identity, scopes: &[&str]) -> Identity {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Identity { scopes: Some(scopes), ..identity.clone() }
}

/// Rows by id, as they came.
fn found<'v>(ids: &'v [String], answer: &'v Value) -> BTreeMap<&'v str, &'v Value> {
    let nodes = answer["data"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let pairs = ids.iter().zip(nodes).filter(|(_, row)| !row.is_null());
    pairs.map(|(id, row)| (id.as_str(), row)).collect()
}

fn listed<'v>(answer: &'v Value, list: &str) -> BTreeSet<&'v str> {
    let fields = answer["extensions"]["access"][list].as_array();
    fields.into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn every_cell(app: TestApp) {
    rows::fill(&app).await;
    let (sdl, policy) = (Sdl::read(), app.service.policy.snapshot());
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (role, username) in OWNERS {
        let owner = identity(&app, username).await;
        for stored in &STORED {
            let ids: Vec<String> = stored.ids(&app).await.into_iter().take(ROWS).collect();
            let selection = selection(&sdl, stored.name, false);
            let document = format!(
                "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {} {{ {selection} }} }} }}",
                stored.name
            );
            let all = ask(&app, &owner, &document, json!({ "ids": ids })).await;
            for scope in policy.token_scopes() {
                let some =
                    ask(&app, &within(&owner, &[scope.role()]), &document, json!({ "ids": ids })).await;
                let (rows, own) = (found(&ids, &some), found(&ids, &all));
                let reached = scope.scope(stored.name).is_some();
                let here = format!("{} within {} as {role}", stored.name, scope.role());
                if rows.keys().collect::<Vec<_>>() != own.keys().filter(|_| reached).collect::<Vec<_>>() {
                    wrong.push(format!("{here}: {} rows of {}", rows.len(), own.len()));
                }
                if rows.is_empty() {
                    continue;
                }
                let (masked, denied) = (listed(&some, "masked"), listed(&some, "denied"));
                for (name, typed) in &sdl.objects[stored.name] {
                    let field = format!("{}.{name}", stored.name);
                    let level = |rights: &Rights| rights.level_by_name(&field);
                    let expected = level(policy.rights(role).expect("a role")).min(level(scope));
                    let is = if denied.contains(field.as_str()) {
                        Level::Denied
                    } else if masked.contains(field.as_str()) {
                        Level::Masked
                    } else {
                        Level::Clear
                    };
                    compared += 1;
                    if is != expected {
                        wrong.push(format!(
                            "{field} within {} as {role}: {is:?}, not {expected:?}",
                            scope.role()
                        ));
                    }
                    for (id, row) in &rows {
                        let (value, own) = (&row[name], &own[id][name]);
                        let is_right = match is {
                            Level::Denied => value.is_null(),
                            // What it leads to lies within the scope or not; lists show what does.
                            Level::Clear if is_link(&sdl, typed) => {
                                let is_list = typed.is_list || typed.named.ends_with("Connection");
                                // A colleague's name is read of his account.
                                let is_author =
                                    field == "TicketMessage.author" && value["kind"] == own["kind"];
                                value == own || value.is_null() || is_list || is_author
                            }
                            Level::Clear => value == own || field == "Role.grantCount",
                            // No scope alone reaches all that its mask looks for.
                            Level::Masked if field == "TicketMessage.body" => value == "***",
                            Level::Masked if level(policy.rights(role).expect("a role")) == Level::Masked => {
                                value == own
                            }
                            Level::Masked => own.is_null() || value != own || field == "Customer.displayName",
                        };
                        if !is_right {
                            wrong.push(format!(
                                "{field} of {id} within {} as {role}: {value} of {own}",
                                scope.role()
                            ));
                        }
                    }
                }
            }
        }
    }
    wrong.truncate(40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 1_000, "only {compared} cells were compared");
}

async fn operations(app: TestApp) {
    let (sdl, policy) = (Sdl::read(), app.service.policy.snapshot());
    let mut wrong = Vec::new();
    for (role, username) in OWNERS {
        let owner = identity(&app, username).await;
        let rights = policy.rights(role).expect("a role");
        for scope in policy.token_scopes() {
            let narrowed = within(&owner, &[scope.role()]);
            for (root, keyword) in [("Query", "query"), ("Mutation", "mutation")] {
                for name in sdl.objects[root].keys() {
                    let operation = format!("{root}.{name}");
                    let both = rights.level_by_name(&operation).min(scope.level_by_name(&operation));
                    // Refused before anything is validated; what may run fails for want of arguments or fields.
                    let answer = ask(&app, &narrowed, &format!("{keyword} {{ {name} }}"), Value::Null).await;
                    let error = &answer["errors"][0]["extensions"];
                    let is_refused = error["code"] == "FORBIDDEN" && error["field"] == json!(operation);
                    if is_refused != (both == Level::Denied) {
                        wrong.push(format!("{operation} within {} as {role}: {answer}", scope.role()));
                    }
                }
            }
        }
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
