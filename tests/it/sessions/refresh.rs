//! Each refresh token is good once.

use custodian_entity::personal::IpAddress;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use custodian_entity::choice::{Outcome, SessionEnd, TenantStatus, UserStatus};
use custodian_entity::id::TypedId;
use custodian_entity::{refresh_token, role_grant, session, tenant, user};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, Statement,
    TransactionTrait,
};
use serde_json::json;

use super::{Held, REFRESH, assert_code, is_accepted, refresh, refreshed, sign_in};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{Log, SUPPORT, account, all};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("sessions::a refresh token is exchanged for a new pair, once", exchanged);
    suite.both("sessions::a refresh token used again ends its session, on record, and no other", reused);
    suite.both("sessions::twelve at once never leave two that go on", parallel);
    suite.postgres("sessions::who comes at the same moment is refused and harms nobody", raced);
    suite.both("sessions::a session ends by the clock, used or not", ends);
    suite.both("sessions::what is taken away cannot be refreshed", taken_away);
    suite.both("sessions::what is no refresh token is refused", garbage);
}

async fn exchanged(app: TestApp) {
    let first = sign_in(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    app.clock.advance(TimeDelta::minutes(10));
    let answer = refresh(&app, &first.refresh).await;
    let payload = &answer.ok()["tokenRefresh"];
    assert_eq!((&payload["tokenType"], &payload["expiresIn"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(payload["viewer"]["role"], "support_agent");
    let second = Held::of(&answer, "tokenRefresh");
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    assert!(is_accepted(&app.router, &second).await);
    assert!(is_accepted(&app.router, &first).await, "the session goes on, and with it what it gave out");

    let support = account(&app, SUPPORT).await;
    let session = all::<session::Entity>(&app).await.remove(0);
    let event = log.one(&app, "TOKEN_REFRESHED").await;
    assert_eq!((event.actor_id, event.tenant_id), (Some(support.id), Some(support.tenant_id)));
    assert_eq!((event.action.as_str(), event.outcome), ("tokenRefresh", Outcome::Success));
    assert_eq!(event.actor_role.as_deref(), Some("support_agent"));
    assert_eq!(event.resource_id, Some(session.id.encode()));
    assert_eq!(session.last_used_at, app.clock.now());
    refreshed(&app, &second.refresh).await;

    // 256 random bits, and nothing stored by which somebody who reads the table could sign in.
    let rows = all::<refresh_token::Entity>(&app).await;
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.iter().filter(|row| row.used_at.is_none()).count(), 1);
    for token in [&first.refresh, &second.refresh] {
        assert_eq!(token.len(), 43);
        assert!(rows.iter().all(|row| !format!("{row:?}").contains(token.as_str())), "the token is stored");
        assert!(!app.logs().contains(token.as_str()), "the token is logged");
    }
    for row in rows {
        assert_code(&refresh(&app, &row.hash).await, "tokenRefresh", "UNAUTHENTICATED");
    }
}

async fn reused(app: TestApp) {
    let (other, first) = (sign_in(&app, SUPPORT).await, sign_in(&app, SUPPORT).await);
    let second = refreshed(&app, &first.refresh).await;
    let mut log = Log::mark(&app).await;
    assert_code(&refresh(&app, &first.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
    let event = log.one(&app, "REFRESH_TOKEN_REUSED").await;
    assert_eq!((event.action.as_str(), event.outcome), ("tokenRefresh", Outcome::Denied));
    assert_eq!(event.actor_id, Some(account(&app, SUPPORT).await.id));
    assert_eq!(event.ip.as_ref().map(IpAddress::expose), Some("127.0.0.***"));

    // Whoever holds which token: none of the family is worth anything.
    for held in [&first, &second] {
        assert!(!is_accepted(&app.router, held).await);
        assert_code(&refresh(&app, &held.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
    }
    log.none(&app).await;
    let ended: Vec<_> =
        all::<session::Entity>(&app).await.into_iter().filter_map(|row| row.ended_for).collect();
    assert_eq!(ended, [SessionEnd::TokenReused]);
    assert!(is_accepted(&app.router, &other).await, "another sign-in of the account goes on");
    refreshed(&app, &other.refresh).await;
}

/// Sends one token many times at the same moment.
fn at_once(client: &Client, token: &str, times: usize) -> Vec<tokio::task::JoinHandle<Answer>> {
    let sent = (0..times).map(|_| {
        let (client, token) = (client.clone(), token.to_owned());
        tokio::spawn(async move { client.query(REFRESH, json!({ "token": token })).await })
    });
    sent.collect()
}

/// The pairs that were given, and the codes of the refusals.
async fn outcomes(sent: Vec<tokio::task::JoinHandle<Answer>>) -> (Vec<Held>, Vec<String>) {
    let (mut given, mut refused) = (Vec::new(), Vec::new());
    for answer in sent {
        let answer = answer.await.unwrap();
        match answer.code() {
            None => given.push(Held::of(&answer, "tokenRefresh")),
            Some(code) => refused.push(code.to_owned()),
        }
    }
    (given, refused)
}

async fn parallel(app: TestApp) {
    let first = sign_in(&app, SUPPORT).await;
    let (given, refused) = outcomes(at_once(&app.anonymous(), &first.refresh, 12)).await;
    assert_eq!((given.len(), refused.len()), (1, 11), "{refused:?}");
    // Who looked when it was used already is taken for a thief; who was as fast as the first is not.
    let is_dead = refused.iter().any(|code| code == "UNAUTHENTICATED");
    assert!(
        refused.iter().all(|code| ["UNAUTHENTICATED", "CONFLICT"].contains(&code.as_str())),
        "{refused:?}"
    );
    assert_eq!(is_accepted(&app.router, &given[0]).await, !is_dead, "{refused:?}");
    let next = refresh(&app, &given[0].refresh).await;
    assert_eq!(next.errors().is_empty(), !is_dead, "{}", next.text);
    let rows = all::<refresh_token::Entity>(&app).await;
    assert_eq!(rows.iter().filter(|row| row.used_at.is_none()).count(), 1, "two tokens are unused");
}

async fn raced(app: TestApp) {
    const TIMES: usize = 8;
    let first = sign_in(&app, SUPPORT).await;
    let (_, router) = app.instance(|config| config.connections.max = 20).await;
    let sql = |text: &str| Statement::from_string(app.db().get_database_backend(), text.to_owned());
    let held = app.db().begin().await.unwrap();
    held.query_all_raw(sql("SELECT id FROM session FOR UPDATE")).await.unwrap();
    let sent = at_once(&Client::new(router, None), &first.refresh, TIMES);
    // All have found the token unused when they wait for the row.
    let waiting = sql("SELECT count(*) AS n FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()");
    let begun = Instant::now();
    loop {
        let row = app.db().query_one_raw(waiting.clone()).await.unwrap().unwrap();
        if row.try_get::<i64>("", "n").unwrap() == TIMES as i64 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "they do not wait for each other");
        tokio::task::yield_now().await;
    }
    held.rollback().await.unwrap();
    let (given, refused) = outcomes(sent).await;
    assert_eq!((given.len(), refused), (1, vec!["CONFLICT".to_owned(); TIMES - 1]));
    assert!(is_accepted(&app.router, &given[0]).await);
    refreshed(&app, &given[0].refresh).await;
}

async fn ends(app: TestApp) {
    // Unused for a fortnight.
    let idle = sign_in(&app, SUPPORT).await;
    app.clock.advance(TimeDelta::days(14) - TimeDelta::milliseconds(1));
    let idle = refreshed(&app, &idle.refresh).await;
    app.clock.advance(TimeDelta::days(14));
    assert_code(&refresh(&app, &idle.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
    // Used every day for a month.
    let mut held = sign_in(&app, SUPPORT).await;
    for _ in 0..29 {
        app.clock.advance(TimeDelta::days(1));
        held = refreshed(&app, &held.refresh).await;
    }
    // A fortnight after which a token cannot be used, its row goes.
    assert!(all::<refresh_token::Entity>(&app).await.len() < 25);
    app.clock.advance(TimeDelta::days(1) - TimeDelta::milliseconds(1));
    held = refreshed(&app, &held.refresh).await;
    assert!(is_accepted(&app.router, &held).await);
    app.clock.advance(TimeDelta::milliseconds(1));
    assert!(!is_accepted(&app.router, &held).await, "an access token outlives its session");
    assert_code(&refresh(&app, &held.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
}

async fn taken_away(app: TestApp) {
    let held = sign_in(&app, SUPPORT).await;
    let support = account(&app, SUPPORT).await;
    let set = async |row: user::ActiveModel| {
        let row = user::ActiveModel { id: Set(support.id), ..row };
        row.update(app.db()).await.unwrap();
    };
    let status = |status| user::ActiveModel { status: Set(status), ..Default::default() };
    let version = |version| user::ActiveModel { token_version: Set(version), ..Default::default() };
    for (taken, back) in [
        (status(UserStatus::Disabled), status(UserStatus::Active)),
        (version(support.token_version + 1), version(support.token_version)),
    ] {
        set(taken).await;
        assert_code(&refresh(&app, &held.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
        set(back).await;
    }
    for status in [TenantStatus::Suspended, TenantStatus::Active] {
        let id = Set(support.tenant_id);
        let row = tenant::ActiveModel { id, status: Set(status), ..Default::default() };
        row.update(app.db()).await.unwrap();
        if status == TenantStatus::Suspended {
            assert_code(&refresh(&app, &held.refresh).await, "tokenRefresh", "UNAUTHENTICATED");
        }
    }
    // A refusal does not use the token up.
    let held = refreshed(&app, &held.refresh).await;
    let grants = role_grant::Entity::delete_many().filter(role_grant::Column::UserId.eq(support.id));
    grants.exec(app.db()).await.unwrap();
    assert_code(&refresh(&app, &held.refresh).await, "tokenRefresh", "FORBIDDEN");
}

async fn garbage(app: TestApp) {
    let held = sign_in(&app, SUPPORT).await;
    let mut log = Log::mark(&app).await;
    let unknown = "A".repeat(43);
    let padded = format!("{} ", held.refresh);
    for token in ["", "x", &unknown, &padded, &held.refresh[1..], "' OR 1=1 --"] {
        assert_code(&refresh(&app, token).await, "tokenRefresh", "UNAUTHENTICATED");
    }
    // An access token is longer than any that is looked at.
    assert_code(&refresh(&app, &held.access).await, "tokenRefresh", "BAD_USER_INPUT");
    log.none(&app).await;
    // And a refresh token opens nothing.
    let client = Client::new(app.router.clone(), Some(held.refresh.clone()));
    assert_eq!(client.query("{ viewer { id } }", json!({})).await.status.as_u16(), 401);
    refreshed(&app, &held.refresh).await;
}
