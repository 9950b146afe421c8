//! What a PDF is and does, read from all of it.
//!
//! The file is walked through once, as it lies there ([`walk`]): header, objects, tables, nothing else between. So what
//! an older revision holds is seen as well, and what no table names. Every name of it is looked at ([`names`]), those in
//! object streams too, which are inflated one at a time. Then the tables must say what the walk saw: readers that
//! believe them and readers that look for themselves read the same file ([`tables`]).
//!
//! Each object is parsed by `lopdf`, by itself, when the walk has shown how large and how deep it is. Its `Document` is
//! not loaded: that follows references without a limit to their depth, reads an object once for each entry that
//! names it, and holds all of them.

mod lexer;
mod names;
mod parse;
mod tables;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Unfit;
use super::find::Archive;

/// Says whether a PDF can be taken: whole, sound, not encrypted, and such that it does nothing when it is opened but to
/// show itself. Links to the web are fine.
///
/// Runs for some tenths of a second, holds the file and at most some 20 MiB more: not for a thread that serves others.
///
/// # Errors
///
/// It cannot be taken, or not be read.
pub fn check_pdf(bytes: &[u8]) -> Result<(), Unfit> {
    // The parser is of others: what it does not foresee is a damaged file.
    catch_unwind(AssertUnwindSafe(|| check(bytes))).unwrap_or(Err(Unfit::Broken("it cannot be read")))
}

fn check(bytes: &[u8]) -> Result<(), Unfit> {
    match bytes {
        [] => return Err(Unfit::Empty),
        [b'%', b'P', b'D', b'F', b'-', b'1' | b'2', b'.', b'0'..=b'9', ..] => {}
        _ => return Err(Unfit::Type),
    }
    end(bytes)?;
    let mut archive = Archive::default();
    archive.push(&bytes[bytes.len().saturating_sub(1 << 17)..]);
    if archive.ends_here() {
        return Err(Unfit::Foreign("an archive"));
    }
    let seen = walk::Walk::through(bytes)
        .map_err(|unfit| if is_encrypted(bytes) { Unfit::Encrypted } else { unfit })?;
    tables::check(bytes, seen)
}

/// The last line is `%%EOF` (section 7.5.5), with its end or without.
fn end(bytes: &[u8]) -> Result<(), Unfit> {
    const END: &[u8] = b"%%EOF";
    let line = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    if bytes[..line].ends_with(END) {
        return Ok(());
    }
    let tail = &bytes[bytes.len().saturating_sub(1 << 16)..];
    Err(if tail.windows(END.len()).any(|window| window == END) { Unfit::Trailing } else { Unfit::Truncated })
}

/// Whether it seems to be encrypted: then that is the reason to tell, since what else was read of it means nothing.
fn is_encrypted(bytes: &[u8]) -> bool {
    let after = lexer::find(bytes, b"/Encrypt").map(|at| &bytes[at + 8..]);
    after.is_some_and(|after| matches!(after, [b' ' | b'\r' | b'\n' | b'<', ..]))
}
