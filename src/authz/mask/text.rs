//! Text somebody wrote: what identifies a person or opens a door is replaced by typed placeholders, `<NAME_1>`.
//!
//! Every detector looks at the whole text, and what any of them marks is replaced: where marks overlap, their union is
//! one value, of the kind of the longest. So the order of the detectors cannot leave half an e-mail address standing
//! because a name was found in it. What is replaced bounds what stands beside it, so the search is repeated until it
//! finds nothing more.

use std::collections::HashMap;
use std::iter::repeat_n;
use std::ops::Range;

use super::identity::is_ideograph_or_hangul;
use super::{HIDDEN, clean, pan, patterns, plain};

/// The kind of [`Known`] values that are also looked for in parts.
const NAME: &str = "NAME";

/// The fewest letters of a part of a name that is looked for on its own.
const SHORTEST_PART: usize = 3;

/// The most octets of separators between two characters of a known value: `+44 (0) 20…`.
const WIDEST_GAP: usize = 4;

/// Stands for what is already marked; [`clean`] leaves none in a text.
const BLANK: char = '\0';

/// How often a text is searched before it is given up and hidden whole. Ordinary texts need two rounds.
const MOST_ROUNDS: usize = 8;

/// Parts of names that are common words.
const PARTICLES: &[&str] = &[
    "and", "bin", "das", "del", "della", "den", "der", "des", "die", "dos", "las", "los", "the", "und",
    "van", "von",
];

/// A value of the row the text belongs to.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What the placeholder is called: `NAME`, `EMAIL`…
    pub kind: &'static str,
    /// The value in clear.
    pub value: &'a str,
}

/// A stretch of the working copy to be replaced.
#[derive(Clone)]
pub(super) struct Mark {
    /// Where, in octets.
    pub(super) range: Range<usize>,
    /// What the placeholder is called.
    pub(super) kind: &'static str,
    /// Which of two marks on the same stretch names it: the lower.
    pub(super) rank: usize,
    /// Whether the number of a card is shown as its mask.
    pub(super) is_card: bool,
}

/// The text without what identifies somebody: the `known` values (names also in parts, all of them whatever their
/// case, accents and separators), e-mail addresses, telephone and other long numbers, card and account numbers,
/// network addresses, identity numbers, tokens and keys.
///
/// Placeholders are numbered in order of appearance, per kind; equal values get the same one. A card number standing
/// alone is replaced by its mask. Dates stay, unless they are known.
pub fn free_text(raw: &str, known: &[Known<'_>]) -> String {
    let original = clean(raw);
    // One character for each of the original, so that what is found here can be replaced there.
    let copy: String = original.chars().map(folded).collect();
    let mut open = copy.clone();
    let mut marks = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let is_new = |mark: &Mark| {
            open.get(mark.range.clone()).is_some_and(|value| !value.chars().all(|c| c == BLANK))
        };
        let found: Vec<Mark> =
            known_values(&open, known).into_iter().chain(patterns::find(&open)).filter(is_new).collect();
        if found.is_empty() {
            return replaced(&original, &copy, &merged(marks));
        }
        for mark in &found {
            open.replace_range(mark.range.clone(), &String::from_iter(repeat_n(BLANK, mark.range.len())));
        }
        marks.extend(found);
    }
    HIDDEN.to_owned()
}

/// Whether a text holds what may be the number of a payment card, which is not to be stored (PCI DSS 3.3.1, 3.5.1). One in
/// ten other numbers of 13 to 19 digits passes for one, and each IMEI does.
pub fn holds_card_number(raw: &str) -> bool {
    patterns::hold_card(&clean(raw).chars().map(folded).collect::<String>())
}

/// The character as detectors compare it: plain and in lower case.
fn folded(c: char) -> char {
    let plain = plain(c);
    let mut lower = plain.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some('ς'), None) => 'σ',
        (Some(lower), None) => lower,
        _ => plain,
    }
}

