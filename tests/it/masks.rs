//! Masks: the examples of the specification, and what holds for any text whatever.
//!
//! The properties run on a fixed seed. Invariant: they draw from values shaped like real ones as well as from
//! characters that break careless code: other scripts and digits, marks, emoji, invisible characters, stars.

mod text;
mod values;

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{Datelike, Days, NaiveDate};
use custodian::authz::mask::{self, HIDDEN};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::sample::select;
use proptest::string::string_regex;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use self::values::{INVISIBLE, values};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("masks::examples of the specification", examples);
    suite.pure("masks::malformed values are hidden whole", malformed);
    suite.pure("masks::dates of birth show the year of adults only", birth_dates);
    suite.pure("masks::coordinates keep two decimals", coordinates);
    suite.pure("masks::no four characters survive but the allowed end", nothing_survives);
    suite.pure("masks::a mask of a mask shows no more", mask_of_mask);
    suite.pure("masks::invisible characters change nothing", invisible_characters);
    suite.pure("masks::stars tell a length only where they may", stars);
    suite.pure("masks::networks and manufacturers, nothing below", networks);
    suite.pure("masks::stars and what passes for them are recognised", mask_characters);
    text::register(suite);
}

const CASES: u32 = 512;

/// Holds the property against many values, the same ones in every run.
fn check<S: Strategy>(values: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    if let Err(broken) = runner.run(&values, property) {
        panic!("{broken}");
    }
}

/// A mask from text to text.
type Mask = fn(&str) -> String;

/// The part of a mask that may hold four characters of the value and more.
type MayShow = fn(&str) -> &str;

/// All of them.
const MASKS: [(&str, Mask, MayShow); 14] = [
    ("email", |raw| mask::email(raw, false), domain),
    ("email, private domain", |raw| mask::email(raw, true), domain),
    ("username", mask::username, domain),
    ("phone", |raw| mask::phone(raw, None), last_digits),
    ("phone, GB", |raw| mask::phone(raw, Some("GB")), last_digits),
    ("name", mask::name, nothing),
    ("id_number", mask::id_number, last_four),
    ("pan", mask::pan, last_four),
    ("iban", mask::iban, last_four),
    ("address_line", mask::address_line, nothing),
    ("postal_code", |raw| mask::postal_code(raw, None), outward),
    ("postal_code, DE", |raw| mask::postal_code(raw, Some("DE")), nothing),
    ("ip", mask::ip, network),
    ("mac", mask::mac, manufacturer),
];

fn nothing(_: &str) -> &str {
    ""
}

fn domain(mask: &str) -> &str {
    mask.rfind('@').map_or("", |at| &mask[at..])
}

fn last_digits(mask: &str) -> &str {
    last_four(mask.strip_suffix(" x**").unwrap_or(mask))
}

fn last_four(mask: &str) -> &str {
    mask.char_indices().rev().nth(3).map_or("", |(at, _)| &mask[at..])
}

fn outward(mask: &str) -> &str {
    mask.strip_suffix(" **").filter(|shown| shown.len() <= 4).unwrap_or("")
}

fn network(mask: &str) -> &str {
    let shown = mask.strip_suffix("***").unwrap_or("");
    let is_v4 = format!("{shown}0").parse::<Ipv4Addr>().is_ok();
    let is_v6 = shown.parse::<Ipv6Addr>().is_ok_and(|address| address.segments()[3..] == [0; 5]);
    if is_v4 || is_v6 { shown } else { "" }
}

fn manufacturer(mask: &str) -> &str {
    mask.strip_suffix("**:**:**").filter(|shown| shown.len() == 9).unwrap_or("")
}

