//! Masks of free text.

use std::collections::BTreeSet;

use custodian::authz::mask::{self, Known};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::string::string_regex;
use proptest::{prop_assert, prop_assert_eq};

use super::check;
use super::values::{strange, values};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("masks::text examples", text_examples);
    suite.pure("masks::text keeps nothing that is known or has a form", text_hides);
    suite.pure("masks::text masked twice is text masked once", text_twice);
    suite.pure("masks::text numbers equal values alike", text_numbers);
    suite.pure("masks::text without personal data stays", text_stays);
}

/// What is known of the customer a text is about.
pub const KNOWN: &[Known<'_>] = &[
    Known { kind: "NAME", value: "Maria García López" },
    Known { kind: "NAME", value: "王小明" },
    Known { kind: "PHONE", value: "+442079460958" },
    Known { kind: "ADDRESS", value: "12 Oak St" },
    Known { kind: "BIRTH_DATE", value: "1984-03-09" },
];

fn text_examples() {
    for (text, expected) in [
        ("call Maria at 5550134", "call <NAME_1> at <PHONE_1>"),
        ("MARIA garcia López, then Garcia", "<NAME_1>, then <NAME_2>"),
        ("Mariana and Marianne stay", "Mariana and Marianne stay"),
        ("请联系王小明处理", "请联系<NAME_1>处理"),
        ("at 12-Oak  St., 1984-03-09", "at <ADDRESS_1>., <BIRTH_DATE_1>"),
        ("maria.garcia@x.example or eve@x.example", "<EMAIL_1> or <EMAIL_2>"),
        ("+44 (20) 7946-0958 ext 3, 020 7946 0999", "<PHONE_1>, <PHONE_2>"),
        ("card 4242 4242 4242 4242.", "card ************4242."),
        ("4242 4242 4242 4242 12/27", "<CARD_1>"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN <IBAN_1> please"),
        ("203.0.113.77:80, [2001:db8::1]:443, 2001:db8:1::/48", "<IP_1>, <IP_2>, <IP_3>"),
        ("at 12:30:45 in std::net", "at 12:30:45 in std::net"),
        ("3C:84:6A:12:34:56 is 3c84.6a12.3456", "<MAC_1> is <MAC_1>"),
        ("Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln", "Bearer <SECRET_1>"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer <SECRET_1>"),
        ("password: hunter2, the token is bad", "password: <SECRET_1> the token is bad"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nend", "<SECRET_1>\nend"),
        ("X1234567L, AB 12 34 56 C, 123-45-6789", "<ID_1>, <ID_2>, <ID_3>"),
        ("٠٥٠١٢٣٤٥٦٧ or ｅｖｅ＠x.example", "<PHONE_1> or <EMAIL_1>"),
        ("down since 2026-03-09 14:30", "down since 2026-03-09 14:30"),
        ("1984-03-09-1234", "<PHONE_1>"),
        ("192.0.2.1aaaaaa0a00aa", "<IP_1><MAC_1>"),
    ] {
        assert_eq!(mask::free_text(text, KNOWN), expected, "{text:?}");
    }
    let known = [Known { kind: "CODE", value: "4242" }];
    let masked = mask::free_text("4242 4242 4242 4242", &known);
    assert_eq!(masked, "<CARD_1>", "the end of a card is not shown where it is known to be something else");
}

/// Words with none of the letters that [`secrets`] use.
const WORDS: &[&str] =
    &["the", "line", "is", "down", "since", "2026-03-09", "请", "— см.", "\n", "(", "\"", "مرحبا", "3"];

/// A kind, a value of that kind made of unmistakable letters and digits, and how many characters at its end may stay.
fn secrets() -> impl Strategy<Value = (&'static str, String, usize)> {
    let of = |kind, form| string_regex(form).unwrap().prop_map(move |value| (kind, value, 0));
    prop_oneof![
        of("EMAIL", "[qxzjk]{4,12}([.+_-][qxzjk]{4,8})?@[qxzjk]{4,9}\\.(example|test)"),
        of("PHONE", "(\\+[1-9])?[4-9]{3}[ -]?[4-9]{3}[ -]?[4-9]{2,4}"),
        of("IP", "20[1-9]\\.1[1-9]{2}\\.1[1-9]{2}\\.[4-9]{2}"),
        of("IP", "2001:db8:[4-9a-f]{4}:[4-9a-f]{4}::[4-9]{4}"),
        of("MAC", "[4-9][048c](:[4-9a-f]{2}){5}"),
        of("ID", "[QXZ][4-9]{7}[QXZ]"),
        of("SECRET", "eyJ[qxzjkQXZJK4-9]{12,40}\\.[qxzjkQXZJK4-9]{12,40}\\.[qxzjkQXZJK4-9]{12,40}"),
        Just(("IBAN", "GB29 NWBK 6016 1331 9268 19".to_owned(), 0)),
        Just(("CARD", "5555 5555 5555 4444".to_owned(), 4)),
        of("NAME", "[QXZJK][qxzjk]{3,8}( [QXZJK][qxzjk]{3,8}){0,2}"),
    ]
}

fn text_hides() {
    let around = || {
        (vec(select(WORDS), 0..5), select(&[" ", ", ", "\n", "："][..]))
            .prop_map(|(words, gap)| words.join(" ") + gap)
    };
    check((around(), secrets(), around(), any::<bool>()), |(before, (kind, secret, end), after, upper)| {
        let written = if upper && kind != "SECRET" { secret.to_uppercase() } else { secret.clone() };
        let after: String = after.chars().rev().collect();
        let known = [Known { kind: "NAME", value: &secret }];
        let known = if kind == "NAME" { &known[..] } else { &[] };
        let masked = mask::free_text(&format!("{before}{written}{after}"), known);
        let sought: Vec<char> = written.chars().filter(|c| c.is_alphanumeric()).collect();
        let hidden = &sought[..sought.len() - end];
        let compact: String = masked.chars().filter(|c| c.is_alphanumeric()).collect();
        for piece in hidden.windows(4).filter(|piece| !sought.ends_with(piece) || end == 0) {
            let piece = String::from_iter(piece);
            prop_assert!(!compact.contains(&piece), "{:?} of a {} survives in {:?}", piece, kind, masked);
        }
        Ok(())
    });
}

fn text_twice() {
    let pieces = prop_oneof![
        select(WORDS).prop_map(str::to_owned),
        secrets().prop_map(|(_, secret, _)| secret),
        strange().prop_map(String::from),
        (0..KNOWN.len()).prop_map(|at| KNOWN[at].value.to_lowercase()),
        select(&["password: ", "Bearer ", "x12", " ", "-", "<ID_1>", "-----BEGIN X-----"][..])
            .prop_map(str::to_owned),
    ];
    let texts = vec(pieces, 1..12).prop_map(|pieces| pieces.concat());
    check(prop_oneof![values(), texts], |value| {
        let once = mask::free_text(&value, KNOWN);
        prop_assert_eq!(&mask::free_text(&once, KNOWN), &once, "of {:?}", value);
        Ok(())
    });
}

fn text_numbers() {
    let emails = vec(string_regex("[a-f]{1,2}@[x-z]\\.example").unwrap(), 1..12);
    check(emails, |emails| {
        let masked = mask::free_text(&emails.join(", "), &[]);
        let placeholders: Vec<&str> = masked.split(", ").collect();
        for (i, a) in emails.iter().enumerate() {
            for (j, b) in emails.iter().enumerate() {
                prop_assert_eq!(
                    a == b,
                    placeholders[i] == placeholders[j],
                    "{:?} became {:?}",
                    &emails,
                    &placeholders
                );
            }
        }
        let numbers = emails.iter().collect::<BTreeSet<_>>().len();
        prop_assert!(masked.contains(&format!("<EMAIL_{numbers}>")), "{}", masked);
        Ok(())
    });
}

fn text_stays() {
    let words = vec(select(WORDS), 0..30);
    check(words, |words| {
        let text = words.join("  ");
        prop_assert_eq!(mask::free_text(&text, &[]), text);
        Ok(())
    });
}
