//! `custodian doctor`: one line for each thing that should be as it is meant, and what to do where it is not.
//!
//! First everything is looked at, then judged: a check is a function of [`CHECKS`] that says nothing where it does not
//! apply.

mod documents;
mod keys;
mod scanner;

use std::fmt::Write;

use custodian::config::{Config, Profile, Unfit, prepare_data_dir};
use custodian::crypto::{KeyError, Keys};
use custodian::database;
use custodian::database::wall::{APPEND_ONLY, Wall};
use custodian::http::Certificate;
use custodian::news;
use custodian::scanner::{Scanner, ScannerError, Version};
use custodian::seed;
use custodian::sink::OpenSearch;

use self::keys::KeyStore;
use super::{Failure, print, runtime};

/// What there is to judge.
struct Seen<'a> {
    config: &'a Config,
    folder: Result<(), String>,
    /// Or why it cannot be looked at; none when it is a file that is not there yet.
    database: Option<Result<Database, String>>,
    keys: Result<Keys, KeyError>,
    masters: Result<Vec<String>, KeyError>,
    /// Or why it cannot be looked at; none without a master key.
    key_store: Option<Result<KeyStore, String>>,
    redis: Option<Result<(), String>>,
    /// Or why they cannot be stored; none where the folder is not there yet.
    documents: Option<Result<(), String>>,
    scanner: Option<Result<Version, ScannerError>>,
}

struct Database {
    pending: Vec<String>,
    /// Whether the demo data are in it; not looked at while migrations are missing.
    is_demo: bool,
    /// None without row-level security.
    wall: Option<Wall>,
}

/// What a check has to say.
enum Finding {
    Fine(String),
    Warn(String),
    Fail(String),
}
use Finding::{Fail, Fine, Warn};

/// A check and its name.
type Check = (&'static str, fn(&Seen<'_>) -> Option<Finding>);

const CHECKS: [Check; 23] = [
    ("profile", profile),
    ("exposed", exposed),
    ("tls", tls),
    ("data folder", data_folder),
    ("keys", keys),
    ("master key", keys::master),
    ("key store", keys::store),
    ("key store migrations", keys::migrations),
    ("keys of stored data", keys::stored),
    ("documents", documents::store),
    ("redis", redis),
    ("scanner", scanner::check),
    ("mail", mail),
    ("links in letters", links),
    ("audit shipping", shipping),
    ("database", database),
    ("migrations", migrations),
    ("demo accounts", demo),
    ("database role", role),
    ("no right to create", no_creation),
    ("row-level security", row_security),
    ("append-only tables", append_only),
    ("audit heads", audit_heads),
];

/// Looks, prints what was found, and fails if a check did.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    let seen = runtime()?.block_on(look(config));
    let mut text = String::new();
    let mut failed = 0;
    for (name, check) in CHECKS {
        let (word, found) = match check(&seen) {
            None => continue,
            Some(Fine(found)) => ("ok", found),
            Some(Warn(found)) => ("warn", found),
            Some(Fail(found)) => {
                failed += 1;
                ("fail", found)
            }
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{word:<4}  {name}: {found}");
    }
    text.extend(roles(config));
    print(&text)?;
    if failed == 0 { Ok(()) } else { Err(Failure::failed(format!("{failed} of the checks failed"))) }
}

async fn look(config: &Config) -> Seen<'_> {
    // Connecting would make the file.
    let is_missing = config.database_url.file().is_some_and(|file| !file.exists());
    let database = if is_missing { None } else { Some(look_at_database(config).await) };
    let folder = prepare_data_dir(&config.data_dir).map_err(|error| error.to_string());
    let redis = match &config.redis_url {
        Some(url) => Some(news::ping(url).await.map_err(|error| error.to_string())),
        None => None,
    };
    let (masters, key_store) = keys::look(config).await;
    let (keys, documents) = (Keys::open(&config.signing_keys_dir), documents::look(config).await);
    let scanner = Scanner::from_config(config).ping().await;
    Seen { config, folder, database, keys, masters, key_store, redis, documents, scanner }
}

async fn look_at_database(config: &Config) -> Result<Database, String> {
    let say = |error: sea_orm::DbErr| error.to_string();
    let db = database::connect(&config.database_url, config.connections).await.map_err(say)?;
    let pending = database::pending(&db).await.map_err(say)?;
    let is_demo = pending.is_empty() && seed::is_there(&db).await.map_err(say)?;
    Ok(Database { pending, is_demo, wall: Wall::look(&db).await.map_err(say)? })
}

impl Seen<'_> {
    fn database(&self) -> Option<&Database> {
        self.database.as_ref()?.as_ref().ok()
    }

    fn wall(&self) -> Option<&Wall> {
        self.database()?.wall.as_ref()
    }
}

