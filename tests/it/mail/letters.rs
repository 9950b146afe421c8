//! What letters say, and that nobody puts anything else into them.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use custodian::config::{PublicUrl, SmtpUrl};
use custodian::mail::{Found, Letter, Link, Notice};
use custodian_entity::id::{LetterId, TypedId};
use secrecy::SecretString;
use uuid::Uuid;

use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("mail::letters say what they are meant to", words);
    suite.pure("mail::names and addresses add nothing to a letter", injection);
    suite.pure("mail::letters are given away in TLS, or on this machine", addresses);
}

/// As it would be sent.
fn written(provider: &str, notice: &Notice<'_>) -> String {
    let id = LetterId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    let at = DateTime::<Utc>::from_timestamp(1_772_366_400, 0).unwrap();
    let (from, to) = ("no-reply@isp.example".parse().unwrap(), "somebody@mail.example".parse().unwrap());
    let pages = PublicUrl::parse("https://my.isp.example/portal/").unwrap();
    let letter = Letter::write(id, at, &from, provider, to, notice, &pages).unwrap();
    String::from_utf8(letter.message).unwrap()
}

fn words() {
    let token = SecretString::from("p1anted-t0ken");
    let link = |valid_for| Link { token: &token, valid_for };
    let mut text = String::new();
    for notice in [
        Notice::PasswordReset(link(TimeDelta::minutes(60))),
        Notice::Invitation(link(TimeDelta::days(7))),
        Notice::EmailVerification(link(TimeDelta::hours(24))),
        Notice::EmailChanged,
        Notice::PasswordChanged,
        Notice::AccountLocked,
        Notice::SecurityAlert(Found {
            rule: "denial_burst",
            severity: "HIGH",
            count: 40,
            at: DateTime::from_timestamp(1_772_366_400, 0).unwrap(),
            alert: "alert_0000000000000000000000000r",
            principal: None,
            client: None,
            contained: None,
        }),
    ] {
        text.push_str(&format!(
            "===== {}\n{}\n",
            notice.name(),
            written("Acme Broadband", &notice).replace("\r\n", "\n")
        ));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("letters", text));
}

fn injection() {
    let bcc = "x@evil.example";
    for provider in [
        "A\r\nBcc: x@evil.example",
        "A\nBcc: x@evil.example\n\nHello",
        "\"A\" <x@evil.example>,",
        "<img src=x>",
    ] {
        let letter = written(provider, &Notice::PasswordChanged);
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        for line in head.split("\r\n") {
            let name = line.split(':').next().unwrap();
            let known = [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Auto-Submitted",
                "MIME-Version",
                "Content-Type",
            ];
            assert!(line.starts_with(' ') || known.contains(&name), "{provider:?} adds {line:?}");
        }
        assert!(!head.contains("\nBcc") && !head.replace("\r\n", "").contains('\n'), "{provider:?}: {head}");
        let (_, page) = body.split_once("<!doctype html>").unwrap();
        assert!(!page.contains("<img"), "{provider:?} is part of the page: {page}");
    }
    for address in [
        "a@mail.example\r\nBcc: x@evil.example",
        "a\r\n@mail.example",
        "a@mail.example>\r\nRCPT TO:<x@evil.example",
        "a@mail.example\n",
        "a@mail.example, x@evil.example",
        "a <a@mail.example>",
        "",
    ] {
        assert!(
            address.parse::<lettre::Address>().is_err(),
            "{address:?} would be an address, and {bcc} reached"
        );
    }
}

fn addresses() {
    for (url, shown) in [
        ("smtps://user:p1anted@mail.example", "smtp in TLS: mail.example"),
        ("smtp://user:p1anted@mail.example:587?tls=required", "smtp with STARTTLS: mail.example:587"),
        ("smtp://127.0.0.1:2525", "smtp without TLS: 127.0.0.1:2525"),
        ("smtp://localhost", "smtp without TLS: localhost"),
    ] {
        let url = SmtpUrl::parse(url).unwrap_or_else(|| panic!("{url} is refused"));
        assert_eq!(url.to_string(), shown);
        assert!(!format!("{url:?}").contains("p1anted"), "a password is printed");
    }
    for url in [
        "smtp://mail.example",
        "smtp://user:p1anted@mail.example:587?tls=opportunistic",
        "smtp://127.0.0.1.evil.example",
        "smtp://user@mail.example?tls=required",
        "smtps://",
        "http://mail.example",
        "mail.example:25",
    ] {
        assert!(SmtpUrl::parse(url).is_none(), "{url} is taken");
    }
    for url in ["ftp://h", "https://", "https://h/?a=b", "https://h/#a", "https://user@h", "h"] {
        assert!(PublicUrl::parse(url).is_none(), "{url} is taken");
    }
}
