//! Files of customers, and links to their content.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::follow::follows_customer;
use crate::table::{choice, choice_null, sealed, sealed_null, table};
use crate::wall::{Table as Wall, customer_rows, filled, provider_rows};

const KINDS: [&str; 9] = [
    "PASSPORT",
    "NATIONAL_ID",
    "DRIVER_LICENCE",
    "RESIDENCE_PERMIT",
    "PROOF_OF_ADDRESS",
    "COMPANY_REGISTRATION",
    "CONTRACT",
    "MANDATE",
    "OTHER",
];

/// One's own links are made whatever the role reaches; who brings one is not known before it was found.
const OWN_LINKS: &str = "CREATE POLICY own_account ON document_link TO custodian_app USING (user_id = $user)";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261122_000017_documents"
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
        document(manager).await?;
        document_link(manager).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            // What staff keeps for itself is no row for customers.
            let documents = Wall {
                own: "customer_id = $customer AND is_visible_to_customer",
                ..customer_rows(
                    "document",
                    "Document",
                    "SELECT, INSERT, UPDATE (status, scan_status, object_name, content_key, verified_by, verified_at,
                         rejection_reason)",
                )
            };
            let links = Wall {
                tenant: "false",
                ..provider_rows("document_link", "DocumentLink", "SELECT, INSERT, UPDATE (used_at), DELETE")
            };
            for table in [documents, links] {
                db.execute_unprepared(&table.protect()).await?;
            }
            db.execute_unprepared(&filled(OWN_LINKS)).await?;
        }
        follows_customer(manager, "document").await
    }

    // By default SQLite would keep the first half of a migration whose second half fails.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn document(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("document")
        .columns([
            pk_uuid("id"),
            uuid("tenant_id"),
            uuid_null("reseller_id"),
            uuid("customer_id"),
            choice("kind"),
            string_len("title", 200),
            choice("status"),
            choice("scan_status"),
            string_len("mime_type", 32),
            integer("size_bytes"),
            string_len("sha256", 64),
            sealed("filename"),
            string_len_null("object_name", 64),
            sealed_null("content_key"),
            boolean("is_visible_to_customer"),
            date_null("expires_on"),
            timestamp_with_time_zone("uploaded_at"),
            uuid("uploaded_by"),
            uuid_null("verified_by"),
            timestamp_with_time_zone_null("verified_at"),
            string_len_null("rejection_reason", 500),
        ])
        .one_of("kind", &KINDS)
        .one_of("status", &["SCANNING", "PENDING_REVIEW", "VERIFIED", "REJECTED", "EXPIRED", "PURGED"])
        .one_of("scan_status", &["PENDING", "CLEAN", "INFECTED", "SKIPPED"])
        .one_of("mime_type", &["application/pdf", "image/jpeg", "image/png"])
        .check("size_bytes", "size_bytes > 0")
        .check("content", "(object_name IS NULL) = (content_key IS NULL)")
        // What a scanner is still to look at, or found, is never read.
        .check("scanned", "(status = 'SCANNING') = (scan_status = 'PENDING')")
        .check(
            "infected",
            "scan_status <> 'INFECTED' OR status IN ('REJECTED', 'PURGED') AND object_name IS NULL",
        )
        .owned_by_customer()
        .references("uploaded_by", "user")
        .references("verified_by", "user")
        .unique(&["object_name"])
        .keyset(&[&[], &["tenant_id"], &["reseller_id"], &["customer_id"]], &["uploaded_at"])
        // What waits for the scanner.
        .index(&["scan_status", "id"])
        .create(manager)
        .await
}

async fn document_link(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    table("document_link")
        .columns([
            string_len("hash", 43).primary_key().take(),
            uuid("document_id"),
            uuid("user_id"),
            uuid("session_id"),
            string_len("role", 100),
            choice_null("purpose"),
            timestamp_with_time_zone("expires_at"),
            timestamp_with_time_zone_null("used_at"),
        ])
        .references("document_id", "document")
        .references("user_id", "user")
        .references("session_id", "session")
        .index(&["expires_at"])
        .create(manager)
        .await
}
