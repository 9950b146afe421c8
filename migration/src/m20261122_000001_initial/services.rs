//! Tariffs, subscriptions and their technical side.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::table::{choice, ordered, sealed_null, table};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    service_plan(manager).await?;
    subscription(manager).await?;
    network_service(manager).await
}

async fn service_plan(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("service_plan")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            ordered(manager, "code", 64),
            ordered(manager, "name", 255),
            choice("kind"),
            integer_null("download_kbps"),
            integer_null("upload_kbps"),
            big_integer_null("data_cap_bytes"),
            big_integer("price_amount"),
            string_len("currency", 3),
            choice("billing_period"),
            choice("status"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("kind", &["INTERNET", "VOICE", "TELEVISION", "MOBILE", "BUNDLE"])
        .one_of("billing_period", &["MONTHLY", "QUARTERLY", "YEARLY"])
        .one_of("status", &["DRAFT", "ACTIVE", "RETIRED"])
        .check("download_kbps", "download_kbps >= 0")
        .check("upload_kbps", "upload_kbps >= 0")
        .check("data_cap_bytes", "data_cap_bytes >= 0")
        .check("price_amount", "price_amount >= 0")
        .check("currency", "length(currency) = 3")
        .references("tenant_id", "tenant")
        .unique(&["tenant_id", "code"])
        .unique(&["tenant_id", "id"])
        .keyset(&[&[], &["tenant_id"]], &["code", "name"])
        .create(manager)
        .await
}

async fn subscription(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("subscription")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            uuid("plan_id"),
            uuid_null("service_address_id"),
            choice("status"),
            text_null("status_reason"),
            date("start_date"),
            timestamp_with_time_zone_null("suspended_at"),
            date_null("end_date"),
            big_integer("price_amount"),
            string_len("currency", 3),
            date_null("next_billing_date"),
            choice("provisioning_state"),
            sealed_null("radius_username"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("status", &["PENDING", "ACTIVE", "SUSPENDED", "TERMINATED", "CANCELLED"])
        .one_of("provisioning_state", &["PENDING", "PROVISIONING", "PROVISIONED", "FAILED", "DEPROVISIONED"])
        .check("price_amount", "price_amount >= 0")
        .check("currency", "length(currency) = 3")
        .owned_by_customer()
        .references_within("tenant_id", "plan_id", "service_plan")
        .references_within("customer_id", "service_address_id", "address")
        .unique(&["customer_id", "id"])
        .keyset(&[&[], &["tenant_id"], &["reseller_id"], &["customer_id"]], &["start_date"])
        .index(&["plan_id"])
        .index(&["service_address_id"])
        .create(manager)
        .await
}

async fn network_service(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("network_service")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            uuid("subscription_id"),
            choice("access_technology"),
            choice("connection_type"),
            sealed_null("ipv4"),
            sealed_null("ipv6_prefix"),
            sealed_null("mac_addresses"),
            integer_null("service_vlan"),
            integer_null("customer_vlan"),
            string_len_null("circuit_id", 255),
            string_len_null("access_node", 255),
            string_len_null("access_port", 255),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("access_technology", &["FIBRE", "DSL", "CABLE", "FIXED_WIRELESS", "MOBILE", "SATELLITE"])
        .one_of("connection_type", &["PPPOE", "IPOE", "DHCP", "STATIC"])
        // IEEE 802.1Q, 9.6: 0 and 4095 are reserved.
        .check("service_vlan", "service_vlan BETWEEN 1 AND 4094")
        .check("customer_vlan", "customer_vlan BETWEEN 1 AND 4094")
        .owned_by_customer()
        .references_within("customer_id", "subscription_id", "subscription")
        .unique(&["subscription_id"])
        .keyset(&[&["tenant_id"], &["reseller_id"], &["customer_id"]], &[])
        .create(manager)
        .await
}