fn examples() {
    for (mask, expected) in [
        (mask::email("a@x.example", false), "***@x.example"),
        (mask::email("abc@x.example", false), "a**@x.example"),
        (mask::email("john+isp@provider.example", false), "j**n@provider.example"),
        (mask::email("me@garcia.example", true), "***@g***.example"),
        (mask::email("me@gmail.com", true), "***@gmail.com"),
        (mask::email("a@b@bücher.example", false), "a**@bücher.example"),
        (mask::username("ana"), "a**"),
        (mask::username("maria@acme.example"), "m***a@acme.example"),
        (mask::phone("+44 20 7946 0958", None), "+44 ******0958"),
        (mask::phone("+44 (0)20 7946 0958 ext. 12", None), "+44 ******0958 x**"),
        (mask::phone("tel:+44-20-7946-0958;ext=12", None), "+44 ******0958 x**"),
        (mask::phone("020 7946 0958", Some("GB")), "+44 ******0958"),
        (mask::phone("5550134", None), "*****34"),
        (mask::phone("5550134", Some("US")), "*****34"),
        (mask::phone("1234", Some("US")), "***"),
        (mask::phone("٠٥٠١٢٣٤٥٦٧", None), "******4567"),
        (mask::phone("٠٥٠١٢٣٤٥٦٧", Some("SA")), "+966 *****4567"),
        (mask::phone("112", None), "112"),
        (mask::name("Maria García"), "M*** G***"),
        (mask::name("J. R. Tolkien"), "J*** R*** T***"),
        (mask::name("Maria G"), "M*** ***"),
        (mask::name("x\u{302}\u{30C}\u{303}yz Maria"), "*** M***"),
        (mask::name("王小明"), "王***"),
        (mask::name("欧阳小明"), "欧阳***"),
        (mask::name("山田 太郎"), "山田***"),
        (mask::name("김철수"), "김***"),
        (mask::id_number("X1234567L"), "*****567L"),
        (mask::id_number("X-1234567-L"), "*****567L"),
        (mask::id_number("A123"), "***"),
        (mask::pan("4242 4242 4242 4242"), "************4242"),
        (mask::iban("DE89 3704 0044 0532 0130 00"), "DE****3000"),
        (
            format!("{}, {}", mask::address_line("12 Oak St"), mask::postal_code("62704", Some("US"))),
            "***, 627**",
        ),
        (mask::postal_code("62704", None), "627**"),
        (mask::postal_code("SW1A 1AA", Some("GB")), "SW1A **"),
        (mask::postal_code("m11ae", None), "m1 **"),
        (mask::postal_code("1010", Some("AT")), "***"),
        (mask::ip("203.0.113.77"), "203.0.113.***"),
        (mask::ip("203.0.113.77:443"), "203.0.113.***"),
        (mask::ip("::ffff:203.0.113.77"), "203.0.113.***"),
        (mask::ip("2001:db8:1:2::9"), "2001:db8:1::***"),
        (mask::ip("[2001:db8:1:2::9]:443"), "2001:db8:1::***"),
        (mask::ip("2001:db8:1:2::/64"), "2001:db8:1::***"),
        (mask::ip("fe80::1%eth0"), "fe80::***"),
        (mask::ip("2002:cb00:714d::1"), "2002::***"),
        (mask::mac("3C:84:6A:12:34:56"), "3C:84:6A:**:**:**"),
        (mask::mac("3c-84-6a-12-34-56"), "3C:84:6A:**:**:**"),
        (mask::mac("3c84.6a12.3456"), "3C:84:6A:**:**:**"),
        (mask::mac("3c846a123456"), "3C:84:6A:**:**:**"),
        (mask::mac("3E:84:6A:12:34:56"), "**:**:**:**:**:**"),
    ] {
        assert_eq!(mask, expected, "change the mask, not the example");
    }
}

