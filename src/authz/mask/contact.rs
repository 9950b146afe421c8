//! Ways to reach somebody: e-mail addresses, user names, telephone numbers.

use std::collections::HashSet;
use std::sync::LazyLock;

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use unicode_normalization::char::is_combining_mark;

use super::{HIDDEN, clean, graphemes, is_separator, plain_text, shown, tail};

/// The longest local part, in octets (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The longest domain name, in octets (RFC 5321, 4.5.3.1.2, less the trailing dot).
const LONGEST_DOMAIN: usize = 253;

/// Domains shared by so many people that they tell nothing about one of them.
const PUBLIC_PROVIDERS: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "yandex.com",
    "yandex.ru",
    "zoho.com",
];

/// Emergency and directory numbers, which belong to nobody (ITU-T E.161.1 and the older national ones). A list, not a
/// length: an unknown short number may be somebody's extension.
const SERVICE_NUMBERS: &[&str] =
    &["000", "100", "101", "102", "110", "111", "112", "113", "115", "117", "118", "119", "911", "999"];

/// The fewest digits of a national number that is read without parsing: of those below, less is shown.
const SHORTEST_CANONICAL: usize = 9;

/// The most digits a telephone number has (ITU-T E.164, 6.2.1), and two for a trunk or international prefix.
const MOST_DIGITS: usize = 17;

/// An e-mail address: the ends of the local part, without its sub-tag, and the domain as stored.
///
/// With `mask_personal_domain` a domain that is not a public provider's is cut to its first letter and its top level:
/// the domain of a private person is often the family's name.
pub fn email(raw: &str, mask_personal_domain: bool) -> String {
    let cleaned = clean(raw);
    masked_email(cleaned.trim(), mask_personal_domain).unwrap_or_else(|| HIDDEN.to_owned())
}

fn masked_email(value: &str, mask_personal_domain: bool) -> Option<String> {
    let (local, domain) = value.rsplit_once('@')?;
    let top = top_level(domain)?;
    let local = masked_local(local)?;
    if !mask_personal_domain || PUBLIC_PROVIDERS.contains(&domain.to_lowercase().as_str()) {
        return Some(format!("{local}@{domain}"));
    }
    let first = graphemes(domain).first().copied().and_then(shown).unwrap_or_default();
    Some(format!("{local}@{first}***.{top}"))
}

/// The top level of a domain name, if it is one: two labels or more, and no address in numbers.
fn top_level(domain: &str) -> Option<&str> {
    let in_label = |c: char| c.is_alphanumeric() || is_combining_mark(c) || c == '-';
    let well_formed = domain.len() <= LONGEST_DOMAIN
        && domain.split('.').all(|label| !label.is_empty() && label.chars().all(in_label));
    let (_, top) = domain.rsplit_once('.')?;
    (well_formed && !top.chars().all(char::is_numeric)).then_some(top)
}

/// A sign-in name: as an e-mail address if it contains an `@`, otherwise as the local part of one.
pub fn username(raw: &str) -> String {
    let cleaned = clean(raw);
    let value = cleaned.trim();
    let mask = if value.contains('@') { masked_email(value, false) } else { masked_local(value) };
    mask.unwrap_or_else(|| HIDDEN.to_owned())
}

/// The local part of an address: its first grapheme, and its last if it has four or more.
fn masked_local(local: &str) -> Option<String> {
    if local.is_empty() || local.len() > LONGEST_LOCAL || local.contains(char::is_whitespace) {
        return None;
    }
    let untagged = local.split('+').next().unwrap_or_default();
    let graphemes = graphemes(untagged);
    Some(match graphemes.as_slice() {
        [] | [_] | [_, _] => HIDDEN.to_owned(),
        [first, _, _] => format!("{}**", shown(first).unwrap_or("*")),
        [first, hidden @ .., last] => {
            let stars = "*".repeat(hidden.len());
            format!("{}{stars}{}", shown(first).unwrap_or("*"), shown(last).unwrap_or("*"))
        }
    })
}

