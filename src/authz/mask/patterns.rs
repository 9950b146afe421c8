//! What free text is searched for besides the known values of its row.
//!
//! Everything runs on the working copy of a text: plain characters in lower case. Each search is linear in the length
//! of the text. When in doubt they mark too much: seven digits in a row are a telephone number here.

use std::net::Ipv6Addr;
use std::ops::Range;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::identity::{is_card_number, is_iban};
use super::pattern;
use super::text::Mark;

/// E-mail addresses.
pub(super) const EMAIL: &str = "EMAIL";
/// Passwords, tokens, keys.
pub(super) const SECRET: &str = "SECRET";
/// Bank accounts.
const IBAN: &str = "IBAN";
/// IP addresses and prefixes.
pub(super) const IP: &str = "IP";
/// Hardware addresses.
const MAC: &str = "MAC";
/// Payment cards.
const CARD: &str = "CARD";
/// Numbers of identity documents, and digits in a row too many for a telephone.
const ID: &str = "ID";
/// Telephone numbers, and whatever has as many digits.
const PHONE: &str = "PHONE";

/// What names a stretch that two searches marked: the first here.
const RANKS: [&str; 8] = [EMAIL, SECRET, IBAN, MAC, IP, CARD, ID, PHONE];

/// The fewest digits in a row that are taken for a telephone number.
const FEWEST_DIGITS: usize = 7;

/// The most digits a telephone number has (ITU-T E.164, 6.2.1).
const MOST_DIGITS: usize = 15;

/// A kind of value with a form of its own.
struct Form {
    kind: &'static str,
    /// Marks its first group, or else all that matches.
    regex: Regex,
    /// What else must hold.
    accept: fn(&str) -> bool,
}

/// Regular expressions, most of them with word boundaries of ASCII, since a Chinese character is a letter and yet
/// bounds an address written after it without a space.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let always = |_: &str| true;
    let has_digit = |value: &str| digits(value) > 0;
    let form = |kind, regex, accept| Form { kind, regex: pattern(regex), accept };
    vec![
        form(
            EMAIL,
            r#"(?:"[^"\n]+"|[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~.-]+)@[\p{L}\p{M}\p{N}.-]*[\p{L}\p{N}]"#,
            always,
        ),
        form(SECRET, r"-----begin [a-z0-9 ]+-----(?s:.*?)(?:-----end [a-z0-9 ]+-----|\z)", always),
        // A JSON web token: its header starts with `{"`, in base 64.
        form(SECRET, r"(?-u:\b)ey[a-z0-9_-]{8,}\.[a-z0-9_.-]*", always),
        form(SECRET, r"(?-u:\b)(?:basic|bearer|token)\s+([a-z0-9._~+/=-]{8,})", has_digit),
        form(
            SECRET,
            r"(?:pass(?:word|wd|phrase|code)|pwd|secret|(?:api|access|private)[ _-]?key|token|(?-u:\b)(?:pin|puk|otp|cv[cv]))\s*[:=]\s*(\S+)",
            |value| !is_placeholder(value),
        ),
        form(
            SECRET,
            r"(?-u:\b)(?:(?:[spr]k|gh[oprsu]|xox[abprs])[_-]|aiza|ya29\.)[a-z0-9_.-]{16,}",
            has_digit,
        ),
        form(SECRET, r"(?-u:\b)a[ks]ia[a-z0-9]{16}(?-u:\b)", has_digit),
        form(SECRET, r"[a-z0-9_+/=-]{32,}", |value| digits(value) >= 4 && letters(value) >= 4),
        form(IP, r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?", always),
        form(IP, r"\[?[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*(?:%[a-z0-9]+)?(?:\]:\d{1,5}|/\d{1,3})?", is_ipv6),
        form(MAC, r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,}", always),
        form(MAC, r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}", always),
        form(MAC, r"(?-u:\b)[0-9a-f]{12}(?-u:\b)", |value| digits(value) > 0 && letters(value) > 0),
        // Any number of a document, a tax payer, a device.
        form(ID, r"(?-u:\b)[a-z0-9]{8,}(?-u:\b)", |value| digits(value) >= 5 && letters(value) > 0),
        form(ID, r"(?-u:\b)[a-z]{1,2}\d{6,9}(?-u:\b)", always),
        // Brazil, China, India, Spain, the United Kingdom, the United States.
        form(ID, r"(?-u:\b)\d{3}\.\d{3}\.\d{3}-\d{2}(?-u:\b)", always),
        form(ID, r"(?-u:\b)\d{17}[\dx](?-u:\b)", always),
        form(ID, r"(?-u:\b)[a-z]{5}\d{4}[a-z](?-u:\b)", always),
        form(ID, r"(?-u:\b)(?:[xyz][ -]?)?\d{7,8}[ -]?[a-z](?-u:\b)", always),
        form(ID, r"(?-u:\b)[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d](?-u:\b)", always),
        form(ID, r"(?-u:\b)\d{3}-\d{2}-\d{4}(?-u:\b)", always),
    ]
});

