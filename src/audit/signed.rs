//! Signed heads, read back from their files.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use super::heads::{FILE, Head, HeadError};
use super::verify::Span;
use crate::crypto::KeyRing;

/// Heads that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    /// Those whose signatures are right.
    pub heads: Vec<Head>,
    /// The keys that are not here: what they signed proves nothing.
    pub unknown: BTreeSet<String>,
}

/// Why signed heads cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no head.
    #[error("{}, line {line} {}", path.display(), HeadError::Invalid)]
    Invalid {
        /// In which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// There are more than were to be held.
    #[error("more than {0} signed heads")]
    TooMany(usize),
}

/// Reads the heads of a file, or of all files in a folder, that prove something of this part of the log: at most so many.
///
/// # Errors
/// [`SignedError`].
pub fn signed(path: &Path, ring: &KeyRing, part: Span, most: usize) -> Result<Signed, SignedError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| SignedError::Unreadable { path, source }
    };
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in path.read_dir().map_err(unreadable(path))? {
            files.push(entry.map_err(unreadable(path))?.path());
        }
        files.retain(|file| file.extension().is_some_and(|ending| ending == "jws") && !is_older(file, part));
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let mut found = Signed::default();
    for file in files {
        let mut lines = BufReader::new(File::open(&file).map_err(unreadable(&file))?);
        let (mut line, mut number) = (String::new(), 0);
        while lines.read_line(&mut line).map_err(unreadable(&file))? > 0 {
            number += 1;
            // A line without an end is being written, or was when a server died.
            let Some(text) = line.strip_suffix('\n') else { break };
            match Head::read(text, ring) {
                Ok(head) if part.chain.is_some_and(|chain| chain != head.chain) => {}
                Ok(_) if found.heads.len() >= most => return Err(SignedError::TooMany(most)),
                Ok(head) => found.heads.push(head),
                Err(HeadError::UnknownKey(key)) => drop(found.unknown.insert(key)),
                Err(HeadError::Invalid) => return Err(SignedError::Invalid { path: file, line: number }),
            }
            line.clear();
        }
    }
    Ok(found)
}

/// Whether all heads of a file are from before this part of the log.
fn is_older(file: &Path, part: Span) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let day = NaiveDate::parse_from_str(name, FILE).ok();
    day.zip(part.from).is_some_and(|(day, from)| day < from.date_naive())
}