/// A telephone number: country code and last four digits, or the last two of a number of seven or eight.
///
/// `region` is the ISO 3166-1 country in which a number without `+` was written. Without one, or if the number is none
/// of that country, its digits are counted as they stand and no country code is shown.
pub fn phone(raw: &str, region: Option<&str>) -> String {
    let text = plain_text(raw);
    let text = text.trim();
    if SERVICE_NUMBERS.contains(&text) {
        return text.to_owned();
    }
    masked_phone(text, region).unwrap_or_else(|| HIDDEN.to_owned())
}

fn masked_phone(text: &str, region: Option<&str>) -> Option<String> {
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let end = text.find(|c: char| c.is_alphabetic() || matches!(c, ';' | ',' | '#')).unwrap_or(text.len());
    let (number, extension) = text.split_at(end);
    if !extension.is_empty() && !is_extension(extension) {
        return None;
    }
    let dialled = dialled(number)?;
    let (country, national) = canonical(&dialled).or_else(|| numbers_of(&dialled, region))?;
    let digits: Vec<char> = national.chars().collect();
    let mut mask = match (digits.len(), country) {
        (0..=6, _) => return None,
        (7..=8, _) => tail(&digits, 2),
        (_, Some(country)) => format!("+{country} {}", tail(&digits, 4)),
        (_, None) => tail(&digits, 4),
    };
    if !extension.is_empty() {
        mask.push_str(" x**");
    }
    Some(mask)
}

/// The digits of a number, after its `+` if it has one; none if it holds anything but digits and separators.
///
/// The library's parser gets nothing else: it panics on parameters of a `tel:` address in an unusual order.
fn dialled(number: &str) -> Option<String> {
    let mut dialled = String::new();
    for c in number.chars() {
        match c {
            '0'..='9' => dialled.push(c),
            '+' if dialled.is_empty() => dialled.push(c),
            '(' | ')' | '[' | ']' | '~' => {}
            _ if is_separator(c) => {}
            _ => return None,
        }
    }
    (dialled.len() <= MOST_DIGITS + 1).then_some(dialled)
}

/// Country code and national number of a number in E.164, as they are stored: far cheaper than parsing. What could hold
/// a trunk prefix is left to the parser.
fn canonical(dialled: &str) -> Option<(Option<i32>, String)> {
    // No country code is the beginning of another (ITU-T E.164, annex D).
    static COUNTRY_CODES: LazyLock<HashSet<i32>> =
        LazyLock::new(|| PHONE_NUMBER_UTIL.get_supported_calling_codes().collect());
    let digits = dialled.strip_prefix('+')?;
    let (code, national) = (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        Some((code.parse().ok().filter(|code| COUNTRY_CODES.contains(code))?, national))
    })?;
    (national.len() >= SHORTEST_CANONICAL && !national.starts_with('0'))
        .then(|| (Some(code), national.to_owned()))
}

/// Country code, if known, and national significant number.
fn numbers_of(dialled: &str, region: Option<&str>) -> Option<(Option<i32>, String)> {
    if dialled.starts_with('+') {
        let number = PHONE_NUMBER_UTIL.parse(dialled, None).ok()?;
        return Some((Some(number.country_code), number.get_national_significant_number()));
    }
    if dialled.len() > MOST_DIGITS {
        return None;
    }
    let number = region
        .and_then(|code| Region::from_code(&code.to_ascii_uppercase()).ok())
        .and_then(|region| PHONE_NUMBER_UTIL.parse(dialled, Some(region)).ok())
        .filter(|number| number.is_valid());
    Some(match number {
        Some(number) => (Some(number.country_code), number.get_national_significant_number()),
        None => (None, dialled.to_owned()),
    })
}

/// Whether this follows a number to be dialled after the connection: `x12`, `ext. 12`, `;ext=12`, `#12`.
fn is_extension(text: &str) -> bool {
    let label = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let named =
        label.trim_matches(|c: char| matches!(c, ';' | ',' | '#' | '.' | ':' | '=') || c.is_whitespace());
    label.len() < text.len()
        && ["", "x", "ext", "extn", "extension"].iter().any(|known| named.eq_ignore_ascii_case(known))
}
