//! What is wrong with the configuration, on one line, without repeating secrets.

use figment::error::{Actual, Kind};

/// Keys whose value no message repeats.
pub const SECRETS: [&str; 16] = [
    "database_url",
    "migration_database_url",
    "key_store_url",
    "master_key",
    "store_url",
    "store_endpoint",
    "store_access_key",
    "store_secret_key",
    "redis_url",
    "smtp_url",
    "opensearch_url",
    "opensearch_api_key",
    "opensearch_password",
    "alert_webhook_url",
    "alert_webhook_secret",
    "demo_password",
];

/// How much of a wrong value a message repeats, in characters.
const SHOWN: usize = 60;

/// Why there is no configuration. `Display` is one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The configuration file cannot be used.
    #[error("configuration file {path}: {reason}")]
    File {
        /// The file, as it was given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key has a value that is not valid, or is no key.
    #[error("{key}: {problem} (from {origin})")]
    Key {
        /// The key, such as `limits.depth`.
        key: String,
        /// What is wrong with it.
        problem: String,
        /// Where the value came from: the file, variable or flag.
        origin: String,
    },
    /// An environment variable with our prefix has no meaning.
    #[error("{0}: there is no such setting (from the environment)")]
    UnknownVariable(String),
    /// The data folder cannot be used.
    #[error("data_dir: {path}: {source}")]
    DataDir {
        /// The folder.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        let mut path = error.path;
        let problem = match error.kind {
            Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
                let expected = if expected == "a boolean" { "true or false" } else { &expected };
                format!("expected {expected}{}", found_text(&path, &found))
            }
            Kind::UnknownVariant(found, known) => {
                format!("expected one of {}{}", known.join(", "), found_text(&path, &Actual::Str(found)))
            }
            Kind::UnknownField(name, _) => {
                path.push(name);
                "there is no such key".to_owned()
            }
            Kind::MissingField(name) => {
                path.push(name.into_owned());
                "a value is missing".to_owned()
            }
            // Texts of other crates may hold the value.
            _ => "the value is not valid".to_owned(),
        };
        let origin =
            error.metadata.map_or_else(|| "an unknown source".to_owned(), |source| source.name.into_owned());
        Self::Key { key: one_line(&path.join(".")), problem, origin }
    }
}

/// `, found …`, with the value if it may be shown.
fn found_text(path: &[String], found: &Actual) -> String {
    if path.first().is_some_and(|key| SECRETS.contains(&key.as_str())) {
        return String::new();
    }
    match found {
        Actual::Str(text) => format!(", found {:?}", text.chars().take(SHOWN).collect::<String>()),
        Actual::Unsigned(number) => format!(", found {number}"),
        Actual::Signed(number) => format!(", found {number}"),
        other => format!(", found {other}"),
    }
}

/// The text with control characters escaped.
pub(super) fn one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}
