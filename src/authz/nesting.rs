//! How long a document is and how deep it is nested, before it is parsed.
//!
//! The parser descends once for each bracket and does not count those of lists, objects and list types. A few
//! kilobytes of `[` overflow its stack, which ends the process and not only the request. So brackets are counted
//! first, in one pass and without recursion.
//!
//! Invariant: brackets are left uncounted only where the parser reads a string or a comment; in doubt they count.

use crate::error::{Error, Result};

/// The deepest nesting of brackets that is parsed: far above the parser's own limit on selections (64) and any use.
const DEEPEST: usize = 100;

/// Refuses a document longer than so many bytes, or whose brackets nest too deep.
///
/// # Errors
/// [`Error::TooComplex`]; [`Error::BadInput`] for a string that is not closed.
pub fn check(document: &str, longest: usize) -> Result<()> {
    let bytes = document.as_bytes();
    if bytes.len() > longest {
        return Err(Error::TooComplex(format!("document: {} bytes, {longest} allowed", bytes.len())));
    }
    let mut depth = 0_usize;
    // Once a block string is not closed, no later one is: looking again for each would take quadratic time.
    let mut blocks_close = true;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return Err(Error::TooComplex(format!(
                        "nesting: more than {DEEPEST} brackets in each other"
                    )));
                }
                1
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'#' => comment(&bytes[at..]),
            b'"' => {
                let block = if blocks_close { block_string(&bytes[at..]) } else { None };
                blocks_close &= block.is_some() || !bytes[at..].starts_with(br#"""""#);
                match block.or_else(|| string(&bytes[at..])) {
                    Some(length) => length,
                    None => {
                        return Err(Error::bad_input(
                            "the document is not valid GraphQL: a string is not closed",
                        ));
                    }
                }
            }
            _ => 1,
        };
    }
    Ok(())
}

/// The length of a comment, which a line's end closes.
fn comment(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len())
}

/// The length of a block string; none when it is not closed.
fn block_string(bytes: &[u8]) -> Option<usize> {
    let inner = bytes.strip_prefix(br#"""""#)?;
    let mut at = 0;
    while at < inner.len() {
        match &inner[at..] {
            [b'\\', b'"', b'"', b'"', ..] => at += 4,
            [b'"', b'"', b'"', ..] => return Some(3 + at + 3),
            _ => at += 1,
        }
    }
    None
}

/// The length of a string; none when it is not closed on its line.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            b'\n' | b'\r' => return None,
            _ => at += 1,
        }
    }
}