fn profile(seen: &Seen<'_>) -> Option<Finding> {
    Some(match seen.config.profile {
        Profile::Development => Fine("development".to_owned()),
        Profile::Production => {
            let unfit = seen.config.unfit_for_production();
            let list: Vec<_> =
                unfit.iter().map(|Unfit { key, problem }| format!("{key}: {problem}")).collect();
            match list.is_empty() {
                true => Fine("production".to_owned()),
                false => Fail(format!("production does not serve so: {}", list.join("; "))),
            }
        }
    })
}

/// What shows outsiders more than they need.
fn exposed(seen: &Seen<'_>) -> Option<Finding> {
    let config = seen.config;
    let open = [("graphiql", config.graphiql), ("introspection", config.introspection)];
    let open: Vec<_> = open.into_iter().filter_map(|(key, is_on)| is_on.then_some(key)).collect();
    (config.profile == Profile::Production).then(|| match open.is_empty() {
        true => Fine("no pages for developers, no introspection".to_owned()),
        false => Warn(format!(
            "{} on: for roles that the policy lets look, turn it off if nobody does",
            open.join(", ")
        )),
    })
}

fn tls(seen: &Seen<'_>) -> Option<Finding> {
    let config = seen.config;
    Some(match (Certificate::from_config(config), config.trusted_proxies.is_empty()) {
        (Err(why), _) => Fail(why.to_string()),
        (Ok(Some(_)), _) => Fine("TLS 1.3".to_owned()),
        (Ok(None), false) => Fine("in clear, behind a trusted proxy".to_owned()),
        (Ok(None), true) if config.profile == Profile::Production => {
            Fail("none; give tls_cert and tls_key, or name the proxy in front in trusted_proxies".to_owned())
        }
        (Ok(None), true) => Fine("none".to_owned()),
    })
}

fn demo(seen: &Seen<'_>) -> Option<Finding> {
    let is_production = seen.config.profile == Profile::Production;
    Some(match (seen.database()?.is_demo, is_production) {
        (false, _) => Fine("none".to_owned()),
        (true, false) => Fine("in the database".to_owned()),
        (true, true) => {
            Fail("in the database, with passwords that everybody knows; begin with an empty one".to_owned())
        }
    })
}

fn data_folder(seen: &Seen<'_>) -> Option<Finding> {
    Some(match &seen.folder {
        Ok(()) => Fine(seen.config.data_dir.display().to_string()),
        Err(why) => Fail(format!("{why}; give data_dir to a folder that this user may write")),
    })
}

fn keys(seen: &Seen<'_>) -> Option<Finding> {
    Some(match (&seen.keys, seen.config.profile) {
        (Ok(keys), _) => {
            let older = keys.ring.verifying().count() - 1;
            let signing = keys.ring.signing().id();
            Fine(if older == 0 {
                format!("{signing} signs")
            } else {
                format!("{signing} signs, {older} verify")
            })
        }
        // `serve` makes them.
        (Err(KeyError::Missing { .. }), Profile::Development) => return None,
        (Err(why), _) => Fail(why.to_string()),
    })
}

fn redis(seen: &Seen<'_>) -> Option<Finding> {
    let url = seen.config.redis_url.as_ref()?;
    Some(match seen.redis.as_ref()? {
        Ok(()) => Fine(url.to_string()),
        Err(why) => Warn(format!(
            "{url}: {why}; until it answers, instances learn of changes from the database alone"
        )),
    })
}

fn mail(seen: &Seen<'_>) -> Option<Finding> {
    let config = seen.config;
    Some(match (&config.smtp_url, config.profile) {
        (Some(url), _) => Fine(format!("{url}, from {}", config.mail_from)),
        (None, Profile::Development) => Fine(format!("files in {}", config.mail_dir.display())),
        (None, Profile::Production) => Fail(format!(
            "letters, with their links, stay as files in {}; give smtp_url",
            config.mail_dir.display()
        )),
    })
}

/// Beside the data they prove nothing against who has the machine.
fn audit_heads(seen: &Seen<'_>) -> Option<Finding> {
    let (folder, config) = (&seen.config.audit_heads_dir, seen.config);
    Some(match config.profile == Profile::Production && folder.starts_with(&config.data_dir) {
        false => Fine(format!("signed in {}", folder.display())),
        true => Warn(format!(
            "{} is beside the data: set audit_heads_dir to where this machine can only add",
            folder.display()
        )),
    })
}

fn links(seen: &Seen<'_>) -> Option<Finding> {
    let (url, profile) = (&seen.config.portal_url, seen.config.profile);
    Some(match *url == seen.config.public_url && profile == Profile::Production {
        false => Fine(url.to_string()),
        true => Warn(format!("{url} is the service itself; give portal_url the address of your pages")),
    })
}

