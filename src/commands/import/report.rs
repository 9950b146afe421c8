//! What is told of refused lines: number, field, code and message, never the value.

use std::fs::{File, canonicalize};
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

use custodian::customers::import::Refused;
use custodian::graphql::{UserError, UserErrorCode};

/// Where it is told: in a file, or on standard error.
pub(super) struct Report(Option<(csv::Writer<File>, PathBuf)>);

impl Report {
    /// Makes the file, if one is named; it is not that which is read.
    pub(super) fn create(path: Option<&Path>, read: &Path) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self(None)) };
        let named = |error: &dyn std::fmt::Display| format!("--report: {}: {error}", path.display());
        if canonicalize(path).is_ok_and(|path| canonicalize(read).is_ok_and(|read| read == path)) {
            return Err(named(&"is the file to be read"));
        }
        let mut file = csv::Writer::from_writer(File::create(path).map_err(|error| named(&error))?);
        file.write_record(["line", "field", "code", "message"]).map_err(|error| named(&error))?;
        file.flush().map_err(|error| named(&error))?;
        Ok(Self(Some((file, path.to_owned()))))
    }

    /// Tells of lines that were refused.
    pub(super) fn tell(&mut self, refused: impl Iterator<Item = Refused>) -> Result<(), csv::Error> {
        let mut refused: Vec<Refused> = refused.collect();
        refused.sort_by_key(|(number, _)| *number);
        for (number, reasons) in refused {
            for UserError { field, code, message } in reasons {
                let field = field.map(|path| path.join(".")).unwrap_or_default();
                match &mut self.0 {
                    Some((file, _)) => {
                        file.write_record([&number.to_string(), &field, name(code), &message])?;
                    }
                    // Standard error may be closed; the status still tells.
                    None => {
                        let _ = writeln!(stderr(), "line {number}: {field} {message}");
                    }
                }
            }
        }
        if let Some((file, _)) = &mut self.0 {
            file.flush()?;
        }
        Ok(())
    }

    /// Where to look, for a message.
    pub(super) fn place(&self) -> String {
        self.0.as_ref().map(|(_, path)| format!(": see {}", path.display())).unwrap_or_default()
    }
}

/// As the API names it.
fn name(code: UserErrorCode) -> &'static str {
    match code {
        UserErrorCode::Required => "REQUIRED",
        UserErrorCode::Taken => "TAKEN",
        UserErrorCode::TooLong => "TOO_LONG",
        _ => "INVALID",
    }
}
