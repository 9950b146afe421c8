//! Reads everything a viewer is sent, and what is logged meanwhile, for markers that it must not hold.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use custodian::authz::Level;
use regex::Regex;

use super::marker::Marker;
use crate::client::Answer;
use crate::rows::matrix;
use crate::rows::world::{Who, World};

/// Watches over one viewer.
pub struct Watch {
    /// Parts of values he may not see, and whose they are.
    forbidden: BTreeMap<String, String>,
    in_answers: Regex,
    /// The same for cursors: whole words only, since cursors are random.
    in_cursors: Regex,
    /// What he may see, and so must have seen once all was asked for; whose it is, and whether it was.
    wanted: BTreeMap<String, (String, bool)>,
    in_sight: Regex,
}

/// One of these texts.
fn any_of<'t>(texts: impl Iterator<Item = &'t String>) -> Regex {
    let texts: Vec<String> = texts.map(|text| regex::escape(text)).collect();
    // No text at all is found nowhere.
    let pattern = if texts.is_empty() { "[^\\s\\S]".to_owned() } else { texts.join("|") };
    regex::RegexBuilder::new(&pattern).size_limit(1 << 28).build().unwrap()
}

/// What is random in an answer or in the log: ids, request ids, numbers of drafts, cursors, tokens.
fn without_randomness(text: &str) -> String {
    static RANDOM: LazyLock<Regex> = LazyLock::new(|| {
        let ids = "(?:tnt|rsl|usr|role|grnt|cust|addr|cont|plan|sub|net|inv|line|pay|pm|rfnd|note|tick|msg|call|check|doc|verif|chg|sess|client|evt)_[0-9a-z]{26}|draft-[0-9a-z]{26}";
        let uuids = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let sealed = "link=[a-z0-9_-]{43}|\"(?:cursor|startcursor|endcursor|accesstoken|refreshtoken|clientsecret|tokenprefix)\":\"[^\"]*\"";
        Regex::new(&format!("{ids}|{uuids}|{sealed}")).unwrap()
    });
    RANDOM.replace_all(&text.to_lowercase(), "…").into_owned()
}

/// The most a viewer may see of a marker, wherever it can be read.
pub fn level(world: &World, who: &Who, marker: &Marker) -> Level {
    let at = |place: &super::marker::Place| match world.reaches(who, &place.row) {
        true => matrix::seen(who.role, place.field),
        false => Level::Denied,
    };
    marker.places.iter().map(at).max().unwrap_or(Level::Denied)
}

fn describe(marker: &Marker) -> String {
    let places = marker.places.iter().map(|place| format!("{} of {}", place.field, place.row));
    let places = places.collect::<Vec<_>>().join(", ");
    if places.is_empty() { "a value that is in no answer".to_owned() } else { places }
}

impl Watch {
    /// Over this viewer. `given` are what he sends himself: he need not see it again, and may see it if his role may.
    pub fn new(world: &World, who: &Who, planted: &[Marker], given: &[(Marker, &'static str)]) -> Self {
        let (mut forbidden, mut tokens, mut wanted) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let mut forbid = |marker: &Marker, level: Level, whose: &str| {
            let partial = if level == Level::Denied { marker.partial.as_slice() } else { &[] };
            if level < Level::Clear {
                for part in marker.secret.iter().chain(partial) {
                    forbidden.insert(part.clone(), format!("{whose} ({level:?})"));
                }
                // A text that stays when it is masked has no secret.
                tokens.extend(marker.tokens.iter().filter(|_| !marker.secret.is_empty()).cloned());
            }
        };
        for marker in planted {
            let (level, whose) = (level(world, who, marker), describe(marker));
            forbid(marker, level, &whose);
            // A mask is that of the field itself: in a text, something else stands in its place.
            match if level == Level::Masked { self::level(world, who, &marker.at_home()) } else { level } {
                Level::Clear => wanted.insert(marker.value.to_lowercase(), (whose, false)),
                Level::Masked => {
                    marker.partial.first().and_then(|part| wanted.insert(part.clone(), (whose, false)))
                }
                Level::Denied => None,
            };
        }
        for (marker, field) in given {
            forbid(marker, matrix::seen(who.role, field), &format!("{field} as it was sent"));
        }
        let in_answers = any_of(forbidden.keys());
        let in_sight = any_of(wanted.keys());
        Self { in_answers, in_cursors: any_of(tokens.iter()), in_sight, forbidden, wanted }
    }

    /// Reads an answer to a question, and notes by value what leaked: where it was found first.
    pub fn read(&mut self, question: &str, answer: &Answer, leaked: &mut BTreeMap<String, String>) {
        let mut leak = |whose: &str, how: String| {
            leaked.entry(whose.to_owned()).or_insert_with(|| format!("{how}\n    {question}"));
        };
        let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
        let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
        let text = without_randomness(&answer.text);
        for (part, text) in [("answer", text.as_str()), ("headers", &headers.join("\n").to_lowercase())] {
            for found in self.in_answers.find_iter(text) {
                let whose = &self.forbidden[found.as_str()];
                let around = text.get(found.start().saturating_sub(40)..).unwrap_or_default();
                let around: String = around.chars().take(100).collect();
                leak(whose, format!("{:?} in the {part}: …{around}…", found.as_str()));
            }
        }
        for cursor in cursors(&answer.text) {
            let opened = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
            let opened = String::from_utf8_lossy(&opened).to_lowercase();
            for text in [cursor.to_lowercase(), opened] {
                if let Some(found) = self.in_cursors.find(&text) {
                    leak(found.as_str(), "in a cursor".to_owned());
                }
            }
        }
        for found in self.in_sight.find_iter(&text) {
            self.wanted.get_mut(found.as_str()).unwrap().1 = true;
        }
    }

    /// What should have been seen and was not: the questions did not reach it, so they prove nothing about others.
    pub fn unseen(&self) -> Vec<&str> {
        self.wanted.values().filter(|(_, seen)| !seen).map(|(whose, _)| whose.as_str()).collect()
    }
}

fn cursors(text: &str) -> Vec<&str> {
    static CURSOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#""(?:cursor|startCursor|endCursor)":"([^"]*)""#).unwrap());
    CURSOR.captures_iter(text).map(|found| found.get(1).unwrap().as_str()).collect()
}

/// The lines of the log that hold any of these markers.
pub fn logged<'m>(log: &str, markers: impl Iterator<Item = &'m Marker>) -> Vec<String> {
    let tokens: Vec<String> = markers.flat_map(|marker| marker.tokens.clone()).collect();
    let any = any_of(tokens.iter());
    // Ids look random, and are to be in the log.
    let lines = log.lines().map(without_randomness);
    lines.filter(|line| any.is_match(line)).map(|line| line.chars().take(400).collect()).collect()
}
