//! The address of the database. It may hold a password, so it is shown only as what it leads to.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::SqliteConnectOptions;

use super::value;

/// A `sqlite:` or `postgres:` address. `Display` and `Debug` leave user, password and parameters out.
#[derive(Clone)]
pub struct DatabaseUrl(SecretString);

impl DatabaseUrl {
    /// An address nobody has looked at; connecting will.
    pub(super) fn unchecked(url: String) -> Self {
        Self(SecretString::from(url))
    }

    /// The address, if it is one of a database that Custodian can use.
    pub fn parse(url: &str) -> Option<Self> {
        let usable = if is_sqlite(url) {
            SqliteConnectOptions::from_str(url).is_ok()
        } else {
            is_postgres(url) && PgConnectOptions::from_str(url).is_ok()
        };
        usable.then(|| Self(SecretString::from(url)))
    }

    /// The database in this folder where none is named.
    pub(super) fn of_data(folder: &str) -> String {
        file_in(folder, "custodian.db")
    }

    /// The key store where none is named: the same database on PostgreSQL, else a file in this folder.
    pub(super) fn of_keys(folder: &str, database_url: &str) -> String {
        if is_postgres(database_url) { database_url.to_owned() } else { file_in(folder, "keys.db") }
    }

    /// The whole address, with its password: for connecting only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// An address, or none where the text is empty.
    pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        value::text(
            deserializer,
            FORM,
            |url| {
                if url.is_empty() { Some(None) } else { Self::parse(url).map(Some) }
            },
        )
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> Option<PathBuf> {
        let options = self.is_sqlite().then(|| SqliteConnectOptions::from_str(self.expose()).ok())??;
        Some(options.get_filename().to_owned())
    }

    /// The user and the database of a PostgreSQL address.
    pub fn user_and_database(&self) -> Option<(String, String)> {
        let options = self.postgres()?;
        Some((options.get_username().to_owned(), database(&options).to_owned()))
    }

    /// Whether both lead to one PostgreSQL server.
    pub fn is_beside(&self, other: &Self) -> bool {
        let server = |options: PgConnectOptions| {
            (options.get_host().to_owned(), options.get_port(), options.get_socket().cloned())
        };
        let (own, other) = (self.postgres().map(server), other.postgres().map(server));
        own.is_some() && own == other
    }

    /// Whether both lead to one database.
    pub fn is_same(&self, other: &Self) -> bool {
        let name = |url: &Self| url.postgres().map(|options| database(&options).to_owned());
        let file = |url: &Self| url.file().map(|file| file.canonicalize().unwrap_or(file));
        match self.is_sqlite() {
            true => file(self) == file(other),
            false => self.is_beside(other) && name(self) == name(other),
        }
    }

    /// The database of that address, as the user of this one.
    pub(super) fn in_database_of(&self, other: &Self) -> Option<Self> {
        let (own, other) = (self.postgres()?, other.postgres()?);
        let name = database(&other);
        if database(&own) == name {
            return Some(self.clone());
        }
        let url: String = own.database(name).to_url_lossy().into();
        Some(Self(SecretString::from(url)))
    }

    fn postgres(&self) -> Option<PgConnectOptions> {
        is_postgres(self.expose()).then(|| PgConnectOptions::from_str(self.expose()).ok())?
    }

    /// Whether it is on another machine, and might be asked in clear.
    pub(super) fn is_plain(&self) -> bool {
        let Some(options) = self.postgres() else { return false };
        let host = options.get_host().trim_matches(['[', ']']);
        let is_here = options.get_socket().is_some()
            || host.starts_with('/')
            || host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let is_encrypted = matches!(
            options.get_ssl_mode(),
            PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
        );
        !is_here && !is_encrypted
    }

    /// Whether it is a SQLite database.
    pub fn is_sqlite(&self) -> bool {
        is_sqlite(self.expose())
    }
}

/// A SQLite file in this folder; made when it does not exist.
fn file_in(folder: &str, name: &str) -> String {
    // Both characters end the path or are decoded when the address is read.
    let folder = folder.replace('%', "%25").replace('?', "%3f");
    format!("sqlite://{}?mode=rwc", Path::new(&folder).join(name).display())
}

/// The database that an address leads to: the one named like the user, where it names none.
fn database(options: &PgConnectOptions) -> &str {
    options.get_database().unwrap_or(options.get_username())
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.expose();
        if is_sqlite(url) {
            let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
            return write!(f, "sqlite: {}", path.split('?').next().unwrap_or_default());
        }
        match PgConnectOptions::from_str(url) {
            Ok(options) => {
                let database = options.get_database().unwrap_or("(default)");
                write!(f, "postgres: {database} on {}:{}", options.get_host(), options.get_port())
            }
            Err(_) => f.write_str("a malformed address"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

const FORM: &str = "sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE";

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        value::text(deserializer, FORM, Self::parse)
    }
}
