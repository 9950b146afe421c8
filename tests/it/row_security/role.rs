//! What the service's role may do besides reaching rows, and that no table is without policies.

use custodian::database::wall::{APPEND_ONLY, Wall};
use custodian::database::{Settings, begin};
use custodian_entity::id::TypedId;
use custodian_entity::{role, user};
use sea_orm::{AccessMode, ConnectionTrait, EntityTrait};

use super::{FURTHER, REFUSED, Raw, TABLES, sql};
use crate::app::TestApp;
use crate::database::connect;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.postgres("row_security::every table has policies", every_table);
    suite.postgres("row_security::the service's role owns nothing and changes no schema", powerless);
    suite.postgres("row_security::signing in reads accounts and changes none but its own", sign_in);
    suite.postgres("row_security::an account is made for a customer within reach, and acts as one", accounts);
    suite.postgres("row_security::a reseller's people change its contact, and nothing else of it", partners);
    suite.postgres("row_security::the server gives up what takes too long", time_outs);
}

async fn every_table(app: TestApp) {
    let db = connect(&app.database().url).await.unwrap();
    let wall = Wall::look(&db).await.unwrap().unwrap();
    let mut known: Vec<&str> = TABLES.iter().map(|(_, table, _)| *table).chain(FURTHER).collect();
    known.sort_unstable();
    let tables: Vec<&str> = wall.tables.iter().map(|table| table.name.as_str()).collect();
    // A new table: give it a policy in its migration, and a line in TABLES.
    assert_eq!(tables, known);
    for table in &wall.tables {
        assert!(table.is_secured, "{}: no row-level security, or no policy", table.name);
        let is_append_only = APPEND_ONLY.contains(&table.name.as_str());
        assert!(!is_append_only || !table.is_changeable, "{} can be changed", table.name);
    }
    assert_eq!(wall.role.passes_by(), None, "{:?}", wall.role);
    assert!(!wall.role.creates, "{:?}", wall.role);
    // Views and functions of the owner would be holes in the wall.
    let holes = "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
        UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1";
    let holes = app.db().query_all_raw(sql(holes)).await.unwrap();
    let holes: Vec<String> = holes.iter().map(|row| row.try_get("", "name").unwrap()).collect();
    let known = ["custodian_follow_customer", "custodian_messages_follow", "custodian_reseller_of_customer"];
    assert_eq!(holes, known);
}

async fn powerless(app: TestApp) {
    let all =
        Raw::told(&app, &[("scopes", TABLES.map(|(kind, ..)| format!(",{kind}=all")).concat() + ",")]).await;
    assert!(all.count("customer").await > 0, "the statements would otherwise find nothing to change");
    for statement in [
        "UPDATE audit_event SET action = action",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE customer",
        "DELETE FROM customer",
        "UPDATE invoice_line SET amount = amount",
        "UPDATE \"user\" SET password_hash = NULL",
        "UPDATE \"user\" SET mfa_enabled = false",
        "UPDATE ticket_message SET body = body",
        "UPDATE role_grant SET scope = scope",
        "UPDATE role SET name = name",
        "UPDATE casbin_rule SET v1 = v1",
        "INSERT INTO policy_version VALUES (2, 2)",
        "CREATE TABLE more (n integer)",
        "CREATE SCHEMA more",
        "CREATE FUNCTION more() RETURNS integer LANGUAGE sql RETURN 1",
        "ALTER TABLE customer ADD COLUMN more integer",
        "ALTER TABLE customer DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE customer OWNER TO custodian_app",
        "DROP POLICY reach ON customer",
        "CREATE POLICY more ON customer USING (true)",
        "DROP TABLE customer",
        "DROP FUNCTION custodian_scope(text)",
        "SELECT custodian_messages_follow()",
        "SELECT custodian_follow_customer()",
        "SELECT custodian_reseller_of_customer()",
        "DELETE FROM seaql_migrations",
        "GRANT SELECT ON customer TO PUBLIC; SET ROLE postgres",
        "CREATE ROLE more",
        "ALTER ROLE custodian_app BYPASSRLS",
        "COPY customer TO PROGRAM 'true'",
    ] {
        assert_eq!(all.attempt(statement).await, Err(REFUSED.to_owned()), "{statement}");
    }
    let owner = "SELECT tableowner::text AS name FROM pg_tables WHERE tablename = 'customer'";
    let owner: String =
        app.db().query_one_raw(sql(owner)).await.unwrap().unwrap().try_get("", "name").unwrap();
    for statement in [
        format!("SET ROLE {owner}"),
        format!("SET SESSION AUTHORIZATION {owner}"),
        // Leaving the policies out is an error, not a way.
        "SET row_security = off; SELECT * FROM customer".to_owned(),
    ] {
        assert_eq!(all.attempt(&statement).await, Err(REFUSED.to_owned()), "{statement}");
    }
}

