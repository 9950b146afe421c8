//! The audit log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::table::{choice, table};

/// No reference to any other table: an entry is never changed, and stands when what it tells of is gone.
pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("audit_event")
        .columns([
            pk_uuid("id"),
            uuid_null("tenant_id"),
            uuid_null("reseller_id"),
            uuid_null("customer_id"),
            timestamp_with_time_zone("occurred_at"),
            string_len("event_type", 128),
            uuid_null("actor_id"),
            string_len_null("actor_role", 64),
            text_null("ip"),
            string_len_null("resource_type", 128),
            text_null("resource_id"),
            string_len("action", 128),
            choice("outcome"),
            text("request_id"),
            json_binary("details"),
        ])
        .one_of("outcome", &["SUCCESS", "FAILURE", "DENIED"])
        .index(&["tenant_id", "occurred_at", "id"])
        .index(&["customer_id", "occurred_at", "id"])
        .index(&["actor_id", "occurred_at", "id"])
        .create(manager)
        .await
}
