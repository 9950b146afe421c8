//! The way of a letter: each is sent once, whatever happens on the way, and nobody reads it before.

use std::sync::Arc;

use chrono::TimeDelta;
use custodian::app::App;
use custodian::config::SmtpUrl;
use custodian_entity::choice::{LetterStatus, Outcome};
use custodian_entity::{account_token, letter};
use serde_json::json;

use super::smtp::{Act, Smtp};
use super::{decoded, folder, only, post, request, states, token};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, SUPPORT, all, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("mail::a connection cut in DATA delays a letter, and it is sent once", cut);
    suite.both("mail::a letter whose answer was lost is sent again as the same", lost_answer);
    suite.both("mail::what may pass is tried again, what does not is given up on record", refusals);
    suite.both("mail::a link that has ended is not sent", too_late);
    suite.both("mail::a crash loses no letter", crash);
    suite.both("mail::of several instances one sends a letter", instances);
    suite.both("mail::what waits is not to be read", sealed);
    suite.sqlite("mail::files are whole and their owner's alone", files);
    suite.sqlite("mail::no address and no token is logged", unlogged);
}

/// An instance that sends letters there.
async fn sending(app: &TestApp, url: Option<SmtpUrl>) -> Arc<App> {
    app.instance(|config| config.smtp_url = url.clone()).await.0
}

async fn ask(app: &TestApp) {
    request(&app.anonymous(), SUPPORT).await.ok();
}

async fn cut(app: TestApp) {
    let server = Smtp::start(&[Act::CutInData]);
    let service = sending(&app, server.url()).await;
    ask(&app).await;
    assert!(service.deliver().await.unwrap());
    assert!(server.taken().is_empty());
    assert_eq!(states(&app).await, [(LetterStatus::Pending, 1)]);
    assert!(!service.deliver().await.unwrap(), "it is tried again at once");
    app.clock.advance(TimeDelta::minutes(1));
    assert!(service.deliver().await.unwrap());
    assert_eq!(states(&app).await, [(LetterStatus::Sent, 2)]);
    app.clock.advance(TimeDelta::days(1));
    assert!(!service.deliver().await.unwrap());
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "{taken:#?}");
    token(&decoded(&taken[0]));
}

async fn lost_answer(app: TestApp) {
    let server = Smtp::start(&[Act::LoseAnswer]);
    let service = sending(&app, server.url()).await;
    ask(&app).await;
    service.deliver().await.unwrap();
    app.clock.advance(TimeDelta::minutes(1));
    service.deliver().await.unwrap();
    let taken = server.taken();
    assert_eq!(
        (taken.len(), &taken[0]),
        (2, &taken[1]),
        "a server knows by the Message-ID that it is the same"
    );
    assert_eq!(states(&app).await, [(LetterStatus::Sent, 2)]);
}

async fn refusals(app: TestApp) {
    let server = Smtp::start(&[Act::Refuse(451), Act::Refuse(421), Act::Refuse(535), Act::Refuse(550)]);
    let service = sending(&app, server.url()).await;
    ask(&app).await;
    let mut log = Log::mark(&app).await;
    for minutes in [1, 2, 4] {
        assert!(service.deliver().await.unwrap());
        app.clock.advance(TimeDelta::seconds(60 * minutes - 1));
        assert!(!service.deliver().await.unwrap(), "it is tried before {minutes} minutes are over");
        app.clock.advance(TimeDelta::seconds(1));
    }
    log.none(&app).await;
    assert!(service.deliver().await.unwrap());
    assert_eq!(states(&app).await, [(LetterStatus::Failed, 4)]);
    let event = log.one(&app, "LETTER_FAILED").await;
    assert_eq!(
        (event.outcome, event.details),
        (Outcome::Failure, json!({ "notice": "PASSWORD_RESET", "attempts": 4 }))
    );
    assert!(event.tenant_id.is_some() && event.resource_type.as_deref() == Some("Letter"));
    app.clock.advance(TimeDelta::days(2));
    assert!(!service.deliver().await.unwrap());
    assert!(server.taken().is_empty());
}

async fn too_late(app: TestApp) {
    ask(&app).await;
    app.clock.advance(TimeDelta::minutes(60));
    assert!(post(&app).await.is_empty());
    assert_eq!(states(&app).await, [(LetterStatus::Failed, 1)]);
}

