//! The history of customers' rows: what each field held.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, sealed_null, table};
use crate::wall::filled;

/// How far the viewer's role reaches on the type whose row was changed: what he cannot see was not changed for him.
const SOURCE: &str = "CASE custodian_scope(entity_type)
    WHEN 'all' THEN true
    WHEN 'tenant' THEN tenant_id = $tenant
    WHEN 'reseller' THEN reseller_id = $reseller
    WHEN 'assigned' THEN tenant_id = $tenant
    WHEN 'own' THEN customer_id = $customer
    ELSE false
END";

/// Which tickets and messages a viewer reaches depends on the row itself: their own policies say it.
const REACH: &str = "CASE (SELECT custodian_scope('ChangeRecord'))
    WHEN 'all' THEN true
    WHEN 'tenant' THEN tenant_id = $tenant
    WHEN 'reseller' THEN reseller_id = $reseller
    WHEN 'own' THEN customer_id = $customer
    ELSE false
END
AND CASE entity_type
    WHEN 'Ticket' THEN EXISTS (SELECT FROM ticket WHERE ticket.id = entity_id)
    WHEN 'CustomerNote' THEN custodian_scope('CustomerNote') IN ('all', 'tenant')
    WHEN 'TicketMessage' THEN EXISTS (SELECT FROM ticket_message WHERE ticket_message.id = entity_id)
    ELSE true
END";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000013_history"
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
        table("change_record")
            .columns([
                pk_uuid("id"),
                uuid("tenant_id"),
                uuid_null("reseller_id"),
                uuid("customer_id"),
                string_len("entity_type", 32),
                uuid("entity_id"),
                string_len("field", 64),
                timestamp_with_time_zone("changed_at"),
                choice("actor_kind"),
                uuid_null("changed_by"),
                uuid_null("api_client_id"),
                text_null("reason"),
                integer("version"),
                sealed_null("old_value"),
                sealed_null("new_value"),
            ])
            .one_of("actor_kind", &["CUSTOMER", "RESELLER", "STAFF", "SYSTEM"])
            .check("changed_by", "(actor_kind = 'SYSTEM') = (changed_by IS NULL)")
            .check("version", "version > 0")
            .owned_by_customer()
            .keyset(
                &[&[], &["tenant_id"], &["reseller_id"], &["customer_id"], &["entity_id"]],
                &["changed_at"],
            )
            .index(&["entity_id", "version"])
            .create(manager)
            .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            // The past is added to and never changed. Whoever changes rows of a type records it in his own name.
            for sql in [
                "ALTER TABLE change_record ENABLE ROW LEVEL SECURITY".to_owned(),
                "GRANT SELECT, INSERT ON change_record TO custodian_app".to_owned(),
                format!(
                    "CREATE POLICY reach ON change_record FOR SELECT TO custodian_app USING ({SOURCE} AND {REACH})"
                ),
                format!(
                    "CREATE POLICY record ON change_record FOR INSERT TO custodian_app WITH CHECK (
                         changed_by IS NOT DISTINCT FROM $user AND {SOURCE})"
                ),
            ] {
                db.execute_unprepared(&filled(&sql)).await?;
            }
        }
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
