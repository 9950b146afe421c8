//! Every mutation of the schema leaves its event (abuse case AU1): each is executed with samples until it is done.

use crate::app::TestApp;
use crate::fixture::{Log, mutate};
use crate::reference::Sdl;
use crate::rows::world::{World, complete};
use crate::rows::writes::{WRITES, filled, own, staff};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("audit::every mutation leaves its event", every_mutation);
    suite.pure("audit::every mutation has a sample", samples);
}

/// Samples of what names no row; those that do are tried by the tests of rows.
const OF_NO_ROW: [(&str, &str); 3] = [
    ("tenantUpdate", r#"{"timezone": "Europe/Madrid"}"#),
    (
        "resellerCreate",
        r#"{"code": "EAST", "name": "East", "legalName": "East Ltd", "dataRole": "PROCESSOR"}"#,
    ),
    ("roleCreate", r#"{"name": "auditor", "description": "Reads", "permissions": []}"#),
];

/// Mutations that take a password, a code, a token or a file, or a row that nobody has yet, with their events and the tests
/// that execute them.
const ELSEWHERE: [(&str, &str, &str); 19] = [
    ("login", "SIGN_IN_SUCCEEDED", include_str!("../session.rs")),
    ("tokenRefresh", "TOKEN_REFRESHED", include_str!("../sessions/refresh.rs")),
    ("logout", "SIGNED_OUT", include_str!("../sessions/ending.rs")),
    ("logoutEverywhere", "SIGNED_OUT_EVERYWHERE", include_str!("../sessions/ending.rs")),
    ("passwordChange", "PASSWORD_CHANGED", include_str!("../accounts/passwords.rs")),
    ("passwordResetRequest", "PASSWORD_RESET_REQUESTED", include_str!("../mail/resets.rs")),
    ("passwordResetConfirm", "PASSWORD_RESET", include_str!("../mail/resets.rs")),
    ("emailVerificationConfirm", "EMAIL_VERIFIED", include_str!("../verification/link.rs")),
    ("mfaEnrol", "SECOND_FACTOR_ENROLLED", include_str!("../accounts/factor.rs")),
    ("mfaConfirm", "SECOND_FACTOR_ENABLED", include_str!("../accounts/factor.rs")),
    ("mfaDisable", "SECOND_FACTOR_DISABLED", include_str!("../accounts/factor.rs")),
    ("mfaVerify", "SESSION_VERIFIED", include_str!("../accounts/step_up.rs")),
    ("documentUpload", "DOCUMENT_UPLOADED", include_str!("files.rs")),
    ("documentUploadMany", "DOCUMENT_UPLOADED", include_str!("../uploads/clients.rs")),
    ("apiClientCreate", "API_CLIENT_CREATED", include_str!("../clients/made.rs")),
    ("apiClientRotate", "API_CLIENT_ROTATED", include_str!("../clients/made.rs")),
    ("invoiceIssue", "INVOICE_ISSUED", include_str!("../billing/invoices.rs")),
    ("sessionRevoke", "SESSION_REVOKED", include_str!("../sessions/ending.rs")),
    ("userInvitationResend", "USER_INVITED", include_str!("../mail/invitations.rs")),
];

/// What ends something comes last, so that the others still find it.
const ENDING: [&str; 13] = [
    "Archive",
    "Detach",
    "Void",
    "Delete",
    "Terminate",
    "MoveReseller",
    "Close",
    "Suspend",
    "Resume",
    "Revoke",
    "userDeactivate",
    "incidentContainmentLift",
    "incidentContain",
];

/// The samples, in an order in which most find what they need.
fn in_order() -> Vec<(&'static str, &'static str)> {
    let mut samples: Vec<_> = OF_NO_ROW.iter().chain(WRITES).copied().collect();
    let ends = |name: &str| ENDING.iter().rposition(|end| name.ends_with(end)).map_or(0, |place| place + 1);
    samples.sort_by_key(|(name, _)| ends(name));
    samples
}

fn samples() {
    let sdl = Sdl::read();
    for mutation in sdl.objects["Mutation"].keys() {
        let elsewhere = ELSEWHERE.iter().find(|(name, ..)| name == mutation);
        let is_sampled = in_order().iter().any(|(name, _)| name == mutation);
        assert!(is_sampled || elsewhere.is_some(), "{mutation}: give it a sample here or in rows/writes.rs");
    }
    for (mutation, event, test) in ELSEWHERE {
        assert!(test.contains(event), "{mutation}: the test that is named does not look for {event}");
    }
}

async fn every_mutation(app: TestApp) {
    complete(&app).await;
    let world = World::read(&app).await;
    let staff = staff(&app).await;
    let mut accounts = Vec::new();
    for name in ["tenant-admin", "admin", "support", "billing", "network"] {
        let name = format!("{name}@acme.example");
        let who = world.everybody().into_iter().find(|who| who.username == name).expect("an account");
        accounts.push((app.login(&name).await, who));
    }
    let mut log = Log::mark(&app).await;
    let mut done: Vec<&str> = Vec::new();
    let mut reasons = Vec::new();
    for (mutation, input) in in_order() {
        if done.contains(&mutation) || ELSEWHERE.iter().any(|(name, ..)| *name == mutation) {
            continue;
        }
        let kind = input.split('"').find_map(|text| text.strip_suffix('!'));
        'tried: for (client, who) in &accounts {
            let own = own(&world, who, &|id| staff.contains(id));
            let rows = kind.map_or_else(|| [""].into(), |kind| world.reached(who, kind));
            for row in rows.into_iter().take(60) {
                let Some(input) = filled(input, row, &own) else { continue };
                let fields = match mutation {
                    "fieldReveal" => "field",
                    "documentDownloadLink" => "url",
                    _ => "id",
                };
                log.gained(&app).await;
                let outcome = mutate(client, mutation, fields, input).await.summary();
                if outcome != "done" {
                    reasons.push(format!("{mutation}: {outcome}"));
                    continue;
                }
                let events = log.gained(&app).await;
                if events.is_empty() {
                    reasons.push(format!("{mutation}: changed nothing"));
                    continue;
                }
                let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
                assert_eq!(actions, [mutation], "{mutation} was done, and these are on record");
                let role = &events[0].actor_role;
                assert_eq!(role.as_deref(), Some(who.role), "{mutation} names the role acted in");
                done.push(mutation);
                break 'tried;
            }
        }
    }
    let missing: Vec<_> =
        in_order().into_iter().map(|(name, _)| name).filter(|name| !done.contains(name)).collect();
    let missing: Vec<_> =
        missing.into_iter().filter(|name| !ELSEWHERE.iter().any(|(other, ..)| other == name)).collect();
    reasons.retain(|reason| missing.iter().any(|name| reason.starts_with(&format!("{name}:"))));
    reasons.dedup();
    assert!(missing.is_empty(), "no sample of these could be done: {missing:?}: {reasons:?}");
}