fn malformed() {
    for (name, mask, values) in [
        (
            "email",
            MASKS[0].1,
            "|nobody|@x.example|a@|a@localhost|a@192.0.2.1|a@[192.0.2.1]|a@x..example|a b@x.example",
        ),
        ("username", MASKS[2].1, "|a|ab|two words|a@b"),
        (
            "phone",
            MASKS[3].1,
            "|12|999 1|123456|+999 1234 5678|1-800-FLOWERS|020+79460958|555 0134 555 0134 5550|;phone-context=a;tel:|+44 ******0958",
        ),
        ("name", MASKS[5].1, "|J|王|Al|5550134|***|a b c d e f g h i j k l m n"),
        ("id_number", MASKS[6].1, "|1234567|X1234*67L|X1234567@"),
        ("pan", MASKS[7].1, "|4242|4242424242424243|4242 4242 4242 424A|42424242424242424242"),
        ("iban", MASKS[8].1, "|DE|DE88370400440532013000|DE89-3704|89DE370400440532013000"),
        ("postal_code", MASKS[10].1, "|1|1010|SW1A|627**|1234567890123|Ελλάς"),
        ("postal_code, GB", |raw: &str| mask::postal_code(raw, Some("GB")), "62704|SW1A"),
        ("ip", MASKS[12].1, "|203.0.113|203.0.113.777|203.0.113.***|2001:db8|host.example"),
        ("mac", MASKS[13].1, "|3C:84:6A|3C:84:6A:12:34:5G|3C:84-6A:12:34:56|3C:84:6A:**:**:**"),
    ] as [(&str, Mask, &str); 11]
    {
        for value in values.split('|') {
            assert_eq!(mask(value), HIDDEN, "{name} {value:?} is malformed and must be hidden whole");
        }
    }
}

fn birth_dates() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let today = day("2026-03-09");
    for (date, expected) in [
        ("1984-03-09", "1984"),
        ("2008-03-09", "2008"),
        ("2008-03-10", "****"),
        ("1936-03-10", "1936"),
        ("1936-03-09", "****"),
        ("2030-01-01", "****"),
    ] {
        assert_eq!(mask::birth_date(day(date), today), expected, "born on {date}");
    }
    check(0u64..60_000, |days| {
        let date = today - Days::new(days);
        let shown = mask::birth_date(date, today);
        prop_assert!(shown == "****" || shown == date.year().to_string(), "{} of {}", shown, date);
        Ok(())
    });
}

fn coordinates() {
    assert_eq!(mask::coordinate(48.858_37), 48.86);
    assert!(mask::coordinate(-0.001).is_sign_positive(), "a negative zero tells the side of the meridian");
    for outside in [f64::NAN, f64::INFINITY, -180.01] {
        assert!(mask::coordinate(outside).is_nan(), "{outside} is no angle");
    }
    check(-180.0..180.0, |degrees| {
        let shown = mask::coordinate(degrees);
        prop_assert!((shown - degrees).abs() < 0.005_001);
        prop_assert_eq!(format!("{shown}").parse(), format!("{shown:.2}").parse::<f64>());
        prop_assert_eq!(mask::coordinate(shown), shown);
        Ok(())
    });
}

fn nothing_survives() {
    check(values(), |value| {
        for (name, mask, may_show) in MASKS {
            let shown = mask(&value);
            let end = may_show(&shown);
            let rest = shown.replacen(end, "*", usize::from(!end.is_empty()));
            let long = rest.split(['*', ' ', '+']).find(|piece| piece.chars().count() > 3);
            prop_assert!(long.is_none(), "{}: {:?} shows {:?} of {:?}", name, shown, long, value);
            prop_assert_eq!(mask(&value), shown.as_str(), "equal values have equal masks");
            if name == "email" && value.bytes().all(|byte| byte.is_ascii_graphic()) {
                prop_assert!(value.ends_with(end), "the domain is shown as stored");
            }
        }
        Ok(())
    });
}

fn mask_of_mask() {
    check(values(), |value| {
        for (name, mask, _) in MASKS {
            let once = mask(&value);
            let twice = mask(&once);
            for piece in twice.split(['*', ' ']) {
                prop_assert!(once.contains(piece), "{}: {:?} of {:?} of {:?}", name, twice, once, value);
            }
            if ["email", "username", "address_line"].contains(&name) {
                prop_assert_eq!(&twice, &once, "{} of {:?}", name, value);
            }
        }
        Ok(())
    });
}

