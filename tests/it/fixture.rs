//! What tests of operations share: the accounts by role, mutations as a client sends them, rows past the service, and
//! what the audit log gained.

use std::collections::HashSet;

use chrono::TimeDelta;
use custodian_entity::choice::{
    AlertStatus, ApiClientStatus, ContainmentKind, Duty, IncidentStatus, PrivacyRegime, RateTier, SessionEnd,
    Severity, UserKind,
};
use custodian_entity::id::{
    ApiClientId, AuditEventId, ContainmentId, IncidentNotificationId, SecurityAlertId, SecurityIncidentId,
    SessionId, TypedId,
};
use custodian_entity::personal::{Email, FreeText, IpAddress};
use custodian_entity::{
    api_client, audit_event, containment, customer, incident_notification, role_grant, security_alert,
    security_incident, session, tenant, user,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter, Set,
};
use serde_json::{Value, json};

use crate::app::{TestApp, fixed_clock};
use crate::client::{Answer, Client};
use crate::past::all_open;

/// Each role with the account that acts in it. The reseller is the one of [`MARIA`], the customer is [`MARIA`] itself.
pub const ROLES: [(&str, &str); 7] = [
    ("system_admin", "admin@acme.example"),
    ("tenant_admin", "tenant-admin@acme.example"),
    ("support_agent", "support@acme.example"),
    ("billing_manager", "billing@acme.example"),
    ("network_engineer", "network@acme.example"),
    ("reseller", "reseller@acme.example"),
    ("customer", "customer@acme.example"),
];

/// Sees and changes everything of the provider `acme`.
pub const ADMIN: &str = "tenant-admin@acme.example";
/// Helps customers of `acme`.
pub const SUPPORT: &str = "support@acme.example";
/// Bills customers of `acme`.
pub const BILLING: &str = "billing@acme.example";
/// The name, and so the e-mail address in her account, of the showcase customer of `acme`.
pub const MARIA: &str = "maria.garcia@mail.example";

/// The customer with this e-mail address, of whichever provider.
pub async fn customer(app: &TestApp, email: &str) -> customer::Model {
    let has_it =
        |row: &customer::Model| row.email.as_ref().and_then(Email::expose).is_some_and(|it| it == email);
    let found = all_open::<customer::Entity>(app).await.into_iter().find(has_it);
    found.unwrap_or_else(|| panic!("no customer has {email}: compare src/seed/showcase.rs"))
}

/// The account with this user name.
pub async fn account(app: &TestApp, username: &str) -> user::Model {
    let is_named = |row: &user::Model| row.username.expose().is_some_and(|name| name == username);
    let found = all_open::<user::Entity>(app).await.into_iter().find(is_named);
    found.unwrap_or_else(|| panic!("no account is named {username}: compare src/seed/accounts.rs"))
}

/// Gives every account a session that has ended: the demo data have none.
pub async fn add_ended_sessions(db: &DatabaseConnection) {
    for (n, user) in (0..).zip(user::Entity::find().all(db).await.expect("the database answers")) {
        let row = session::Model {
            id: SessionId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0300 + n)),
            tenant_id: user.tenant_id,
            user_id: user.id,
            role: "a role".to_owned(),
            token_version: 0,
            ip: IpAddress::new("203.0.113.***"),
            user_agent: "a browser".to_owned(),
            created_at: user.created_at,
            last_used_at: user.created_at,
            expires_at: user.created_at,
            ended_at: Some(user.created_at),
            ended_for: Some(SessionEnd::SignedOut),
        };
        let _: session::Model = row.into_active_model().insert(db).await.expect("the row can be added");
    }
}

/// Every row of an entity.
pub async fn all<E: EntityTrait>(app: &TestApp) -> Vec<E::Model> {
    E::find().all(app.db()).await.expect("the database answers")
}

