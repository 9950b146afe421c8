//! Looks for values in bytes, in whatever form they may stand there.

use std::collections::{BTreeSet, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use regex::bytes::{Regex, RegexBuilder};

use crate::leaks::marker::Marker;
use crate::reference::Matrix;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("sealing::a search finds a value in every form", every_form);
}

/// Numbers of fewer bytes than this occur by chance.
const SHORTEST_NUMBER: usize = 5;

/// Finds any of some values.
pub struct Search {
    any: Regex,
    /// The field that each form is a value of.
    fields: HashMap<Vec<u8>, &'static str>,
}

impl Search {
    /// For the values of the fields that the access matrix wants sealed.
    pub fn of_sealed(markers: &[Marker]) -> Self {
        let matrix = Matrix::read();
        let is_sealed = |field: &str| matrix.field(field).is_some_and(|field| field.is_encrypted);
        let sealed = markers.iter().filter_map(|marker| {
            let mut fields = marker.places.iter().map(|place| place.field);
            Some((fields.find(|field| is_sealed(field))?, marker))
        });
        let mut fields = HashMap::new();
        for (field, marker) in sealed {
            for text in [&marker.value].into_iter().chain(&marker.tokens) {
                for text in [text.clone(), text.to_lowercase(), text.to_uppercase()] {
                    fields.extend(forms(&text).into_iter().map(|form| (form, field)));
                }
            }
        }
        Self::new(fields)
    }

    fn new(fields: HashMap<Vec<u8>, &'static str>) -> Self {
        let escaped = |form: &Vec<u8>| form.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
        let forms: Vec<String> = fields.keys().map(escaped).collect();
        let any = RegexBuilder::new(&forms.join("|")).unicode(false).size_limit(1 << 30).build();
        Self { any: any.unwrap(), fields }
    }

    /// The fields whose values the search knows.
    pub fn fields(&self) -> BTreeSet<&'static str> {
        self.fields.values().copied().collect()
    }

    /// The fields of which a value stands in these bytes.
    pub fn within(&self, bytes: &[u8]) -> BTreeSet<&'static str> {
        self.any.find_iter(bytes).map(|found| self.fields[found.as_bytes()]).collect()
    }
}

/// A text as UTF-8 and UTF-16, in base64 wherever it stands in a longer text, in hexadecimal digits, and as a number.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        text.as_bytes().to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    for before in 0..3 {
        let encoded = STANDARD_NO_PAD.encode([&[0].repeat(before), text.as_bytes()].concat());
        // Those letters that nothing but the text has a part in.
        let whole = (before * 8).div_ceil(6)..(before + text.len()) * 8 / 6;
        forms.push(encoded[whole.clone()].as_bytes().to_vec());
        forms.push(encoded[whole].replace('+', "-").replace('/', "_").into_bytes());
    }
    let whole = text.parse().map(i64::to_be_bytes).ok();
    let degrees = text.parse().map(f64::to_be_bytes).ok().filter(|_| text.contains('.'));
    for bytes in [whole, degrees].into_iter().flatten() {
        let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        if bytes.len() >= SHORTEST_NUMBER {
            forms.push(bytes.iter().rev().copied().collect());
            forms.push(bytes);
        }
    }
    forms
}

fn every_form() {
    let found = |text: &str, bytes: &[u8]| {
        let search = Search::new(forms(text).into_iter().map(|form| (form, "a field")).collect());
        !search.within(bytes).is_empty()
    };
    for around in ["", "a", "to", "the"] {
        let long = format!("{around}zqäxw@vkzjq.example{around}");
        let hidden: [Vec<u8>; 5] = [
            long.clone().into_bytes(),
            long.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            long.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            STANDARD_NO_PAD.encode(&long).into_bytes(),
            long.bytes().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect(),
        ];
        for bytes in hidden {
            assert!(found("zqäxw@vkzjq.example", &bytes), "{around:?}: {bytes:?}");
            assert!(!found("zqäxw@vkzjr.example", &bytes), "{around:?}: {bytes:?}");
        }
    }
    assert!(found("712345678901", &712_345_678_901_i64.to_be_bytes()));
    assert!(found("31.1234567", &31.123_456_7_f64.to_le_bytes()));
}
