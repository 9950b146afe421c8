//! What is refused of the values given for a customer, its addresses and contacts.

use custodian_entity::id::TypedId;
use custodian_entity::{address, contact};
use serde_json::{Value, json};

use super::{new_customer, with};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, MARIA, all, customer, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::blank texts and control characters are refused", texts);
    suite.both("customers::a text is as long in each script, when created and when changed", lengths);
    suite.both("customers::e-mail addresses, telephone and identity numbers are some", formats);
    suite.both("customers::amounts, scores and dates lie within their bounds", bounds);
    suite.both("customers::a company has its name", company);
}

/// A way to give one text: mutation, base of the input, member.
struct Place {
    mutation: &'static str,
    base: Value,
    member: &'static str,
    longest: usize,
}

/// The texts of a customer's rows, when created and when changed.
async fn places(app: &TestApp) -> Vec<Place> {
    let maria = customer(app, MARIA).await;
    let address =
        all::<address::Entity>(app).await.into_iter().find(|row| row.customer_id == maria.id).unwrap();
    let contact =
        all::<contact::Entity>(app).await.into_iter().find(|row| row.customer_id == maria.id).unwrap();
    let id = maria.id.encode();
    let bases = [
        ("customerCreate", json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe" })),
        ("customerUpdate", json!({ "id": id, "version": maria.version })),
        (
            "addressCreate",
            json!({ "customerId": id, "type": "MAILING", "line1": "1 High St", "countryCode": "GB" }),
        ),
        ("addressUpdate", json!({ "id": address.id.encode() })),
        ("contactCreate", json!({ "customerId": id, "kinds": ["GENERAL"], "name": "Jo Doe" })),
        ("contactUpdate", json!({ "id": contact.id.encode() })),
    ];
    let members: [(&str, &[(&str, usize)]); 3] = [
        (
            "customer",
            &[
                ("displayName", 200),
                ("firstName", 100),
                ("lastName", 100),
                ("companyName", 200),
                ("externalReference", 100),
            ],
        ),
        (
            "address",
            &[
                ("line1", 200),
                ("line2", 200),
                ("postalCode", 16),
                ("city", 100),
                ("subdivision", 100),
                ("accessInstructions", 1000),
            ],
        ),
        ("contact", &[("name", 200), ("jobTitle", 100)]),
    ];
    let mut places = Vec::new();
    for (mutation, base) in bases {
        for (_, members) in members.iter().filter(|(row, _)| mutation.starts_with(row)) {
            for (member, longest) in *members {
                places.push(Place { mutation, base: base.clone(), member, longest: *longest });
            }
        }
    }
    places
}

async fn texts(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    for Place { mutation, base, member, .. } in places(&app).await {
        // Blank, a bell, an escape, a delete, a C1 control (NEL), and a separator of lines as a control.
        for value in ["", " ", "\t \u{a0}", "\u{1}", "a\u{7}b", "a\u{1b}[2Jb", "a\u{7f}b", "a\u{85}b"] {
            let outcome = mutate(&client, mutation, "id", with(&base, json!({ member: value }))).await;
            let expected = [format!("{member} INVALID")];
            assert_eq!(outcome.refusals(), expected, "{mutation}, {member} = {value:?}");
            assert!(!outcome.answer.text.contains("\\u00"), "the value is repeated: {}", outcome.answer.text);
        }
        let lines = mutate(&client, mutation, "id", with(&base, json!({ member: "first\nsecond" }))).await;
        match member {
            "accessInstructions" => {
                assert_eq!(lines.summary(), "done", "{mutation}: instructions have several lines")
            }
            _ => assert_eq!(lines.summary(), format!("{member} INVALID"), "{mutation}: one line"),
        }
        let recorded = log.gained(&app).await.len();
        assert_eq!(
            recorded,
            usize::from(member == "accessInstructions"),
            "{mutation}, {member}: refused, and recorded"
        );
    }
}

async fn lengths(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut wrong = Vec::new();
    for Place { mutation, base, member, longest } in places(&app).await {
        for letter in ["a", "é", "字", "👩"] {
            for (length, expected) in
                [(longest, "done".to_owned()), (longest + 1, format!("{member} TOO_LONG"))]
            {
                let mut input = with(&base, json!({ member: letter.repeat(length) }));
                if mutation == "customerUpdate" {
                    input["version"] = json!(customer(&app, MARIA).await.version);
                }
                if member == "externalReference" {
                    // Unique: another one each time, of the same length.
                    let text = format!("{mutation}{letter}{length}");
                    let rest = length - text.chars().count();
                    input[member] = json!(format!("{text}{}", letter.repeat(rest)));
                }
                let outcome = mutate(&client, mutation, "id", input).await;
                if outcome.summary() != expected {
                    wrong.push(format!(
                        "{mutation}, {member}, {length} × {letter}: {}, not {expected}",
                        outcome.summary()
                    ));
                }
            }
        }
    }
    // garde counts bytes unless told `length(chars, max = …)`; what may be created must not be refused when changed.
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn formats(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let long = format!("{}@new.example", "a".repeat(65));
    let cases: [(&str, &[&str]); 5] = [
        (
            "email",
            &[
                "",
                "x",
                "@new.example",
                "x@",
                "x@localhost",
                "x y@new.example",
                "x@new..example",
                "x@new.example.",
                "x@-new.example",
                "Jo <x@new.example>",
                "x@[192.0.2.1]",
                "\"x y\"@new.example",
                "x@new.example\u{1}",
                "x\n@new.example",
                "x@@new.example",
                &long,
            ],
        ),
        ("billingEmail", &["", "x@", "x@new.example, y@new.example"]),
        (
            "phone",
            &[
                "",
                "x",
                "0",
                "123",
                "+",
                "+0 20 7946 0958",
                "+999 1234567",
                "020 7946 09588888888888888",
                "٠٢٠",
                "\u{1}",
            ],
        ),
        (
            "governmentIdNumber",
            &["", "   ", "A1", "A-1", "X1234567L\u{1}", "Ж1234567", "X_1234567", "' OR 1=1 --"],
        ),
        ("taxId", &["", "--", "123", "DE<123456789>"]),
    ];
    for (member, values) in cases {
        for value in values {
            let input =
                with(&json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe" }), json!({ member: value }));
            let outcome = mutate(&client, "customerCreate", "id", input).await;
            outcome.refused(&[&format!("{member} INVALID")]);
            let repeats = value.len() > 3 && outcome.answer.text.contains(value);
            assert!(!repeats, "{member}: the value is repeated: {}", outcome.answer.text);
        }
    }
    let long = "A".repeat(33);
    let input = with(&new_customer("long@new.example"), json!({ "governmentIdNumber": long }));
    mutate(&client, "customerCreate", "id", input).await.refused(&["governmentIdNumber INVALID"]);
    // Every mistake is told at once.
    let input = json!({
        "type": "INDIVIDUAL", "displayName": " ", "email": "x", "phone": "x", "governmentIdNumber": "!", "riskScore": 101,
    });
    let outcome = mutate(&client, "customerCreate", "id", input).await;
    let mut refusals = outcome.refusals();
    refusals.sort_unstable();
    refusals.dedup();
    let all = [
        "displayName INVALID",
        "email INVALID",
        "governmentIdNumber INVALID",
        "phone INVALID",
        "riskScore INVALID",
    ];
    assert_eq!(refusals, all);
    log.none(&app).await;
}

async fn bounds(app: TestApp) {
    let client = app.login(ADMIN).await;
    let mut log = Log::mark(&app).await;
    let tomorrow = (app.clock.today() + chrono::Days::new(1)).to_string();
    let mut wrong = Vec::new();
    for (member, values) in [
        ("riskScore", vec![json!(-1), json!(101), json!(i32::MIN), json!(i32::MAX)]),
        ("creditLimit", vec![json!(-1), json!(-9_007_199_254_740_991_i64)]),
        // Nobody is born tomorrow.
        ("dateOfBirth", vec![json!(tomorrow), json!("2200-12-31")]),
    ] {
        let maria = customer(&app, MARIA).await;
        for value in values {
            let created =
                with(&json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe" }), json!({ member: value }));
            let updated = json!({ "id": maria.id.encode(), "version": maria.version, member: value });
            for (mutation, input) in [("customerCreate", created), ("customerUpdate", updated)] {
                let outcome = mutate(&client, mutation, "id", input).await;
                let summary = outcome.summary();
                if !summary.split(", ").all(|reason| reason == format!("{member} INVALID")) {
                    wrong.push(format!("{mutation}, {member} = {value}: {summary}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    log.none(&app).await;
}

async fn company(app: TestApp) {
    let client = app.login(ADMIN).await;
    let input = json!({ "type": "COMPANY", "displayName": "Acorn" });
    mutate(&client, "customerCreate", "id", input.clone()).await.refused(&["companyName REQUIRED"]);
    let made =
        mutate(&client, "customerCreate", "id version", with(&input, json!({ "companyName": "Acorn Ltd" })))
            .await;
    let input = json!({ "id": made.done()["id"], "version": made.done()["version"], "companyName": null });
    // What is required of a new company cannot be taken from one that exists.
    mutate(&client, "customerUpdate", "id", input).await.refused(&["companyName REQUIRED"]);
}
