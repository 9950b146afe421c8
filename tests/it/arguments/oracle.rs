//! No oracle: two databases that differ only in what a role is not shown in clear answer it byte by byte the same,
//! wherever a value can be given: every operator of every filter, in every way to it, every order with its cursors,
//! every argument that finds a row.
//!
//! All that is not clear to a role is changed at once, in every row: if any of it showed, the answers would differ.
//! Left out are look-ups by a field that the role may look up by though it does not see it: those are meant to tell.

use custodian_entity::personal::{Email, GovernmentId, Phone};
use std::collections::BTreeMap;

use custodian::authz::Level;
use custodian_entity::customer;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::filters::Samples;
use super::ways::ways;
use super::{Specification, without_request_id};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{self, MARIA, ROLES};
use crate::matrix::STORED;
use crate::past;
use crate::reference::{input_needs, needs_of};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    for (role, account) in ROLES {
        suite.both(format!("arguments::oracle, {role}"), async move |app: TestApp| {
            no_oracle(app, role, account).await;
        });
    }
}

/// Fields that are stored otherwise than they are named, with the value they get; or, with an empty column, nowhere.
const STORED_OTHERWISE: [(&str, &str, &str); 54] = [
    ("Customer.isEmailVerified", "email_verified_at", "NULL"),
    ("Customer.emailVerifiedAt", "email_verified_at", "NULL"),
    ("Customer.type", "kind", "CASE WHEN kind = 'COMPANY' THEN 'INDIVIDUAL' ELSE 'COMPANY' END"),
    ("Address.type", "kind", "CASE WHEN kind = 'BILLING' THEN 'MAILING' ELSE 'BILLING' END"),
    ("Subscription.price", "price_amount", "price_amount + 7"),
    // The database holds it to the sum.
    ("Invoice.total", "total", "total + 14"),
    ("Payment.recordedBy", "recorded_by", "NULL"),
    ("Payment.method", "method_id", "NULL"),
    ("Ticket.assignee", "assignee_id", "NULL"),
    ("ApiClient.scopes", "scopes", "'payments:read'"),
    // The database holds these to when it was made and when it was revoked.
    ("ApiClient.status", "status", "'REVOKED'"),
    ("ApiClient.expiresAt", "expires_at", "'2001-03-04T05:06:07+00:00'"),
    // The database holds it to when somebody took note of it.
    (
        "SecurityAlert.status",
        "status",
        "CASE WHEN status = 'OPEN' THEN 'ACKNOWLEDGED' ELSE 'OPEN' END, \
         acknowledged_at = CASE WHEN acknowledged_at IS NULL THEN last_seen_at END",
    ),
    // The database holds it to when it was closed.
    ("SecurityIncident.closedAt", "", ""),
    (
        "SecurityIncident.status",
        "status",
        "CASE WHEN status = 'CLOSED' THEN 'DETECTED' ELSE 'CLOSED' END, \
         closed_at = CASE WHEN closed_at IS NULL THEN detected_at END",
    ),
    ("SecurityIncident.regimes", "regimes", "'[\"UK_GDPR\"]'"),
    ("SecurityIncident.dataCategories", "data_categories", "'[\"AUTH\"]'"),
    ("SecurityIncident.deadlines", "", ""),
    ("SecurityIncident.affectedCustomers", "", ""),
    ("Invoice.amountDue", "", ""),
    ("Invoice.lines", "", ""),
    ("Subscription.networkService", "", ""),
    ("User.roles", "", ""),
    ("User.reseller", "", ""),
    ("User.customer", "", ""),
    ("Role.permissions", "", ""),
    ("Role.grantCount", "", ""),
    ("Customer.callLogs", "", ""),
    ("Customer.identityChecks", "", ""),
    ("Customer.documents", "", ""),
    // The database holds it to what the scanner says.
    ("Document.status", "status", "CASE WHEN status = 'VERIFIED' THEN 'EXPIRED' ELSE 'VERIFIED' END"),
    ("Document.type", "kind", "CASE WHEN kind = 'PASSPORT' THEN 'CONTRACT' ELSE 'PASSPORT' END"),
    ("Document.scanStatus", "scan_status", "CASE WHEN scan_status = 'CLEAN' THEN 'SKIPPED' ELSE 'CLEAN' END"),
    ("Document.mimeType", "mime_type", "'image/png'"),
    ("Document.sha256", "sha256", "'q'"),
    ("Document.content", "", ""),
    // Decides who reaches it.
    ("Document.isVisibleToCustomer", "", ""),
    ("Document.uploadedBy", "", ""),
    ("Document.verifiedBy", "verified_by", "NULL"),
    ("Customer.emailVerifications", "", ""),
    // The database holds them to each other.
    ("EmailVerification.status", "status", "CASE WHEN status = 'PENDING' THEN 'SUPERSEDED' ELSE status END"),
    ("EmailVerification.verifiedAt", "", ""),
    ("EmailVerification.expiresAt", "expires_at", "'2199-02-03T04:05:06+00:00'"),
    ("Customer.notes", "", ""),
    ("CustomerNote.author", "", ""),
    ("PaymentMethod.status", "", ""),
    ("PaymentMethod.isDefault", "is_default", "FALSE"),
    ("PaymentMethod.last4", "last4", "'9876'"),
    ("PaymentMethod.expMonth", "exp_month", "1 + COALESCE(exp_month, 1) % 12"),
    ("Customer.paymentMethods", "", ""),
    ("Customer.invoices", "", ""),
    ("Customer.payments", "", ""),
    // Who belongs to a suspended provider or partner cannot sign in.
    ("Tenant.status", "", ""),
    ("Reseller.status", "", ""),
];