/// An API client of each account of staff and resellers, in the role it holds, past the service. Nobody knows a secret.
pub async fn api_clients(db: &DatabaseConnection) {
    let users = user::Entity::find().all(db).await.expect("the database answers");
    for (n, user) in (0..).zip(users.into_iter().filter(|user| user.kind != UserKind::Customer)) {
        let grant = role_grant::Entity::find().filter(role_grant::Column::UserId.eq(user.id));
        let Some(grant) = grant.one(db).await.expect("the database answers") else { continue };
        let row = api_client::Model {
            id: ApiClientId::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0200 + n)),
            tenant_id: user.tenant_id,
            reseller_id: user.reseller_id,
            owner_id: user.id,
            role_id: grant.role_id,
            name: format!("Portal {n}"),
            status: ApiClientStatus::Active,
            scopes: "customers:read tickets:write".to_owned(),
            allowed_ips: "127.0.0.0/8 2001:db8::/32".to_owned(),
            rate_tier: RateTier::Standard,
            secret_hash: "nobody's".to_owned(),
            token_prefix: "cst_AAAA".to_owned(),
            token_version: 0,
            created_at: fixed_clock().now(),
            expires_at: fixed_clock().now() + TimeDelta::days(200),
            last_used_at: Some(fixed_clock().now()),
            last_used_ip: Some(IpAddress::new("203.0.113.77")),
            revoked_at: None,
            revoked_by: None,
        };
        let row = row.into_active_model();
        api_client::Entity::insert(row).exec_without_returning(db).await.expect("the client can be added");
    }
    alerts(db).await;
}

/// An alert of each provider, about an account that has an API client, and what was done about it, which is nothing that
/// still keeps anybody out.
async fn alerts(db: &DatabaseConnection) {
    let id = |n: u128| uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0300 + n);
    let clients = api_client::Entity::find().all(db).await.expect("the database answers");
    for (n, tenant) in (0..).zip(tenant::Entity::find().all(db).await.expect("the database answers")) {
        let Some(client) = clients.iter().rfind(|client| client.tenant_id == tenant.id) else { continue };
        let alert = security_alert::Model {
            id: SecurityAlertId::from_uuid(id(2 * n)),
            tenant_id: Some(tenant.id),
            chain: tenant.id.uuid(),
            rule: "denial_burst".to_owned(),
            severity: Severity::Medium,
            status: AlertStatus::Open,
            principal_id: Some(client.owner_id),
            api_client_id: Some(client.id),
            ip: Some(IpAddress::new("203.0.113.***")),
            summary: "denial_burst: 40 within 10 minutes".to_owned(),
            first_seen_at: fixed_clock().now(),
            last_seen_at: fixed_clock().now(),
            count: 40,
            acknowledged_by: None,
            acknowledged_at: None,
            incident_id: None,
        };
        let done = containment::Model {
            id: ContainmentId::from_uuid(id(2 * n + 1)),
            tenant_id: tenant.id,
            kind: ContainmentKind::RevokeTokens,
            target_id: client.owner_id.uuid(),
            reason: "Stolen".to_owned(),
            applied_at: fixed_clock().now(),
            applied_by: Some(client.owner_id),
            lifted_at: None,
            lifted_by: None,
            lift_reason: None,
            alert_id: Some(alert.id),
        };
        let added =
            security_alert::Entity::insert(alert.into_active_model()).exec_without_returning(db).await;
        added.expect("the alert can be added");
        let added = containment::Entity::insert(done.into_active_model()).exec_without_returning(db).await;
        added.expect("the containment can be added");
    }
}

/// A breach of each provider, with everything that can be known of it, and of which an alert tells.
pub async fn incidents(app: &TestApp) {
    let id = |n: u128| uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0400 + n);
    let now = fixed_clock().now();
    let at = |hours: i64| now - TimeDelta::hours(hours);
    let people = all_open::<user::Entity>(app).await;
    for (n, tenant) in (0..).zip(all::<tenant::Entity>(app).await) {
        let is_theirs = |row: &&user::Model| row.tenant_id == tenant.id && row.kind == UserKind::Staff;
        let Some(lead) = people.iter().find(is_theirs) else { continue };
        let incident = security_incident::Model {
            id: SecurityIncidentId::from_uuid(id(2 * n)),
            tenant_id: tenant.id,
            number: format!("INC-9{n:05}"),
            is_drill: false,
            title: FreeText::new("Lost laptop"),
            severity: Severity::Medium,
            status: IncidentStatus::Triaged,
            detected_at: at(80),
            aware_at: Some(at(79)),
            determined_at: Some(at(78)),
            contained_at: Some(at(77)),
            closed_at: None,
            is_personal_data_breach: true,
            data_categories: json!(["PII", "FINANCIAL"]),
            regimes: json!(["GDPR", "EU_ECS"]),
            affected_count: Some(7),
            root_cause: Some(FreeText::new("A door was left open")),
            effects: Some(FreeText::new("Names were seen")),
            remediation: Some(FreeText::new("The disk was wiped")),
            lead_id: Some(lead.id),
            created_at: at(80),
        };
        let notification = incident_notification::Model {
            id: IncidentNotificationId::from_uuid(id(2 * n + 1)),
            tenant_id: tenant.id,
            incident_id: incident.id,
            regime: PrivacyRegime::EuEcs,
            duty: Duty::AuthorityInitial,
            notified_at: at(50),
            delay_reason: Some(FreeText::new("Nobody was in the office")),
            recorded_by: lead.id,
            recorded_at: at(50),
        };
        let this = incident.id;
        crate::past::add(app, incident).await;
        crate::past::add(app, notification).await;
        let row = security_alert::ActiveModel { incident_id: Set(Some(this)), ..Default::default() };
        let of_tenant = security_alert::Column::TenantId.eq(tenant.id);
        let tied = security_alert::Entity::update_many().set(row).filter(of_tenant).exec(app.db()).await;
        tied.expect("the alert can be tied to it");
    }
}