fn digits(value: &str) -> usize {
    value.bytes().filter(u8::is_ascii_digit).count()
}

fn letters(value: &str) -> usize {
    value.bytes().filter(u8::is_ascii_alphabetic).count()
}

/// Whether the value was replaced before: `<email_1>`.
fn is_placeholder(value: &str) -> bool {
    let inner = value.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(inner, _)| inner);
    inner.and_then(|inner| inner.rsplit_once('_')).is_some_and(|(kind, number)| {
        kind.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

/// Not a time of day, nor a path of a programming language.
fn is_ipv6(value: &str) -> bool {
    let colons = value.matches(':').count();
    let groups = value.split(':').filter(|group| !group.is_empty()).count();
    (digits(value) > 0 && (colons > 3 || value.contains("::")))
        || (groups > 2 && value.trim_matches('.').parse::<Ipv6Addr>().is_ok())
}

/// Everything found in a working copy, in no order.
pub(super) fn find(copy: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for Form { kind, regex, accept } in FORMS.iter() {
        for found in regex.captures_iter(copy) {
            if let Some(value) = found.get(1).or_else(|| found.get(0)).filter(|value| accept(value.as_str()))
            {
                marks.push(mark(value.range(), kind));
            }
        }
    }
    marks.extend(accounts(copy));
    marks.extend(numbers(&without_dates(copy)));
    marks
}

fn mark(range: Range<usize>, kind: &'static str) -> Mark {
    let rank = RANKS.iter().position(|ranked| *ranked == kind).map_or(RANKS.len(), |rank| rank + 1);
    Mark { range, kind, rank, is_card: false }
}

/// Bank accounts: from each start the longest with right check digits that ends where a word ends.
fn accounts(copy: &str) -> impl Iterator<Item = Mark> {
    static START: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:\b)[a-z]{2}\d{2}"));
    START.find_iter(copy).filter_map(|start| {
        let mut number = String::new();
        let mut end = None;
        let mut rest = copy.get(start.start()..)?.char_indices().peekable();
        while let Some((place, c)) =
            rest.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'))
        {
            if !c.is_ascii_alphanumeric() {
                continue;
            }
            number.push(c);
            if number.len() > 34 {
                break;
            }
            if rest.peek().is_none_or(|(_, next)| !next.is_ascii_alphanumeric()) && is_iban(&number) {
                end = Some(start.start() + place + 1);
            }
        }
        Some(mark(start.start()..end?, IBAN))
    })
}

/// Digits in a row, whatever separates them.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\+?\(?\d(?:[\t\p{Zs}\p{Pd}\u{2212}./()\[\]~]{0,3}\d)*(?:[\t ,;]{0,2}(?:extension|extn|ext|x|#)[ .:=]{0,2}\d{1,9})?",
    )
});

