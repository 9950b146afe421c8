//! Files: what they are called.

use super::HIDDEN;

/// The name of a file: what it shows, and the ending of its media type. Nothing of the name itself, which people make of
/// names and numbers of people: `passport.pdf`, `driver_licence.jpg`.
pub fn file_name(kind: &str, mime_type: &str) -> String {
    let ending = match mime_type {
        "application/pdf" => "pdf",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        _ => return HIDDEN.to_owned(),
    };
    format!("{}.{ending}", kind.to_ascii_lowercase())
}
