//! The rows of each account are those that the service gives it, and the rows of nobody are nobody's.

use std::collections::BTreeSet;

use custodian_entity::choice::Scope;
use custodian_entity::id::TypedId;
use custodian_entity::user;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, EntityTrait};

use super::{FURTHER, REFUSED, Raw, TABLES, sql, uuid};
use crate::app::TestApp;
use crate::fixture::{MARIA, SUPPORT, account, customer};
use crate::rows::matrix;
use crate::rows::observed::Observed;
use crate::rows::world::{Who, World, complete};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("row_security::raw statements of each account reach its rows", sees);
    suite.postgres("row_security::raw statements of each account change no row of others", changes);
    suite.postgres("row_security::no row leaves the rows of who changes it", leaves);
    suite.postgres("row_security::who forgets the settings, or garbles them, reaches nothing", nothing);
    suite.postgres("row_security::settings end with their transaction", settings_end);
    suite.postgres("row_security::every internal message follows its ticket", messages_follow);
}

/// The rows of a type that are one's own account: they are read whatever the role reaches (DOMAIN, rule 8).
fn own_account(world: &World, user: &user::Model, kind: &str) -> BTreeSet<Uuid> {
    let id = user.id.encode();
    let is_mine = |row: &crate::rows::world::Row| row.links.get("user") == Some(&id);
    let grants = world.rows.values().filter(|row| row.kind == "RoleGrant" && is_mine(row));
    let sessions = world.rows.values().filter(|row| row.kind == "Session" && is_mine(row));
    match kind {
        "User" => BTreeSet::from([user.id.uuid()]),
        "Tenant" => BTreeSet::from([user.tenant_id.uuid()]),
        "Reseller" => user.reseller_id.into_iter().map(TypedId::uuid).collect(),
        "RoleGrant" => grants.map(|row| uuid(kind, &row.id)).collect(),
        "Session" => sessions.map(|row| uuid(kind, &row.id)).collect(),
        "Role" => grants.map(|row| uuid(kind, &row.links["role"])).collect(),
        _ => BTreeSet::new(),
    }
}

/// Which entries of the log an account reaches: its own, those about its rows, and those that tell whom of its customers'
/// data were shown.
fn told(user: &user::Model, role: &str) -> String {
    let is =
        |column: &str, id: Option<Uuid>| id.map_or("false".to_owned(), |id| format!("{column} = '{id}'"));
    let (reseller, customer) = (user.reseller_id.map(TypedId::uuid), user.customer_id.map(TypedId::uuid));
    let about = |customers: String| {
        format!(
            "event_type IN ('DATA_DISCLOSED', 'FIELD_REVEALED', 'DOCUMENT_DOWNLOADED') AND outcome = 'SUCCESS' AND id IN \
             (SELECT event_id FROM disclosed_list AS l JOIN disclosed_customer AS d ON d.tenant_id = l.chain AND d.digest = l.digest \
             JOIN customer AS c ON c.id = d.customer_id WHERE {customers})"
        )
    };
    let reached = match matrix::reach(role, "AuditEvent") {
        None | Some(Scope::Assigned) => "false".to_owned(),
        Some(Scope::All) => "true".to_owned(),
        Some(Scope::Tenant) => is("tenant_id", Some(user.tenant_id.uuid())),
        Some(Scope::Reseller) => {
            format!("{} OR {}", is("reseller_id", reseller), about(is("c.reseller_id", reseller)))
        }
        Some(Scope::Own) => format!("{} OR {}", is("customer_id", customer), about(is("c.id", customer))),
    };
    format!("{} OR {reached}", is("actor_id", Some(user.id.uuid())))
}

fn reached(world: &World, who: &Who, kind: &str) -> BTreeSet<Uuid> {
    world.reached(who, kind).into_iter().map(|id| uuid(kind, id)).collect()
}

async fn sees(app: TestApp) {
    complete(&app).await;
    // So that there is something in the log that nobody else may see.
    let support = app.login(SUPPORT).await;
    support.query("{ customers(first: 100) { nodes { displayName } } }", serde_json::Value::Null).await.ok();
    let (world, observed) = (World::read(&app).await, Observed::of(&app).await);
    for who in world.everybody() {
        let raw = Raw::like(&app, &observed, &who.username, who.role).await;
        let user = account(&app, &who.username).await;
        for (kind, table, _) in TABLES {
            let mut expected = reached(&world, &who, kind);
            expected.extend(own_account(&world, &user, kind));
            // More than expected: the policy lets rows of others through. Fewer: it is narrower than scope.rs.
            assert_eq!(raw.ids(table).await, expected, "{}: {table}", who.username);
        }
        let ask = format!("SELECT count(*) AS n FROM audit_event WHERE {}", told(&user, who.role));
        let events =
            app.db().query_one_raw(sql(&ask)).await.unwrap().unwrap().try_get::<i64>("", "n").unwrap();
        assert_eq!(raw.count("audit_event").await, events, "{}: entries of the log", who.username);
        let mut series = 0;
        for kind in ["CUSTOMER", "INVOICE", "TICKET"] {
            let tenants =
                match matrix::reach(who.role, &format!("{}{}", &kind[..1], kind[1..].to_lowercase())) {
                    None => continue,
                    Some(Scope::All) => String::new(),
                    Some(_) => format!(" AND tenant_id = '{}'", user.tenant_id.uuid()),
                };
            let ask = format!("SELECT count(*) AS n FROM number_series WHERE kind = '{kind}'{tenants}");
            series +=
                app.db().query_one_raw(sql(&ask)).await.unwrap().unwrap().try_get::<i64>("", "n").unwrap();
        }
        assert_eq!(raw.count("number_series").await, series, "{}", who.username);
    }
}

