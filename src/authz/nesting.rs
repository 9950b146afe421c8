//! How long a document is, of how many tokens, and how deep it is nested, before it is parsed.
//!
//! To parse a token takes some hundred times as long as to count it, and whoever is not known can send as many as he likes.
//!
//! The parser descends once for each bracket and does not count those of lists, objects and list types. A few
//! kilobytes of `[` overflow its stack, which ends the process and not only the request. So brackets are counted
//! first, in one pass and without recursion.
//!
//! Invariant: brackets are left uncounted only where the parser reads a string or a comment; in doubt they count.

use crate::config::Limits;
use crate::error::{Error, Result};

/// The deepest nesting of brackets that is parsed: far above the parser's own limit on selections (64) and any use.
const DEEPEST: usize = 100;

/// Refuses a document that is longer than allowed, which is less for who has not signed in, has more tokens, or whose
/// brackets nest too deep.
///
/// # Errors
/// [`Error::TooComplex`]; [`Error::BadInput`] for a string that is not closed.
pub fn check(document: &str, limits: &Limits, is_anonymous: bool) -> Result<()> {
    let bytes = document.as_bytes();
    let longest = if is_anonymous { limits.anonymous_document_bytes } else { limits.document_bytes };
    if bytes.len() > longest {
        let whose = if is_anonymous { " before signing in" } else { "" };
        let text = format!("document: {} bytes, {longest} allowed{whose}", bytes.len());
        return Err(Error::too_complex("document", text));
    }
    let (mut depth, mut tokens) = (0_usize, 0_u64);
    // Once a block string is not closed, no later one is: looking again for each would take quadratic time.
    let mut blocks_close = true;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let length = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += comment(&bytes[at..]);
                continue;
            }
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    let text = format!("nesting: more than {DEEPEST} brackets in each other");
                    return Err(Error::too_complex("nesting", text));
                }
                1
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                1
            }
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
            _ => word(&bytes[at..]),
        };
        at += length;
        tokens += 1;
    }
    if tokens > limits.tokens {
        return Err(Error::TooComplex(format!(
            "tokens: {tokens} in the document, {} allowed",
            limits.tokens
        )));
    }
    Ok(())
}

/// The length of a name or of a part of a number; of anything else, one byte: three dots count as three tokens.
fn word(bytes: &[u8]) -> usize {
    let is_in_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    bytes.iter().position(|byte| !is_in_word(byte)).unwrap_or(bytes.len()).max(1)
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