async fn crash(app: TestApp) {
    let server = Smtp::start(&[Act::Hang]);
    let first = sending(&app, server.url()).await;
    ask(&app).await;
    // It ends while it sends: what it had said to anybody is lost.
    let sending_it = tokio::spawn({
        let first = Arc::clone(&first);
        async move { first.deliver().await }
    });
    server.hung.notified().await;
    sending_it.abort();
    assert!(sending_it.await.unwrap_err().is_cancelled());
    drop(first);
    let second = sending(&app, server.url()).await;
    assert!(!second.deliver().await.unwrap(), "somebody may still be sending it");
    app.clock.advance(TimeDelta::minutes(15));
    assert!(second.deliver().await.unwrap());
    assert_eq!(server.taken().len(), 1);
    assert_eq!(states(&app).await, [(LetterStatus::Sent, 2)]);
}

async fn instances(app: TestApp) {
    let server = Smtp::start(&[]);
    let (first, second) = (sending(&app, server.url()).await, sending(&app, server.url()).await);
    for username in [SUPPORT, BILLING, ADMIN] {
        request(&app.anonymous(), username).await.ok();
        request(&app.anonymous(), username).await.ok();
    }
    let drain = async |service: Arc<App>| while service.deliver().await.unwrap() {};
    tokio::join!(drain(first), drain(second));
    let mut taken = server.taken();
    taken.sort();
    taken.dedup();
    assert_eq!((taken.len(), server.taken().len()), (6, 6));
    assert_eq!(states(&app).await, [(LetterStatus::Sent, 1); 6]);
}

async fn sealed(app: TestApp) {
    ask(&app).await;
    let rows = format!("{:?}", all::<letter::Entity>(&app).await);
    let tokens = format!("{:?}", all::<account_token::Entity>(&app).await);
    let letter = only(post(&app).await, SUPPORT);
    let token = token(&letter);
    for telling in [SUPPORT, &token, "#token", "Subject"] {
        assert!(
            !rows.contains(telling) && !tokens.contains(telling),
            "{telling} lies readable in the database"
        );
    }
    // A row's content opens in its own place only.
    ask(&app).await;
    ask(&app).await;
    swap_contents(&app).await;
    assert!(post(&app).await.is_empty());
    assert_eq!(states(&app).await.iter().filter(|(status, _)| *status == LetterStatus::Failed).count(), 2);
}

async fn swap_contents(app: &TestApp) {
    use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
    let waiting: Vec<letter::Model> =
        all::<letter::Entity>(app).await.into_iter().filter(|row| row.content.is_some()).collect();
    for (row, other) in waiting.iter().zip(waiting.iter().rev()) {
        let mut changed = row.clone().into_active_model();
        changed.content = Set(other.content.clone());
        changed.update(app.db()).await.unwrap();
    }
}

async fn files(app: TestApp) {
    use std::os::unix::fs::PermissionsExt;
    ask(&app).await;
    assert!(app.service.deliver().await.unwrap());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder(&app)), 0o700);
    let paths: Vec<_> = std::fs::read_dir(folder(&app)).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [path] = &paths[..] else { panic!("{paths:?}") };
    assert!(path.extension().is_some_and(|extension| extension == "eml"), "{path:?}");
    assert_eq!(mode(path), 0o600);
}

async fn unlogged(app: TestApp) {
    const EMAIL: &str = "planted-8231@mail.example";
    let server = Smtp::start(&[Act::Refuse(450), Act::CutInData, Act::Refuse(550)]);
    let service = sending(&app, server.url()).await;
    let input = json!({
        "username": "planted-8231@acme.example", "displayName": "P", "email": EMAIL, "role": "support_agent",
    });
    mutate(&app.login(ADMIN).await, "userInvite", "id", input).await.done();
    for minutes in [1, 2, 4] {
        assert!(service.deliver().await.unwrap());
        app.clock.advance(TimeDelta::minutes(minutes));
    }
    assert_eq!(states(&app).await, [(LetterStatus::Failed, 3)]);
    ask(&app).await;
    let letter = only(post(&app).await, SUPPORT);
    let token = token(&letter);
    super::confirm(&app.anonymous(), &token, "weak").await;
    super::confirm(&app.anonymous(), &token, super::NEW).await;
    let logs = app.logs();
    assert!(logs.contains("a letter was given up"));
    for telling in ["planted-8231", &token, "#token"] {
        assert!(!logs.contains(telling), "{telling} was logged");
    }
}
