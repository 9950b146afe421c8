//! Row-level security on PostgreSQL: the second wall behind the service's own row scope (`src/authz/scope.rs`), which
//! it repeats without knowing it.
//!
//! A transaction says in settings of its own who asks and how far that role reaches on each type:
//!
//! | setting | example |
//! |---|---|
//! | `custodian.scopes` | `,Customer=tenant,Ticket=assigned,` |
//! | `custodian.tenant_id`, `.reseller_id`, `.customer_id`, `.user_id` | a UUID |
//! | `custodian.role`, `.category` | `billing_manager`, `BILLING` |
//!
//! What is not set, empty or malformed is NULL, and NULL reaches no row. The settings are the service's word: this wall
//! stops the statement whose condition was forgotten, not one that sets them itself.
//!
//! The tables belong to whoever runs the migrations, who is not held by the policies. The service connects as a member
//! of `custodian_app`, which owns nothing and may do with each table what the service does, and no more.

mod tables;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::wall::filled;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000003_row_security"
    }
}

/// The role whose members serve. Roles belong to the whole server: another database may have brought it already.
const ROLE: &str = "
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'custodian_app') THEN
        CREATE ROLE custodian_app NOLOGIN;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role custodian_app is missing, and % may not create it; run as a superuser: CREATE ROLE custodian_app NOLOGIN',
            current_user;
    WHEN duplicate_object OR unique_violation THEN
        NULL;
END $$";

/// The settings as values. The bodies are bound to what they name when they are created, whatever the search path of
/// the caller is; PostgreSQL expands them in place.
const FUNCTIONS: [&str; 3] = [
    "CREATE FUNCTION custodian_setting(name text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
     RETURN nullif(current_setting('custodian.' || name, true), '')",
    "CREATE FUNCTION custodian_uuid(name text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
     RETURN substring(custodian_setting(name) FROM '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid",
    "CREATE FUNCTION custodian_scope(type text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
     RETURN substring(custodian_setting('scopes') FROM ',' || type || '=(all|tenant|reseller|assigned|own),')",
];

/// What the messages of a ticket carry of it follows it, also on those that whoever changes the ticket does not see:
/// what staff wrote among themselves.
const MESSAGES_FOLLOW: &str = "
DO $$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION custodian_messages_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %I, pg_temp AS $body$
        BEGIN
            UPDATE ticket_message
            SET ticket_category = NEW.category, ticket_assignee_id = NEW.assignee_id,
                shared_with_reseller = NEW.shared_with_reseller
            WHERE ticket_id = NEW.id;
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $$;
REVOKE ALL ON FUNCTION custodian_messages_follow() FROM PUBLIC;
CREATE TRIGGER messages_follow AFTER UPDATE OF category, assignee_id, shared_with_reseller ON ticket
FOR EACH ROW EXECUTE FUNCTION custodian_messages_follow()";

/// What the service needs besides the tables: to see which migrations were applied.
const SURROUNDINGS: &str = "
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO custodian_app', current_schema());
END $$;
GRANT EXECUTE ON FUNCTION custodian_setting(text), custodian_uuid(text), custodian_scope(text) TO custodian_app;
GRANT SELECT ON seaql_migrations TO custodian_app";

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "roles, functions and policies have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite has no roles: there the service's own row scope stands alone.
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let db = manager.get_connection();
        db.execute_unprepared(ROLE).await?;
        for function in FUNCTIONS {
            db.execute_unprepared(function).await?;
        }
        for table in &tables::TABLES {
            db.execute_unprepared(&table.protect()).await?;
        }
        for policy in tables::FURTHER.into_iter().chain([tables::NUMBER_SERIES, tables::POLICY_VERSION]) {
            db.execute_unprepared(&filled(policy)).await?;
        }
        db.execute_unprepared(MESSAGES_FOLLOW).await?;
        db.execute_unprepared(SURROUNDINGS).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
