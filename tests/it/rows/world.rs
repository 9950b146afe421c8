//! Every row of a database, and which of them a caller reaches.
//!
//! Worked out row by row from the specification (tenancy, `assigned`, rule 7 of the domain, the `*` lines of the access
//! matrix), without anything of the service's own row scope. A message belongs to whom its ticket belongs to: the copies
//! of the ticket's columns that it carries are not looked at.

use std::collections::{BTreeMap, BTreeSet};

use custodian_entity::choice::{Scope, TicketCategory, UserKind};
use custodian_entity::id::{CustomerId, ResellerId, RoleId, TenantId, TypedId, UserId};
use custodian_entity::{
    address, api_client, audit_event, call_log, change_record, contact, containment, customer, customer_note,
    document, document_link, email_verification, identity_check, incident_customer, incident_notification,
    invoice, invoice_line, network_service, number_series, payment, payment_method, refresh_token, refund,
    reseller, role, role_grant, security_alert, security_incident, service_plan, session, subscription,
    tenant, ticket, ticket_message, user,
};
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};

use super::matrix;
use crate::app::TestApp;
use crate::fixture::{self, READING, add_ended_sessions};
use crate::past::{add, all_open, plain};

/// The types of rows.
pub const KINDS: [&str; 28] = [
    "Tenant",
    "Reseller",
    "User",
    "Role",
    "RoleGrant",
    "Customer",
    "Address",
    "Contact",
    "CustomerNote",
    "ServicePlan",
    "Subscription",
    "NetworkService",
    "Invoice",
    "InvoiceLine",
    "Payment",
    "PaymentMethod",
    "Ticket",
    "TicketMessage",
    "CallLog",
    "IdentityCheck",
    "Document",
    "EmailVerification",
    "ChangeRecord",
    "AuditEvent",
    "Session",
    "ApiClient",
    "SecurityAlert",
    "SecurityIncident",
];

/// Links to one row: type and field. The row names what the field leads to.
pub const TO_ONE: [(&str, &str); 41] = [
    ("User", "reseller"),
    ("User", "customer"),
    ("RoleGrant", "user"),
    ("RoleGrant", "role"),
    ("RoleGrant", "grantedBy"),
    ("Customer", "reseller"),
    ("Customer", "accountManager"),
    ("Address", "customer"),
    ("Contact", "customer"),
    ("CustomerNote", "author"),
    ("Subscription", "plan"),
    ("Subscription", "serviceAddress"),
    ("Subscription", "customer"),
    ("NetworkService", "subscription"),
    ("Invoice", "customer"),
    ("Payment", "customer"),
    ("Payment", "invoice"),
    ("Payment", "recordedBy"),
    ("Payment", "method"),
    ("PaymentMethod", "customer"),
    ("Ticket", "customer"),
    ("Ticket", "subscription"),
    ("Ticket", "assignee"),
    ("CallLog", "agent"),
    ("CallLog", "ticket"),
    ("CallLog", "customer"),
    ("IdentityCheck", "customer"),
    ("IdentityCheck", "performedBy"),
    ("IdentityCheck", "ticket"),
    ("Document", "customer"),
    ("Document", "uploadedBy"),
    ("Document", "verifiedBy"),
    ("AuditEvent", "apiClient"),
    ("Session", "user"),
    ("ApiClient", "owner"),
    ("ApiClient", "reseller"),
    ("ApiClient", "revokedBy"),
    ("SecurityAlert", "principal"),
    ("SecurityAlert", "apiClient"),
    ("SecurityAlert", "incident"),
    ("SecurityIncident", "lead"),
];

/// Links to many rows: type, field, the type of the rows, and their link back.
pub const TO_MANY: [(&str, &str, &str, &str); 19] = [
    ("Reseller", "customers", "Customer", "reseller"),
    ("User", "roles", "RoleGrant", "user"),
    ("Customer", "addresses", "Address", "customer"),
    ("Customer", "contacts", "Contact", "customer"),
    ("Customer", "notes", "CustomerNote", "customer"),
    ("Customer", "subscriptions", "Subscription", "customer"),
    ("Customer", "invoices", "Invoice", "customer"),
    ("Customer", "payments", "Payment", "customer"),
    ("Customer", "paymentMethods", "PaymentMethod", "customer"),
    ("Customer", "tickets", "Ticket", "customer"),
    ("Customer", "callLogs", "CallLog", "customer"),
    ("Customer", "identityChecks", "IdentityCheck", "customer"),
    ("Customer", "documents", "Document", "customer"),
    ("Customer", "emailVerifications", "EmailVerification", "customer"),
    ("Customer", "changes", "ChangeRecord", "customer"),
    ("Subscription", "networkService", "NetworkService", "subscription"),
    ("Invoice", "lines", "InvoiceLine", "invoice"),
    ("Invoice", "payments", "Payment", "invoice"),
    ("Ticket", "messages", "TicketMessage", "ticket"),
];

