//! Who somebody is: names, dates of birth, numbers of documents, cards and accounts.

use chrono::{Datelike, NaiveDate};
use unicode_segmentation::UnicodeSegmentation;

use super::{HIDDEN, clean, is_separator, plain_text, shown, tail};

/// The most parts a name has; more are not a name.
const MOST_PARTS: usize = 12;

/// Family names of two characters, where names are written without a space after the family name.
const LONG_FAMILY_NAMES: &[&str] = &[
    "上官", "东方", "东郭", "公孙", "公孫", "南宫", "南宮", "司徒", "司空", "司馬", "司马", "呼延", "夏侯",
    "太史", "宇文", "尉遲", "尉迟", "慕容", "拓跋", "東方", "東郭", "欧阳", "歐陽", "淳于", "独孤", "獨孤",
    "皇甫", "令狐", "諸葛", "诸葛", "軒轅", "轩辕", "鍾離", "钟离", "長孫", "长孙", "闻人", "聞人", "남궁",
    "독고", "사공", "서문", "선우", "제갈", "황보",
];

/// The name of a person, or a part of one: the first grapheme of each part, nothing of a part of one grapheme or of a
/// name of two. Of a Chinese, Japanese or Korean name the family name.
///
/// Whether a trade name is a person's is for the caller to know.
pub fn name(raw: &str) -> String {
    let cleaned = clean(raw);
    let parts: Vec<&str> = cleaned.split_whitespace().collect();
    let graphemes: usize = parts.iter().map(|part| part.graphemes(true).count()).sum();
    if parts.len() > MOST_PARTS || graphemes < 2 {
        return HIDDEN.to_owned();
    }
    if let Some(family) = east_asian_family_name(&parts) {
        return format!("{family}***");
    }
    if graphemes == 2 {
        return HIDDEN.to_owned();
    }
    parts.into_iter().map(masked_part).collect::<Vec<_>>().join(" ")
}

fn masked_part(part: &str) -> String {
    let mut graphemes = part.graphemes(true);
    match (graphemes.next().and_then(shown), graphemes.next()) {
        (Some(first), Some(_)) if first.starts_with(char::is_alphabetic) => format!("{first}***"),
        _ => HIDDEN.to_owned(),
    }
}

/// The family name, if the name is written in Chinese characters or Hangul (and kana after them): the first part if a
/// space follows it, a known one of two characters, or the first character.
fn east_asian_family_name<'a>(parts: &[&'a str]) -> Option<&'a str> {
    let [first, rest @ ..] = parts else { return None };
    let written_so = |c: char| is_ideograph_or_hangul(c) || matches!(c, '\u{3041}'..='\u{30FF}');
    if !first.starts_with(is_ideograph_or_hangul) || !parts.iter().all(|part| part.chars().all(written_so)) {
        return None;
    }
    let graphemes = first.graphemes(true).count();
    let first_character = || first.graphemes(true).next();
    match rest {
        [_, ..] if graphemes <= 2 => Some(*first),
        [] if graphemes > 2 => LONG_FAMILY_NAMES
            .iter()
            .find_map(|family| first.get(..family.len()).filter(|start| start == family)),
        _ => None,
    }
    .or_else(first_character)
    .and_then(shown)
}

/// Whether the character is a Chinese character or a Hangul syllable.
pub(super) fn is_ideograph_or_hangul(c: char) -> bool {
    matches!(c,
        '々' | '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A date of birth: the year; nothing of minors, of people over 89 (so few that the year may name one; 45 CFR
/// 164.514(b)(2)(i)(C)) and of dates to come.
pub fn birth_date(date: NaiveDate, today: NaiveDate) -> String {
    match today.years_since(date) {
        Some(18..=89) => date.year().to_string(),
        _ => "****".to_owned(),
    }
}

/// The number of an identity document or a tax number: the last four of eight letters and digits or more.
pub fn id_number(raw: &str) -> String {
    let number: Vec<char> = plain_text(raw).chars().filter(|c| !is_separator(*c)).collect();
    if (8..=32).contains(&number.len()) && number.iter().all(|c| c.is_alphanumeric()) {
        tail(&number, 4)
    } else {
        HIDDEN.to_owned()
    }
}

/// The number of a payment card (12 to 19 digits, ISO/IEC 7812-1, with its check digit): the last four.
pub fn pan(raw: &str) -> String {
    let number: Vec<char> = plain_text(raw).chars().filter(|c| !is_separator(*c)).collect();
    if is_card_number(&String::from_iter(&number)) { tail(&number, 4) } else { HIDDEN.to_owned() }
}

/// Whether these are 12 to 19 digits whose last is the check digit of the others (ISO/IEC 7812-1, annex B).
pub(super) fn is_card_number(number: &str) -> bool {
    if !(12..=19).contains(&number.len()) {
        return false;
    }
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits: Option<Vec<u32>> = number.chars().rev().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|digits| {
        digits
            .iter()
            .enumerate()
            .map(|(at, digit)| if at % 2 == 1 { doubled(*digit) } else { *digit })
            .sum::<u32>()
            % 10
            == 0
    })
}

/// An international bank account number (ISO 13616-1): country and last four.
pub fn iban(raw: &str) -> String {
    let number: String =
        plain_text(raw).chars().filter(|c| !is_separator(*c)).map(|c| c.to_ascii_uppercase()).collect();
    match (number.get(..2), number.len().checked_sub(4).and_then(|at| number.get(at..))) {
        (Some(country), Some(last)) if is_iban(&number) => format!("{country}****{last}"),
        _ => HIDDEN.to_owned(),
    }
}

/// Whether these letters and digits, without separators, are an account number with correct check digits (ISO 7064,
/// MOD 97-10).
pub fn is_iban(number: &str) -> bool {
    let (Some(country), Some(check), Some(account)) = (number.get(..2), number.get(2..4), number.get(4..))
    else {
        return false;
    };
    if !(15..=34).contains(&number.len())
        || !country.bytes().all(|byte| byte.is_ascii_alphabetic())
        || !check.bytes().all(|byte| byte.is_ascii_digit())
    {
        return false;
    }
    let remainder =
        account.chars().chain(country.chars()).chain(check.chars()).try_fold(0, |remainder, c| {
            let value = c.to_digit(36)?;
            Some((remainder * if value > 9 { 100 } else { 10 } + value) % 97)
        });
    remainder == Some(1)
}
