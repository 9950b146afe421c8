//! Trouble tickets and their messages.
//!
//! The rows of a ticket carry what its row scopes ask about, the assignee and the category among them: billing
//! managers and network engineers list what is assigned to them or of their category.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::table::{choice, ordered, sealed, sealed_null, table};

const CATEGORIES: [&str; 5] = ["GENERAL", "TECHNICAL", "BILLING", "SALES", "COMPLAINT"];

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    ticket(manager).await?;
    ticket_message(manager).await
}

async fn ticket(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("ticket")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            ordered(manager, "number", 64),
            choice("category"),
            choice("severity"),
            choice("priority"),
            choice("status"),
            choice("channel"),
            sealed("subject"),
            sealed("description"),
            uuid_null("subscription_id"),
            uuid_null("assignee_id"),
            boolean("shared_with_reseller"),
            timestamp_with_time_zone_null("due_at"),
            timestamp_with_time_zone("created_at"),
            timestamp_with_time_zone_null("resolved_at"),
            timestamp_with_time_zone_null("closed_at"),
        ])
        .one_of("category", &CATEGORIES)
        .one_of("severity", &["LOW", "MEDIUM", "HIGH", "CRITICAL"])
        .one_of("priority", &["LOW", "NORMAL", "HIGH", "URGENT"])
        .one_of("status", &["NEW", "IN_PROGRESS", "PENDING", "RESOLVED", "CLOSED"])
        .one_of("channel", &["PORTAL", "PHONE", "EMAIL", "CHAT", "SHOP", "API"])
        .owned_by_customer()
        .references_within("customer_id", "subscription_id", "subscription")
        .references("assignee_id", "user")
        .unique(&["tenant_id", "number"])
        .unique(&["customer_id", "id"])
        .keyset(
            &[
                &[],
                &["tenant_id"],
                &["reseller_id"],
                &["customer_id"],
                &["assignee_id"],
                &["tenant_id", "category"],
            ],
            &["created_at", "number"],
        )
        .index(&["subscription_id"])
        .create(manager)
        .await
}

async fn ticket_message(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("ticket_message")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            uuid("ticket_id"),
            choice("ticket_category"),
            uuid_null("ticket_assignee_id"),
            boolean("shared_with_reseller"),
            boolean("is_internal"),
            choice("author_kind"),
            uuid_null("author_id"),
            sealed("body"),
            sealed_null("internal_body"),
            timestamp_with_time_zone("sent_at"),
        ])
        .one_of("ticket_category", &CATEGORIES)
        .one_of("author_kind", &["CUSTOMER", "RESELLER", "STAFF", "SYSTEM"])
        .check("is_internal", "NOT is_internal OR author_kind IN ('STAFF', 'SYSTEM')")
        .owned_by_customer()
        .references_within("customer_id", "ticket_id", "ticket")
        .references("ticket_assignee_id", "user")
        .references("author_id", "user")
        .keyset(
            &[
                &["ticket_id"],
                &["tenant_id"],
                &["reseller_id"],
                &["customer_id"],
                &["ticket_assignee_id"],
                &["tenant_id", "ticket_category"],
            ],
            &[],
        )
        .create(manager)
        .await
}