/// The types of the events that reading leaves.
pub const READING: [&str; 2] = ["DATA_DISCLOSED", "ACCESS_DENIED"];

/// What the audit log gains by what is done; what reading leaves is looked at by tests/it/audit.
pub struct Log(HashSet<AuditEventId>);

impl Log {
    /// From now on.
    pub async fn mark(app: &TestApp) -> Self {
        Self(all::<audit_event::Entity>(app).await.into_iter().map(|event| event.id).collect())
    }

    /// The events since the mark or the last call, in no order.
    pub async fn gained(&mut self, app: &TestApp) -> Vec<audit_event::Model> {
        let mut events = all::<audit_event::Entity>(app).await;
        events.retain(|event| self.0.insert(event.id) && !READING.contains(&event.event_type.as_str()));
        events
    }

    /// The one event since the mark or the last call, which must be of this type.
    #[track_caller]
    pub fn one(&mut self, app: &TestApp, event_type: &str) -> impl Future<Output = audit_event::Model> {
        let caller = std::panic::Location::caller();
        async move {
            let events = self.gained(app).await;
            let types: Vec<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
            // Each mutation ends in audit::recorded with exactly one event.
            assert_eq!(types, [event_type], "at {caller}: the audit log gained other events");
            events.into_iter().next().expect("there is one")
        }
    }

    /// Nothing was recorded since the mark or the last call.
    #[track_caller]
    pub fn none(&mut self, app: &TestApp) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let events = self.gained(app).await;
            assert!(events.is_empty(), "at {caller}: a refused mutation was recorded: {events:?}");
        }
    }
}

/// How one mutation was answered.
pub struct Outcome {
    /// The answer itself.
    pub answer: Answer,
    mutation: String,
    field: &'static str,
}

/// The document of a mutation that selects these fields of what it changed.
pub fn document(mutation: &str, fields: &str) -> String {
    let (input, row) = (input_type(mutation), row_field(mutation));
    let fields = if fields.is_empty() { String::new() } else { format!("{{ {fields} }}") };
    format!(
        "mutation($input: {input}!) {{ {mutation}(input: $input) {{ {row} {fields} \
         userErrors {{ field code message }} }} }}"
    )
}

/// Sends a mutation that selects these fields of what it changed.
pub async fn mutate(client: &Client, mutation: &str, fields: &str, input: Value) -> Outcome {
    let answer = client.query(&document(mutation, fields), json!({ "input": input })).await;
    Outcome { answer, mutation: mutation.to_owned(), field: row_field(mutation) }
}

/// Sends as many at the same moment as there are inputs.
pub async fn at_once(client: &Client, mutation: &str, fields: &str, inputs: Vec<Value>) -> Vec<Outcome> {
    let document = document(mutation, fields);
    let sent: Vec<_> = inputs
        .into_iter()
        .map(|input| {
            let (client, document) = (client.clone(), document.clone());
            tokio::spawn(async move { client.query(&document, json!({ "input": input })).await })
        })
        .collect();
    let mut outcomes = Vec::with_capacity(sent.len());
    for answer in sent {
        let answer = answer.await.expect("a client does not panic");
        outcomes.push(Outcome { answer, mutation: mutation.to_owned(), field: row_field(mutation) });
    }
    outcomes
}

fn input_type(mutation: &str) -> String {
    let step = ["Activate", "Suspend", "Resume", "Close", "Terminate", "Verify", "Archive"];
    match step.iter().find_map(|step| mutation.strip_suffix(step)) {
        Some(of) => format!("{}TransitionInput", capital(of)),
        None => format!("{}Input", capital(mutation)),
    }
}

