//! The words of a PDF (ISO 32000-2, section 7.2), one after the other, without recursion.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::super::Unfit;

/// How deep arrays and dictionaries may lie within each other, and brackets within a text. The parser recurses.
const DEEPEST: usize = 40;

/// One word.
#[derive(PartialEq)]
pub(super) enum Token<'a> {
    /// A name, its escapes (`#41`) undone.
    Name(Cow<'a, [u8]>),
    /// A text in brackets or in hexadecimal.
    Text,
    /// A number or keyword.
    Word(&'a [u8]),
    /// The start or end of an array or dictionary.
    Open,
    Close,
}

/// Reads them.
pub(super) struct Lexer<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// The arrays and dictionaries around this place.
    around: Vec<Around<'a>>,
}

/// What is around a place.
enum Around<'a> {
    Array,
    /// Its keys, and whether the value of the last one is still to come.
    Dictionary(BTreeSet<Cow<'a, [u8]>>, bool),
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, around: Vec::new() }
    }

    /// How many arrays and dictionaries are around this place.
    pub(super) fn depth(&self) -> usize {
        self.around.len()
    }

    /// Goes to the next word.
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'%' => self.at += run(&self.bytes[self.at..], |byte| !matches!(byte, b'\r' | b'\n')),
                byte if is_space(*byte) => self.at += 1,
                _ => break,
            }
        }
    }

    /// The next word; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Unfit> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        let (token, length) = match rest {
            [] if self.around.is_empty() => return Ok(None),
            [] => return Err(Unfit::Truncated),
            [b'/', name @ ..] => {
                let length = run(name, is_regular);
                (Token::Name(unescape(&name[..length])), 1 + length)
            }
            [b'(', ..] => (Token::Text, literal(rest)?),
            [b'<', b'<', ..] => (self.open(Around::Dictionary(BTreeSet::new(), false))?, 2),
            [b'>', b'>', ..] => (self.close(true)?, 2),
            [b'<', text @ ..] => {
                let length = run(text, |byte| byte.is_ascii_hexdigit() || is_space(byte));
                match text.get(length) {
                    Some(b'>') => (Token::Text, length + 2),
                    Some(_) => return Err(Unfit::Broken("a text that is none")),
                    None => return Err(Unfit::Truncated),
                }
            }
            [b'[', ..] => (self.open(Around::Array)?, 1),
            [b']', ..] => (self.close(false)?, 1),
            _ => match run(rest, is_regular) {
                0 => return Err(Unfit::Broken("a bracket out of its place")),
                length => (Token::Word(&rest[..length]), length),
            },
        };
        match &token {
            Token::Name(name) => self.within(Some(name))?,
            Token::Text | Token::Word(_) => self.within(None)?,
            Token::Open | Token::Close => {}
        }
        self.at += length;
        Ok(Some(token))
    }

    /// The next word, a number without sign and point.
    pub(super) fn number(&mut self) -> Result<u32, Unfit> {
        match self.next()? {
            Some(Token::Word(word)) => digits(word).ok_or(Unfit::Broken("no number where one must be")),
            _ => Err(Unfit::Broken("no number where one must be")),
        }
    }

    fn open(&mut self, inner: Around<'a>) -> Result<Token<'a>, Unfit> {
        if self.around.len() == DEEPEST {
            return Err(Unfit::Complex);
        }
        self.within(None)?;
        self.around.push(inner);
        Ok(Token::Open)
    }

    fn close(&mut self, is_dictionary: bool) -> Result<Token<'a>, Unfit> {
        match self.around.pop() {
            Some(inner) if matches!(inner, Around::Dictionary(..)) == is_dictionary => Ok(Token::Close),
            _ => Err(Unfit::Broken("a bracket out of its place")),
        }
    }

    /// A name, or a value that is none, in what is around it. In a dictionary a name is a key unless it follows one. Of keys
    /// that are there twice some readers take the first, others the last.
    fn within(&mut self, name: Option<&Cow<'a, [u8]>>) -> Result<(), Unfit> {
        let Some(Around::Dictionary(keys, wants_value)) = self.around.last_mut() else { return Ok(()) };
        *wants_value = name.is_some() && !*wants_value;
        match name {
            Some(key) if *wants_value && !keys.insert(key.clone()) => {
                Err(Unfit::Broken("a key that is there twice"))
            }
            _ => Ok(()),
        }
    }
}

/// The value of a word of digits.
pub(super) fn digits(word: &[u8]) -> Option<u32> {
    word.iter().try_fold(0_u32, |value, byte| {
        byte.is_ascii_digit().then_some(())?;
        value.checked_mul(10)?.checked_add(u32::from(byte - b'0'))
    })
}

/// Whether a word can be part of a value: a number, a boolean, null, or the end of a reference.
pub(super) fn is_value(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null" | b"R")
        || word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Where `needle` first lies in `bytes`.
pub(super) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// How many bytes at the start are so.
pub(super) fn run(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is_so(*byte)).unwrap_or(bytes.len())
}

/// White space (table 1).
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | b'\x0C' | b'\r' | b' ')
}

/// What is neither white space nor a delimiter (table 2).
pub(super) const fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// A name without its escapes (section 7.3.5).
pub(super) fn unescape(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'#') {
        return Cow::Borrowed(name);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let mut plain = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(byte) = name.get(at) {
        match (byte, digit(name.get(at + 1)), digit(name.get(at + 2))) {
            (b'#', Some(high), Some(low)) => {
                plain.extend(u8::try_from(high << 4 | low));
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(plain)
}

/// The length of a text in brackets (section 7.3.4.2).
fn literal(bytes: &[u8]) -> Result<usize, Unfit> {
    let mut depth = 0;
    let mut is_escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' if depth == DEEPEST => return Err(Unfit::Complex),
            b'(' => depth += 1,
            b')' if depth == 1 => return Ok(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    Err(Unfit::Truncated)
}
