//! The confirmations of customers' e-mail addresses, and the accounts that new customers get.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, sealed, table};
use crate::wall::{customer_rows, filled};

/// Who follows the link of a letter has no account: the confirmation, once found, says whose customer it is. The accounts
/// of that customer follow its address.
const CONFIRMING: &str = r#"
GRANT UPDATE (email, reset_not_before) ON "user" TO custodian_app;
CREATE POLICY confirming_finds ON "user" FOR SELECT TO custodian_app USING (
    $role = 'anonymous' AND kind = 'CUSTOMER' AND customer_id = $customer);
CREATE POLICY confirming_changes ON "user" FOR UPDATE TO custodian_app USING (
    $role = 'anonymous' AND kind = 'CUSTOMER' AND customer_id = $customer)"#;

/// Where letters go, and whether an account is active, is its own to change, or the customer's whose address is confirmed:
/// whoever else could would choose its password.
const OWN_ADDRESS: &str = r#"
CREATE TRIGGER own_address BEFORE UPDATE OF email, status, reset_not_before ON "user" FOR EACH ROW
WHEN (row_security_active('"user"') AND NEW.id IS DISTINCT FROM custodian_uuid('user_id')
    AND (custodian_setting('role') IS DISTINCT FROM 'anonymous' OR NEW.kind <> 'CUSTOMER'
        OR NEW.customer_id IS DISTINCT FROM custodian_uuid('customer_id')))
EXECUTE FUNCTION custodian_refuse()"#;

/// Whoever reaches a customer may give it an account. None but a customer's gets a password from somebody else. Who owns
/// the table is not held.
const ACCOUNTS: [&str; 3] = [
    r#"GRANT INSERT (id, tenant_id, reseller_id, customer_id, kind, status, display_name, username, username_index, email, password_hash,
        token_version, mfa_enabled, must_change_password, password_changed_at, locked_until, failed_login_count,
        last_login_at, last_login_ip, created_at) ON "user" TO custodian_app"#,
    r#"CREATE POLICY new_customer ON "user" FOR INSERT TO custodian_app WITH CHECK (
        kind = 'CUSTOMER' AND EXISTS (
            SELECT FROM customer
            WHERE customer.id = customer_id AND customer.tenant_id = "user".tenant_id
                AND customer.reseller_id IS NOT DISTINCT FROM "user".reseller_id))"#,
    r#"CREATE TRIGGER own_secrets_of_new BEFORE INSERT ON "user" FOR EACH ROW
    WHEN (row_security_active('"user"') AND NEW.password_hash IS NOT NULL AND NEW.kind <> 'CUSTOMER')
    EXECUTE FUNCTION custodian_refuse()"#,
];

/// Such an account acts as a customer, by the built-in role, which reaches nothing in an account that is no customer's. Who
/// made it need see neither.
const GRANT: &str = "CREATE POLICY new_customer ON role_grant FOR INSERT TO custodian_app WITH CHECK (
    role_id = '019b76da-a800-7000-8000-000000000007' AND scope = 'OWN' AND granted_by = $user
    AND (tenant_id = $tenant OR (SELECT custodian_scope('Tenant')) = 'all'))";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000009_email_verification"
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
        email_verification(manager).await?;
        let mut user = Table::alter();
        user.table("user").add_column(timestamp_with_time_zone_null("reset_not_before"));
        manager.alter_table(user).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            let grants = "SELECT, INSERT, UPDATE (status, verified_at, attempt_count)";
            let verifications = customer_rows("email_verification", "EmailVerification", grants).protect();
            db.execute_unprepared(&verifications).await?;
            for sql in [CONFIRMING, OWN_ADDRESS].into_iter().chain(ACCOUNTS).chain([GRANT]) {
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

async fn email_verification(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("email_verification")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("status"),
            sealed("email"),
            string_len("token_hash", 43),
            timestamp_with_time_zone("requested_at"),
            timestamp_with_time_zone("expires_at"),
            timestamp_with_time_zone_null("verified_at"),
            integer("attempt_count"),
        ])
        .one_of("status", &["PENDING", "VERIFIED", "EXPIRED", "SUPERSEDED"])
        .check("verified_at", "(status = 'VERIFIED') = (verified_at IS NOT NULL)")
        .check("expires_at", "expires_at > requested_at")
        .check("attempt_count", "attempt_count >= 0")
        .owned_by_customer()
        .unique(&["token_hash"])
        // A newer one supersedes the older.
        .unique_where(&["customer_id"], "status = 'PENDING'")
        .keyset(&[&["tenant_id"], &["customer_id"]], &[])
        .index(&["customer_id", "requested_at"])
        .create(manager)
        .await
}