fn row_field(mutation: &str) -> &'static str {
    match mutation {
        "ticketReply" => return "message",
        "roleGrant" | "roleRevoke" => return "grant",
        "paymentMethodAttach" | "paymentMethodDetach" => return "paymentMethod",
        "networkServiceUpdate" => return "networkService",
        "documentDownloadLink" => return "download",
        "documentUploadMany" => return "results",
        "apiClientCreate" | "apiClientRotate" | "apiClientRevoke" => return "apiClient",
        "userInvite" | "userInvitationResend" | "userUnlock" | "userUpdate" | "userDeactivate" => {
            return "user";
        }
        "customerNoteCreate" | "customerNoteUpdate" | "customerNoteDelete" => return "customerNote",
        "passwordChange" => return "changedAt",
        "emailVerificationSend" => return "emailVerification",
        "emailVerificationConfirm" => return "verifiedAt",
        _ => {}
    }
    if mutation == "securityAlertAcknowledge" {
        return "securityAlert";
    }
    if mutation.starts_with("incidentContain") {
        return "containment";
    }
    if mutation.starts_with("incident") {
        return "incident";
    }
    if mutation == "fieldReveal" {
        return "values";
    }
    let rows = [
        "role",
        "tenant",
        "reseller",
        "customer",
        "address",
        "contact",
        "subscription",
        "invoice",
        "payment",
        "ticket",
    ];
    let of = rows
        .into_iter()
        .chain(["callLog", "identityCheck", "session", "document"])
        .find(|row| mutation.starts_with(row));
    of.unwrap_or_else(|| panic!("{mutation} changes no known row: add it here"))
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

impl Outcome {
    /// What was changed; the mutation must have been done.
    #[track_caller]
    pub fn done(&self) -> &Value {
        let payload = &self.answer.ok()[&self.mutation];
        assert_eq!(payload["userErrors"], json!([]), "{} was refused", self.mutation);
        &payload[self.field]
    }

    /// Why it was refused, as `path CODE`; the mutation must have been refused for reasons of business.
    #[track_caller]
    pub fn refusals(&self) -> Vec<String> {
        let payload = &self.answer.ok()[&self.mutation];
        assert!(payload[self.field].is_null(), "{} was done: {}", self.mutation, self.answer.text);
        let errors = payload["userErrors"].as_array().map_or(&[][..], Vec::as_slice);
        assert!(!errors.is_empty(), "{} gives no reason: {}", self.mutation, self.answer.text);
        errors.iter().map(|error| format!("{} {}", path(&error["field"]), text(&error["code"]))).collect()
    }

    /// Refused for reasons of business, exactly these.
    #[track_caller]
    pub fn refused(&self, reasons: &[&str]) {
        assert_eq!(self.refusals(), reasons, "{}", self.answer.text);
    }

    /// An error of this code and nothing done.
    #[track_caller]
    pub fn failed(&self, code: &str) {
        assert_eq!(self.answer.code(), Some(code), "{}: {}", self.mutation, self.answer.text);
        assert!(self.answer.data()[&self.mutation].is_null(), "{}: {}", self.mutation, self.answer.text);
    }

    /// Refused before anything ran: an error and no data at all.
    #[track_caller]
    pub fn failed_before_running(&self) {
        assert!(self.answer.code().is_some(), "{} was done: {}", self.mutation, self.answer.text);
        assert!(self.answer.data().is_null(), "{}: {}", self.mutation, self.answer.text);
    }

    /// `done`, the reasons of a refusal, or the code of an error: for counting.
    pub fn summary(&self) -> String {
        if let Some(code) = self.answer.code() {
            return code.to_owned();
        }
        let payload = &self.answer.data()[&self.mutation];
        if payload[self.field].is_null() { self.refusals().join(", ") } else { "done".to_owned() }
    }
}

/// `creditLimit` → `credit_limit`
pub fn snake_case(name: &str) -> String {
    let mut column = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            column.push('_');
        }
        column.push(c.to_ascii_lowercase());
    }
    column
}

/// The text of a JSON string.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("expected a text, got {value}"))
}

fn path(field: &Value) -> String {
    let segments = field.as_array().map(|segments| segments.iter().map(text).collect::<Vec<_>>().join("."));
    segments.unwrap_or_else(|| "-".to_owned())
}

/// An id of the right kind that no row has.
pub fn absent<T: TypedId>() -> String {
    T::from_uuid(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000)).encode()
}