/// Sees every value that can be asked by.
const WITNESS: &str = "admin@acme.example";

/// Another value for a column, by the type of its field.
///
/// # Panics
/// For a field this file does not know how to change: say so in `STORED_OTHERWISE`.
fn another(spec: &Specification, field: &str, column: &str) -> String {
    let (owner, name) = field.split_once('.').expect("a field has an owner");
    let named = &spec.sdl.objects[owner][name].named;
    if let Some(values) = spec.sdl.enums.get(named) {
        return format!("CASE WHEN {column} = '{}' THEN '{}' ELSE '{}' END", values[0], values[1], values[0]);
    }
    match named.as_str() {
        "String" => format!("COALESCE({column}, '') || 'q'"),
        "EmailAddress" => format!("'q' || COALESCE({column}, '@other.example')"),
        "PhoneNumber" => "'+34699999999'".to_owned(),
        "PartialDate" | "Date" => "'2001-02-03'".to_owned(),
        "DateTime" => "'2001-02-03T04:05:06+00:00'".to_owned(),
        "Money" | "BigInt" => format!("COALESCE({column}, 0) + 7"),
        "Decimal" => format!("(COALESCE({column}, 0) + 7) % 10000"),
        "Int" => format!("1 + COALESCE({column}, 1) % 4000"),
        "Float" => format!("COALESCE({column}, 0) / 2 + 1"),
        "Boolean" => format!("NOT {column}"),
        "CountryCode" => format!("CASE WHEN {column} = 'PT' THEN 'ES' ELSE 'PT' END"),
        "CurrencyCode" => format!("CASE WHEN {column} = 'CHF' THEN 'EUR' ELSE 'CHF' END"),
        "IpAddress" => "'198.51.100.77'".to_owned(),
        "Cidr" => "'2001:db8:99::/56'".to_owned(),
        "MacAddress" => "'AA:BB:CC:DD:EE:FF'".to_owned(),
        other => panic!("{field} is a {other}: say in arguments/oracle.rs where it is stored"),
    }
}

/// Another text for a sealed column, by the type of its field.
fn another_text(named: &str, old: Option<String>) -> String {
    let number = |or: i64| old.as_deref().map_or(or, |old| old.parse().expect("it holds a number"));
    match named {
        "String" => format!("{}q", old.unwrap_or_default()),
        "EmailAddress" => format!("q{}", old.as_deref().unwrap_or("@other.example")),
        "PhoneNumber" => "+34699999999".to_owned(),
        "PartialDate" => "2001-02-03".to_owned(),
        "Money" => (number(0) + 7).to_string(),
        "Int" => (1 + number(1) % 4000).to_string(),
        "Float" => {
            (old.map_or(0.0, |old| old.parse::<f64>().expect("it holds degrees")) / 2.0 + 1.0).to_string()
        }
        "IpAddress" => "198.51.100.77".to_owned(),
        "Cidr" => "2001:db8:99::/56".to_owned(),
        "MacAddress" => "AA:BB:CC:DD:EE:FF".to_owned(),
        other => panic!("a {other}: say in arguments/oracle.rs how another is made"),
    }
}

