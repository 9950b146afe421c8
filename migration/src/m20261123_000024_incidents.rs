//! Security incidents, what was notified of them, and whose data they are about.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, sealed, sealed_null, table};
use crate::wall::{filled, provider_rows};

/// What may change of an incident, until it is closed.
const CHANGES: &str = "SELECT, INSERT, UPDATE (title, severity, status, detected_at, aware_at, determined_at, \
                       contained_at, closed_at, is_personal_data_breach, data_categories, regimes, affected_count, \
                       root_cause, effects, remediation, lead_id)";

/// Incidents and drills are numbered apart, by who reaches any.
const NUMBERS: &str = "CREATE POLICY incidents ON number_series TO custodian_app USING (
    kind IN ('INCIDENT', 'DRILL') AND CASE (SELECT custodian_scope('SecurityIncident'))
        WHEN 'all' THEN true
        WHEN 'tenant' THEN tenant_id = $tenant
        ELSE false
    END)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000024_incidents"
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
        incident(manager).await?;
        notification(manager).await?;
        customer(manager).await?;
        let link = uuid_null("incident_id");
        manager.alter_table(Table::alter().table("security_alert").add_column(link).take()).await?;
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let db = manager.get_connection();
        for table in [
            provider_rows("security_incident", "SecurityIncident", CHANGES),
            // None is changed or taken out: the register is of what was done.
            provider_rows("incident_notification", "SecurityIncident", "SELECT, INSERT"),
            provider_rows("incident_customer", "SecurityIncident", "SELECT, INSERT"),
        ] {
            db.execute_unprepared(&table.protect()).await?;
        }
        db.execute_unprepared(&filled(NUMBERS)).await?;
        db.execute_unprepared("GRANT UPDATE (incident_id) ON security_alert TO custodian_app").await?;
        Ok(())
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn incident(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("security_incident")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            string_len("number", 32),
            boolean("is_drill"),
            sealed("title"),
            choice("severity"),
            choice("status"),
            timestamp_with_time_zone("detected_at"),
            timestamp_with_time_zone_null("aware_at"),
            timestamp_with_time_zone_null("determined_at"),
            timestamp_with_time_zone_null("contained_at"),
            timestamp_with_time_zone_null("closed_at"),
            boolean("is_personal_data_breach"),
            json_binary("data_categories"),
            json_binary("regimes"),
            integer_null("affected_count"),
            sealed_null("root_cause"),
            sealed_null("effects"),
            sealed_null("remediation"),
            uuid_null("lead_id"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("severity", &["LOW", "MEDIUM", "HIGH", "CRITICAL"])
        .one_of("status", &["DETECTED", "TRIAGED", "CONTAINED", "ERADICATED", "RECOVERED", "CLOSED"])
        .check("closed", "(status = 'CLOSED') = (closed_at IS NOT NULL)")
        .check("affected_count", "affected_count >= 0")
        .references("tenant_id", "tenant")
        .references("lead_id", "user")
        .unique(&["tenant_id", "number"])
        .keyset(&[&[], &["tenant_id"]], &[])
        .create(manager)
        .await
}

async fn notification(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("incident_notification")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid("incident_id"),
            choice("regime"),
            choice("duty"),
            timestamp_with_time_zone("notified_at"),
            sealed_null("delay_reason"),
            uuid("recorded_by"),
            timestamp_with_time_zone("recorded_at"),
        ])
        .one_of("regime", &["GDPR", "EU_ECS", "UK_GDPR", "UK_PECR"])
        .one_of("duty", &["AUTHORITY_INITIAL", "AUTHORITY_FOLLOW_UP", "SUBJECTS"])
        .references("tenant_id", "tenant")
        .references("incident_id", "security_incident")
        .references("recorded_by", "user")
        .index(&["incident_id", "id"])
        .create(manager)
        .await
}

async fn customer(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("incident_customer")
        .columns([uuid("incident_id"), uuid("customer_id"), uuid("tenant_id")])
        .primary_key(&["incident_id", "customer_id"])
        .references("incident_id", "security_incident")
        // No reference to the customer: that its data were breached stands when it is gone.
        .references("tenant_id", "tenant")
        .create(manager)
        .await
}
