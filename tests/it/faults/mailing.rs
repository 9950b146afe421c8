//! The mail server refuses, is silent or cut: letters wait, each is sent once, and nobody waits for it who asks for one.

use chrono::TimeDelta;
use custodian::config::SmtpUrl;
use custodian_entity::choice::LetterStatus;
use custodian_entity::letter;
use serde_json::{Value, json};

use super::proxy::{Fate, Proxy, Upstream};
use super::{ASKED, HANG, assert_discreet, back, prompt};
use crate::app::TestApp;
use crate::fixture::{ADMIN, SUPPORT, all};
use crate::mail::smtp::Smtp;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("faults::without the mail server letters wait, and nobody waits for them", away);
}

const REQUEST: &str =
    "mutation($username: String!) { passwordResetRequest(username: $username) { requestedAt } }";

async fn away(app: TestApp) {
    let server = Smtp::start(&[]);
    let mut proxy = Proxy::to(Upstream::Tcp(server.address()));
    let url = SmtpUrl::parse(&format!("smtp://{}", proxy.address));
    let (service, router) = app.instance(|config| config.smtp_url = url.clone()).await;
    let waiting = async || {
        let letters = all::<letter::Entity>(&app).await.into_iter();
        letters.filter(|letter| letter.status == LetterStatus::Pending).count()
    };
    for (round, how) in ["refuses", "is cut", "is silent"].into_iter().enumerate() {
        match how {
            "refuses" => proxy.refuse(),
            "is cut" => proxy.trap("MAIL FROM", Fate::CutBefore, 1),
            _ => proxy.blackhole(),
        }
        let anybody = app.anonymous().at(&router);
        let answer = prompt(how, anybody.query(REQUEST, json!({ "username": SUPPORT }))).await;
        answer.ok();
        assert_discreet(&answer, &["smtp"]);
        let sending = tokio::spawn({
            let service = service.clone();
            async move { service.deliver().await }
        });
        if how == "is silent" {
            // Whoever sends it waits; nobody else does.
            prompt(how, app.login(ADMIN).await.at(&router).query(ASKED, Value::Null)).await.ok();
            // Once it has begun.
            back("whoever sends it", async || {
                proxy.cut();
                sending.is_finished()
            })
            .await;
        }
        let sent = tokio::time::timeout(HANG, sending).await.expect("a letter that waits holds others up");
        assert!(
            sent.expect("it does not panic").expect("the database answers"),
            "{how}: there was one to send"
        );
        assert_eq!((waiting().await, server.taken().len()), (1, round), "{how}: it was lost, or sent");

        proxy.pass();
        app.clock.advance(TimeDelta::minutes(2));
        while service.deliver().await.expect("the database answers") {}
        assert_eq!((waiting().await, server.taken().len()), (0, round + 1), "{how}: it is sent, once");
    }
}
