//! Where the contents of documents are.

use std::fmt;
use std::path::PathBuf;

use reqwest::Url;
use serde::de::{Deserialize, Deserializer};

use super::value;

/// A folder, or a part of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A part of a bucket of an S3 service.
    Bucket {
        /// Its name.
        name: String,
        /// What the keys of its objects begin with: parts with slashes between, or nothing.
        prefix: String,
    },
}

impl StoreUrl {
    /// The place, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once("://") {
            None => (!text.is_empty() && !text.contains('\0')).then(|| Self::Folder(text.into())),
            Some(("file", _)) => Some(Self::Folder(Url::parse(text).ok()?.to_file_path().ok()?)),
            Some(("s3", bucket)) => {
                let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
                let prefix = prefix.trim_end_matches('/');
                let is_place = is_bucket(name) && (prefix.is_empty() || prefix.split('/').all(is_part));
                is_place.then(|| Self::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
            }
            Some(_) => None,
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket { name, prefix } if prefix.is_empty() => write!(f, "s3: {name}"),
            Self::Bucket { name, prefix } => write!(f, "s3: {name}/{prefix}"),
        }
    }
}

impl<'de> Deserialize<'de> for StoreUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        value::text(deserializer, "a folder, file:///FOLDER or s3://BUCKET/PREFIX", Self::parse)
    }
}

/// The name of a region.
pub(super) fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    value::text(deserializer, "a region such as eu-central-1", |text| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (!text.is_empty() && text.chars().all(is_letter)).then(|| text.to_owned())
    })
}

/// Whether a bucket can have this name (Amazon S3 User Guide, "General purpose bucket naming rules").
fn is_bucket(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(is_letter)
        && name.ends_with(is_letter)
        && name.chars().all(|c| is_letter(c) || matches!(c, '.' | '-'))
}

/// Whether a key can have this part, the same however it is written in an address.
fn is_part(part: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !part.is_empty() && part.chars().all(is_letter) && !part.chars().all(|c| c == '.')
}