fn invisible_characters() {
    let inserted = (values(), vec((any::<prop::sample::Index>(), select(INVISIBLE)), 1..6));
    check(inserted, |(value, insertions)| {
        let mut with: Vec<char> = value.chars().collect();
        for (at, c) in insertions {
            with.insert(at.index(with.len() + 1), c);
        }
        let with = String::from_iter(with);
        for (name, mask, _) in MASKS {
            prop_assert_eq!(mask(&with), mask(&value), "{}: {:?} and {:?}", name, &with, &value);
        }
        prop_assert_eq!(mask::free_text(&with, text::KNOWN), mask::free_text(&value, text::KNOWN));
        Ok(())
    });
}

fn stars() {
    let parts = (select(&["a", "é", "語", "ش", "🇩🇪"][..]), 0usize..40);
    check(parts, |(grapheme, length)| {
        let part = grapheme.repeat(length);
        let expected = match length {
            0 => HIDDEN.to_owned(),
            1 | 2 => "***@x.example".to_owned(),
            3 => format!("{grapheme}**@x.example"),
            _ if part.len() > 64 => HIDDEN.to_owned(),
            _ => format!("{grapheme}{}{grapheme}@x.example", "*".repeat(length - 2)),
        };
        prop_assert_eq!(mask::email(&format!("{part}@x.example"), false), expected);
        let name = mask::name(&format!("{part}x {part}y"));
        prop_assert!(
            name.split(' ').all(|part| part.ends_with("***") && part.matches('*').count() == 3),
            "{}",
            name
        );
        Ok(())
    });
    check(string_regex("[0-9]{1,20}").unwrap(), |digits| {
        let stars = |mask: String| mask.matches('*').count();
        let hidden = match digits.len() {
            9..=17 => digits.len() - 4,
            7 | 8 => digits.len() - 2,
            _ if mask::phone(&digits, None) == digits => 0,
            _ => 3,
        };
        prop_assert_eq!(stars(mask::phone(&digits, None)), hidden);
        prop_assert!(hidden == 0 || hidden == 3 || hidden > 4, "five digits are hidden always");
        prop_assert_eq!(stars(mask::id_number(&digits)), if digits.len() < 8 { 3 } else { digits.len() - 4 });
        Ok(())
    });
}

fn networks() {
    check(any::<(Ipv4Addr, u128, [u8; 6])>(), |(v4, v6, mac)| {
        let [a, b, c, _] = v4.octets();
        prop_assert_eq!(mask::ip(&v4.to_string()), format!("{a}.{b}.{c}.***"));
        prop_assert_eq!(mask::ip(&v4.to_ipv6_mapped().to_string()), format!("{a}.{b}.{c}.***"));
        let v6 = Ipv6Addr::from_bits(v6);
        let shown = mask::ip(&v6.to_string());
        let network: Ipv6Addr = shown.strip_suffix("***").unwrap().parse().unwrap();
        prop_assert!(
            network.segments()[..3] == v6.segments()[..3] || v6.segments()[0] == 0x2002,
            "{} of {}",
            shown,
            v6
        );
        prop_assert_eq!(&network.segments()[3..], &[0; 5]);
        let [a, b, c, d, e, f] = mac;
        let shown = mask::mac(&format!("{a:02x}-{b:02x}-{c:02x}-{d:02x}-{e:02x}-{f:02x}"));
        let manufacturer =
            if a & 2 == 0 { format!("{a:02X}:{b:02X}:{c:02X}") } else { "**:**:**".to_owned() };
        prop_assert_eq!(shown, format!("{manufacturer}:**:**:**"));
        Ok(())
    });
}

fn mask_characters() {
    for c in "*＊∗﹡⁎٭✱•●".chars() {
        assert!(mask::is_mask_character(c), "{c} passes for a star: a mask would be written back as a value");
    }
    for c in "aZ0é王@+-.:/·'_ ".chars() {
        assert!(!mask::is_mask_character(c), "{c} is part of real values");
    }
}
