//! Secrets that are kept in files, as orchestrators hand them out, and that may change there while the service runs.
//!
//! What is read anew is held to all that the configuration was held to at the start: it takes the place of the old in the
//! settings of then, and makes a [`Config`] or none. Other settings stay what they were.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use figment::value::{Dict, Value};
use zeroize::Zeroizing;

use super::Config;
use super::error::ConfigError;
use super::sources::{Layer, assemble};

/// Bytes of such a file: an address, a key.
const LONGEST: u64 = 65_536;

/// A file that holds a secret, in one line.
#[derive(Clone)]
pub(super) struct SecretFile {
    pub(super) key: &'static str,
    pub(super) path: PathBuf,
    /// The variable that named it.
    pub(super) origin: String,
}

impl SecretFile {
    /// What it holds, without the end of the line.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, ConfigError> {
        let mut content = Zeroizing::new(String::new());
        let failed = |error: std::io::Error| self.wrong(&error.kind().to_string());
        let file = std::fs::File::open(&self.path).map_err(failed)?;
        file.take(LONGEST + 1).read_to_string(&mut content).map_err(failed)?;
        if content.len() as u64 > LONGEST {
            return Err(self.wrong(&format!("it has more than {LONGEST} bytes")));
        }
        let line = content.strip_suffix('\n').map_or(content.as_str(), |line| line.trim_end_matches('\r'));
        match line.contains('\n') {
            false => Ok(Zeroizing::new(line.to_owned())),
            true => Err(self.wrong("it has more than one line")),
        }
    }

    /// The setting that this content makes.
    pub(super) fn layer(&self, content: &str) -> Layer {
        let values = Dict::from([(self.key.to_owned(), Value::from(content))]);
        Layer { origin: self.origin.clone(), values, file: Some(self.clone()) }
    }

    fn wrong(&self, problem: &str) -> ConfigError {
        let problem = format!("the file that holds it: {problem}");
        ConfigError::Key { key: self.key.to_owned(), problem, origin: self.origin.clone() }
    }
}

/// The settings of the start, and which of them are secrets in files.
pub struct SecretFiles(Vec<Layer>);

/// What some of the files hold. It is shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Held(BTreeMap<&'static str, Zeroizing<String>>);

impl SecretFiles {
    /// Of these settings; none where no secret is in a file.
    pub(super) fn of(layers: Vec<Layer>) -> Option<Arc<Self>> {
        layers.iter().any(|layer| layer.file.is_some()).then(|| Arc::new(Self(layers)))
    }

    /// Which of these secrets are in files.
    pub fn named(&self, keys: &[&'static str]) -> Vec<&'static str> {
        keys.iter().copied().filter(|key| self.files().any(|(file, _)| file.key == *key)).collect()
    }

    /// What the files of these held at the start.
    pub fn at_start(&self, keys: &[&'static str]) -> Held {
        let of_these = self.files().filter(|(file, _)| keys.contains(&file.key));
        Held(
            of_these
                .map(|(file, layer)| {
                    let value = layer.values.get(file.key).and_then(Value::as_str).unwrap_or_default();
                    (file.key, Zeroizing::new(value.to_owned()))
                })
                .collect(),
        )
    }

    /// What they hold now. A secret is exchanged for another, not for none.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be read, or is empty.
    pub fn read(&self, keys: &[&'static str]) -> Result<Held, ConfigError> {
        let of_these = self.files().filter(|(file, _)| keys.contains(&file.key));
        let held = of_these.map(|(file, _)| match file.read()? {
            content if content.is_empty() => Err(file.wrong("it is empty")),
            content => Ok((file.key, content)),
        });
        held.collect::<Result<_, _>>().map(Held)
    }

    /// The configuration of the start with these in the place of what was.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn config(&self, held: &Held) -> Result<Config, ConfigError> {
        let layers = self.0.iter().map(|layer| match &layer.file {
            Some(file) => held.0.get(file.key).map_or_else(|| layer.clone(), |content| file.layer(content)),
            None => layer.clone(),
        });
        assemble(&layers.collect::<Vec<_>>())
    }

    fn files(&self) -> impl Iterator<Item = (&SecretFile, &Layer)> {
        self.0.iter().filter_map(|layer| Some((layer.file.as_ref()?, layer)))
    }
}

impl fmt::Debug for SecretFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.files().map(|(file, _)| file.key)).finish()
    }
}