/// Where the known values stand in the text.
fn known_values(copy: &str, known: &[Known<'_>]) -> Vec<Mark> {
    let text = Letters::of(copy);
    let mut marks = Vec::new();
    for Known { kind, value } in known {
        let value: String = clean(value).chars().map(folded).collect();
        let parts = value.split(|c: char| !c.is_alphabetic()).filter(|part| {
            *kind == NAME && part.chars().count() >= SHORTEST_PART && !PARTICLES.contains(part)
        });
        for sought in parts.chain([value.as_str()]) {
            text.find(copy, &Letters::of(sought).text, |range| {
                marks.push(Mark { range, kind, rank: 0, is_card: false });
            });
        }
    }
    marks
}

/// The letters and digits of a text, and where each octet of them stands in it.
struct Letters {
    text: String,
    places: Vec<usize>,
}

impl Letters {
    fn of(copy: &str) -> Self {
        let mut letters =
            Self { text: String::with_capacity(copy.len()), places: Vec::with_capacity(copy.len()) };
        for (place, c) in copy.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            letters.text.push(c);
            letters.places.extend(place..place + c.len_utf8());
        }
        letters
    }

    /// Reports each place of the copy where the sought letters and digits stand as a word, whatever separates them.
    fn find(&self, copy: &str, sought: &str, mut report: impl FnMut(Range<usize>)) {
        // A single character is a word of some language, not somebody.
        let (Some(first), Some(_)) = (sought.chars().next(), sought.chars().nth(1)) else { return };
        let mut from = 0;
        while let Some(start) =
            self.text.get(from..).and_then(|rest| rest.find(sought)).map(|found| from + found)
        {
            from = start + first.len_utf8();
            let Some(places @ [begin, .., end]) = self.places.get(start..start + sought.len()) else {
                return;
            };
            let range = *begin..end + 1;
            let is_close = |(here, next): (&usize, &usize)| next - here <= 1 + WIDEST_GAP;
            // Not across a placeholder, whoever wrote it.
            let is_whole = |value: &str| !value.contains(['<', '>', BLANK]);
            if places.iter().zip(places.iter().skip(1)).all(is_close)
                && copy.get(range.clone()).is_some_and(is_whole)
                && is_word(copy, &range)
            {
                report(range);
            }
        }
    }
}

/// Whether the stretch is bounded on both sides: by a change between letters and digits or to something else, or by a
/// script that writes no spaces.
fn is_word(copy: &str, range: &Range<usize>) -> bool {
    let continues = |outside: Option<char>, inside: Option<char>| match (outside, inside) {
        (Some(outside), Some(inside)) if writes_no_spaces(outside) || writes_no_spaces(inside) => false,
        (Some(outside), Some(inside)) => {
            (outside.is_alphabetic() && inside.is_alphabetic())
                || (outside.is_numeric() && inside.is_numeric())
        }
        _ => false,
    };
    let (Some(before), Some(word), Some(after)) =
        (copy.get(..range.start), copy.get(range.clone()), copy.get(range.end..))
    else {
        return false;
    };
    !continues(before.chars().next_back(), word.chars().next())
        && !continues(after.chars().next(), word.chars().next_back())
}

/// Chinese, Japanese and Korean (which joins particles to names), Thai, Lao, Tibetan, Myanmar, Khmer.
fn writes_no_spaces(c: char) -> bool {
    is_ideograph_or_hangul(c)
        || matches!(c, '\u{0E00}'..='\u{0FFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
            | '\u{3041}'..='\u{30FF}')
}

/// The marks in order, none overlapping another.
fn merged(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.sort_by_key(|mark| (mark.range.start, usize::MAX - mark.range.end, mark.rank));
    let mut merged: Vec<(Mark, usize)> = Vec::with_capacity(marks.len());
    for mark in marks {
        let length = mark.range.len();
        match merged.last_mut() {
            Some((last, longest)) if mark.range.start < last.range.end => {
                let end = last.range.end.max(mark.range.end);
                // The end of a card stays hidden where something else was found in it, or it in something else.
                last.is_card &= mark.range == last.range;
                if length > *longest {
                    *longest = length;
                    last.kind = mark.kind;
                }
                last.range.end = end;
            }
            _ => merged.push((mark, length)),
        }
    }
    merged.into_iter().map(|(mark, _)| mark).collect()
}

/// The original with the marked stretches of its copy replaced.
fn replaced(original: &str, copy: &str, marks: &[Mark]) -> String {
    let mut result = String::with_capacity(original.len());
    let mut names = Placeholders::default();
    let mut marks = marks.iter().peekable();
    for ((place, _), c) in copy.char_indices().zip(original.chars()) {
        marks.next_if(|mark| mark.range.end <= place);
        match marks.peek() {
            Some(mark) if mark.range.start == place => {
                let value = copy.get(mark.range.clone()).unwrap_or_default();
                if mark.is_card {
                    result.push_str(&pan(value));
                } else {
                    result.push_str(&names.of(mark.kind, value));
                }
            }
            Some(mark) if mark.range.contains(&place) => {}
            _ => result.push(c),
        }
    }
    result
}

/// The placeholders given so far.
#[derive(Default)]
struct Placeholders {
    numbers: HashMap<(&'static str, String), usize>,
    counts: HashMap<&'static str, usize>,
}

impl Placeholders {
    fn of(&mut self, kind: &'static str, value: &str) -> String {
        // Spacing and punctuation tell addresses and tokens apart, not numbers and names.
        let compared = if matches!(kind, patterns::EMAIL | patterns::IP | patterns::SECRET) {
            value.to_owned()
        } else {
            value.chars().filter(|c| c.is_alphanumeric()).collect()
        };
        let number = *self.numbers.entry((kind, compared)).or_insert_with(|| {
            let count = self.counts.entry(kind).or_default();
            *count += 1;
            *count
        });
        format!("<{kind}_{number}>")
    }
}
