//! Each privileged mutation × each role: only the listed roles may (abuse cases AZ5, AZ8, AZ9).

use std::collections::BTreeSet;

use custodian_entity::id::{
    AddressId, ApiClientId, ContactId, ContainmentId, CustomerId, CustomerNoteId, DocumentId, InvoiceId,
    NetworkServiceId, PaymentId, PaymentMethodId, ResellerId, RoleGrantId, RoleId, SecurityAlertId,
    SecurityIncidentId, ServicePlanId, SessionId, SubscriptionId, TicketId, TypedId, UserId,
};
use custodian_entity::{address, contact, customer, invoice, service_plan, subscription};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{Log, MARIA, ROLES, absent, all, customer, document, mutate};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("customers::the table of mutations and roles is complete", complete);
    suite.both("customers::only the listed roles may execute a mutation", only_the_listed);
    suite.both("customers::nobody executes a mutation without signing in", anonymous);
    suite.both("customers::a row out of reach is changed like one that is not there", out_of_reach);
}

/// The roles by the letters of the access matrix's columns.
#[rustfmt::skip]
const LETTERS: [(&str, &str); 7] = [
    ("SA", "system_admin"), ("TA", "tenant_admin"), ("SU", "support_agent"), ("BM", "billing_manager"),
    ("NE", "network_engineer"), ("RS", "reseller"), ("CU", "customer"),
];

