//! What the properties of the masks are held against.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, prop_oneof};
use proptest::sample::select;
use proptest::string::string_regex;

/// Characters that must count for nothing: bidirectional controls, zero-width characters, other controls, tags.
pub const INVISIBLE: &[char] = &[
    '\0',
    '\u{7}',
    '\u{7F}',
    '\u{AD}',
    '\u{34F}',
    '\u{61C}',
    '\u{200B}',
    '\u{200C}',
    '\u{200D}',
    '\u{200E}',
    '\u{200F}',
    '\u{202A}',
    '\u{202E}',
    '\u{2060}',
    '\u{2066}',
    '\u{2069}',
    '\u{3164}',
    '\u{FE0F}',
    '\u{FEFF}',
    '\u{E0061}',
];

/// Values like real ones, values like real ones with something strange in them, and anything.
pub fn values() -> impl Strategy<Value = String> {
    let real = "[a-zA-Z._]{1,8}(\\+[a-z]{1,4})?@[a-z]{1,8}\\.(example|[a-z]{2}\\.test)|\\+?[0-9]{1,16}( x[0-9]{1,4})?\
        |(\\+44|\\+1|0) ?[1-9][0-9]{2} [0-9]{3} [0-9]{4}|[A-Z][a-z]{0,9}( [A-Z][a-zé'-]{0,9}){0,3}|[A-Z]?[0-9]{4,12}[A-Z]?\
        |[A-Z]{1,2}[0-9][A-Z]? [0-9][A-Z]{2}|[0-9]{5}(-[0-9]{4})?|[0-9]{1,3}(\\.[0-9]{1,3}){3}(:[0-9]{2,5}|/[0-9]{1,2})?\
        |[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,6}::?[0-9a-f]{0,4}(/[0-9]{1,3})?|[0-9A-F]{2}([:-][0-9A-F]{2}){5}|[0-9a-f]{12}\
        |GB29 ?NWBK ?6016 ?1331 ?9268 ?19|4242 ?4242 ?4242 ?4242|Maria García|[王李欧阳小明金김철수山田]{1,4}( [太郎수]{1,2})?\
        |call Maria at [0-9]{3}-?[0-9]{4} or maria@x\\.example";
    let real = string_regex(real).unwrap().boxed();
    let short = vec(strange(), 0..24).prop_map(String::from_iter).boxed();
    let long = (vec(strange(), 1..6), 100..400usize)
        .prop_map(|(chars, times)| String::from_iter(chars).repeat(times));
    let spoilt = (real.clone(), any::<prop::sample::Index>(), strange()).prop_map(|(value, at, c)| {
        let mut chars: Vec<char> = value.chars().collect();
        chars.insert(at.index(chars.len() + 1), c);
        String::from_iter(chars)
    });
    let joined =
        (real.clone(), short.clone(), real.clone()).prop_map(|(a, between, b)| format!("{a}{between}{b}"));
    prop_oneof![4 => real, 3 => spoilt, 2 => joined, 4 => short, 1 => long]
}

/// Characters that break careless code.
pub fn strange() -> impl Strategy<Value = char> + Clone {
    let odd = select("*＊@＠+-./:;#, \n\t<>_('\"éñ़́̈ßİςΣКирил王小明김철山山田さアعربيשעहिक्ष्มไทย٠٣٥७९４２²①½ﬁ𝓜🇩🇪👩🏽‍🚀⃣𐌟\u{2028}\u{a0}\u{600}".chars().collect::<Vec<char>>());
    prop_oneof![4 => odd, 3 => prop::char::range('0', 'z'), 2 => any::<char>(), 1 => select(INVISIBLE)]
}
