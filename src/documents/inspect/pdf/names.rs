//! Names that make a PDF do more than show itself.

use super::super::Unfit;
use super::lexer::{is_regular, run, unescape};

/// Looks at one name of the file's syntax.
pub(super) fn check(name: &[u8]) -> Result<(), Unfit> {
    match name {
        b"JS" => Err(Unfit::Active("JavaScript")),
        b"AA" => Err(Unfit::Active("actions that start by themselves")),
        b"EF" => Err(Unfit::Active("files inside")),
        b"XFA" => Err(Unfit::Active("an XFA form")),
        b"3D" | b"U3D" | b"PRC" => Err(Unfit::Active("films, sounds or models")),
        _ => check_long(name),
    }
}

/// Looks at all names in bytes that are not read as syntax, compressed ones among them: for the long ones only, which
/// do not turn up there by chance.
pub(super) fn check_data(bytes: &[u8]) -> Result<(), Unfit> {
    /// Longer than each of them with all its letters escaped.
    const LONGEST: usize = 48;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b'/') {
        from += at + 1;
        let name = &bytes[from..bytes.len().min(from + LONGEST)];
        check_long(&unescape(&name[..run(name, is_regular)]))?;
    }
    Ok(())
}

/// Actions (ISO 32000-2, section 12.6.4), files and media.
fn check_long(name: &[u8]) -> Result<(), Unfit> {
    match name {
        b"JavaScript" => Err(Unfit::Active("JavaScript")),
        b"Launch" => Err(Unfit::Active("an action that starts a program")),
        b"SubmitForm" | b"ImportData" => Err(Unfit::Active("an action that sends or loads data")),
        b"GoToR" | b"GoToE" => Err(Unfit::Active("links into other files")),
        b"EmbeddedFile" | b"EmbeddedFiles" | b"FileAttachment" | b"Collection" => {
            Err(Unfit::Active("files inside"))
        }
        b"RichMedia" | b"Rendition" | b"Movie" | b"Sound" | b"GoTo3DView" | b"RichMediaExecute" => {
            Err(Unfit::Active("films, sounds or models"))
        }
        b"Encrypt" => Err(Unfit::Encrypted),
        _ => Ok(()),
    }
}