/// What decides who reaches a row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its type.
    pub kind: &'static str,
    /// Its id, as clients see it.
    pub id: String,
    /// Its provider; none for built-in roles.
    pub tenant: Option<TenantId>,
    /// Its reseller.
    pub reseller: Option<ResellerId>,
    /// Its customer.
    pub customer: Option<CustomerId>,
    /// The rows it names, by field.
    pub links: BTreeMap<&'static str, String>,
    /// Of an account: whether it is a reseller's.
    of_reseller: bool,
    /// Of a document.
    is_kept_from_customer: bool,
    /// Of a ticket or message.
    ticket: Option<TicketFacts>,
}

#[derive(Clone, Debug)]
struct TicketFacts {
    category: TicketCategory,
    assignee: Option<UserId>,
    shared: bool,
    internal: bool,
}

/// A caller.
#[derive(Clone, Debug)]
pub struct Who {
    /// The name it signs in with; empty for anonymous.
    pub username: String,
    /// The role it acts in.
    pub role: &'static str,
    /// What it is bound to; none for anonymous.
    account: Option<Account>,
}

#[derive(Clone, Debug)]
struct Account {
    user: UserId,
    tenant: TenantId,
    reseller: Option<ResellerId>,
    customer: Option<CustomerId>,
}

/// Everything a database holds.
pub struct World {
    /// The rows, by id.
    pub rows: BTreeMap<String, Row>,
    users: Vec<user::Model>,
}