/// Changes everything that is not clear to a role, but for who the viewer himself is. Gives the fields.
async fn disturb(app: &TestApp, spec: &Specification, role: &str, account: &str) -> Vec<String> {
    let mut changed = Vec::new();
    for stored in &STORED {
        // Who holds which role decides who the viewer is.
        // What each database records of the test itself is another: tests/it/audit/asked.rs.
        if ["Role", "RoleGrant", "AuditEvent"].contains(&stored.name) {
            continue;
        }
        let reaches = spec.matrix.reach(stored.name, role).scope.is_some();
        let others = match stored.name {
            "User" => format!("username NOT IN ('{account}', '{WITNESS}')"),
            // What is detached holds nothing more.
            "PaymentMethod" => "status = 'ACTIVE'".to_owned(),
            _ => "1 = 1".to_owned(),
        };
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for name in spec.sdl.objects[stored.name].keys() {
            let field = format!("{}.{name}", stored.name);
            let Some(known) = spec.matrix.field(&field) else { continue };
            if reaches && known.cell(role).level == Level::Clear {
                continue;
            }
            match STORED_OTHERWISE.iter().find(|(of, ..)| *of == field) {
                Some((_, "", _)) => {}
                Some((_, column, value)) => {
                    values.insert((*column).to_owned(), (*value).to_owned());
                    changed.push(field);
                }
                None if !reaches && is_identity(spec, stored.name, name) => {}
                None if past::is_sealed(stored.table, &fixture::snake_case(name)) => {
                    let named = spec.sdl.objects[stored.name][name].named.clone();
                    let others = past::by_name(app, &others).await;
                    let column = fixture::snake_case(name);
                    past::rewrite(app, stored.table, &column, &others, |old| another_text(&named, old)).await;
                    changed.push(field);
                }
                None => {
                    let column = fixture::snake_case(name);
                    let value = another(spec, &field, &column);
                    values.insert(column, value);
                    changed.push(field);
                }
            }
        }
        if values.is_empty() {
            continue;
        }
        let set: Vec<String> = values.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        let others = past::by_name(app, &others).await;
        let statement = format!("UPDATE \"{}\" SET {} WHERE {others}", stored.table, set.join(", "));
        let done = app.db().execute_unprepared(&statement).await;
        let done = done.unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert!(done.rows_affected() > 0, "nothing to change: {statement}");
    }
    changed
}

/// Ids, links and numbers of rows: where a role reaches none, they stay what they are.
fn is_identity(spec: &Specification, owner: &str, name: &str) -> bool {
    let typed = &spec.sdl.objects[owner][name];
    name == "id" || (typed.named != "Money" && spec.sdl.objects.contains_key(&typed.named))
}

/// What is asked.
#[derive(Default)]
struct Questions {
    /// By what may be asked by; several go into one document.
    open: Vec<String>,
    /// By what may not.
    refused: Vec<String>,
}

const PAGE: &str = "totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage }";

/// So many lists stay within the number of filters that a document may have,
const LISTS: usize = 10;
/// if so many of those at most are on other rows.
const ON_OTHER_ROWS: usize = 10;

impl Questions {
    fn documents(&self) -> Vec<String> {
        let mut together: Vec<Vec<&String>> = Vec::new();
        for list in &self.open {
            let on_other_rows = |list: &String| list.matches("is:").count() + list.matches("some:").count();
            match together.last_mut() {
                Some(lists)
                    if lists.len() < LISTS
                        && lists.iter().copied().chain([list]).map(on_other_rows).sum::<usize>()
                            <= ON_OTHER_ROWS =>
                {
                    lists.push(list);
                }
                _ => together.push(vec![list]),
            }
        }
        let open = together.iter().map(|lists| {
            let lists = lists.iter().enumerate().map(|(n, list)| format!("q{n}: {list}"));
            format!("{{ {} }}", lists.collect::<Vec<_>>().join(" "))
        });
        let refused = self.refused.iter().map(|list| format!("{{ {list} }}"));
        open.chain(refused).collect()
    }
}

