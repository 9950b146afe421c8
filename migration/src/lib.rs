//! The migrations of Custodian's database, the same for SQLite and PostgreSQL (15 and later) but for row-level security,
//! which only PostgreSQL has.
//!
//! Invariants:
//! - A migration is frozen once it is released: a change of the schema is a new migration, added at the end.
//! - No migration imports the entities. They say what the newest schema is; a migration says what the schema was,
//!   and must not change its meaning when an entity does.
//! - Each migration runs in one transaction on both databases: it is applied as a whole or not at all.
//! - There is no way down. Taking a table back would destroy customer data; restore a backup instead.

mod follow;
mod m20261122_000001_initial;
mod m20261122_000001_key_store;
mod m20261122_000002_custom_roles;
mod m20261122_000002_destroyed_keys;
mod m20261122_000003_row_security;
mod m20261122_000004_calls;
mod m20261122_000005_sessions;
mod m20261122_000006_second_factor;
mod m20261122_000007_api_clients;
mod m20261122_000008_mail;
mod m20261122_000009_email_verification;
mod m20261122_000011_payment_methods;
mod m20261122_000012_people;
mod m20261122_000013_history;
mod m20261122_000015_resellers;
mod m20261122_000016_customer_words;
mod m20261122_000017_documents;
mod m20261122_000018_tag_indexes;
mod m20261122_000019_audit_chain;
mod m20261122_000021_audit_cursor;
mod m20261123_000021_disclosed_lists;
mod m20261123_000022_trail;
mod m20261123_000023_alerts;
mod m20261123_000024_incidents;
mod m20261123_000025_rules_contain;
mod m20261123_000026_disclosed_sets;
mod table;
mod wall;

use sea_orm_migration::prelude::*;

/// Brings a database up to date: `Migrator::up(&db, None)`.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_initial::Migration),
            Box::new(m20261122_000002_custom_roles::Migration),
            Box::new(m20261122_000003_row_security::Migration),
            Box::new(m20261122_000004_calls::Migration),
            Box::new(m20261122_000005_sessions::Migration),
            Box::new(m20261122_000006_second_factor::Migration),
            Box::new(m20261122_000007_api_clients::Migration),
            Box::new(m20261122_000008_mail::Migration),
            Box::new(m20261122_000009_email_verification::Migration),
            Box::new(m20261122_000011_payment_methods::Migration),
            Box::new(m20261122_000012_people::Migration),
            Box::new(m20261122_000013_history::Migration),
            Box::new(m20261122_000015_resellers::Migration),
            Box::new(m20261122_000016_customer_words::Migration),
            Box::new(m20261122_000017_documents::Migration),
            Box::new(m20261122_000018_tag_indexes::Migration),
            Box::new(m20261122_000019_audit_chain::Migration),
            Box::new(m20261122_000021_audit_cursor::Migration),
            Box::new(m20261123_000021_disclosed_lists::Migration),
            Box::new(m20261123_000022_trail::Migration),
            Box::new(m20261123_000023_alerts::Migration),
            Box::new(m20261123_000024_incidents::Migration),
            Box::new(m20261123_000025_rules_contain::Migration),
            Box::new(m20261123_000026_disclosed_sets::Migration),
        ]
    }
}

/// Brings a key store up to date. It lies apart from the data, in its own file or schema, and lists its migrations there.
#[derive(Clone, Copy, Debug)]
pub struct KeyMigrator;

#[async_trait::async_trait]
impl MigratorTrait for KeyMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_key_store::Migration),
            Box::new(m20261122_000002_destroyed_keys::Migration),
        ]
    }
}
