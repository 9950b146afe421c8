//! What staff notes about customers; accounts that are changed and ended; invitations that are sent again.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, sealed, table};
use crate::wall::{filled, provider_rows};

/// Where letters go, and whether an account is active, is its own to change, or the customer's whose address is confirmed.
/// Others may end an account; and as long as nobody has opened it, say where its invitation goes.
const OWN_ADDRESS: &str = r#"
DROP TRIGGER own_address ON "user";
CREATE TRIGGER own_address BEFORE UPDATE OF email, status, reset_not_before ON "user" FOR EACH ROW
WHEN (row_security_active('"user"') AND NEW.id IS DISTINCT FROM custodian_uuid('user_id')
    AND (custodian_setting('role') IS DISTINCT FROM 'anonymous' OR NEW.kind <> 'CUSTOMER'
        OR NEW.customer_id IS DISTINCT FROM custodian_uuid('customer_id'))
    AND (custodian_uuid('user_id') IS NULL OR NEW.reset_not_before IS DISTINCT FROM OLD.reset_not_before
        OR NOT (NEW.status = 'DISABLED' AND NEW.email = OLD.email
            OR NEW.status = 'INVITED' AND OLD.status = 'INVITED')))
EXECUTE FUNCTION custodian_refuse()"#;

/// Others may ask for a new password. That it was chosen is for its user alone to say.
const OWN_PASSWORD: &str = r#"
GRANT UPDATE (display_name) ON "user" TO custodian_app;
CREATE TRIGGER own_password BEFORE UPDATE OF must_change_password ON "user" FOR EACH ROW
WHEN (row_security_active('"user"') AND NEW.id IS DISTINCT FROM custodian_uuid('user_id')
    AND OLD.must_change_password AND NOT NEW.must_change_password)
EXECUTE FUNCTION custodian_refuse()"#;

/// An invitation that is sent again ends the one before, with the account written by the same transaction (`xmin`).
const AGAIN: [&str; 2] = [
    r#"CREATE POLICY invite_again ON account_token FOR SELECT TO custodian_app USING (
         purpose = 'INVITATION'
         AND EXISTS (
             SELECT FROM "user" AS account WHERE account.id = user_id AND account.status = 'INVITED'
                 AND account.xmin = pg_current_xact_id()::xid))"#,
    r#"CREATE POLICY invite_again_ends ON account_token FOR DELETE TO custodian_app USING (
         purpose = 'INVITATION'
         AND EXISTS (
             SELECT FROM "user" AS account WHERE account.id = user_id AND account.status = 'INVITED'
                 AND account.xmin = pg_current_xact_id()::xid))"#,
];

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000012_people"
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
        customer_note(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            // Staff's own: a reseller and a customer reach none, whatever their roles say.
            let grants = "SELECT, INSERT, UPDATE (category, body, is_pinned), DELETE";
            let notes = provider_rows("customer_note", "CustomerNote", grants).protect();
            db.execute_unprepared(&notes).await?;
            for sql in [OWN_ADDRESS, OWN_PASSWORD].into_iter().chain(AGAIN) {
                db.execute_unprepared(&filled(sql)).await?;
            }
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn customer_note(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("customer_note")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("category"),
            sealed("body"),
            uuid("author_id"),
            boolean("is_pinned"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("category", &["GENERAL", "BILLING", "TECHNICAL", "SALES", "COMPLAINT"])
        .owned_by_customer()
        .references("author_id", "user")
        .keyset(&[&["tenant_id"], &["customer_id"]], &[])
        .create(manager)
        .await
}