/// Who may execute what: the letters `c`, `u` and `d` of the `*` rows of the access matrix, with the exceptions that
/// policy/policy.csv gives reasons for ("Operations"). Closing a customer goes with `d`, its other steps with `u`,
/// but none of them is the customer's own; issuing an invoice with `c`.
#[rustfmt::skip]
const MAY: [(&str, &[&str]); 85] = [
    ("tenantUpdate",          &["SA", "TA"]),
    ("resellerCreate",        &["SA", "TA"]),
    ("resellerUpdate",        &["SA", "TA",                   "RS"]),
    ("resellerSuspend",       &["SA", "TA"]),
    ("resellerResume",        &["SA", "TA"]),
    ("userInvite",            &["SA", "TA",                   "RS"]),
    ("userInvitationResend",  &["SA", "TA",                   "RS"]),
    ("userUpdate",            &["SA", "TA",                         "CU"]),
    ("userDeactivate",        &["SA", "TA"]),
    ("userUnlock",            &["SA", "TA"]),
    ("roleCreate",            &["SA", "TA"]),
    ("roleUpdate",            &["SA", "TA"]),
    ("roleGrant",             &["SA", "TA"]),
    ("roleRevoke",            &["SA", "TA"]),
    ("roleDelete",            &["SA", "TA"]),
    ("customerCreate",        &["SA", "TA", "SU",             "RS"]),
    ("customerUpdate",        &["SA", "TA", "SU", "BM",       "RS", "CU"]),
    ("customerActivate",      &["SA", "TA", "SU", "BM",       "RS"]),
    ("customerSuspend",       &["SA", "TA", "SU", "BM",       "RS"]),
    ("customerResume",        &["SA", "TA", "SU", "BM",       "RS"]),
    ("customerClose",         &["SA", "TA"]),
    ("customerMoveReseller",  &["SA", "TA"]),
    ("customerEmailChange",   &["SA", "TA", "SU",             "RS", "CU"]),
    ("emailVerificationSend", &["SA", "TA", "SU",             "RS", "CU"]),
    ("addressCreate",         &["SA", "TA", "SU",             "RS", "CU"]),
    ("addressUpdate",         &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("addressDelete",         &["SA", "TA"]),
    ("contactCreate",         &["SA", "TA", "SU",             "RS", "CU"]),
    ("contactUpdate",         &["SA", "TA", "SU", "BM",       "RS", "CU"]),
    ("contactDelete",         &["SA", "TA", "SU",             "RS", "CU"]),
    ("customerNoteCreate",    &["SA", "TA", "SU", "BM", "NE"]),
    ("customerNoteUpdate",    &["SA", "TA", "SU"]),
    ("customerNoteDelete",    &["SA", "TA", "SU"]),
    ("subscriptionCreate",    &["SA", "TA", "SU",             "RS"]),
    ("subscriptionActivate",  &["SA", "TA", "SU", "BM", "NE"]),
    ("subscriptionSuspend",   &["SA", "TA", "SU", "BM", "NE"]),
    ("subscriptionResume",    &["SA", "TA", "SU", "BM", "NE"]),
    ("subscriptionTerminate", &["SA", "TA", "SU", "BM", "NE"]),
    ("networkServiceUpdate",  &["SA", "TA",             "NE"]),
    ("invoiceCreate",         &["SA", "TA",       "BM"]),
    ("invoiceIssue",          &["SA", "TA",       "BM"]),
    ("invoiceVoid",           &["SA", "TA",       "BM"]),
    ("paymentCreate",         &["SA", "TA",       "BM",             "CU"]),
    ("paymentRefund",         &["SA", "TA",       "BM"]),
    ("paymentMethodAttach",   &["SA", "TA",       "BM",             "CU"]),
    ("paymentMethodDetach",   &["SA", "TA",       "BM",             "CU"]),
    ("ticketCreate",          &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("ticketUpdate",          &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("ticketAssign",          &["SA", "TA", "SU", "BM", "NE"]),
    ("ticketTransition",      &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("ticketReply",           &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("callLogCreate",         &["SA", "TA", "SU"]),
    ("identityCheckPerform",  &["SA", "TA", "SU"]),
    ("documentUpload",        &["SA", "TA", "SU",             "RS", "CU"]),
    ("documentUploadMany",    &["SA", "TA", "SU",             "RS", "CU"]),
    ("documentVerify",        &["SA", "TA", "SU"]),
    ("documentReject",        &["SA", "TA", "SU"]),
    ("documentArchive",       &["SA", "TA"]),
    ("documentDownloadLink",  &["SA", "TA", "SU",                   "CU"]),
    ("fieldReveal",           &["SA", "TA", "SU", "BM", "NE"]),
    ("apiClientCreate",       &["SA", "TA", "SU", "BM", "NE", "RS"]),
    ("apiClientRotate",       &["SA", "TA", "SU", "BM", "NE", "RS"]),
    ("apiClientRevoke",       &["SA", "TA", "SU", "BM", "NE", "RS"]),
    ("securityAlertAcknowledge", &["SA", "TA"]),
    ("incidentContain",       &["SA", "TA"]),
    ("incidentOpen",          &["SA", "TA"]),
    ("incidentUpdate",        &["SA", "TA"]),
    ("incidentTransition",    &["SA", "TA"]),
    ("incidentNotify",        &["SA", "TA"]),
    ("incidentAffectedAdd",   &["SA", "TA"]),
    ("incidentContainmentLift", &["SA", "TA"]),
    ("sessionRevoke",         &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("logout",                &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("logoutEverywhere",      &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("passwordChange",        &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("mfaEnrol",              &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("mfaConfirm",            &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("mfaDisable",            &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("mfaVerify",             &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    // Nobody is refused these, which need no account.
    ("login",                 &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("tokenRefresh",          &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("passwordResetRequest",  &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("passwordResetConfirm",  &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("emailVerificationConfirm", &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
    ("__typename",            &["SA", "TA", "SU", "BM", "NE", "RS", "CU"]),
];

/// Those of [`MAY`] that change something of others: what is about the viewer himself takes no input of this form.
fn privileged() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let of_oneself =
        ["login", "logout", "logoutEverywhere", "tokenRefresh", "emailVerificationConfirm", "__typename"];
    MAY.into_iter()
        .filter(move |(mutation, _)| !of_oneself.contains(mutation))
        .filter(|(mutation, _)| !["mfa", "passwordReset"].iter().any(|of| mutation.starts_with(of)))
}

fn complete() {
    let sdl = custodian::schema::sdl().expect("the schema can be written");
    let (_, mutations) = sdl.split_once("\ntype Mutation {").expect("the schema has mutations");
    let (mutations, _) = mutations.split_once("\n}").expect("the type ends");
    let is_name =
        |name: &str| name.chars().all(char::is_alphanumeric) && name.starts_with(char::is_lowercase);
    let fields: BTreeSet<&str> = mutations
        .lines()
        .filter_map(|line| line.strip_prefix('\t'))
        .filter_map(|line| line.split(['(', ':']).next())
        .filter(|name| is_name(name))
        .collect();
    let listed: BTreeSet<&str> =
        MAY.into_iter().map(|(name, _)| name).filter(|name| *name != "__typename").collect();
    // A new mutation: list it with the roles the access matrix gives it.
    assert_eq!(fields, listed, "the mutations of the schema (left) and of this table (right) differ");
}

/// Rows of María, whom every role of `acme` reaches.
struct Rows {
    maria: customer::Model,
    address: AddressId,
    contact: ContactId,
    subscription: SubscriptionId,
    invoice: InvoiceId,
    plan: ServicePlanId,
}

impl Rows {
    async fn of(app: &TestApp) -> Self {
        let maria = customer(app, MARIA).await;
        macro_rules! of_maria {
            ($entity:ident) => {
                all::<$entity::Entity>(app)
                    .await
                    .into_iter()
                    .find(|row| row.customer_id == maria.id)
                    .unwrap()
                    .id
            };
        }
        let plans = all::<service_plan::Entity>(app).await;
        Self {
            address: of_maria!(address),
            contact: of_maria!(contact),
            subscription: of_maria!(subscription),
            invoice: of_maria!(invoice),
            plan: plans.into_iter().find(|plan| plan.code == "FIBRE-100").unwrap().id,
            maria,
        }
    }

    /// An input that names these rows, and only fields that every role that may execute the mutation may give.
    fn input(&self, mutation: &str, role: &str, ticket: &str) -> Value {
        let (customer, version) = (self.maria.id.encode(), self.maria.version);
        // Who works on assigned tickets only opens those of its own category.
        let category = match role {
            "billing_manager" => "BILLING",
            "network_engineer" => "TECHNICAL",
            _ => "GENERAL",
        };
        match mutation {
            "tenantUpdate" => json!({ "displayName": "Acme Broadband" }),
            "resellerCreate" => json!({ "code": role, "name": "Westwind", "dataRole": "PROCESSOR" }),
            "resellerUpdate" => {
                let reseller = self.maria.reseller_id.expect("she came through one").encode();
                json!({ "id": reseller, "contactName": "Jo Doe" })
            }
            "resellerSuspend" | "resellerResume" => json!({ "id": absent::<ResellerId>() }),
            "customerMoveReseller" => {
                json!({ "id": customer, "version": version, "resellerId": absent::<ResellerId>() })
            }
            // Of a domain that no provider has: refused after the role was let in.
            "userInvite" => json!({
                "username": "jo@nowhere.example", "displayName": "Jo", "email": "jo@nowhere.example", "role": "reseller",
            }),
            "userUnlock" | "userDeactivate" | "userInvitationResend" => {
                json!({ "id": absent::<UserId>() })
            }
            "userUpdate" => json!({ "id": absent::<UserId>(), "displayName": "Jo" }),
            "passwordChange" => {
                json!({ "currentPassword": "Custodian-Demo-1", "newPassword": "Custodian-Demo-1" })
            }
            "roleCreate" => {
                let name = format!("of-{}", role.replace('_', "-"));
                json!({ "name": name, "basedOn": "support_agent", "permissions": [] })
            }
            "roleUpdate" | "roleDelete" => json!({ "id": absent::<RoleId>() }),
            "roleGrant" => json!({
                "userId": absent::<UserId>(), "roleId": absent::<RoleId>(), "scope": "OWN", "justification": "a test",
            }),
            "roleRevoke" => json!({ "id": absent::<RoleGrantId>() }),
            "sessionRevoke" => json!({ "id": absent::<SessionId>() }),
            "customerCreate" => json!({ "type": "INDIVIDUAL", "displayName": "Jo Doe" }),
            "customerUpdate" | "customerActivate" | "customerSuspend" | "customerResume"
            | "customerClose" => {
                json!({ "id": customer, "version": version })
            }
            "customerEmailChange" => json!({ "id": absent::<CustomerId>(), "email": "jo@new.example" }),
            "emailVerificationSend" => json!({ "customerId": absent::<CustomerId>() }),
            "addressCreate" => {
                json!({ "customerId": customer, "type": "MAILING", "line1": "1 High St", "countryCode": "GB" })
            }
            "addressUpdate" => json!({ "id": self.address.encode() }),
            "addressDelete" => json!({ "id": absent::<AddressId>() }),
            "contactCreate" => json!({ "customerId": customer, "kinds": ["GENERAL"], "name": "Jo Doe" }),
            "contactUpdate" => json!({ "id": self.contact.encode(), "jobTitle": "Head" }),
            "contactDelete" => json!({ "id": absent::<ContactId>() }),
            "customerNoteCreate" => {
                json!({ "customerId": customer, "category": "GENERAL", "body": "Calls at noon" })
            }
            "customerNoteUpdate" => json!({ "id": absent::<CustomerNoteId>(), "isPinned": true }),
            "customerNoteDelete" => json!({ "id": absent::<CustomerNoteId>() }),
            "subscriptionCreate" => json!({ "customerId": customer, "planId": self.plan.encode() }),
            "invoiceCreate" => json!({ "customerId": customer, "lines": [
                { "description": "Router", "quantity": "1", "unitPrice": 100, "taxRate": "0.2" },
            ] }),
            "networkServiceUpdate" => json!({ "id": absent::<NetworkServiceId>(), "circuitId": "another" }),
            "invoiceIssue" => json!({ "id": self.invoice.encode() }),
            "invoiceVoid" => json!({ "id": absent::<InvoiceId>(), "reason": "A mistake" }),
            "paymentRefund" => {
                json!({ "id": absent::<PaymentId>(), "amount": 1, "idempotencyKey": "some key" })
            }
            "paymentMethodAttach" => json!({
                "customerId": customer, "kind": "BANK_ACCOUNT", "processorToken": "pm_1", "last4": "1234",
            }),
            "paymentMethodDetach" => json!({ "id": absent::<PaymentMethodId>() }),
            "paymentCreate" => {
                json!({ "customerId": customer, "amount": 100, "idempotencyKey": format!("key of {role}") })
            }
            "ticketCreate" => {
                let mut input =
                    json!({ "category": category, "subject": "Slow", "description": "Very slow" });
                if role != "customer" {
                    input["customerId"] = json!(customer);
                }
                input
            }
            "ticketUpdate" => json!({ "id": ticket, "subject": "Slower" }),
            "ticketAssign" => json!({ "id": ticket, "assigneeId": absent::<UserId>() }),
            "ticketTransition" => json!({ "id": ticket, "status": "IN_PROGRESS" }),
            "ticketReply" => json!({ "ticketId": ticket, "body": "Thank you" }),
            "callLogCreate" => json!({
                "customerId": customer, "direction": "INBOUND", "startedAt": "2026-01-01T00:00:00Z",
                "durationSeconds": 60, "outcome": "ANSWERED", "counterpartyNumber": "+44 20 7946 0958",
            }),
            "identityCheckPerform" => {
                json!({ "customerId": customer, "method": "CALL_BACK", "outcome": "SUCCESS" })
            }
            // What a file comes with; the file itself is no JSON.
            "documentUpload" => {
                json!({ "customerId": customer, "type": "PASSPORT", "title": "Passport", "file": null })
            }
            "documentUploadMany" => json!({ "customerId": customer, "documents": [] }),
            "documentVerify" | "documentArchive" => json!({ "id": absent::<DocumentId>() }),
            "documentReject" => json!({ "id": absent::<DocumentId>(), "reason": "Not to be read" }),
            "documentDownloadLink" => json!({ "id": absent::<DocumentId>(), "purpose": "LEGAL_REQUEST" }),
            "fieldReveal" => {
                // What administrators read in clear there is nothing to unmask of.
                let field = if role.ends_with("admin") { "dateOfBirth" } else { "phone" };
                json!({ "id": absent::<CustomerId>(), "fields": [field], "purpose": "LEGAL_REQUEST" })
            }
            "apiClientCreate" => {
                json!({ "name": "Portal", "scopes": ["customers:read"], "expiresAt": "2026-06-01T00:00:00Z" })
            }
            "securityAlertAcknowledge" => json!({ "id": absent::<SecurityAlertId>() }),
            "incidentOpen" => {
                json!({ "title": "Lost laptop", "severity": "LOW", "detectedAt": "2026-02-01T00:00:00Z" })
            }
            "incidentUpdate" => json!({ "id": absent::<SecurityIncidentId>(), "severity": "HIGH" }),
            "incidentTransition" => json!({ "id": absent::<SecurityIncidentId>(), "status": "TRIAGED" }),
            "incidentNotify" => json!({
                "id": absent::<SecurityIncidentId>(), "regime": "GDPR", "duty": "SUBJECTS",
                "notifiedAt": "2026-02-01T00:00:00Z",
            }),
            "incidentAffectedAdd" => json!({
                "id": absent::<SecurityIncidentId>(), "actorId": absent::<UserId>(),
                "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
            }),
            "incidentContain" => {
                json!({ "kind": "SUSPEND_USER", "id": absent::<UserId>(), "reason": "Stolen" })
            }
            "incidentContainmentLift" => json!({ "id": absent::<ContainmentId>(), "reason": "Found" }),
            "apiClientRotate" | "apiClientRevoke" => json!({ "id": absent::<ApiClientId>() }),
            step if step.starts_with("subscription") => json!({ "id": self.subscription.encode() }),
            other => panic!("no input for {other}: add it here"),
        }
    }
}

/// Any field of what was changed that every role reads.
fn fields(mutation: &str) -> &'static str {
    match mutation {
        "tenantUpdate" => "slug",
        "fieldReveal" => "field",
        "documentDownloadLink" => "url",
        "documentUploadMany" => "document { id }",
        "passwordChange" => "",
        _ => "id",
    }
}

/// Executed: answered without an error, or with the news that the row named does not exist.
fn was_executed(answer: &Answer) -> bool {
    answer.errors().is_empty() || answer.code() == Some("NOT_FOUND")
}

async fn only_the_listed(app: TestApp) {
    let mut log = Log::mark(&app).await;
    let mut wrong = Vec::new();
    for (role, username) in ROLES {
        let client = app.login(username).await;
        log.gained(&app).await;
        let (letters, _) = LETTERS.into_iter().find(|(_, name)| *name == role).unwrap();
        let mut ticket = absent::<TicketId>();
        // In the order of the table a role's ticket is there before anything is done with it.
        for (mutation, may) in privileged() {
            let rows = Rows::of(&app).await;
            let outcome =
                mutate(&client, mutation, fields(mutation), rows.input(mutation, role, &ticket)).await;
            let answer = &outcome.answer;
            let gained = log.gained(&app).await.len();
            if may.contains(&letters) {
                let lacks_its_file =
                    mutation.starts_with("documentUpload") && answer.code() == Some("BAD_USER_INPUT");
                if !was_executed(answer) && !lacks_its_file {
                    wrong.push(format!("{role} may not {mutation}: {}", answer.text));
                }
                if mutation == "ticketCreate" && answer.errors().is_empty() {
                    ticket = outcome.done()["id"].as_str().unwrap().to_owned();
                }
                continue;
            }
            let field = &answer.body["errors"][0]["extensions"]["field"];
            let is_refused =
                answer.code() == Some("FORBIDDEN") && field == &json!(format!("Mutation.{mutation}"));
            if !is_refused || !answer.data().is_null() || gained != 0 {
                wrong.push(format!("{role} may {mutation}: {}", answer.text));
            }
        }
    }
    // Compare MAY with `operation.…` in policy/policy.csv and the `*` rows of the access matrix.
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn anonymous(app: TestApp) {
    let rows = Rows::of(&app).await;
    let mut log = Log::mark(&app).await;
    let bogus = Client::new(app.router.clone(), Some("bogus".to_owned()));
    for (mutation, _) in privileged() {
        let input = rows.input(mutation, "support_agent", &absent::<TicketId>());
        for client in [&app.anonymous(), &bogus] {
            let answer = client.query(&document(mutation, fields(mutation)), json!({ "input": input })).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (401, Some("UNAUTHENTICATED")),
                "{}",
                answer.text
            );
            assert!(answer.data().is_null(), "{mutation}: {}", answer.text);
            // Signing in is asked for before anything else is said of the request.
            let answer = client.query(&document(mutation, fields(mutation)), json!({ "input": {} })).await;
            assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "{mutation}: {}", answer.text);
        }
    }
    log.none(&app).await;
}

async fn out_of_reach(app: TestApp) {
    let rows = Rows::of(&app).await;
    let outsiders = ["reseller2@acme.example", "customer2@acme.example", "support@globex.example"];
    let mut clients = Vec::new();
    for username in outsiders {
        clients.push((username, app.login(username).await));
    }
    let before = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let cases = [
        (
            "customerUpdate",
            "id",
            before.id.encode(),
            absent::<CustomerId>(),
            json!({ "version": before.version }),
        ),
        (
            "customerSuspend",
            "id",
            before.id.encode(),
            absent::<CustomerId>(),
            json!({ "version": before.version }),
        ),
        ("addressUpdate", "id", rows.address.encode(), absent::<AddressId>(), json!({ "city": "Gotham" })),
        ("contactUpdate", "id", rows.contact.encode(), absent::<ContactId>(), json!({ "jobTitle": "Head" })),
        ("contactDelete", "id", rows.contact.encode(), absent::<ContactId>(), json!({})),
        ("subscriptionSuspend", "id", rows.subscription.encode(), absent::<SubscriptionId>(), json!({})),
        (
            "addressCreate",
            "customerId",
            before.id.encode(),
            absent::<CustomerId>(),
            json!({ "type": "MAILING", "line1": "1 High St", "countryCode": "GB" }),
        ),
        (
            "contactCreate",
            "customerId",
            before.id.encode(),
            absent::<CustomerId>(),
            json!({ "kinds": ["GENERAL"], "name": "Jo Doe" }),
        ),
        (
            "subscriptionCreate",
            "customerId",
            before.id.encode(),
            absent::<CustomerId>(),
            json!({ "planId": rows.plan.encode() }),
        ),
        (
            "paymentCreate",
            "customerId",
            before.id.encode(),
            absent::<CustomerId>(),
            json!({ "amount": 1, "idempotencyKey": "of somebody else" }),
        ),
    ];
    let mut compared = 0;
    for (mutation, member, id, missing, input) in cases {
        for (username, client) in &clients {
            let ask = async |id: &str| {
                let mut input = input.clone();
                input[member] = json!(id);
                let mut outcome = mutate(client, mutation, "id", input).await;
                outcome.answer.body["errors"][0]["extensions"]["requestId"] = Value::Null;
                outcome
            };
            let (hidden, gone) = (ask(&id).await, ask(&missing).await);
            assert_eq!(hidden.answer.body, gone.answer.body, "{username}, {mutation}: a hidden row shows");
            if hidden.answer.code() != Some("FORBIDDEN") {
                hidden.failed("NOT_FOUND");
                compared += 1;
            }
        }
    }
    assert!(compared >= 15, "only {compared} cases reached a row: log in as roles that may");
    log.none(&app).await;
    assert_eq!(customer(&app, MARIA).await, before);
}
