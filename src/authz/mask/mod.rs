//! Masks: the partial forms of personal data that a viewer gets who may not see it in clear.
//!
//! One pure function per kind of value. Invariants, each held by a property in `tests/it/masks.rs`:
//! - total: any UTF-8 gives a mask, none panics; what is malformed gives [`HIDDEN`];
//! - invisible characters (controls, bidirectional marks, zero-width characters) are taken out and the rest is brought
//!   to Unicode normalization form C before anything is measured, so that none of them moves a boundary;
//! - what is shown is counted in graphemes, and a grapheme of more than three characters is not shown;
//! - the number of stars tells a length for the local part of an e-mail address or a user name from four graphemes on,
//!   and for phone, identity and card numbers; everywhere else it is fixed;
//! - a mask given to its function again shows nothing that it did not show before;
//! - equal values have equal masks, and unequal ones may have too: a mask is never a key to look something up by.
//!
//! Whether a value is shown, masked or withheld is not decided here.

mod contact;
mod file;
mod identity;
mod network;
mod patterns;
mod place;
mod text;

use std::borrow::Cow;
use std::iter;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;
use rlibphonenumber::PHONE_NUMBER_UTIL;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

pub use contact::{email, phone, username};
pub use file::file_name;
pub use identity::{birth_date, iban, id_number, is_iban, name, pan};
pub use network::{ip, mac};
pub use place::{address_line, coordinate, postal_code};
pub use text::{Known, free_text, holds_card_number};

/// A value of which nothing is shown. Its length says nothing.
pub const HIDDEN: &str = "***";

/// The most characters a grapheme may have to be shown: a letter with its marks, not a payload of marks.
const WIDEST_SHOWN: usize = 3;

/// Whether the character is a star or passes for one: the asterisk, its confusables (Unicode technical standard 39),
/// the star-shaped dingbats, and the dots that user interfaces put in place of stars. A typed value holding one is a
/// mask on its way back.
pub fn is_mask_character(c: char) -> bool {
    matches!(
        c,
        '*' | '٭' | '⁎' | '⁑' | '∗' | '⋆' | '﹡' | '＊' | '𐌟' | '•' | '●' | '⚫' | '⬤'
            | '★' | '☆' | '✱'..='✳' | '✶'..='❋'
    )
}

/// The mask of a kind that `policy/fields.csv` names, of a value as it is stored. Where nothing but the value is known
/// that the mask would have to know, it shows less.
pub fn of_kind(kind: Option<&str>, raw: &str, today: NaiveDate) -> String {
    match kind {
        Some("email") => email(raw, false),
        Some("username") => username(raw),
        Some("phone") => phone(raw, None),
        Some("name") => name(raw),
        Some("idnum") => id_number(raw),
        Some("address") => address_line(raw),
        Some("postcode") => postal_code(raw, None),
        Some("ip") => ip(raw),
        Some("mac") => raw.split(',').map(mac).collect::<Vec<_>>().join(","),
        Some("dob") => raw.parse().map_or_else(|_| HIDDEN.to_owned(), |date| birth_date(date, today)),
        Some("geo") => raw.parse().map_or_else(|_| HIDDEN.to_owned(), |place| coordinate(place).to_string()),
        _ => HIDDEN.to_owned(),
    }
}

/// The value as every mask reads it: without invisible characters, in normalization form C. White space stays.
fn clean(raw: &str) -> Cow<'_, str> {
    static INVISIBLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"[[\p{Control}\p{Format}\p{Default_Ignorable_Code_Point}]--\p{White_Space}]+")
    });
    if raw.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(raw);
    }
    // Removing first: a joiner between a letter and its accent keeps the two from being composed.
    Cow::Owned(INVISIBLE.replace_all(raw, "").nfc().collect())
}

/// The value with digits and letters of other shapes (full-width, superscript, Arabic-Indic…) brought to plain ones,
/// a character for a character.
fn plain_text(raw: &str) -> String {
    clean(raw).chars().map(plain).collect()
}

/// The plain form of a character: without its accents, ASCII where a compatible ASCII character exists, decimal digits
/// of all scripts as ASCII digits; otherwise itself.
fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let mut decomposed = iter::once(c).nfkd();
    let base = match decomposed.next() {
        Some(base) if decomposed.all(is_combining_mark) => base,
        _ => c,
    };
    if base.is_ascii() || !base.is_numeric() {
        return base;
    }
    PHONE_NUMBER_UTIL.normalize_digits_only(base.encode_utf8(&mut [0; 4])).chars().next().unwrap_or(base)
}

/// Whether the character groups digits or letters of a number and means nothing itself.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The graphemes of a text. In plain ASCII a character is one.
fn graphemes(text: &str) -> Vec<&str> {
    if text.is_ascii() { text.split_inclusive(|_| true).collect() } else { text.graphemes(true).collect() }
}

/// The grapheme, if it is narrow enough to be shown.
fn shown(grapheme: &str) -> Option<&str> {
    (grapheme.chars().nth(WIDEST_SHOWN).is_none()).then_some(grapheme)
}

/// All but the last `kept` characters as stars; the caller has checked that there are more.
fn tail(value: &[char], kept: usize) -> String {
    let hidden = value.len().saturating_sub(kept);
    iter::repeat_n('*', hidden).chain(value.iter().skip(hidden).copied()).collect()
}

#[expect(
    clippy::expect_used,
    reason = "the patterns are literals of this module; the tests of the masks use each"
)]
fn pattern(source: &'static str) -> Regex {
    Regex::new(source).expect("a literal pattern compiles")
}