/// Somebody with the same rights on two databases.
struct Pair {
    one: Client,
    other: Client,
}

impl Pair {
    async fn login(one: &TestApp, other: &TestApp, account: &str) -> Self {
        Self { one: one.login(account).await, other: other.login(account).await }
    }

    /// Asks both the same.
    async fn same(&self, role: &str, document: &str) -> Answer {
        let (one, other) =
            (self.one.query(document, Value::Null).await, self.other.query(document, Value::Null).await);
        let texts = (comparable(&one), comparable(&other));
        assert_eq!(texts.0, texts.1, "{role} can tell what it is not shown: {document}");
        one
    }
}

/// An answer without what two sign-ins never have in common: the ids of their sessions, and so their order.
fn comparable(answer: &Answer) -> String {
    let text = without_request_id(answer);
    let mut parts = text.split("sess_");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "sess_" + part.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
    })
}

async fn no_oracle(app: TestApp, role: &'static str, account: &'static str) {
    let spec = Specification::read().await;
    let changed_app = app.another().await;
    for app in [&app, &changed_app] {
        fixture::api_clients(app.db()).await;
        fixture::incidents(app).await;
    }
    let changed = disturb(&changed_app, &spec, role, account).await;
    assert!(changed.len() > 1, "{role} is shown everything: this compares nothing");
    let pair = Pair::login(&app, &changed_app, account).await;
    let witness = Pair::login(&app, &changed_app, WITNESS).await;
    let is_clear = |field: &str| {
        let owner = field.split('.').next().unwrap_or_default();
        spec.matrix.reach(owner, role).scope.is_some()
            && spec.matrix.decided(field).cell(role).level == Level::Clear
    };

    let mut questions = Questions::default();
    let mut turn = 0;
    let mut samples = (Samples::new(witness.one), Samples::new(witness.other));
    let ways = ways(&spec.sdl);
    for (list, field) in &spec.sdl.objects["Query"] {
        let Some(filter) = field.arguments.get("filter").filter(|_| list != "auditEvents") else { continue };
        for (member, operators) in &spec.sdl.inputs[&filter.named] {
            let Some((_, target)) = needs_of(&format!("{}.{member}", filter.named)) else { continue };
            for (operator, leaf) in &spec.sdl.inputs[&operators.named] {
                let values = samples.0.hit_and_miss(&spec, list, filter, member, leaf).await;
                let mut values = values.to_vec();
                if changed.contains(target) && leaf.named != "ID" {
                    values.extend(samples.1.hit_and_miss(&spec, list, filter, member, leaf).await);
                    values.dedup();
                }
                let ways: Vec<_> =
                    ways[&filter.named].iter().filter(|way| way.is_open(&spec, role)).collect();
                turn += 1;
                for (n, way) in ways.iter().enumerate() {
                    for value in &values {
                        let condition = json!({ member: { operator: value } });
                        let arguments = way.arguments(&spec.sdl, &condition);
                        let question = format!("{}({arguments}, first: 20) {{ {PAGE} }}", way.list);
                        match is_clear(target) {
                            // Each as it is, and in another way each time.
                            true if n == 0 || n == turn % ways.len() => questions.open.push(question),
                            true => {}
                            false => questions.refused.push(question),
                        }
                    }
                }
            }
        }
    }
    rows_and_lookups(&spec, &app, &changed_app, role, &is_clear, &mut questions).await;
    assert!(questions.open.len() > 100, "{role}: only {} questions", questions.open.len());
    for document in questions.documents() {
        let answer = pair.same(role, &document).await;
        let is_refused = answer.data().is_null();
        let meant = document.starts_with("{ q0:");
        assert!(is_refused != meant, "{role}: {document}: {}", answer.text);
    }
    orders(&spec, &pair, role, &is_clear).await;
}

