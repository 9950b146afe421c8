//! Providers, their partners, accounts and roles; and the built-in roles themselves.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::{choice, ordered, reference, sealed, sealed_null, table, tag};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    tenant(manager).await?;
    number_series(manager).await?;
    reseller(manager).await?;
    user(manager).await?;
    role(manager).await?;
    role_grant(manager).await?;
    built_in_roles(manager).await
}

async fn tenant(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("tenant")
        .columns([
            pk_uuid("id"),
            string_len("slug", 63),
            string_len("domain", 253),
            string_len("display_name", 255),
            string_len_null("legal_name", 255),
            string_len("country_code", 2),
            string_len("timezone", 64),
            string_len("currency", 3),
            string_len_null("support_email", 320),
            text_null("dpo_contact"),
            text_null("security_contact"),
            choice("status"),
            string_len_null("data_region", 64),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("status", &["ACTIVE", "SUSPENDED"])
        .check("country_code", "length(country_code) = 2")
        .check("currency", "length(currency) = 3")
        // The slug is not unique: that it is taken would tell of another provider.
        .unique(&["domain"])
        .create(manager)
        .await
}

async fn number_series(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("number_series")
        .columns([uuid("tenant_id"), string_len("kind", 32), big_integer("last")])
        .primary_key(&["tenant_id", "kind"])
        .check("last", "last >= 0")
        .references("tenant_id", "tenant")
        .create(manager)
        .await
}

async fn reseller(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("reseller")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            ordered(manager, "code", 64),
            ordered(manager, "name", 255),
            choice("status"),
            choice("data_role"),
            sealed_null("legal_name"),
            sealed_null("contact_name"),
            sealed_null("contact_email"),
            sealed_null("contact_phone"),
            sealed_null("tax_id"),
            big_integer_null("commission_rate"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("status", &["ACTIVE", "SUSPENDED"])
        .one_of("data_role", &["CONTROLLER", "JOINT_CONTROLLER", "PROCESSOR"])
        .check("commission_rate", "commission_rate BETWEEN 0 AND 10000")
        .references("tenant_id", "tenant")
        .unique(&["tenant_id", "code"])
        .unique(&["tenant_id", "id"])
        .keyset(&[&[], &["tenant_id"]], &["created_at", "code", "name"])
        .create(manager)
        .await
}

async fn user(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut spec = table("user")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid_null("customer_id"),
            choice("kind"),
            choice("status"),
            ordered(manager, "display_name", 255),
            sealed("username"),
            tag("username_index"),
            sealed("email"),
            text_null("password_hash"),
            integer("token_version"),
            boolean("mfa_enabled"),
            boolean("must_change_password"),
            timestamp_with_time_zone_null("password_changed_at"),
            timestamp_with_time_zone_null("locked_until"),
            integer("failed_login_count"),
            timestamp_with_time_zone_null("last_login_at"),
            text_null("last_login_ip"),
            timestamp_with_time_zone("created_at"),
        ])
        .one_of("kind", &["STAFF", "RESELLER", "CUSTOMER"])
        .one_of("status", &["INVITED", "ACTIVE", "DISABLED"])
        .check("reseller_of_kind", "kind <> 'RESELLER' OR reseller_id IS NOT NULL")
        .check("customer_of_kind", "kind <> 'CUSTOMER' OR customer_id IS NOT NULL")
        .check("token_version", "token_version >= 0")
        .check("failed_login_count", "failed_login_count >= 0")
        .references("tenant_id", "tenant")
        .references_within("tenant_id", "reseller_id", "reseller")
        .unique(&["username_index"])
        .unique(&["tenant_id", "id"])
        .keyset(&[&[], &["tenant_id"], &["reseller_id"]], &["created_at", "display_name"])
        .keyset(&[&["customer_id"]], &[]);
    // Customers name accounts (their managers), accounts name customers (whose they are). SQLite takes a reference
    // only together with its table, and lets it point ahead; PostgreSQL does neither: `customers` adds it there.
    if manager.get_database_backend() == DbBackend::Sqlite {
        spec = spec.references_within("tenant_id", "customer_id", "customer");
    }
    spec.create(manager).await
}

/// The reference from an account to its customer, once there are customers.
pub(super) async fn user_to_customer(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let key = reference("user", &["tenant_id", "customer_id"], "customer", &["tenant_id", "id"]);
    manager.create_foreign_key(key).await
}

async fn role(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("role")
        .columns([
            pk_uuid("id"),
            uuid_null("tenant_id"),
            ordered(manager, "name", 64),
            text_null("description"),
            boolean("is_system"),
            timestamp_with_time_zone("created_at"),
        ])
        .check("is_system", "is_system = (tenant_id IS NULL)")
        .references("tenant_id", "tenant")
        .unique(&["tenant_id", "name"])
        // A missing tenant equals nothing in SQL, so the key above does not hold for built-in roles.
        .unique_where(&["name"], "tenant_id IS NULL")
        .keyset(&[&["tenant_id"]], &[])
        .create(manager)
        .await
}

async fn role_grant(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("role_grant")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid("user_id"),
            uuid("role_id"),
            boolean("is_primary"),
            choice("scope"),
            uuid_null("granted_by"),
            timestamp_with_time_zone("granted_at"),
            timestamp_with_time_zone_null("expires_at"),
            text_null("justification"),
        ])
        .one_of("scope", &["OWN", "ASSIGNED", "RESELLER", "TENANT", "ALL"])
        .references("tenant_id", "tenant")
        .references_within("tenant_id", "user_id", "user")
        .references("role_id", "role")
        .references("granted_by", "user")
        .unique(&["user_id", "role_id"])
        .unique_where(&["user_id"], "is_primary")
        .keyset(&[&["tenant_id"], &["user_id"]], &[])
        .index(&["role_id"])
        .create(manager)
        .await
}

/// What the built-in roles are for; their rights are in the policy. The ids are fixed, so that exports and backups of
/// different installations agree on them: version 7 UUIDs (RFC 9562, 5.7) of 2026-01-01T00:00:00Z.
const BUILT_IN_ROLES: [(&str, &str, &str); 7] = [
    ("019b76daa80070008000000000000001", "system_admin", "Operates the installation, across all providers"),
    ("019b76daa80070008000000000000002", "tenant_admin", "Administers one provider"),
    ("019b76daa80070008000000000000003", "support_agent", "Helps customers, works on their tickets"),
    ("019b76daa80070008000000000000004", "billing_manager", "Invoices customers and records their payments"),
    ("019b76daa80070008000000000000005", "network_engineer", "Runs the technical side of the services"),
    ("019b76daa80070008000000000000006", "reseller", "Sells for a provider, looks after its own customers"),
    ("019b76daa80070008000000000000007", "customer", "Sees and maintains what is stored about itself"),
];

async fn built_in_roles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut insert = Query::insert();
    insert.into_table("role").columns(["id", "name", "description", "is_system", "created_at"]);
    for (id, name, description) in BUILT_IN_ROLES {
        // PostgreSQL reads a UUID from text; SQLite keeps it as the 16 bytes that the entities read.
        let id = match manager.get_database_backend() {
            DbBackend::Sqlite => Expr::cust(format!("X'{id}'")),
            _ => Expr::cust(format!("'{id}'")),
        };
        let created_at = Expr::cust("'2026-01-01T00:00:00+00:00'");
        insert.values_panic([id, name.into(), description.into(), true.into(), created_at]);
    }
    manager.execute(insert).await
}
