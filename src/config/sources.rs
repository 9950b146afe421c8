//! Where settings come from, lowest first, each value with a name of its source for messages.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Metadata, Profile as Section, Provider};

use super::database_url::DatabaseUrl;
use super::error::{ConfigError, SECRETS, one_line};
use super::production;
use super::public_url::PublicUrl;
use super::rates;
use super::secret_files::{SecretFile, SecretFiles};
use super::{AUDIT_HEADS, Config, DOCUMENTS, KEYS, MAIL, MASTER_KEY, Profile};

/// What is read besides the defaults. The default is nothing.
#[derive(Debug, Default)]
pub struct Sources {
    /// The configuration file, and whether it must exist.
    pub file: Option<(PathBuf, bool)>,
    /// Environment variables; those without our prefix are passed over.
    pub variables: Vec<(OsString, OsString)>,
    /// Values given on the command line.
    pub flags: Vec<Flag>,
}

/// A value given on the command line.
#[derive(Debug)]
pub struct Flag {
    /// The flag, such as `--listen`.
    pub flag: &'static str,
    /// The key it sets.
    pub key: &'static str,
    /// The value.
    pub value: String,
}

/// The file that is read when none is named.
const FILE: &str = "custodian.toml";
const PREFIX: &str = "CUSTODIAN_";
/// Behind the name of a variable that names a file with the value of a secret.
const OF_FILE: &str = "_FILE";
/// The secret that has a file of its own kind: `master_key_file`.
const MASTER_KEY_TEXT: &str = "master_key";
/// Variables of the tests, which are no business of the server.
const TEST_PREFIX: &str = "CUSTODIAN_TEST_";
const DEFAULTS: &str = include_str!("defaults.toml");

impl Sources {
    /// This process's environment, the flags, and the file: the one named, or `custodian.toml` if it is there.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        let file = match file {
            Some(named) => (named, true),
            None => (PathBuf::from(FILE), false),
        };
        Self { file: Some(file), variables: std::env::vars_os().collect(), flags }
    }
}

/// Settings from one source.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) origin: String,
    pub(super) values: Dict,
    /// The file that the one value came from, where that is a secret.
    pub(super) file: Option<SecretFile>,
}