/// Arguments that find rows by a value.
async fn rows_and_lookups(
    spec: &Specification,
    one: &TestApp,
    other: &TestApp,
    role: &str,
    is_clear: &dyn Fn(&str) -> bool,
    questions: &mut Questions,
) {
    let maria = fixture::customer(one, MARIA).await;
    let changed = past::all_open::<customer::Entity>(other).await;
    let changed = changed.into_iter().find(|row| row.id == maria.id).unwrap();
    for (position, needs) in input_needs() {
        let of_customer = needs.filter(|(_, field)| field.starts_with("Customer."));
        let Some((verb, field)) = of_customer else { continue };
        let (owner, member) = position.split_once('.').expect("a position has two parts");
        let ask: Box<dyn Fn(&str) -> String> = match (owner, verb.as_str()) {
            ("Query", "query") => {
                let (operation, argument) = member.split_once('(').expect("an argument has parentheses");
                let argument = argument.trim_end_matches(')').to_owned();
                let operation = operation.to_owned();
                let selected = if operation == "customers" { PAGE } else { "id" };
                Box::new(move |value| format!("{operation}({argument}: {}) {{ {selected} }}", json!(value)))
            }
            (_, "lookup") => {
                let member = member.to_owned();
                Box::new(move |value| {
                    format!("customerLookup(by: {{ {member}: {} }}) {{ id }}", json!(value))
                })
            }
            _ => continue,
        };
        let operation = if verb == "lookup" { "customerLookup" } else { "customer" };
        let may_execute = spec.may_execute(role, &format!("Query.{operation}"));
        let text = |row: &customer::Model| match field.as_str() {
            "Customer.customerNumber" => row.customer_number.clone(),
            "Customer.displayName" => past::plain(row.display_name.expose()).to_owned(),
            "Customer.externalReference" => row.external_reference.clone().unwrap_or_default(),
            "Customer.email" => row.email.as_ref().and_then(Email::expose).cloned().unwrap_or_default(),
            "Customer.phone" => row.phone.as_ref().and_then(Phone::expose).cloned().unwrap_or_default(),
            "Customer.governmentIdNumber" => {
                row.government_id_number.as_ref().and_then(GovernmentId::expose).cloned().unwrap_or_default()
            }
            other => panic!("arguments/oracle.rs does not know what {other} of a customer is"),
        };
        for value in [text(&maria), text(&changed)] {
            match (may_execute, is_clear(&field)) {
                (true, true) => questions.open.push(ask(&value)),
                (true, false) if verb == "lookup" => {}
                _ => questions.refused.push(ask(&value)),
            }
        }
    }
}

/// Every order, and the page behind the first, by the cursor that each database gave.
async fn orders(spec: &Specification, pair: &Pair, role: &str, is_clear: &dyn Fn(&str) -> bool) {
    for (list, field) in &spec.sdl.objects["Query"] {
        let Some(order) = field.arguments.get("orderBy") else { continue };
        if !spec.may_execute(role, &format!("Query.{list}")) {
            continue;
        }
        let choice = &spec.sdl.inputs[&order.named]["field"].named;
        for name in &spec.sdl.enums[choice] {
            let (_, target) = needs_of(&format!("{choice}.{name}")).expect("an order reads a field");
            for direction in ["ASC", "DESC"] {
                let ask = |after: &Value| {
                    format!(
                        "{{ {list}(first: 3, orderBy: {{ field: {name}, direction: {direction} }}, after: {after}) \
                         {{ {PAGE} }} }}"
                    )
                };
                let answer = pair.same(role, &ask(&Value::Null)).await;
                if !is_clear(target) {
                    assert_eq!(answer.code(), Some("FIELD_NOT_QUERYABLE"), "{role}: {list} by {name}");
                    continue;
                }
                let place = ask(&Value::Null).replace(PAGE, "pageInfo { endCursor }");
                let mut pages = Vec::new();
                for client in [&pair.one, &pair.other] {
                    let answer = client.query(&place, Value::Null).await;
                    let cursor = &answer.ok()[list]["pageInfo"]["endCursor"];
                    pages.push(comparable(&client.query(&ask(cursor), Value::Null).await));
                }
                assert_eq!(pages[0], pages[1], "{role}: the second page of {list} by {name} tells");
            }
        }
    }
}
