//! Resellers are made and changed by the service, and customers move between them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::follow::{FUNCTIONS, follows_customer};

/// Whatever carries its customer's reseller. The log does not: an entry says whose the customer was.
const FOLLOWERS: [&str; 17] = [
    "user",
    "address",
    "contact",
    "subscription",
    "network_service",
    "invoice",
    "invoice_line",
    "payment",
    "ticket",
    "ticket_message",
    "call_log",
    "identity_check",
    "email_verification",
    "customer_note",
    "change_record",
    "payment_method",
    "refund",
];

/// What the service changes of a reseller.
const GRANTS: &str = "
GRANT INSERT, UPDATE (code, name, status, data_role, legal_name, contact_name, contact_email, contact_phone, tax_id,
    commission_rate) ON reseller TO custodian_app";

/// A reseller's own people change whom to ask and where, and nothing else of it; its customers, whose it is as well, change
/// nothing. Who owns the table is not held.
const OWN_CONTACT: &str = "
CREATE TRIGGER own_contact BEFORE UPDATE ON reseller FOR EACH ROW
WHEN (row_security_active('reseller')
    AND coalesce(custodian_scope('Reseller') NOT IN ('all', 'tenant'), true)
    AND (custodian_setting('customer_id') IS NOT NULL
        OR to_jsonb(NEW) - '{contact_name,contact_email,contact_phone}'::text[]
            IS DISTINCT FROM to_jsonb(OLD) - '{contact_name,contact_email,contact_phone}'::text[]))
EXECUTE FUNCTION custodian_refuse()";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000015_resellers"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` wants the signature letter by letter as in the trait"
)]
impl MigrationTrait for Migration {
    #[expect(clippy::disallowed_methods, reason = "grants and triggers have no builder")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            for sql in [FUNCTIONS, GRANTS, OWN_CONTACT] {
                manager.get_connection().execute_unprepared(sql).await?;
            }
        }
        for table in FOLLOWERS {
            follows_customer(manager, table).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