/// Whether anybody answers there is not asked: `serve` does, and goes on without.
fn shipping(seen: &Seen<'_>) -> Option<Finding> {
    let config = seen.config;
    let Some(url) = &config.opensearch_url else {
        return Some(Fine("none, the audit log is in the database alone".to_owned()));
    };
    Some(match (OpenSearch::from_config(config), &config.opensearch_api_key, &config.opensearch_password) {
        (Err(why), ..) => Fail(format!("{url}: {why}")),
        (Ok(_), None, None) => Warn(format!("{url}: as nobody; give opensearch_api_key")),
        (Ok(_), ..) => Fine(format!("{url}, index {}", config.opensearch_index)),
    })
}

fn database(seen: &Seen<'_>) -> Option<Finding> {
    let url = &seen.config.database_url;
    Some(match &seen.database {
        None => Warn(format!("{url} is not there yet; custodian migrate or serve makes it")),
        Some(Ok(_)) => Fine(url.to_string()),
        Some(Err(why)) => Fail(format!("{url}: {why}; look at database_url and at the server")),
    })
}

fn migrations(seen: &Seen<'_>) -> Option<Finding> {
    let pending = &seen.database()?.pending;
    Some(match (pending.is_empty(), seen.config.serve_migrates()) {
        (true, _) => Fine("all are applied".to_owned()),
        (false, true) => Warn(format!("{} will be applied by serve", pending.join(", "))),
        (false, false) => Fail(format!("{} are missing; run custodian migrate", pending.join(", "))),
    })
}

fn role(seen: &Seen<'_>) -> Option<Finding> {
    let role = &seen.wall()?.role;
    Some(match (role.passes_by(), seen.config.profile) {
        (None, _) => Fine(format!("{} is held by row-level security", role.name)),
        (Some(fault), Profile::Production) => {
            Fail(format!("{} {fault}; serve as a role as below", role.name))
        }
        (Some(fault), Profile::Development) => Warn(format!(
            "{} {fault}, so row-level security does not hold it; production needs a role as below",
            role.name
        )),
    })
}

fn no_creation(seen: &Seen<'_>) -> Option<Finding> {
    let role = &seen.wall()?.role;
    Some(match (role.creates, seen.config.profile) {
        (false, _) => Fine(format!("{} cannot change the schema", role.name)),
        (true, Profile::Production) => {
            Fail(format!("{} may create tables or schemas; revoke CREATE on schema and database", role.name))
        }
        (true, Profile::Development) => Warn(format!("{} may create tables or schemas", role.name)),
    })
}

fn row_security(seen: &Seen<'_>) -> Option<Finding> {
    let tables = &seen.wall()?.tables;
    let open: Vec<&str> =
        tables.iter().filter(|table| !table.is_secured).map(|table| table.name.as_str()).collect();
    Some(match (tables.is_empty(), open.is_empty()) {
        (true, _) => Fail("there are no tables; run custodian migrate".to_owned()),
        (false, true) => Fine(format!("on for all {} tables", tables.len())),
        (false, false) => {
            Fail(format!("off for {}; run custodian migrate, and give new tables a policy", open.join(", ")))
        }
    })
}

fn append_only(seen: &Seen<'_>) -> Option<Finding> {
    let wall = seen.wall()?;
    // Whoever owns them may do anything; that has been said.
    if wall.role.passes_by().is_some() {
        return None;
    }
    let changeable = wall.tables.iter().filter(|table| table.is_changeable).map(|table| table.name.as_str());
    let changeable: Vec<&str> = changeable.filter(|name| APPEND_ONLY.contains(name)).collect();
    Some(match changeable.is_empty() {
        true => Fine(APPEND_ONLY.join(", ")),
        false => {
            Fail(format!("{} may be changed; revoke UPDATE, DELETE and TRUNCATE", changeable.join(", ")))
        }
    })
}

/// How the two roles come about, with the names that are configured.
fn roles(config: &Config) -> Option<String> {
    let (service, database) = config.database_url.user_and_database()?;
    let owner = config.migration_database_url.as_ref().and_then(|url| url.user_and_database());
    let owner = owner.map_or_else(|| "custodian_owner".to_owned(), |(user, _)| user);
    let [service, owner, database] = [service, owner, database].map(identifier);
    Some(format!(
        "\n-- Once, as a superuser: the owner, who migrates; the service, which owns nothing. \\password sets passwords.\n\
         CREATE ROLE custodian_app NOLOGIN;\n\
         CREATE ROLE {owner} LOGIN;\n\
         CREATE ROLE {service} LOGIN IN ROLE custodian_app;\n\
         CREATE DATABASE {database} OWNER {owner};\n\
         REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;\n\
         -- Then: migration_database_url for {owner}, database_url for {service}, custodian migrate, custodian serve.\n"
    ))
}

/// A name as SQL takes it.
fn identifier(name: String) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
