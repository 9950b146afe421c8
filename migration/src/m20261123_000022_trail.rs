//! The audit log is asked: in lists, newest first, and by those whose data were shown.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::wall::{Table as Wall, filled, provider_rows};

/// A disclosure is an entry that says so, and is told of to whoever reaches one of the customers it was about.
const DISCLOSURES: &str = "CREATE POLICY disclosure ON audit_event FOR SELECT TO custodian_app USING (
    event_type IN ('DATA_DISCLOSED', 'FIELD_REVEALED', 'DOCUMENT_DOWNLOADED') AND outcome = 'SUCCESS'
    AND CASE (SELECT custodian_scope('Disclosure'))
        WHEN 'all' THEN true
        WHEN 'tenant' THEN tenant_id = $tenant
        WHEN 'reseller' THEN EXISTS (SELECT FROM disclosed_customer WHERE event_id = audit_event.id)
        WHEN 'own' THEN EXISTS (SELECT FROM disclosed_customer WHERE event_id = audit_event.id)
        ELSE false
    END)";

/// Below the provider, an entry about a row is for who has rows of that type.
const OF_RESELLER: &str =
    "reseller_id = $reseller AND (resource_type IS NULL OR custodian_scope(resource_type) IS NOT NULL)";
const OWN: &str =
    "customer_id = $customer AND (resource_type IS NULL OR custodian_scope(resource_type) IS NOT NULL)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000022_trail"
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
        for columns in [&["occurred_at", "id"][..], &["reseller_id", "occurred_at", "id"]] {
            let mut index = Index::create();
            index.name(format!("ix_audit_event_{}", columns.join("_"))).table("audit_event");
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            // A customer's disclosures are many: they do not carry its reseller, which would have to be written over in each
            // when it moves. Whose customer it is now is asked.
            let disclosed = Wall {
                reseller: "customer_id IN (SELECT id FROM customer WHERE customer.reseller_id = $reseller)",
                own: "customer_id = $customer",
                command: "SELECT",
                ..provider_rows("disclosed_customer", "Disclosure", "SELECT, INSERT")
            };
            let events = Wall {
                reseller: OF_RESELLER,
                own: OWN,
                command: "SELECT",
                ..provider_rows("audit_event", "AuditEvent", "SELECT, INSERT")
            };
            db.execute_unprepared("DROP POLICY reach ON audit_event").await?;
            db.execute_unprepared(&events.protect()).await?;
            db.execute_unprepared("DROP POLICY reach ON disclosed_customer").await?;
            db.execute_unprepared(&disclosed.protect()).await?;
            db.execute_unprepared(&filled(DISCLOSURES)).await?;
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