impl Layer {
    fn new(origin: impl Into<String>, values: Dict) -> Self {
        Self { origin: origin.into(), values, file: None }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<figment::value::Map<Section, Dict>, figment::Error> {
        Ok(Section::Default.collect(self.values.clone()))
    }
}

pub(super) fn extract(sources: Sources) -> Result<Config, ConfigError> {
    let layers = layers(sources)?;
    let config = assemble(&layers)?;
    Ok(Config { secret_files: SecretFiles::of(layers), ..config })
}

/// What is given over the defaults, lowest first.
fn layers(sources: Sources) -> Result<Vec<Layer>, ConfigError> {
    // The profile's part does not matter here: it is for the keys and their types.
    let mut keys = parse(DEFAULTS, "the defaults")?;
    keys.extend(following(&Given::default()));

    let mut layers = Vec::new();
    if let Some((path, required)) = &sources.file
        && let Some(layer) = read_file(path, *required)?
    {
        refuse_unknown(&keys, &layer.values, "", &layer.origin)?;
        refuse_master_key(&layer)?;
        layers.push(layer);
    }
    refuse_two_secrets(&sources.variables)?;
    for (name, text) in sources.variables {
        layers.extend(read_variable(&keys, &name, &text)?);
    }
    for Flag { flag, key, value } in sources.flags {
        let values = Dict::from([(key.to_owned(), Value::from(value))]);
        layers.push(Layer::new(format!("the flag {flag}"), values));
    }
    Ok(layers)
}

/// The configuration that these make over the defaults.
pub(super) fn assemble(layers: &[Layer]) -> Result<Config, ConfigError> {
    let defaults = Layer::new("the defaults", parse(DEFAULTS, "the defaults")?);
    let figment = layers.iter().fold(Figment::from(defaults), |figment, layer| figment.merge(layer.clone()));
    let data_dir: PathBuf = figment.extract_inner("data_dir")?;
    // What is no text is refused as what it is.
    let text = |key| figment.extract_inner::<String>(key).unwrap_or_default();
    let listen = text("listen");
    let given = Given {
        is_production: figment.extract_inner::<Profile>("profile")? == Profile::Production,
        data_dir: data_dir.to_string_lossy().into_owned(),
        public_url: figment.extract_inner("public_url").unwrap_or_else(|_| format!("http://{listen}")),
        database_url: text("database_url"),
        has_master_key: !text("master_key").is_empty(),
    };
    let values = following(&given);
    let config = figment.join(Layer::new("the defaults", values)).extract()?;
    production::refuse_plain(&config)?;
    refuse_ambiguous_issuers(&config)?;
    refuse_ambiguous_keys(&config)?;
    refuse_half_credentials(&config)?;
    refuse_half_certificate(&config)?;
    rates::refuse_unusable(&config)?;
    refuse_open_log(&config)?;
    refuse_open_alerts(&config)?;
    refuse_no_traces(&config)?;
    Ok(config)
}

/// A configuration file is copied and shown; a key in it would go along.
fn refuse_master_key(layer: &Layer) -> Result<(), ConfigError> {
    match layer.values.contains_key("master_key") {
        false => Ok(()),
        true => Err(ConfigError::Key {
            key: "master_key".to_owned(),
            problem:
                "not in a file of settings: name a file of its own, master_key_file, or give the variable \
                      CUSTODIAN_MASTER_KEY"
                    .to_owned(),
            origin: layer.origin.clone(),
        }),
    }
}

/// Keys lie apart from data, and there is one place that the master key comes from.
fn refuse_ambiguous_keys(config: &Config) -> Result<(), ConfigError> {
    if config.key_store_url.is_sqlite() && config.key_store_url.is_same(&config.database_url) {
        return Err(combined("key_store_url", "the keys have a file of their own, apart from the data"));
    }
    if config.master_key.is_some() && config.master_key_file.is_some() {
        return Err(combined(
            "master_key_file",
            "the variable CUSTODIAN_MASTER_KEY is given too: one of the two",
        ));
    }
    Ok(())
}

/// With one of them, the service would ask as somebody else than was meant.
fn refuse_half_credentials(config: &Config) -> Result<(), ConfigError> {
    match config.store_access_key.is_some() == config.store_secret_key.is_some() {
        true => Ok(()),
        false => Err(combined("store_secret_key", "it goes with store_access_key: both, or neither")),
    }
}

/// A certificate is of no use without its key.
fn refuse_half_certificate(config: &Config) -> Result<(), ConfigError> {
    match config.tls_cert.is_some() == config.tls_key.is_some() {
        true => Ok(()),
        false => Err(combined("tls_key", "it goes with tls_cert: both, or neither")),
    }
}

/// The audit log crosses no network in clear, and goes as whom was meant.
fn refuse_open_log(config: &Config) -> Result<(), ConfigError> {
    if config.opensearch_url.as_ref().is_some_and(PublicUrl::is_plain) {
        return Err(combined("opensearch_url", "the log leaves this machine by HTTPS only"));
    }
    let (has_user, has_password) = (!config.opensearch_user.is_empty(), config.opensearch_password.is_some());
    if has_user != has_password {
        return Err(combined("opensearch_password", "it goes with opensearch_user: both, or neither"));
    }
    match config.opensearch_api_key.is_some() && has_user {
        false => Ok(()),
        true => Err(combined("opensearch_api_key", "there is an opensearch_user too: one of the two")),
    }
}

/// Alerts cross no network in clear, and whoever is told knows by whom.
fn refuse_open_alerts(config: &Config) -> Result<(), ConfigError> {
    if config.alert_webhook_url.as_ref().is_some_and(PublicUrl::is_plain) {
        return Err(combined("alert_webhook_url", "alerts leave this machine by HTTPS only"));
    }
    match config.alert_webhook_url.is_some() == config.alert_webhook_secret.is_some() {
        true => Ok(()),
        false => Err(combined("alert_webhook_secret", "it goes with alert_webhook_url: both, or neither")),
    }
}

/// Whoever asks for traces is told where there are none.
fn refuse_no_traces(config: &Config) -> Result<(), ConfigError> {
    match config.tracing.endpoint.is_some() && !cfg!(feature = "otel") {
        false => Ok(()),
        true => Err(combined(
            "tracing.endpoint",
            "this program sends no traces: build it with --features otel, or leave it empty",
        )),
    }
}

/// A token must tell by its issuer whose it is.
fn refuse_ambiguous_issuers(config: &Config) -> Result<(), ConfigError> {
    let mut names = BTreeSet::from([config.public_url.to_string()]);
    match config.issuers.iter().all(|issuer| names.insert(issuer.issuer.clone())) {
        true => Ok(()),
        false => Err(combined("issuers.issuer", "two issuers have this name, or it is public_url, our own")),
    }
}

/// What is wrong with a key only beside others.
pub(super) fn combined(key: &str, problem: &str) -> ConfigError {
    let origin = "the configuration as a whole".to_owned();
    ConfigError::Key { key: key.to_owned(), problem: problem.to_owned(), origin }
}

/// The keys from which defaults of others follow.
#[derive(Default)]
struct Given {
    is_production: bool,
    data_dir: String,
    public_url: String,
    database_url: String,
    has_master_key: bool,
}

/// The defaults that follow from other keys.
fn following(given: &Given) -> Dict {
    let Given { is_production: production, data_dir, public_url, database_url, has_master_key } = given;
    let within = |name| Value::from(Path::new(data_dir).join(name).to_string_lossy().as_ref());
    let is_file_made = !production && !has_master_key;
    let disclosures = Value::from(if *production { "strict" } else { "buffered" });
    Dict::from([
        ("audit".to_owned(), Value::from(Dict::from([("disclosures".to_owned(), disclosures)]))),
        ("database_url".to_owned(), Value::from(DatabaseUrl::of_data(data_dir))),
        ("key_store_url".to_owned(), Value::from(DatabaseUrl::of_keys(data_dir, database_url))),
        ("master_key_file".to_owned(), if is_file_made { within(MASTER_KEY) } else { Value::from("") }),
        ("signing_keys_dir".to_owned(), within(KEYS)),
        ("mail_dir".to_owned(), within(MAIL)),
        ("audit_heads_dir".to_owned(), within(AUDIT_HEADS)),
        ("store_url".to_owned(), within(DOCUMENTS)),
        ("log_format".to_owned(), Value::from(if *production { "json" } else { "text" })),
        ("graphiql".to_owned(), Value::from(!production)),
        ("introspection".to_owned(), Value::from(!production)),
        ("portal_url".to_owned(), Value::from(public_url.as_str())),
        ("public_url".to_owned(), Value::from(public_url.as_str())),
    ])
}

fn read_file(path: &Path, required: bool) -> Result<Option<Layer>, ConfigError> {
    let name = one_line(&path.display().to_string());
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let values = parse(&text, &name)?;
            Ok(Some(Layer::new(format!("the file {name}"), values)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && !required => Ok(None),
        Err(error) => Err(ConfigError::File { path: name, reason: error.to_string() }),
    }
}

/// Parses TOML. The message keeps place and reason and leaves the quoted line out, which may hold a secret.
fn parse(text: &str, path: &str) -> Result<Dict, ConfigError> {
    Toml::from_str(text).map_err(|error| {
        let message = error.to_string();
        let is_quote = |line: &str| {
            line.split_once('|')
                .is_some_and(|(number, _)| number.trim().is_empty() || number.trim().parse::<u32>().is_ok())
        };
        let kept: Vec<&str> =
            message.lines().filter(|line| !line.trim().is_empty() && !is_quote(line)).collect();
        ConfigError::File { path: path.to_owned(), reason: one_line(&kept.join(": ")) }
    })
}

fn refuse_unknown(known: &Dict, given: &Dict, path: &str, origin: &str) -> Result<(), ConfigError> {
    for (name, value) in given {
        match (known.get(name), value) {
            (Some(Value::Dict(_, known)), Value::Dict(_, given)) => {
                refuse_unknown(known, given, &format!("{path}{name}."), origin)?;
            }
            (Some(_), _) => {}
            (None, _) => {
                return Err(ConfigError::Key {
                    key: one_line(&format!("{path}{name}")),
                    problem: "there is no such key".to_owned(),
                    origin: origin.to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// The setting of one variable; none when it is not ours.
fn read_variable(keys: &Dict, name: &OsString, text: &OsString) -> Result<Option<Layer>, ConfigError> {
    let shown = one_line(&name.to_string_lossy());
    let Some(key) = shown.strip_prefix(PREFIX).filter(|_| !shown.starts_with(TEST_PREFIX)) else {
        return Ok(None);
    };
    let unknown = || ConfigError::UnknownVariable(shown.clone());
    let origin = format!("the variable {shown}");
    let Some(text) = text.to_str() else {
        return Err(ConfigError::Key {
            key: key.to_lowercase(),
            problem: "the value is not UTF-8".to_owned(),
            origin,
        });
    };
    if let Some((name, value)) = found(keys, key, text) {
        return Ok(Some(Layer::new(origin, Dict::from([(name, value)]))));
    }
    let secret = key.strip_suffix(OF_FILE).map(str::to_lowercase);
    let secret = secret.and_then(|key| SECRETS.into_iter().find(|secret| *secret == key));
    let file = SecretFile { key: secret.ok_or_else(unknown)?, path: PathBuf::from(text), origin };
    Ok(Some(file.layer(&file.read()?)))
}

/// Of a secret that is given twice nobody knows which was meant.
fn refuse_two_secrets(variables: &[(OsString, OsString)]) -> Result<(), ConfigError> {
    let is_given = |name: &str| variables.iter().any(|(given, _)| given == name);
    for key in SECRETS {
        let name = format!("{PREFIX}{}", key.to_uppercase());
        let of_file = format!("{name}{OF_FILE}");
        if key != MASTER_KEY_TEXT && is_given(&name) && is_given(&of_file) {
            let problem = format!("{name} and {of_file} are given: one of the two");
            return Err(combined(key, &problem));
        }
    }
    Ok(())
}

/// The setting that a variable names, with its value: `ALERTS_DENIAL_BURST_THRESHOLD` is `alerts.denial_burst.threshold`.
fn found(keys: &Dict, key: &str, text: &str) -> Option<(String, Value)> {
    keys.iter().find_map(|(name, default)| {
        let value = match default {
            Value::Dict(_, group) => {
                let rest = key.strip_prefix(&name.to_uppercase())?.strip_prefix('_')?;
                Value::from(Dict::from([found(group, rest, text)?]))
            }
            default => (name.to_uppercase() == key).then(|| typed(default, text))?,
        };
        Some((name.clone(), value))
    })
}

/// A variable's text as a value of the type its default has. What does not fit stays text, for the message.
fn typed(default: &Value, text: &str) -> Value {
    let number = || text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
    match default {
        Value::Num(..) => number().unwrap_or_else(|_| Value::from(text)),
        Value::Bool(..) => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
        Value::Array(..) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.map(Value::from).collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}