/// Digits in the groups of a card (ISO/IEC 7812-1; 4-6-5 of some), whatever stands between them: a line end, say.
static CARD_GROUPS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\d{4}(?:[^\p{L}\d]{1,4}\d{4}){3}(?:[^\p{L}\d]{1,4}\d{3})?|\d{4}[^\p{L}\d]{1,4}\d{6}[^\p{L}\d]{1,4}\d{5}",
    )
});

/// The digits of a number as they are grouped, and how many there are.
fn groups_of(number: &str) -> (Vec<&str>, usize) {
    let groups: Vec<&str> =
        number.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let count = groups.iter().map(|group| group.len()).sum();
    (groups, count)
}

/// Whether the number of a payment card stands in a working copy: 13 to 19 digits, the last of which is their check digit,
/// whatever separates them. Dates, bank accounts and telephone numbers with their country are none.
pub(super) fn hold_card(copy: &str) -> bool {
    let mut rest = without_dates(copy);
    for account in accounts(copy) {
        let blank = "\n".repeat(account.range.len());
        rest.replace_range(account.range, &blank);
    }
    let is_grouped = CARD_GROUPS.find_iter(&rest).any(|found| {
        let (groups, _) = groups_of(found.as_str());
        holds_card(&groups, 13)
    });
    is_grouped
        || NUMBER.find_iter(&rest).any(|found| {
            let (groups, count) = groups_of(found.as_str());
            let is_phone = found.as_str().starts_with('+') && count <= MOST_DIGITS;
            !is_phone && holds_card(&groups, 13)
        })
}

/// Cards, telephone numbers, and longer ones.
fn numbers(copy: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for found in NUMBER.find_iter(copy) {
        let number = found.as_str();
        let (groups, count) = groups_of(number);
        if count < FEWEST_DIGITS {
            continue;
        }
        let kind = match count {
            _ if !number.starts_with('+') && holds_card(&groups, 12) => CARD,
            ..=MOST_DIGITS => PHONE,
            _ => ID,
        };
        // Written and bounded as cards are; anything else may be another number, and part of one.
        let is_card = kind == CARD
            && is_card_number(&groups.concat())
            && groups.iter().all(|group| group.len() > 2)
            && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'))
            && !copy.get(..found.start()).is_some_and(|before| before.ends_with(char::is_alphanumeric))
            && !copy.get(found.end()..).is_some_and(|after| after.starts_with(char::is_alphanumeric));
        marks.push(Mark { is_card, ..mark(found.range(), kind) });
    }
    marks
}

/// Whether some of the groups, side by side, are the number of a card, of at least so many digits.
fn holds_card(groups: &[&str], least: usize) -> bool {
    (0..groups.len()).any(|first| {
        let mut number = String::new();
        for group in groups.iter().skip(first) {
            number.push_str(group);
            if number.len() >= least && is_card_number(&number) {
                return true;
            }
            if number.len() > 19 {
                break;
            }
        }
        false
    })
}

/// The copy with its dates blanked, `2024-03-09` or `09.03.2024`: when something happened is no telephone number.
fn without_dates(copy: &str) -> String {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?-u:\b)(?:(?:19|20)\d\d[./-]\d\d[./-]\d\d|\d\d[./-]\d\d[./-](?:19|20)\d\d)(?-u:\b)")
    });
    let is_joined = |c: Option<char>, next: Option<char>| {
        c.is_some_and(|c| matches!(c, '.' | '/' | '-')) && next.is_some_and(|c| c.is_ascii_digit())
    };
    let mut blanked = copy.to_owned();
    for found in DATE.find_iter(copy) {
        let date = found.as_str().replace(['.', '/'], "-");
        let is_date = ["%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y"]
            .iter()
            .any(|form| NaiveDate::parse_from_str(&date, form).is_ok());
        let mut before = copy.get(..found.start()).unwrap_or_default().chars().rev();
        let mut after = copy.get(found.end()..).unwrap_or_default().chars();
        if is_date && !is_joined(before.next(), before.next()) && !is_joined(after.next(), after.next()) {
            blanked.replace_range(found.range(), &"\n".repeat(found.len()));
        }
    }
    blanked
}