/// The content of a row, as a statement inserts it.
async fn copy(app: &TestApp, table: &str, id: Uuid) -> String {
    let ask = format!("SELECT row_to_json(t)::text AS content FROM \"{table}\" t WHERE id = '{id}'");
    let row = app.db().query_one_raw(sql(&ask)).await.unwrap().unwrap();
    let content: String = row.try_get("", "content").unwrap();
    insert(table, &content)
}

fn insert(table: &str, content: &str) -> String {
    let content = content.replace('\'', "''");
    format!("INSERT INTO \"{table}\" SELECT * FROM json_populate_record(NULL::\"{table}\", '{content}')")
}

async fn changes(app: TestApp) {
    complete(&app).await;
    let (world, observed) = (World::read(&app).await, Observed::of(&app).await);
    let mut tried = 0;
    for who in world.everybody() {
        let raw = Raw::like(&app, &observed, &who.username, who.role).await;
        let user = account(&app, &who.username).await;
        for (kind, table, column) in TABLES {
            let mut own = reached(&world, &who, kind);
            own.extend(own_account(&world, &user, kind));
            let of_kind = world.rows.values().filter(|row| row.kind == kind).map(|row| uuid(kind, &row.id));
            let foreign: Vec<Uuid> = of_kind.filter(|id| !own.contains(id)).collect();
            let Some(first) = foreign.first() else { continue };
            let ids = foreign.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
            for statement in [
                format!("UPDATE \"{table}\" SET {column} = {column} WHERE id IN ({ids})"),
                format!("DELETE FROM \"{table}\" WHERE id IN ({ids})"),
            ] {
                let outcome = raw.attempt(&statement).await;
                let is_nothing = outcome == Ok(0) || outcome.as_ref().is_err_and(|state| state == REFUSED);
                assert!(is_nothing, "{}: {statement:.60}: {outcome:?}", who.username);
            }
            let outcome = raw.attempt(&copy(&app, table, *first).await).await;
            assert_eq!(
                outcome,
                Err(REFUSED.to_owned()),
                "{}: a row of others is added to {table}",
                who.username
            );
            tried += 1;
        }
        // What one did not do oneself is not recorded.
        let event = |actor: Uuid, role: &str| {
            format!(
                "INSERT INTO audit_event (id, tenant_id, occurred_at, event_type, actor_id, actor_role, action, outcome, \
                 request_id, details) VALUES (gen_random_uuid(), '{}', now(), 'X', '{actor}', '{role}', 'x', 'SUCCESS', '', '{{}}')",
                user.tenant_id.uuid()
            )
        };
        assert_eq!(raw.attempt(&event(user.id.uuid(), who.role)).await, Ok(1), "{}", who.username);
        for (actor, role) in [(Uuid::nil(), who.role), (user.id.uuid(), "anonymous")] {
            assert_eq!(raw.attempt(&event(actor, role)).await, Err(REFUSED.to_owned()), "{}", who.username);
        }
    }
    assert!(tried > 100, "only {tried} tables had rows of others");
}

async fn leaves(app: TestApp) {
    let observed = Observed::of(&app).await;
    let maria = customer(&app, MARIA).await;
    let other = account(&app, "support@globex.example").await.tenant_id.uuid();
    for (username, role, statement) in [
        (SUPPORT, "support_agent", format!("UPDATE customer SET tenant_id = '{other}'")),
        (SUPPORT, "support_agent", format!("UPDATE invoice SET tenant_id = '{other}'")),
        (
            "network@acme.example",
            "network_engineer",
            "UPDATE ticket SET category = 'SALES', assignee_id = NULL".to_owned(),
        ),
        ("reseller@acme.example", "reseller", "UPDATE ticket SET shared_with_reseller = false".to_owned()),
        (
            "customer@acme.example",
            "customer",
            format!(
                "UPDATE address SET customer_id = '{}' WHERE customer_id = '{}'",
                Uuid::nil(),
                maria.id.uuid()
            ),
        ),
    ] {
        let raw = Raw::like(&app, &observed, username, role).await;
        assert_eq!(raw.attempt(&statement).await, Err(REFUSED.to_owned()), "{username}: {statement}");
    }
}

