//! Trusted documents: API clients that run the documents of their manifest and no others, whoever has got their token.
//!
//! A folder holds `<id of the API client>.json` for each such client: an object of documents by their SHA-256 in hexadecimal digits, with
//! `sha256:` before it or without, as generators of clients write it. A client without a manifest sends what it likes. The
//! folder is looked at every second; what is wrong with a change leaves in force what was there before.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use custodian_entity::id::{ApiClientId, TypedId};

use crate::authn::Viewer;
use crate::error::{Error, Result};

/// The largest manifest, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024;

/// The documents of a client, by their hash.
type Manifest = HashMap<String, Arc<str>>;

/// The manifests in force.
pub struct TrustedDocuments {
    folder: Option<PathBuf>,
    manifests: ArcSwap<HashMap<ApiClientId, Manifest>>,
    seen: Mutex<Vec<Seen>>,
    is_refused: AtomicBool,
}

/// A file as it was looked at last.
type Seen = (PathBuf, u64, Option<SystemTime>);

/// What is wrong with a manifest, or the folder.
#[derive(Debug, thiserror::Error)]
#[error("trusted_documents_dir: {}: {problem}", path.display())]
pub struct TrustedError {
    path: PathBuf,
    problem: String,
}

impl TrustedDocuments {
    /// Those of a folder; none without one.
    ///
    /// # Errors
    /// [`TrustedError`]
    pub fn load(folder: Option<PathBuf>) -> Result<Self, TrustedError> {
        let seen = folder.as_deref().map(list).transpose()?.unwrap_or_default();
        let manifests = ArcSwap::from_pointee(read(&seen)?);
        Ok(Self { folder, manifests, seen: Mutex::new(seen), is_refused: AtomicBool::new(false) })
    }

    /// Reads the folder again if something in it changed. What is wrong is logged once.
    pub fn refresh(&self) {
        let Some(folder) = &self.folder else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let read = list(folder).and_then(|now| match now == *seen {
            true => Ok(None),
            false => read(&now).map(|manifests| Some((now, manifests))),
        });
        match read {
            Ok(Some((now, manifests))) => {
                tracing::info!(clients = manifests.len(), "trusted documents were read again");
                self.manifests.store(Arc::new(manifests));
                *seen = now;
                self.is_refused.store(false, Ordering::Relaxed);
            }
            Ok(None) => self.is_refused.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.is_refused.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the trusted documents stay as they were");
                }
            }
        }
    }

    /// The document with this id, `sha256:` and the hash.
    ///
    /// # Errors
    /// [`Error::BadInput`] where there is none for this caller.
    pub fn document(&self, client: Option<ApiClientId>, id: &str) -> Result<String> {
        let manifests = self.manifests.load();
        let Some(manifest) = client.and_then(|client| manifests.get(&client)) else {
            return Err(Error::bad_input("there are no trusted documents for this caller: send query"));
        };
        let document = id.strip_prefix("sha256:").and_then(|hash| manifest.get(hash));
        let document = document.ok_or_else(|| Error::bad_input("there is no trusted document of this id"))?;
        Ok(document.to_string())
    }

    /// That a viewer may run a document.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when he is an API client with a manifest that lacks it.
    pub fn allow(&self, viewer: &Viewer, text: &str) -> Result<()> {
        let client = viewer.identity().and_then(|who| who.client);
        let manifests = self.manifests.load();
        match client.and_then(|client| manifests.get(&client)) {
            Some(manifest) if !manifest.contains_key(&hash(text)) => {
                Err(Error::Forbidden("this API client runs its trusted documents only".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// SHA-256 of a document, in hexadecimal digits.
fn hash(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The manifests of a folder, in the order of their names.
fn list(folder: &Path) -> Result<Vec<Seen>, TrustedError> {
    let wrong = |error: std::io::Error| TrustedError { path: folder.to_owned(), problem: error.to_string() };
    let mut seen = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.path().extension().is_some_and(|extension| extension == "json") {
            let metadata = fs::metadata(entry.path()).map_err(wrong)?;
            seen.push((entry.path(), metadata.len(), metadata.modified().ok()));
        }
    }
    seen.sort();
    Ok(seen)
}

fn read(seen: &[Seen]) -> Result<HashMap<ApiClientId, Manifest>, TrustedError> {
    let read = |(path, size, _): &Seen| {
        let wrong = |problem: String| TrustedError { path: path.clone(), problem };
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let client = ApiClientId::decode(name)
            .map_err(|_| wrong("its name is not the id of an API client".to_owned()))?;
        if *size > LARGEST {
            return Err(wrong(format!("it has more than {LARGEST} bytes")));
        }
        let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Ok((client, manifest(&text).map_err(wrong)?))
    };
    seen.iter().map(read).collect()
}

/// A manifest, each of whose documents has the hash that it stands under and can be read.
fn manifest(text: &str) -> Result<Manifest, String> {
    let documents: HashMap<String, String> =
        serde_json::from_str(text).map_err(|error| format!("it is no object of texts: {error}"))?;
    let read = |(name, text): (String, String)| {
        let known = name.strip_prefix("sha256:").unwrap_or(&name);
        let found = hash(&text);
        if known != found {
            return Err(format!("the document under {known:.16}… has the hash {found:.16}…"));
        }
        async_graphql::parser::parse_query(&text)
            .map_err(|error| format!("the document {found:.16}…: {error}"))?;
        Ok((found, Arc::from(text)))
    };
    documents.into_iter().map(read).collect()
}