impl World {
    /// Reads a database.
    pub async fn read(app: &TestApp) -> Self {
        let db = app.db();
        let mut found = Vec::new();
        macro_rules! read {
            ($($module:ident as $kind:literal: $row:ident => {
                $($owner:ident: $value:expr,)* $(; $($link:ident = $target:expr,)*)?
            })*) => {$(
                for $row in $module::Entity::find().all(db).await.unwrap() {
                    let links: Vec<(&'static str, Option<String>)> = vec![$($((stringify!($link), $target),)*)?];
                    let links = links.into_iter().filter_map(|(link, target)| Some((link, target?))).collect();
                    let row = Row { kind: $kind, id: $row.id.encode(), links, ..Row::default() };
                    found.push(Row { $($owner: $value,)* ..row });
                }
            )*};
        }
        fn to<T: TypedId>(id: Option<T>) -> Option<String> {
            id.map(TypedId::encode)
        }
        read! {
            tenant as "Tenant": row => { tenant: Some(row.id), }
            reseller as "Reseller": row => { tenant: Some(row.tenant_id), reseller: Some(row.id), }
            user as "User": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: row.customer_id,
                of_reseller: row.kind == UserKind::Reseller,;
                reseller = to(row.reseller_id), customer = to(row.customer_id),
            }
            role as "Role": row => { tenant: row.tenant_id, }
            role_grant as "RoleGrant": row => { tenant: Some(row.tenant_id),;
                user = to(Some(row.user_id)), role = to(Some(row.role_id)), grantedBy = to(row.granted_by),
            }
            session as "Session": row => { tenant: Some(row.tenant_id),; user = to(Some(row.user_id)), }
            customer as "Customer": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.id),;
                reseller = to(row.reseller_id), accountManager = to(row.account_manager_id),
            }
            address as "Address": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)),
            }
            contact as "Contact": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)),
            }
            customer_note as "CustomerNote": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)), author = to(Some(row.author_id)),
            }
            document as "Document": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),
                is_kept_from_customer: !row.is_visible_to_customer,;
                customer = to(Some(row.customer_id)), uploadedBy = to(Some(row.uploaded_by)), verifiedBy = to(row.verified_by),
            }
            service_plan as "ServicePlan": row => { tenant: Some(row.tenant_id), }
            subscription as "Subscription": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                plan = to(Some(row.plan_id)), serviceAddress = to(row.service_address_id), customer = to(Some(row.customer_id)),
            }
            network_service as "NetworkService": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                subscription = to(Some(row.subscription_id)),
            }
            invoice as "Invoice": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)),
            }
            invoice_line as "InvoiceLine": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                invoice = to(Some(row.invoice_id)),
            }
            payment as "Payment": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)), invoice = to(row.invoice_id), recordedBy = to(row.recorded_by),
                method = to(row.method_id),
            }
            payment_method as "PaymentMethod": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)),
            }
            ticket as "Ticket": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),
                ticket: Some(TicketFacts::of(&row, false)),;
                customer = to(Some(row.customer_id)), subscription = to(row.subscription_id), assignee = to(row.assignee_id),
            }
            call_log as "CallLog": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                agent = to(row.agent_id), ticket = to(row.ticket_id), customer = to(Some(row.customer_id)),
            }
            identity_check as "IdentityCheck": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)), performedBy = to(Some(row.performed_by)), ticket = to(row.ticket_id),
            }
            email_verification as "EmailVerification": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)),
            }
            // Of the demo data: all are of customers' own rows.
            change_record as "ChangeRecord": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id, customer: Some(row.customer_id),;
                customer = to(Some(row.customer_id)),
            }
            api_client as "ApiClient": row => {
                tenant: Some(row.tenant_id), reseller: row.reseller_id,;
                owner = to(Some(row.owner_id)), reseller = to(row.reseller_id), revokedBy = to(row.revoked_by),
            }
            security_alert as "SecurityAlert": row => { tenant: row.tenant_id,;
                principal = to(row.principal_id), apiClient = to(row.api_client_id), incident = to(row.incident_id),
            }
            security_incident as "SecurityIncident": row => { tenant: Some(row.tenant_id),; lead = to(row.lead_id), }
            containment as "Containment": row => { tenant: Some(row.tenant_id), }
        }
        // Of the log only what tests added themselves: what they do goes on being recorded.
        for event in
            audit_event::Entity::find().filter(audit_event::Column::Sequence.eq(0)).all(db).await.unwrap()
        {
            found.push(Row {
                kind: "AuditEvent",
                id: event.id.encode(),
                tenant: event.tenant_id,
                reseller: event.reseller_id,
                customer: event.customer_id,
                links: event.api_client_id.map(|id| ("apiClient", id.encode())).into_iter().collect(),
                ..Row::default()
            });
        }
        let tickets = ticket::Entity::find().all(db).await.unwrap();
        for message in ticket_message::Entity::find().all(db).await.unwrap() {
            let ticket = tickets.iter().find(|ticket| ticket.id == message.ticket_id).unwrap();
            found.push(Row {
                kind: "TicketMessage",
                id: message.id.encode(),
                tenant: Some(ticket.tenant_id),
                reseller: ticket.reseller_id,
                customer: Some(ticket.customer_id),
                ticket: Some(TicketFacts::of(ticket, message.is_internal)),
                links: BTreeMap::from([("ticket", ticket.id.encode())]),
                ..Row::default()
            });
        }
        let rows = found.into_iter().map(|row| (row.id.clone(), row)).collect();
        Self { rows, users: all_open::<user::Entity>(app).await }
    }

    /// An account that acts in its one role.
    pub fn who(&self, username: &str, role: &'static str) -> Who {
        let user = self.users.iter().find(|user| plain(user.username.expose()) == username);
        let account = user.map(|user| Account {
            user: user.id,
            tenant: user.tenant_id,
            reseller: user.reseller_id,
            customer: user.customer_id,
        });
        Who { username: username.to_owned(), role, account }
    }

    /// Every demo account.
    pub fn everybody(&self) -> Vec<Who> {
        custodian::seed::DEMO_ACCOUNTS.iter().map(|(name, role)| self.who(name, role)).collect()
    }

    /// The ids of the rows of a type that the caller reaches.
    pub fn reached(&self, who: &Who, kind: &str) -> BTreeSet<&str> {
        let scope = matrix::reach(who.role, kind);
        let of_kind = self.rows.values().filter(|row| row.kind == kind);
        of_kind.filter(|row| who.reaches(scope, row)).map(|row| row.id.as_str()).collect()
    }

    /// Whether the caller reaches this row.
    pub fn reaches(&self, who: &Who, id: &str) -> bool {
        self.rows.get(id).is_some_and(|row| who.reaches(matrix::reach(who.role, row.kind), row))
    }
}