async fn nothing(app: TestApp) {
    crate::fixture::api_clients(app.db()).await;
    crate::fixture::incidents(&app).await;
    for statement in [
        "INSERT INTO revoked_token SELECT id, tenant_id, id, owner_id, expires_at FROM api_client",
        "INSERT INTO external_identity SELECT 'https://login.example', username, tenant_id, id, created_at FROM \"user\"",
    ] {
        app.db().execute_unprepared(statement).await.unwrap();
    }
    app.login(SUPPORT).await;
    let user = account(&app, SUPPORT).await;
    let (id, tenant) = (user.id.uuid().to_string(), user.tenant_id.uuid().to_string());
    let all = |scope: &str| TABLES.map(|(kind, ..)| format!(",{kind}={scope}")).concat() + ",";
    let set = |settings: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    for settings in [
        set(&[]),
        set(&[("tenant_id", ""), ("user_id", ""), ("scopes", ""), ("role", "")]),
        // How far, but not from where.
        set(&[("scopes", &all("tenant"))]),
        set(&[("scopes", &all("reseller")), ("reseller_id", "x")]),
        set(&[("scopes", &all("own")), ("customer_id", ""), ("user_id", "x")]),
        set(&[("scopes", &all("assigned")), ("tenant_id", "0"), ("category", "BILLING")]),
        set(&[("scopes", &all("tenant")), ("tenant_id", &format!("{tenant} "))]),
        set(&[("scopes", &all("tenant")), ("tenant_id", &format!("{tenant}\n"))]),
        // Nothing that is a scope.
        set(&[("scopes", "Customer=all"), ("role", "system_admin")]),
        set(&[("scopes", &all("ALL"))]),
        set(&[("scopes", &all("everything"))]),
        set(&[("scopes", &all("all").to_lowercase())]),
    ] {
        let raw = if settings.is_empty() { Raw::new(&app).await } else { Raw::told(&app, &settings).await };
        for table in TABLES.iter().map(|(_, table, _)| *table).chain(FURTHER) {
            assert_eq!(raw.count(table).await, 0, "{table} with {settings:?}");
        }
        for (_, table, _) in TABLES {
            let first =
                app.db().query_one_raw(sql(&format!("SELECT id FROM \"{table}\" LIMIT 1"))).await.unwrap();
            let first: Uuid = first.unwrap().try_get("", "id").unwrap();
            let added = raw.attempt(&copy(&app, table, first).await).await;
            assert_eq!(added, Err(REFUSED.to_owned()), "{table} with {settings:?}");
        }
        let series = format!(r#"{{"tenant_id": "{tenant}", "kind": "X", "last": 0}}"#);
        assert_eq!(raw.attempt(&insert("number_series", &series)).await, Err(REFUSED.to_owned()));
        let event = r#"{"id": "00000000-0000-7000-8000-000000000000", "occurred_at": "2026-01-01T00:00:00Z",
            "event_type": "X", "action": "x", "outcome": "SUCCESS", "request_id": "", "details": {}}"#;
        assert_eq!(raw.attempt(&insert("audit_event", event)).await, Err(REFUSED.to_owned()));
    }
    // Known who, but not how far: one's own account and no more.
    let settings = set(&[("tenant_id", &tenant), ("user_id", &id), ("scopes", "Customer=tenant")]);
    let raw = Raw::told(&app, &settings).await;
    assert_eq!(raw.count("customer").await, 0);
    assert_eq!((raw.count("user").await, raw.count("tenant").await), (1, 1));
}

/// A pooled connection that was another viewer's knows nothing of him.
async fn settings_end(app: TestApp) {
    let observed = Observed::of(&app).await;
    let raw = Raw::like(&app, &observed, SUPPORT, "support_agent").await;
    let transaction = raw.begin().await;
    assert!(super::count(&transaction, "customer").await > 0);
    transaction.commit().await.unwrap();
    // Two at most: each has been the viewer's, or nobody's.
    for _ in 0..4 {
        assert_eq!(super::count(&raw.db, "customer").await, 0);
    }
    let left = "SELECT coalesce(current_setting('custodian.scopes', true), '') AS scopes";
    let left: String = raw.db.query_one_raw(sql(left)).await.unwrap().unwrap().try_get("", "scopes").unwrap();
    assert_eq!(left, "");
}

/// A customer who moves a ticket to another category moves messages that he does not see.
async fn messages_follow(app: TestApp) {
    use custodian_entity::choice::TicketCategory;
    use custodian_entity::{ticket, ticket_message};

    let maria = customer(&app, MARIA).await;
    let messages = ticket_message::Entity::find().all(app.db()).await.unwrap();
    let internal = messages.iter().find(|message| message.is_internal && message.customer_id == maria.id);
    let ticket = internal.expect("the demo data have an internal message about her").ticket_id;
    let client = app.login("customer@acme.example").await;
    let input = serde_json::json!({ "id": ticket.encode(), "category": "COMPLAINT" });
    crate::fixture::mutate(&client, "ticketUpdate", "category", input).await.done();
    let ticket = ticket::Entity::find_by_id(ticket).one(app.db()).await.unwrap().unwrap();
    assert_eq!(ticket.category, TicketCategory::Complaint);
    for message in ticket_message::Entity::find().all(app.db()).await.unwrap() {
        if message.ticket_id == ticket.id {
            assert_eq!(message.ticket_category, ticket.category, "{message:?}");
        }
    }
}
