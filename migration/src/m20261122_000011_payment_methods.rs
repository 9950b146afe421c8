//! What customers pay with, what was paid back, and lines that are changed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, choice_null, sealed_null, table};
use crate::wall::customer_rows;

const BRANDS: [&str; 9] = [
    "VISA",
    "MASTERCARD",
    "MAESTRO",
    "AMERICAN_EXPRESS",
    "DISCOVER",
    "DINERS_CLUB",
    "JCB",
    "UNION_PAY",
    "OTHER",
];

/// What the service does with tables that are there already.
const GRANTS: &str = "GRANT UPDATE (status, refunded_amount) ON payment TO custodian_app;
    GRANT UPDATE (access_technology, connection_type, ipv4, ipv6_prefix, mac_addresses, service_vlan, customer_vlan,
        circuit_id, access_node, access_port) ON network_service TO custodian_app";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000011_payment_methods"
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
        payment_method(manager).await?;
        refund(manager).await?;
        let mut payment = Table::alter();
        // Written in full: SQLite takes a reference to a new column in no other way.
        let method = uuid_null("method_id").extra("REFERENCES payment_method (id)").take();
        payment.table("payment").add_column(method);
        manager.alter_table(payment).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            let methods = customer_rows(
                "payment_method",
                "PaymentMethod",
                "SELECT, INSERT, UPDATE (is_default, status, processor_token, holder_name, iban)",
            );
            // A refund is reached as the payment it is of.
            for table in [methods, customer_rows("refund", "Payment", "SELECT, INSERT")] {
                db.execute_unprepared(&table.protect()).await?;
            }
            db.execute_unprepared(GRANTS).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn payment_method(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("payment_method")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("kind"),
            boolean("is_default"),
            choice("status"),
            sealed_null("processor_token"),
            choice_null("brand"),
            string_len_null("last4", 4),
            integer_null("exp_month"),
            integer_null("exp_year"),
            string_len_null("bank_name", 255),
            sealed_null("holder_name"),
            sealed_null("iban"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("kind", &["CARD", "BANK_ACCOUNT"])
        .one_of("status", &["ACTIVE", "DETACHED"])
        .one_of("brand", &BRANDS)
        .check("last4", "length(last4) = 4")
        .check("exp_month", "exp_month BETWEEN 1 AND 12")
        // Nobody is charged by what is detached: what it takes, and whose it is, is gone.
        .check("processor_token", "(status = 'DETACHED') = (processor_token IS NULL)")
        .check("detached", "status = 'ACTIVE' OR (NOT is_default AND holder_name IS NULL AND iban IS NULL)")
        .owned_by_customer()
        .unique_where(&["customer_id"], "is_default")
        .keyset(&[&["tenant_id"], &["reseller_id"], &["customer_id"]], &[])
        .create(manager)
        .await
}

async fn refund(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("refund")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            uuid("payment_id"),
            big_integer("amount"),
            sealed_null("reason"),
            string_len("idempotency_key", 255),
            uuid("refunded_by"),
            timestamp_with_time_zone("created_at"),
        ])
        .check("amount", "amount > 0")
        .owned_by_customer()
        .references("payment_id", "payment")
        .references("refunded_by", "user")
        .unique(&["payment_id", "idempotency_key"])
        .create(manager)
        .await
}
