//! The lifecycle of a ticket (DOMAIN, Lifecycles), and what is written on it.

use custodian_entity::choice::TicketStatus;
use custodian_entity::choice::TicketStatus::{Closed, InProgress, New, Pending, Resolved};
use custodian_entity::ticket::Model;
use sea_orm::{ActiveEnum, ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use super::{CUSTOMER, RESELLER, messages, opened, stored};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, SUPPORT, at_once, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("support::a step is taken only from where the lifecycle has it", steps);
    suite.both("support::of steps at once one is taken", one_step);
    suite.both("support::a closed ticket is not written on", closed);
    suite.both("support::a message has a text", texts);
}

const ALL: [TicketStatus; 5] = [New, InProgress, Pending, Resolved, Closed];

/// NEW → IN_PROGRESS ⇄ PENDING → RESOLVED → CLOSED; RESOLVED → IN_PROGRESS reopens (DOMAIN, Lifecycles). Work in
/// progress may also be resolved without waiting for anything.
const STEPS: [(TicketStatus, TicketStatus); 7] = [
    (New, InProgress),
    (InProgress, Pending),
    (Pending, InProgress),
    (InProgress, Resolved),
    (Pending, Resolved),
    (Resolved, InProgress),
    (Resolved, Closed),
];

async fn put(app: &TestApp, ticket: &str, status: TicketStatus) -> Model {
    let mut row = stored(app, ticket).await.into_active_model();
    let long_ago = app.clock.now() - chrono::TimeDelta::days(1);
    row.status = Set(status);
    row.resolved_at = Set(matches!(status, Resolved | Closed).then_some(long_ago));
    row.closed_at = Set((status == Closed).then_some(long_ago));
    row.update(app.db()).await.unwrap()
}

async fn steps(app: TestApp) {
    let client = app.login(ADMIN).await;
    let ticket = opened(&app, json!({})).await;
    let mut log = Log::mark(&app).await;
    for from in ALL {
        for to in ALL {
            let before = put(&app, &ticket, from).await;
            let input = json!({ "id": ticket, "status": to.to_value() });
            let outcome = mutate(&client, "ticketTransition", "id status resolvedAt closedAt", input).await;
            let after = stored(&app, &ticket).await;
            if !STEPS.contains(&(from, to)) {
                outcome.refused(&["- INVALID_TRANSITION"]);
                log.none(&app).await;
                assert_eq!(after, before, "{from:?} → {to:?} changed something");
                continue;
            }
            assert_eq!(outcome.done()["status"], to.to_value(), "{from:?} → {to:?}");
            let event = log.one(&app, "TICKET_TRANSITIONED").await;
            assert_eq!(event.details, json!({ "from": format!("{from:?}"), "to": format!("{to:?}") }));
            let now = Some(app.clock.now());
            let expected = Model {
                status: to,
                resolved_at: match to {
                    Resolved => now,
                    Closed => before.resolved_at,
                    _ => None,
                },
                closed_at: if to == Closed { now } else { None },
                ..before
            };
            assert_eq!(after, expected, "{from:?} → {to:?}");
        }
    }
}

async fn one_step(app: TestApp) {
    let client = app.login(ADMIN).await;
    let ticket = opened(&app, json!({})).await;
    let mut log = Log::mark(&app).await;
    let input = json!({ "id": ticket, "status": "IN_PROGRESS" });
    let outcomes = at_once(&client, "ticketTransition", "id", vec![input; 6]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    assert_eq!(summaries.iter().filter(|summary| *summary == "done").count(), 1, "{summaries:?}");
    let is_known =
        |summary: &String| ["done", "CONFLICT", "- INVALID_TRANSITION"].contains(&summary.as_str());
    assert!(summaries.iter().all(is_known), "{summaries:?}");
    log.one(&app, "TICKET_TRANSITIONED").await;
}

async fn closed(app: TestApp) {
    let ticket = opened(&app, json!({})).await;
    put(&app, &ticket, Closed).await;
    for username in [ADMIN, CUSTOMER, RESELLER] {
        let client = app.login(username).await;
        let mut log = Log::mark(&app).await;
        let input = json!({ "ticketId": ticket, "body": "One more thing" });
        mutate(&client, "ticketReply", "id", input).await.refused(&["ticketId INVALID"]);
        log.none(&app).await;
    }
    assert!(messages(&app, &ticket).await.is_empty());
}

async fn texts(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let ticket = opened(&app, json!({})).await;
    let mut log = Log::mark(&app).await;
    mutate(&client, "ticketReply", "id", json!({ "ticketId": ticket })).await.refused(&["body REQUIRED"]);
    for (value, code) in [
        (String::new(), "INVALID"),
        (" \n\t ".to_owned(), "INVALID"),
        ("a\u{1}b".to_owned(), "INVALID"),
        ("a\u{1b}[2J".to_owned(), "INVALID"),
        ("字".repeat(10_001), "TOO_LONG"),
    ] {
        for member in ["body", "internalBody"] {
            let input = json!({ "ticketId": ticket, member: value });
            mutate(&client, "ticketReply", "id", input).await.refused(&[&format!("{member} {code}")]);
        }
        let input = json!({ "id": ticket, "description": value });
        mutate(&client, "ticketUpdate", "id", input).await.refused(&[&format!("description {code}")]);
    }
    log.none(&app).await;
    let outcome =
        mutate(&client, "ticketReply", "id", json!({ "ticketId": ticket, "body": "字".repeat(10_000) }))
            .await;
    // A length is counted in characters, whatever their script.
    assert_eq!(outcome.summary(), "done");
    let lines =
        mutate(&client, "ticketReply", "body", json!({ "ticketId": ticket, "body": "One\r\n\ttwo" })).await;
    assert_eq!(lines.done()["body"], "One\r\n\ttwo");
}
