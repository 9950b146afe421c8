//! Customers, their addresses and contacts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use super::tenancy::user_to_customer;
use crate::table::{choice, choice_null, ordered, sealed, sealed_null, table, tag_null};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    customer(manager).await?;
    user_to_customer(manager).await?;
    address(manager).await?;
    contact(manager).await
}

async fn customer(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("customer")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            ordered(manager, "customer_number", 64),
            choice("kind"),
            choice("status"),
            integer("version"),
            // RFC 5646, 4.4.1: 35 characters hold every language tag in use.
            string_len_null("language", 35),
            string_len_null("external_reference", 255),
            uuid_null("account_manager_id"),
            sealed("display_name"),
            sealed_null("first_name"),
            sealed_null("last_name"),
            string_len_null("company_name", 255),
            sealed_null("email"),
            tag_null("email_index"),
            sealed_null("billing_email"),
            sealed_null("phone"),
            tag_null("phone_index"),
            sealed_null("date_of_birth"),
            choice_null("government_id_type"),
            string_len_null("government_id_country", 2),
            sealed_null("government_id_number"),
            tag_null("government_id_index"),
            sealed_null("tax_id"),
            timestamp_with_time_zone_null("email_verified_at"),
            choice("kyc_status"),
            big_integer("balance"),
            sealed_null("credit_limit"),
            sealed_null("risk_score"),
            date_null("retention_expires_at"),
            timestamp_with_time_zone_null("anonymized_at"),
            timestamp_with_time_zone("created_at"),
            timestamp_with_time_zone("updated_at"),
        ])
        .one_of("kind", &["INDIVIDUAL", "SOLE_TRADER", "COMPANY"])
        .one_of(
            "status",
            &["PROSPECT", "PENDING_VERIFICATION", "ACTIVE", "SUSPENDED", "CLOSED", "ANONYMIZED"],
        )
        .one_of(
            "government_id_type",
            &["PASSPORT", "NATIONAL_ID", "DRIVER_LICENCE", "RESIDENCE_PERMIT", "OTHER"],
        )
        .one_of("kyc_status", &["NOT_STARTED", "PENDING", "VERIFIED", "REJECTED", "EXPIRED"])
        .check("version", "version >= 1")
        .check("government_id_country", "length(government_id_country) = 2")
        .references("tenant_id", "tenant")
        .references_within("tenant_id", "reseller_id", "reseller")
        .references("account_manager_id", "user")
        .unique(&["tenant_id", "customer_number"])
        // Within a reseller, not across: a value in use must not tell of another reseller's customers.
        .unique_where(&["tenant_id", "email_index"], "reseller_id IS NULL")
        .unique_where(&["tenant_id", "reseller_id", "email_index"], "reseller_id IS NOT NULL")
        .unique_where(&["tenant_id", "external_reference"], "reseller_id IS NULL")
        .unique_where(&["tenant_id", "reseller_id", "external_reference"], "reseller_id IS NOT NULL")
        .unique(&["tenant_id", "id"])
        .index(&["tenant_id", "external_reference"])
        .index(&["tenant_id", "email_index"])
        .index(&["tenant_id", "phone_index"])
        .index(&["tenant_id", "government_id_index"])
        .keyset(&[&[], &["tenant_id"], &["reseller_id"]], &["created_at", "updated_at", "customer_number"])
        .create(manager)
        .await
}

async fn address(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("address")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("kind"),
            sealed("line1"),
            sealed_null("line2"),
            sealed_null("postal_code"),
            string_len_null("city", 255),
            string_len_null("subdivision", 255),
            string_len("country_code", 2),
            sealed_null("latitude"),
            sealed_null("longitude"),
            sealed_null("access_instructions"),
            boolean("is_primary"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("kind", &["BILLING", "SERVICE", "MAILING"])
        .check("country_code", "length(country_code) = 2")
        .owned_by_customer()
        .unique(&["customer_id", "id"])
        .keyset(&[&["tenant_id"], &["reseller_id"], &["customer_id"]], &[])
        .create(manager)
        .await
}

async fn contact(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("contact")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            string_len("kinds", 255),
            boolean("is_primary"),
            boolean("is_authorized"),
            sealed("name"),
            sealed_null("job_title"),
            sealed_null("email"),
            sealed_null("phone"),
            timestamp_with_time_zone("created_at"),
        ])
        .owned_by_customer()
        .keyset(&[&["tenant_id"], &["reseller_id"], &["customer_id"]], &[])
        .create(manager)
        .await
}
