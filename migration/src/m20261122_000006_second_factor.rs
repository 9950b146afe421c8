//! Second factors, what was verified with them, and how often somebody guessed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::table;
use crate::wall::filled;

/// What a user has of his own is reached by him, signed in or signing in.
const OWN: [&str; 3] = ["second_factor", "recovery_code", "step_up"];

/// Whoever acts counts his guesses, also while he signs in; the keys say nothing, and the service alone can make them.
const ATTEMPTS: &str = "
ALTER TABLE sign_in_attempt ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempt TO custodian_app;
CREATE POLICY reach ON sign_in_attempt TO custodian_app USING ($role = 'anonymous' OR $user IS NOT NULL)";

/// What the service changes of an account, besides counting and noting sign-ins.
const ACCOUNT: &str = r#"
GRANT UPDATE (password_hash, password_changed_at, must_change_password, token_version, mfa_enabled, locked_until)
ON "user" TO custodian_app"#;

/// Passwords and factors are put in place by their user alone, however far a role reaches. Who owns the table is not held.
const OWN_SECRETS: &str = r#"
CREATE FUNCTION custodian_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'an account of somebody else';
END $body$;
CREATE TRIGGER own_secrets BEFORE UPDATE OF password_hash, mfa_enabled ON "user" FOR EACH ROW
WHEN (row_security_active('"user"') AND NEW.id IS DISTINCT FROM custodian_uuid('user_id'))
EXECUTE FUNCTION custodian_refuse()"#;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000006_second_factor"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "policies have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Names of roles, comma-separated.
        let required = string_len("mfa_required_roles", 4096).default("").take();
        manager.alter_table(Table::alter().table("tenant").add_column(required).take()).await?;
        second_factor(manager).await?;
        recovery_code(manager).await?;
        step_up(manager).await?;
        sign_in_attempt(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            for table in OWN {
                let wall = format!(
                    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
                     GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO custodian_app;
                     CREATE POLICY reach ON {table} TO custodian_app USING (user_id = $user)"
                );
                db.execute_unprepared(&filled(&wall)).await?;
            }
            db.execute_unprepared(&filled(ATTEMPTS)).await?;
            db.execute_unprepared(ACCOUNT).await?;
            db.execute_unprepared(OWN_SECRETS).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn second_factor(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("second_factor")
        .columns([
            pk_uuid("user_id"),
            text("secret"),
            big_integer_null("last_step"),
            timestamp_with_time_zone_null("confirmed_at"),
            timestamp_with_time_zone("created_at"),
        ])
        .references("user_id", "user")
        .create(manager)
        .await
}

async fn recovery_code(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("recovery_code")
        .columns([uuid("user_id"), string_len("code_tag", 64)])
        .primary_key(&["user_id", "code_tag"])
        .references("user_id", "user")
        .create(manager)
        .await
}

async fn step_up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("step_up")
        .columns([pk_uuid("session_id"), uuid("user_id"), timestamp_with_time_zone("verified_at")])
        .references("session_id", "session")
        .references("user_id", "user")
        .index(&["verified_at"])
        .create(manager)
        .await
}

async fn sign_in_attempt(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("sign_in_attempt")
        .columns([
            string_len("key", 64).primary_key().take(),
            integer("failures"),
            timestamp_with_time_zone("since"),
            timestamp_with_time_zone_null("locked_until"),
        ])
        .check("failures", "failures >= 0")
        .index(&["since"])
        .create(manager)
        .await
}
