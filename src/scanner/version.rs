//! What clamd says of itself: `ClamAV 1.4.3/27500/Fri Nov 21 09:29:00 2025`; without official signatures, the first part.

use std::fmt;

use chrono::NaiveDateTime;

use super::printable;

/// A version of clamd, and the age of its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Program and number.
    pub program: String,
    /// When its official signatures were made, by its own clock, if it has any.
    pub signatures: Option<NaiveDateTime>,
}

impl Version {
    /// The version, if this is one.
    pub(super) fn read(said: &[u8]) -> Option<Self> {
        let said = said.strip_suffix(b"\0").filter(|said| said.starts_with(b"ClamAV "))?;
        let said = printable(said);
        let mut parts = said.splitn(3, '/');
        let program = parts.next()?.to_owned();
        let made =
            parts.nth(1).and_then(|made| NaiveDateTime::parse_from_str(made, "%a %b %e %H:%M:%S %Y").ok());
        Some(Self { program, signatures: made })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signatures {
            Some(made) => write!(f, "{}, signatures of {}", self.program, made.date()),
            None => write!(f, "{}, without official signatures", self.program),
        }
    }
}
