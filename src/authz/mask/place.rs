//! Where somebody lives: address lines, postal codes, coordinates.

use super::{HIDDEN, is_separator, plain_text};

/// The most characters a postal code has, without separators.
const LONGEST_POSTAL_CODE: usize = 12;

/// The first and second line of an address: nothing is shown, whatever they hold. City and region are fields of their
/// own and no masks.
pub fn address_line(_raw: &str) -> String {
    HIDDEN.to_owned()
}

/// A postal code: its first three characters, nothing of four or fewer. In the United Kingdom and the Crown
/// dependencies the outward code, since a third character may already belong to the street.
///
/// `country` is the ISO 3166-1 code of the address; without one, what has the form of a British code is taken for one.
pub fn postal_code(raw: &str, country: Option<&str>) -> String {
    masked_postal_code(raw, country).unwrap_or_else(|| HIDDEN.to_owned())
}

fn masked_postal_code(raw: &str, country: Option<&str>) -> Option<String> {
    let code: Vec<char> = plain_text(raw).chars().filter(|c| !is_separator(*c)).collect();
    if !(5..=LONGEST_POSTAL_CODE).contains(&code.len()) || !code.iter().all(char::is_ascii_alphanumeric) {
        return None;
    }
    let british =
        country.map(|code| ["GB", "GG", "IM", "JE"].iter().any(|known| code.eq_ignore_ascii_case(known)));
    match (british, outward(&code)) {
        (Some(true) | None, Some(outward)) => Some(format!("{} **", String::from_iter(outward))),
        (Some(true), None) => None,
        _ => Some(format!("{}**", String::from_iter(code.iter().take(3)))),
    }
}

/// The part of a British postal code before the space: one or two letters, a digit, and a letter or digit or not.
fn outward(code: &[char]) -> Option<&[char]> {
    let (outward, inward) = code.split_at(code.len().checked_sub(3)?);
    let letters = outward.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    let area = (1..=2).contains(&letters);
    let district = match outward.get(letters..)? {
        [digit] => digit.is_ascii_digit(),
        [digit, _] => digit.is_ascii_digit(),
        _ => false,
    };
    let inward = matches!(inward, [sector, a, b]
        if sector.is_ascii_digit() && a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    (area && district && inward).then_some(outward)
}

/// A latitude or longitude to two decimals, about 1.1 km. What is no angle is not a number, which GraphQL shows as null.
pub fn coordinate(degrees: f64) -> f64 {
    if !(-180.0..=180.0).contains(&degrees) {
        return f64::NAN;
    }
    // Adding zero turns a negative zero, which would tell the side of the meridian, into zero.
    (degrees * 100.0).round() / 100.0 + 0.0
}
