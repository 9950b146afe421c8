//! Invoices, their lines, and payments. Amounts are integers in minor units of a currency.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::table::{choice, choice_null, ordered, table};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    invoice(manager).await?;
    invoice_line(manager).await?;
    payment(manager).await
}

async fn invoice(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("invoice")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            ordered(manager, "number", 64),
            choice("status"),
            date("issue_date"),
            date("due_date"),
            date_null("period_start"),
            date_null("period_end"),
            string_len("currency", 3),
            big_integer("subtotal"),
            big_integer("tax_total"),
            big_integer("total"),
            big_integer("amount_paid"),
            text_null("memo"),
            text_null("internal_note"),
            text_null("void_reason"),
            timestamp_with_time_zone_null("paid_at"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("status", &["DRAFT", "ISSUED", "PARTIALLY_PAID", "PAID", "VOID"])
        .check("currency", "length(currency) = 3")
        .check("period", "period_end >= period_start")
        .check("total", "total = subtotal + tax_total")
        // Not bounded by the total: a payment that is recorded may exceed what is due.
        .check("amount_paid", "amount_paid >= 0")
        .owned_by_customer()
        .unique(&["tenant_id", "number"])
        .unique(&["customer_id", "id"])
        .keyset(
            &[&[], &["tenant_id"], &["reseller_id"], &["customer_id"]],
            &["issue_date", "due_date", "number", "total"],
        )
        .create(manager)
        .await
}

async fn invoice_line(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("invoice_line")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            uuid("invoice_id"),
            integer("position"),
            text("description"),
            big_integer("quantity"),
            big_integer("unit_price"),
            big_integer("amount"),
            big_integer("tax_rate"),
            string_len("currency", 3),
        ])
        .check("position", "position >= 1")
        .check("quantity", "quantity >= 0")
        .check("tax_rate", "tax_rate BETWEEN 0 AND 10000")
        .check("currency", "length(currency) = 3")
        .owned_by_customer()
        .references_within("customer_id", "invoice_id", "invoice")
        .unique(&["invoice_id", "position"])
        .keyset(&[&["tenant_id"], &["reseller_id"], &["customer_id"]], &[])
        .create(manager)
        .await
}

async fn payment(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("payment")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            uuid_null("invoice_id"),
            choice("status"),
            big_integer("amount"),
            big_integer("refunded_amount"),
            string_len("currency", 3),
            timestamp_with_time_zone_null("paid_at"),
            choice_null("failure_code"),
            string_len_null("processor_reference", 255),
            string_len("idempotency_key", 255),
            uuid_null("recorded_by"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("status", &["PENDING", "SUCCEEDED", "FAILED", "PARTIALLY_REFUNDED", "REFUNDED"])
        .one_of("failure_code", &["INSUFFICIENT_FUNDS", "DECLINED", "EXPIRED", "FRAUD", "OTHER"])
        .check("amount", "amount > 0")
        .check("refunded_amount", "refunded_amount BETWEEN 0 AND amount")
        .check("currency", "length(currency) = 3")
        .owned_by_customer()
        .references_within("customer_id", "invoice_id", "invoice")
        .references("recorded_by", "user")
        .unique(&["customer_id", "idempotency_key"])
        .keyset(&[&[], &["tenant_id"], &["reseller_id"], &["customer_id"]], &["amount"])
        .keyset(&[&["invoice_id"]], &[])
        .create(manager)
        .await
}