impl Who {
    fn reaches(&self, scope: Option<Scope>, row: &Row) -> bool {
        let Some(me) = &self.account else { return false };
        let is_mine = me.reseller.is_some() && row.reseller == me.reseller;
        match scope {
            None => false,
            Some(Scope::All) => true,
            Some(Scope::Tenant) => {
                row.tenant == Some(me.tenant) || (row.kind == "Role" && row.tenant.is_none())
            }
            Some(Scope::Reseller) => {
                is_mine
                    && match row.kind {
                        // Its own people; the accounts of its customers are the provider's business.
                        "User" => row.of_reseller,
                        "Ticket" | "TicketMessage" => {
                            row.ticket.as_ref().is_some_and(|it| it.shared && !it.internal)
                        }
                        _ => true,
                    }
            }
            Some(Scope::Own) => match row.kind {
                "User" => row.id == me.user.encode(),
                "RoleGrant" | "Session" => row.links.get("user") == Some(&me.user.encode()),
                "ApiClient" => row.links.get("owner") == Some(&me.user.encode()),
                "Reseller" => is_mine,
                "Document" if row.is_kept_from_customer => false,
                "TicketMessage" if row.ticket.as_ref().is_some_and(|it| it.internal) => false,
                _ => me.customer.is_some() && row.customer == me.customer,
            },
            Some(Scope::Assigned) => {
                let category = match self.role {
                    "billing_manager" => TicketCategory::Billing,
                    "network_engineer" => TicketCategory::Technical,
                    _ => return false,
                };
                row.tenant == Some(me.tenant)
                    && row
                        .ticket
                        .as_ref()
                        .is_some_and(|it| it.assignee == Some(me.user) || it.category == category)
            }
        }
    }
}

impl TicketFacts {
    fn of(ticket: &ticket::Model, internal: bool) -> Self {
        Self {
            category: ticket.category,
            assignee: ticket.assignee_id,
            shared: ticket.shared_with_reseller,
            internal,
        }
    }
}

/// Adds what the demo data lack: a partner of the other provider, roles of each provider's own, sessions and API clients.
pub async fn complete(app: &TestApp) {
    let db = app.db();
    add_ended_sessions(db).await;
    let id = |n: u128| Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0100 + n);
    let partner = all_open::<reseller::Entity>(app).await.into_iter().next().unwrap();
    let role = role::Entity::find().one(db).await.unwrap().unwrap();
    for (n, tenant) in (0..).zip(tenant::Entity::find().all(db).await.unwrap()) {
        let own = role::Model {
            id: RoleId::from_uuid(id(n)),
            tenant_id: Some(tenant.id),
            name: format!("own-{n}"),
            is_system: false,
            ..role.clone()
        };
        own.into_active_model().insert(db).await.unwrap();
        if tenant.id != partner.tenant_id {
            let id = ResellerId::from_uuid(id(100 + n));
            let another = reseller::Model { id, tenant_id: tenant.id, ..partner.clone() };
            add(app, another).await;
        }
    }
    fixture::api_clients(db).await;
    crate::audit::entries::add(app).await;
    fixture::incidents(app).await;
}

/// A copy of every table, to see whether anything was changed. Signing in changes something: do it before.
#[derive(PartialEq)]
pub struct Snapshot(BTreeMap<&'static str, Vec<String>>);

impl Snapshot {
    /// Takes one.
    pub async fn take(db: &DatabaseConnection) -> Self {
        use sea_orm::{Iterable, ModelTrait};
        let mut tables = BTreeMap::new();
        macro_rules! copy {
            ($($module:ident)*) => {$({
                let rows = $module::Entity::find().all(db).await.unwrap();
                let text = |row: $module::Model| {
                    let cells = $module::Column::iter().map(|column| format!("{:?}", row.get(column)));
                    cells.collect::<Vec<_>>().join("|")
                };
                let mut rows: Vec<String> = rows.into_iter().map(text).collect();
                rows.sort();
                tables.insert(stringify!($module), rows);
            })*};
        }
        copy! {
            tenant reseller user role role_grant customer address contact customer_note service_plan subscription network_service
            invoice invoice_line payment payment_method refund ticket ticket_message call_log identity_check document document_link email_verification change_record session
            refresh_token api_client security_alert security_incident incident_notification incident_customer containment audit_event number_series
        }
        // Reading is on record as well: tests/it/audit.
        if let Some(log) = tables.get_mut("audit_event") {
            log.retain(|row| !READING.iter().any(|kind| row.contains(kind)));
        }
        Self(tables)
    }

    /// The tables in which two copies differ.
    pub fn changed(&self, other: &Self) -> Vec<&'static str> {
        self.0
            .iter()
            .filter(|(table, rows)| other.0.get(*table) != Some(rows))
            .map(|(table, _)| *table)
            .collect()
    }
}