async fn sign_in(app: TestApp) {
    let db = connect(&app.database().url).await.unwrap();
    let users = user::Entity::find().all(app.db()).await.unwrap();
    let reading = begin(&db, AccessMode::ReadOnly, &Settings::of_sign_in()).await.unwrap();
    assert_eq!(super::count(&reading, "user").await, i64::try_from(users.len()).unwrap());
    assert_eq!(super::count(&reading, "customer").await, 0);
    let written = reading.execute_unprepared("UPDATE \"user\" SET failed_login_count = 0").await;
    assert!(written.is_err(), "finding out who signs in changes nothing");
    reading.rollback().await.unwrap();

    let account = users.first().unwrap();
    let settings = Settings {
        user: Some(account.id),
        tenant: Some(account.tenant_id),
        role: "anonymous".to_owned(),
        ..Settings::default()
    };
    // However far a role reaches, it puts nobody else's password in place.
    let noting = begin(&db, AccessMode::ReadWrite, &settings).await.unwrap();
    let own = format!("UPDATE \"user\" SET password_hash = 'x' WHERE id = '{}'", account.id.uuid());
    assert_eq!(noting.execute_unprepared(&own).await.unwrap().rows_affected(), 1);
    noting.rollback().await.unwrap();
    let wide = Settings { scopes: ",User=all,".to_owned(), ..settings.clone() };
    let reaching = begin(&db, AccessMode::ReadWrite, &wide).await.unwrap();
    let theirs = format!("UPDATE \"user\" SET password_hash = 'x' WHERE id = '{}'", users[1].id.uuid());
    assert!(reaching.execute_unprepared(&theirs).await.is_err(), "a password of somebody else");
    reaching.rollback().await.unwrap();

    let noting = begin(&db, AccessMode::ReadWrite, &settings).await.unwrap();
    let written = noting.execute_unprepared("UPDATE \"user\" SET failed_login_count = 7").await.unwrap();
    assert_eq!(written.rows_affected(), 1, "noting a sign-in changes the account of it alone");
    noting.rollback().await.unwrap();
}

/// A reseller makes accounts of its own customers, which act as customers: no others, and nobody else's password.
async fn accounts(app: TestApp) {
    let reseller = crate::fixture::account(&app, "reseller@acme.example").await;
    let (maria, other) = (
        crate::fixture::account(&app, "customer@acme.example").await,
        crate::fixture::account(&app, "customer2@acme.example").await,
    );
    let id = |id: Option<uuid::Uuid>| id.map_or("NULL".to_owned(), |id| format!("'{id}'"));
    let text = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let settings = [
        ("tenant_id", text(Some(reseller.tenant_id.uuid()))),
        ("reseller_id", text(reseller.reseller_id.map(TypedId::uuid))),
        ("user_id", text(Some(reseller.id.uuid()))),
        ("role", "reseller".to_owned()),
        ("scopes", ",Customer=reseller,User=reseller,RoleGrant=own,".to_owned()),
    ];
    let raw = Raw::told(&app, &settings).await;
    let insert = |kind: &str, of: &user::Model, hash: &str| {
        format!(
            "INSERT INTO \"user\" (id, tenant_id, reseller_id, customer_id, kind, status, display_name, username, username_index, email,
                 password_hash, token_version, mfa_enabled, must_change_password, failed_login_count, created_at)
             VALUES (gen_random_uuid(), {}, {}, {}, '{kind}', 'ACTIVE', 'x', 'v1.x', 'x', 'v1.x', {hash}, 0, false, false, 0, now())",
            id(Some(of.tenant_id.uuid())),
            id(of.reseller_id.map(TypedId::uuid)),
            id(of.customer_id.map(TypedId::uuid)),
        )
    };
    let refused = || Err(REFUSED.to_owned());
    assert_eq!(raw.attempt(&insert("CUSTOMER", &maria, "'x'")).await, Ok(1));
    assert_eq!(
        raw.attempt(&insert("CUSTOMER", &other, "'x'")).await,
        refused(),
        "another partner's customer"
    );
    assert_eq!(
        raw.attempt(&insert("RESELLER", &reseller, "'x'")).await,
        refused(),
        "a password of somebody else"
    );
    assert_eq!(raw.attempt(&insert("STAFF", &maria, "'x'")).await, refused(), "nobody's staff");
    let roles = role::Entity::find().all(app.db()).await.unwrap();
    let grant = |name: &str, scope: &str| {
        let role = roles.iter().find(|role| role.is_system && role.name == name).unwrap();
        format!(
            "INSERT INTO role_grant (id, tenant_id, user_id, role_id, is_primary, scope, granted_by, granted_at)
             VALUES (gen_random_uuid(), '{}', '{}', '{}', false, '{scope}', '{}', now())",
            reseller.tenant_id.uuid(),
            maria.id.uuid(),
            role.id.uuid(),
            reseller.id.uuid(),
        )
    };
    let held = raw.attempt(&grant("customer", "OWN")).await;
    assert_eq!(held, Err("23505".to_owned()), "she holds it already: past the wall, and then a duplicate");
    assert_eq!(raw.attempt(&grant("customer", "ALL")).await, refused());
    assert_eq!(raw.attempt(&grant("tenant_admin", "OWN")).await, refused());

    // Who brings a token reaches the accounts of its customer, and nothing of them but the address.
    let customer = maria.customer_id.unwrap().uuid().to_string();
    let confirming = [("role", "anonymous".to_owned()), ("customer_id", customer)];
    let raw = Raw::told(&app, &confirming).await;
    assert_eq!((raw.count("user").await, raw.count("customer").await), (1, 0));
    assert_eq!(raw.attempt("UPDATE \"user\" SET email = 'v1.x'").await, Ok(1));
    assert_eq!(raw.attempt("UPDATE \"user\" SET password_hash = 'x'").await, refused());
}

