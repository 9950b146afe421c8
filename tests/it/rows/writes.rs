//! What lies outside a caller's rows cannot be changed, and looks as if it did not exist.

use std::collections::{BTreeMap, BTreeSet};

use custodian_entity::choice::UserKind;
use custodian_entity::id::{
    AddressId, ApiClientId, CallLogId, ContactId, ContainmentId, CustomerId, CustomerNoteId, DocumentId,
    InvoiceId, NetworkServiceId, PaymentId, PaymentMethodId, ResellerId, RoleGrantId, RoleId,
    SecurityAlertId, SecurityIncidentId, ServicePlanId, SessionId, SubscriptionId, TicketId, TypedId, UserId,
};
use custodian_entity::user;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::comparable;
use super::world::{Snapshot, Who, World, complete};
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{Log, absent, mutate};
use crate::suite::Suite;

/// A mutation and its input. `"Type!"` stands for the id that is put to the test, `"Type"` for one of the caller's own.
pub const WRITES: &[(&str, &str)] = &[
    (
        "addressCreate",
        r#"{"customerId": "Customer!", "type": "MAILING", "line1": "A street", "countryCode": "ES"}"#,
    ),
    ("addressUpdate", r#"{"id": "Address!", "city": "Elsewhere"}"#),
    ("addressDelete", r#"{"id": "Address!"}"#),
    ("contactCreate", r#"{"customerId": "Customer!", "name": "Somebody", "kinds": ["GENERAL"]}"#),
    ("contactUpdate", r#"{"id": "Contact!", "name": "Somebody"}"#),
    ("contactDelete", r#"{"id": "Contact!"}"#),
    ("customerNoteCreate", r#"{"customerId": "Customer!", "category": "GENERAL", "body": "A note"}"#),
    ("customerNoteUpdate", r#"{"id": "CustomerNote!", "isPinned": true}"#),
    ("customerNoteDelete", r#"{"id": "CustomerNote!"}"#),
    ("customerCreate", r#"{"type": "INDIVIDUAL", "displayName": "Somebody", "resellerId": "Reseller!"}"#),
    ("customerCreate", r#"{"type": "INDIVIDUAL", "displayName": "Somebody", "accountManagerId": "User!"}"#),
    ("customerUpdate", r#"{"id": "Customer!", "version": 1, "language": "en"}"#),
    ("customerUpdate", r#"{"id": "Customer!", "version": 1, "billingEmail": "some@body.example"}"#),
    ("customerUpdate", r#"{"id": "Customer", "version": 1, "accountManagerId": "User!"}"#),
    ("customerActivate", r#"{"id": "Customer!", "version": 1}"#),
    ("customerSuspend", r#"{"id": "Customer!", "version": 1}"#),
    ("customerResume", r#"{"id": "Customer!", "version": 1}"#),
    ("customerClose", r#"{"id": "Customer!", "version": 1}"#),
    ("customerMoveReseller", r#"{"id": "Customer!", "version": 1, "resellerId": null}"#),
    ("customerMoveReseller", r#"{"id": "Customer", "version": 1, "resellerId": "Reseller!"}"#),
    ("resellerUpdate", r#"{"id": "Reseller!", "contactName": "Somebody"}"#),
    ("resellerSuspend", r#"{"id": "Reseller!"}"#),
    ("resellerResume", r#"{"id": "Reseller!"}"#),
    (
        "userInvite",
        r#"{"username": "jo@acme.example", "displayName": "J", "email": "jo@body.example", "role": "reseller", "resellerId": "Reseller!"}"#,
    ),
    ("customerEmailChange", r#"{"id": "Customer!", "email": "some@body.example"}"#),
    ("emailVerificationSend", r#"{"customerId": "Customer!"}"#),
    ("userUnlock", r#"{"id": "User!"}"#),
    ("userUpdate", r#"{"id": "User!", "displayName": "J"}"#),
    ("userDeactivate", r#"{"id": "User!"}"#),
    ("userInvitationResend", r#"{"id": "User!", "email": "jo@body.example"}"#),
    ("roleUpdate", r#"{"id": "Role!", "description": "Another"}"#),
    ("roleDelete", r#"{"id": "Role!"}"#),
    ("roleGrant", r#"{"userId": "User!", "roleId": "Role", "scope": "OWN", "justification": "J"}"#),
    ("roleGrant", r#"{"userId": "User", "roleId": "Role!", "scope": "OWN", "justification": "J"}"#),
    ("roleRevoke", r#"{"id": "RoleGrant!"}"#),
    ("sessionRevoke", r#"{"id": "Session!"}"#),
    ("subscriptionCreate", r#"{"customerId": "Customer!", "planId": "ServicePlan"}"#),
    ("subscriptionCreate", r#"{"customerId": "Customer", "planId": "ServicePlan!"}"#),
    (
        "subscriptionCreate",
        r#"{"customerId": "Customer", "planId": "ServicePlan", "serviceAddressId": "Address!"}"#,
    ),
    ("subscriptionActivate", r#"{"id": "Subscription!"}"#),
    ("subscriptionSuspend", r#"{"id": "Subscription!"}"#),
    ("subscriptionResume", r#"{"id": "Subscription!"}"#),
    ("subscriptionTerminate", r#"{"id": "Subscription!"}"#),
    (
        "ticketCreate",
        r#"{"customerId": "Customer!", "category": "GENERAL", "subject": "S", "description": "D"}"#,
    ),
    (
        "ticketCreate",
        r#"{"subscriptionId": "Subscription!", "category": "GENERAL", "subject": "S", "description": "D"}"#,
    ),
    (
        "ticketCreate",
        r#"{"customerId": "Customer", "assigneeId": "User!", "category": "GENERAL", "subject": "S", "description": "D"}"#,
    ),
    ("ticketUpdate", r#"{"id": "Ticket!", "subject": "Another"}"#),
    ("ticketUpdate", r#"{"id": "Ticket", "subscriptionId": "Subscription!"}"#),
    ("ticketUpdate", r#"{"id": "Ticket", "assigneeId": "User!"}"#),
    ("ticketAssign", r#"{"id": "Ticket!"}"#),
    ("ticketAssign", r#"{"id": "Ticket", "assigneeId": "User!"}"#),
    ("ticketReply", r#"{"ticketId": "Ticket!", "body": "Words"}"#),
    ("ticketTransition", r#"{"id": "Ticket!", "status": "CLOSED"}"#),
    (
        "invoiceCreate",
        r#"{"customerId": "Customer!", "lines": [{"description": "D", "quantity": "1", "unitPrice": 1, "taxRate": "0"}]}"#,
    ),
    ("networkServiceUpdate", r#"{"id": "NetworkService!", "circuitId": "another"}"#),
    ("invoiceIssue", r#"{"id": "Invoice!"}"#),
    ("invoiceVoid", r#"{"id": "Invoice!", "reason": "A mistake"}"#),
    ("paymentRefund", r#"{"id": "Payment!", "amount": 1, "idempotencyKey": "some key"}"#),
    (
        "paymentMethodAttach",
        r#"{"customerId": "Customer!", "kind": "BANK_ACCOUNT", "processorToken": "pm_1", "last4": "1234"}"#,
    ),
    ("paymentMethodDetach", r#"{"id": "PaymentMethod!"}"#),
    (
        "paymentCreate",
        r#"{"customerId": "Customer", "amount": 1, "idempotencyKey": "some key", "methodId": "PaymentMethod!"}"#,
    ),
    ("paymentCreate", r#"{"customerId": "Customer!", "amount": 1, "idempotencyKey": "a key"}"#),
    (
        "paymentCreate",
        r#"{"customerId": "Customer", "amount": 1, "idempotencyKey": "a key", "invoiceId": "Invoice!"}"#,
    ),
    (
        "callLogCreate",
        r#"{"customerId": "Customer!", "direction": "INBOUND", "startedAt": "2026-02-01T09:00:00Z", "durationSeconds": 60, "outcome": "ANSWERED", "counterpartyNumber": "+442079460123"}"#,
    ),
    (
        "callLogCreate",
        r#"{"customerId": "Customer", "agentId": "User!", "direction": "INBOUND", "startedAt": "2026-02-01T09:00:00Z", "durationSeconds": 60, "outcome": "ANSWERED", "counterpartyNumber": "+442079460123"}"#,
    ),
    (
        "callLogCreate",
        r#"{"customerId": "Customer", "ticketId": "Ticket!", "direction": "INBOUND", "startedAt": "2026-02-01T09:00:00Z", "durationSeconds": 60, "outcome": "ANSWERED", "counterpartyNumber": "+442079460123"}"#,
    ),
    ("identityCheckPerform", r#"{"customerId": "Customer!", "method": "PASSWORD", "outcome": "SUCCESS"}"#),
    (
        "identityCheckPerform",
        r#"{"customerId": "Customer", "ticketId": "Ticket!", "method": "PASSWORD", "outcome": "SUCCESS"}"#,
    ),
    (
        "apiClientCreate",
        r#"{"name": "N", "scopes": ["customers:read"], "expiresAt": "2026-06-01T00:00:00Z", "resellerId": "Reseller!"}"#,
    ),
    ("apiClientRotate", r#"{"id": "ApiClient!"}"#),
    ("apiClientRevoke", r#"{"id": "ApiClient!"}"#),
    ("securityAlertAcknowledge", r#"{"id": "SecurityAlert!"}"#),
    (
        "incidentOpen",
        r#"{"title": "Lost laptop", "severity": "LOW", "detectedAt": "2026-02-01T00:00:00Z", "leadId": "User!"}"#,
    ),
    (
        "incidentOpen",
        r#"{"title": "Lost laptop", "severity": "LOW", "detectedAt": "2026-02-01T00:00:00Z", "alertId": "SecurityAlert!"}"#,
    ),
    ("incidentUpdate", r#"{"id": "SecurityIncident!", "severity": "HIGH"}"#),
    ("incidentUpdate", r#"{"id": "SecurityIncident", "leadId": "User!"}"#),
    (
        "incidentNotify",
        r#"{"id": "SecurityIncident!", "regime": "GDPR", "duty": "SUBJECTS", "notifiedAt": "2026-02-28T00:00:00Z"}"#,
    ),
    (
        "incidentAffectedAdd",
        r#"{"id": "SecurityIncident!", "actorId": "User", "from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}"#,
    ),
    (
        "incidentAffectedAdd",
        r#"{"id": "SecurityIncident", "actorId": "User!", "from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}"#,
    ),
    ("incidentTransition", r#"{"id": "SecurityIncident!", "status": "CONTAINED"}"#),
    ("incidentContain", r#"{"kind": "SUSPEND_USER", "id": "User!", "reason": "Stolen"}"#),
    (
        "incidentContain",
        r#"{"kind": "REVOKE_TOKENS", "id": "User", "reason": "Stolen", "alertId": "SecurityAlert!"}"#,
    ),
    ("incidentContain", r#"{"kind": "LOCK_API_CLIENT", "id": "ApiClient!", "reason": "Stolen"}"#),
    ("incidentContain", r#"{"kind": "FREEZE_RESELLER", "id": "Reseller!", "reason": "Stolen"}"#),
    ("incidentContainmentLift", r#"{"id": "Containment!", "reason": "Found"}"#),
    ("documentVerify", r#"{"id": "Document!"}"#),
    ("documentReject", r#"{"id": "Document!", "reason": "Not to be read"}"#),
    ("documentArchive", r#"{"id": "Document!"}"#),
    ("documentDownloadLink", r#"{"id": "Document!", "purpose": "LEGAL_REQUEST"}"#),
    ("documentDownloadLink", r#"{"id": "Document", "purpose": "LEGAL_REQUEST", "ticketId": "Ticket!"}"#),
    ("fieldReveal", r#"{"id": "Customer!", "fields": ["phone"], "purpose": "CUSTOMER_REQUEST"}"#),
    ("fieldReveal", r#"{"id": "CallLog!", "fields": ["counterpartyNumber"], "purpose": "CUSTOMER_REQUEST"}"#),
    (
        "fieldReveal",
        r#"{"id": "Customer", "ticketId": "Ticket!", "fields": ["phone"], "purpose": "CUSTOMER_REQUEST"}"#,
    ),
];

pub(super) fn register(suite: &mut Suite) {
    suite.both("rows::a row of others is changed by nobody and looks absent", changes_nothing);
    suite.pure("rows::every mutation that names a row is tried", every_mutation_is_tried);
}

/// A mutation that names a row and is not tried would let anybody change anything.
fn every_mutation_is_tried() {
    let sdl = custodian::schema::sdl().unwrap();
    let input = |mutation: &str| {
        let rest = sdl.split(&format!("\t{mutation}(input: ")).nth(1)?;
        let name = rest.split('!').next()?;
        let members = sdl.split(&format!("\ninput {name} {{")).nth(1)?.split("\n}").next()?;
        let members = members.lines().filter_map(|line| line.trim().split_once(": ID"));
        Some(members.map(|(member, _)| member.trim().to_owned()).collect::<Vec<_>>())
    };
    let mutations = sdl.split("\ntype Mutation {").nth(1).unwrap().split("\n}").next().unwrap();
    for line in mutations.lines().filter(|line| line.contains("(input: ")) {
        let mutation = line.trim().split('(').next().unwrap();
        // Files are no JSON: tests/it/documents tries whose they are.
        if mutation.starts_with("documentUpload") {
            continue;
        }
        for member in input(mutation).unwrap() {
            let is_tried = WRITES.iter().any(|(name, input)| {
                let input: Value = serde_json::from_str(input).unwrap();
                *name == mutation && input[&member].as_str().is_some_and(|text| text.ends_with('!'))
            });
            assert!(is_tried, "{mutation}: no line of WRITES tries {member}");
        }
    }
}

fn none(kind: &str) -> String {
    match kind {
        "Customer" => absent::<CustomerId>(),
        "Address" => absent::<AddressId>(),
        "Contact" => absent::<ContactId>(),
        "CustomerNote" => absent::<CustomerNoteId>(),
        "Reseller" => absent::<ResellerId>(),
        "User" => absent::<UserId>(),
        "ServicePlan" => absent::<ServicePlanId>(),
        "Subscription" => absent::<SubscriptionId>(),
        "Ticket" => absent::<TicketId>(),
        "Invoice" => absent::<InvoiceId>(),
        "Payment" => absent::<PaymentId>(),
        "PaymentMethod" => absent::<PaymentMethodId>(),
        "Document" => absent::<DocumentId>(),
        "NetworkService" => absent::<NetworkServiceId>(),
        "Role" => absent::<RoleId>(),
        "RoleGrant" => absent::<RoleGrantId>(),
        "CallLog" => absent::<CallLogId>(),
        "Session" => absent::<SessionId>(),
        "ApiClient" => absent::<ApiClientId>(),
        "SecurityAlert" => absent::<SecurityAlertId>(),
        "SecurityIncident" => absent::<SecurityIncidentId>(),
        "Containment" => absent::<ContainmentId>(),
        other => panic!("no absent id of {other}: add it here"),
    }
}

/// Fills an input in: the id put to the test, and the caller's own.
pub fn filled(input: &str, tested: &str, own: &BTreeMap<&str, &str>) -> Option<Value> {
    let mut input: Value = serde_json::from_str(input).unwrap();
    for member in input.as_object_mut().unwrap().values_mut() {
        let Some(text) = member.as_str().map(str::to_owned) else { continue };
        if text.ends_with('!') {
            *member = json!(tested);
        } else if super::world::KINDS.contains(&text.as_str()) {
            *member = json!(own.get(text.as_str())?);
        }
    }
    Some(input)
}

async fn write(client: &Client, mutation: &str, input: &Value) -> Answer {
    let field = match mutation {
        "fieldReveal" => "field",
        "documentDownloadLink" => "url",
        _ => "id",
    };
    mutate(client, mutation, field, input.clone()).await.answer
}

async fn changes_nothing(app: TestApp) {
    complete(&app).await;
    let world = World::read(&app).await;
    let staff = staff(&app).await;
    let staff = |id: &str| staff.contains(id);
    let mut clients = Vec::new();
    for who in world.everybody() {
        clients.push((app.login(&who.username).await, who));
    }
    let (before, mut log) = (Snapshot::take(app.db()).await, Log::mark(&app).await);
    let mut refused: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (client, who) in &clients {
        // The rows that a viewer is bound to, so that a mixture with another customer's would be noticed.
        let own = own(&world, who, &staff);
        for (mutation, input) in WRITES {
            let kind = input.split('"').find_map(|text| text.strip_suffix('!')).unwrap();
            let Some(nothing) = filled(input, &none(kind), &own) else { continue };
            let nothing = write(client, mutation, &nothing).await;
            for foreign in foreign(&world, who, kind) {
                let input = filled(input, foreign, &own).unwrap();
                let answer = write(client, mutation, &input).await;
                assert_eq!(
                    comparable(&answer),
                    comparable(&nothing),
                    "{}: {mutation} {input} tells that the row exists",
                    who.username
                );
                match answer.code() {
                    Some("NOT_FOUND") => {
                        *refused.entry((mutation, input_name(&input, foreign))).or_default() += 1
                    }
                    Some("FORBIDDEN") => {}
                    // Staff has to say whose ticket it is.
                    None if answer.text.contains("REQUIRED") => {}
                    _ => panic!("{}: {mutation} {input}: {}", who.username, answer.text),
                }
            }
        }
    }
    let after = Snapshot::take(app.db()).await;
    // That a right was missing to unmask anything is on record.
    let others =
        log.gained(&app).await.into_iter().filter(|event| event.event_type != "REVEAL_DENIED").count();
    let mut changed = before.changed(&after);
    changed.retain(|table| *table != "audit_event");
    assert!(
        changed.is_empty() && others == 0,
        "refused, and yet {others} recorded, and changed: {changed:?}"
    );
    for (mutation, input) in WRITES {
        let was_refused = refused.keys().any(|(name, member)| {
            let input: Value = serde_json::from_str(input).unwrap();
            name == mutation && input[member].as_str().is_some_and(|text| text.ends_with('!'))
        });
        assert!(was_refused, "{mutation} {input}: nobody who may do it was told that a row is absent");
    }
}

fn input_name(input: &Value, id: &str) -> &'static str {
    let members = ["id", "customerId", "resellerId", "accountManagerId", "planId", "serviceAddressId"];
    let members = members.into_iter().chain(["subscriptionId", "assigneeId", "ticketId", "invoiceId"]);
    let members = members.chain(["userId", "roleId", "agentId", "methodId", "alertId", "leadId", "actorId"]);
    members
        .into_iter()
        .find(|member| input[*member] == id)
        .expect("the members that name rows are listed here")
}

/// The accounts of staff.
pub async fn staff(app: &TestApp) -> BTreeSet<String> {
    let users = user::Entity::find().all(app.db()).await.unwrap().into_iter();
    users.filter(|user| user.kind == UserKind::Staff).map(|user| user.id.encode()).collect()
}

/// One row of each type that the caller reaches, of one customer.
pub fn own<'w>(world: &'w World, who: &Who, staff: &dyn Fn(&str) -> bool) -> BTreeMap<&'static str, &'w str> {
    let mut own = BTreeMap::new();
    let tickets = world.reached(who, "Ticket");
    let customer = tickets.iter().filter_map(|id| world.rows[*id].customer).next();
    for kind in super::world::KINDS {
        let fits = |id: &&str| {
            let row = &world.rows[*id];
            match kind {
                "User" => staff(id),
                "Tenant" | "Reseller" | "Role" | "RoleGrant" | "ServicePlan" | "Session" | "ApiClient"
                | "SecurityAlert" | "SecurityIncident" => true,
                _ => row.customer == customer,
            }
        };
        if let Some(id) = world.reached(who, kind).into_iter().find(fits) {
            own.insert(kind, id);
        }
    }
    own
}

/// Some rows of a type that the caller does not reach: of another provider, another reseller, another customer, or
/// otherwise not his. The system administrator reaches all, but those of other providers go with none of his own.
fn foreign<'w>(world: &'w World, who: &Who, kind: &str) -> Vec<&'w str> {
    let mut kinds_of_owner = BTreeMap::new();
    for row in world.rows.values().filter(|row| row.kind == kind && !world.reaches(who, &row.id)) {
        let owner = (row.tenant.map(TypedId::encode), row.reseller.map(TypedId::encode));
        kinds_of_owner.entry(owner).or_insert(row.id.as_str());
    }
    kinds_of_owner.into_values().collect()
}
