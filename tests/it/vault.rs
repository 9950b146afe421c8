//! Personal data at rest: what is sealed opens where it belongs, with the right keys, and nowhere else.

mod failures;
mod index;
mod kept;
mod rotation;
mod sealed;
mod start;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use custodian::config::DatabaseUrl;
use custodian::vault::{MasterKeys, OpenKeys, Owner, Place, Result, Retention, Vault};
use custodian_entity::id::{CustomerId, TenantId, TypedId};
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use uuid::Uuid;

use crate::app::TestApp;
use crate::database::connect;
use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    sealed::register(suite);
    store::register(suite);
    start::register(suite);
    failures::register(suite);
    kept::register(suite);
    rotation::register(suite);
    index::register(suite);
}

/// A key store of a test's own.
struct Keys {
    app: TestApp,
    /// As the service connects.
    url: DatabaseUrl,
    /// As its owner does.
    owner_url: String,
    /// The file, on SQLite.
    file: PathBuf,
}

impl Keys {
    async fn fresh(app: TestApp) -> Self {
        let database = app.database();
        let file = database.folder.path().join("keys.db");
        let own = format!("sqlite://{}?mode=rwc", file.display());
        let is_sqlite = database.url.starts_with("sqlite:");
        let (url, owner_url) =
            if is_sqlite { (own.clone(), own) } else { (database.url.clone(), database.owner_url.clone()) };
        let limits = database.config().connections;
        let owner = DatabaseUrl::parse(&owner_url).unwrap();
        for _ in 0..2 {
            Vault::migrate(&owner, limits).await.unwrap();
        }
        let keys = Self { url: DatabaseUrl::parse(&url).unwrap(), app, owner_url, file };
        // Those of the demo data are under another master key.
        keys.change("DELETE FROM data_key ").await;
        keys.change("DELETE FROM tenant_key ").await;
        keys
    }

    /// An instance that has these master keys, the one in use first.
    async fn vault(&self, masters: &[u8]) -> Vault {
        let limits = self.app.database().config().connections;
        Vault::connect(&self.url, limits, Arc::new(master_keys(masters)), self.app.clock.clone())
            .await
            .unwrap()
    }

    /// The key store, past everything; with the name of a table in it.
    async fn raw(&self) -> DatabaseConnection {
        connect(&self.owner_url).await.unwrap()
    }

    fn table(&self, name: &str) -> String {
        if self.url.is_sqlite() { name.to_owned() } else { format!("custodian_keys.{name}") }
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let db = self.raw().await;
        let sql = sql
            .replace("data_key ", &self.table("data_key "))
            .replace("tenant_key ", &self.table("tenant_key "));
        db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
    }

    async fn change(&self, sql: &str) -> u64 {
        let db = self.raw().await;
        let sql = sql
            .replace("data_key ", &self.table("data_key "))
            .replace("tenant_key ", &self.table("tenant_key "));
        db.execute_unprepared(&sql).await.unwrap().rows_affected()
    }
}

/// The text of a master key.
fn master_text(seed: u8) -> String {
    let bytes: Vec<u8> = (0..32_u8).map(|place| seed.wrapping_mul(37).wrapping_add(place)).collect();
    STANDARD.encode(bytes)
}

fn master_keys(seeds: &[u8]) -> MasterKeys {
    let text: Vec<String> = seeds.iter().map(|seed| master_text(*seed)).collect();
    MasterKeys::of_text("test", &text.join("\n").into()).unwrap()
}

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn customer(number: u128) -> Owner {
    Owner::Customer(CustomerId::from_uuid(Uuid::from_u128(number)), Retention::General)
}

/// Where the tests' values are.
fn place(tenant_number: u128, row: u128) -> Place<'static> {
    Place { tenant: tenant(tenant_number), table: "customer", column: "email", row: Uuid::from_u128(row) }
}

async fn seal(keys: &OpenKeys, place: Place<'_>, owner: Owner, value: &str) -> Result<String> {
    Ok(keys.seal(&[(place, owner, value.as_bytes())]).await?.remove(0))
}

/// What opens for a new request, or why it does not.
async fn open(vault: &Vault, place: Place<'_>, sealed: &str) -> Result<String, String> {
    let mut opened = vault.open_keys().open(&[(place, sealed)]).await.map_err(|error| error.to_string())?;
    let value = opened.remove(0).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(value.to_vec()).unwrap())
}