async fn partners(app: TestApp) {
    let reseller = crate::fixture::account(&app, "reseller@acme.example").await;
    let customer = crate::fixture::account(&app, "customer@acme.example").await;
    let told = async |of: &user::Model, scope: &str| {
        let text = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let settings = [
            ("tenant_id", text(Some(of.tenant_id.uuid()))),
            ("reseller_id", text(of.reseller_id.map(TypedId::uuid))),
            ("customer_id", text(of.customer_id.map(TypedId::uuid))),
            ("user_id", text(Some(of.id.uuid()))),
            ("role", "some".to_owned()),
            ("scopes", format!(",Reseller={scope},")),
        ];
        Raw::told(&app, &settings).await
    };
    let refused = || Err(REFUSED.to_owned());
    let own = told(&reseller, "own").await;
    assert_eq!(
        own.attempt(
            "UPDATE reseller SET contact_name = 'v1.x', contact_email = 'v1.x', contact_phone = 'v1.x'"
        )
        .await,
        Ok(1)
    );
    for column in ["code", "name", "legal_name", "tax_id"] {
        assert_eq!(
            own.attempt(&format!("UPDATE reseller SET {column} = 'v1.x'")).await,
            refused(),
            "{column}"
        );
    }
    let of_theirs = ["status = 'SUSPENDED'", "data_role = 'CONTROLLER'", "commission_rate = 1"];
    for change in of_theirs {
        assert_eq!(own.attempt(&format!("UPDATE reseller SET {change}")).await, refused(), "{change}");
    }
    let of_customer = told(&customer, "own").await;
    assert_eq!(of_customer.attempt("UPDATE reseller SET contact_name = 'v1.x'").await, refused());
    let admin = told(&reseller, "tenant").await;
    assert!(
        admin
            .attempt("UPDATE reseller SET status = 'SUSPENDED', name = 'x'")
            .await
            .is_ok_and(|rows| rows > 1)
    );
    assert_eq!(admin.attempt("DELETE FROM reseller").await, refused());
    assert_eq!(admin.attempt("UPDATE reseller SET tenant_id = tenant_id").await, refused());
}

async fn time_outs(app: TestApp) {
    let config = app.database().config();
    let connections = config.connections;
    let db = custodian::database::connect(&config.database_url, connections).await.unwrap();
    for (setting, seconds) in [
        ("statement_timeout", connections.statement_timeout_seconds),
        ("lock_timeout", connections.lock_timeout_seconds),
        ("idle_in_transaction_session_timeout", connections.idle_transaction_timeout_seconds),
    ] {
        let shown = sql(&format!("SELECT current_setting('{setting}')::interval = '{seconds} s' AS ok"));
        let is_set: bool = db.query_one_raw(shown).await.unwrap().unwrap().try_get("", "ok").unwrap();
        assert!(is_set, "{setting}");
    }
}
