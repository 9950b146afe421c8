//! Rows of the demo data by type: one that a role reaches, and those that it does not.

use std::collections::BTreeMap;

use custodian_entity::choice::TicketCategory;
use custodian_entity::id::{ResellerId, RoleId, TypedId};
use custodian_entity::*;
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, Set};

use super::values::absent;
use crate::app::TestApp;
use crate::fixture::{self, all};
use crate::past::{add, all_open};

/// The type of the row that an input's id names.
///
/// # Panics
/// For a member this file does not know: add it here.
pub fn kind_of(input: &str, member: &str) -> &'static str {
    let own = [
        "Address",
        "ApiClient",
        "Contact",
        "CustomerNote",
        "Customer",
        "Document",
        "Subscription",
        "NetworkService",
        "Invoice",
        "PaymentMethod",
        "Payment",
        "Ticket",
        "Reseller",
        "Role",
        "SecurityAlert",
        "Session",
        "User",
    ];
    if input == "IncidentContainmentLiftInput" {
        return "Containment";
    }
    if input == "RoleRevokeInput" {
        return "RoleGrant";
    }
    let of_incident = ["AffectedAdd", "Notify", "Open", "Transition", "Update"];
    let rest = input.strip_prefix("Incident").unwrap_or_default();
    match member {
        "id" if of_incident.iter().any(|of| rest.starts_with(of)) => Some("SecurityIncident"),
        "id" if input == "FieldRevealInput" => Some("Customer"),
        "id" if input == "IncidentContainInput" => Some("User"),
        "alertId" => Some("SecurityAlert"),
        "id" => own.into_iter().find(|kind| input.starts_with(kind)),
        "customerId" => Some("Customer"),
        "resellerId" => Some("Reseller"),
        "accountManagerId" | "assigneeId" | "userId" | "agentId" | "leadId" | "actorId" => Some("User"),
        "roleId" => Some("Role"),
        "planId" => Some("ServicePlan"),
        "serviceAddressId" => Some("Address"),
        "subscriptionId" => Some("Subscription"),
        "invoiceId" => Some("Invoice"),
        "methodId" => Some("PaymentMethod"),
        "ticketId" => Some("Ticket"),
        _ => None,
    }
    .unwrap_or_else(|| panic!("say in arguments/rows.rs what {input}.{member} names"))
}

/// Ids by type.
#[derive(Default)]
pub struct Rows {
    mine: BTreeMap<&'static str, String>,
    theirs: BTreeMap<&'static str, Vec<String>>,
}

impl Rows {
    /// Of a role: the showcase customer's rows are within everybody's reach, another provider's within nobody's; those
    /// of another reseller's customer are out of the reach of resellers and customers.
    pub async fn of(app: &TestApp, role: &str) -> Self {
        let maria = fixture::customer(app, fixture::MARIA).await;
        let other =
            fixture::account(app, "customer2@acme.example").await.customer_id.expect("it is a customer's");
        let support = fixture::account(app, fixture::SUPPORT).await;
        let elsewhere = fixture::account(app, "support@globex.example").await.tenant_id;
        let is_outside = ["reseller", "customer"].contains(&role);
        let mut rows = Self::default();
        let mut add = |kind: &'static str, id: String, is_mine: bool, is_theirs: bool| {
            if is_mine {
                rows.mine.entry(kind).or_insert(id.clone());
            }
            if is_theirs {
                rows.theirs.entry(kind).or_default().push(id);
            }
        };
        macro_rules! of_customers {
            ($($kind:literal $module:ident)*) => {$(
                for row in all::<$module::Entity>(app).await {
                    let is_theirs = row.tenant_id == elsewhere || is_outside && row.customer_id == other;
                    add($kind, row.id.encode(), row.customer_id == maria.id, is_theirs);
                }
            )*};
        }
        of_customers! {
            "Address" address "Contact" contact "Subscription" subscription "NetworkService" network_service
            "Invoice" invoice "InvoiceLine" invoice_line "Payment" payment "PaymentMethod" payment_method "CallLog" call_log
            "IdentityCheck" identity_check "CustomerNote" customer_note "EmailVerification" email_verification
            "ChangeRecord" change_record "Document" document
        }
        for row in all::<audit_event::Entity>(app).await.into_iter().filter(|row| row.sequence == 0) {
            let is_theirs = row.tenant_id == Some(elsewhere) || is_outside && row.customer_id == Some(other);
            add("AuditEvent", row.id.encode(), row.customer_id == Some(maria.id), is_theirs);
        }
        // Who works on tickets of one category reaches those.
        let category = match role {
            "billing_manager" => Some(TicketCategory::Billing),
            "network_engineer" => Some(TicketCategory::Technical),
            _ => None,
        };
        for row in all::<ticket::Entity>(app).await {
            let is_mine = category.map_or(row.customer_id == maria.id, |own| {
                row.category == own && row.tenant_id == maria.tenant_id
            });
            add(
                "Ticket",
                row.id.encode(),
                is_mine,
                row.tenant_id == elsewhere || is_outside && row.customer_id == other,
            );
        }
        for row in all::<ticket_message::Entity>(app).await {
            let is_theirs = row.tenant_id == elsewhere || is_outside && row.customer_id == other;
            add("TicketMessage", row.id.encode(), row.customer_id == maria.id, is_theirs);
        }
        for row in all::<customer::Entity>(app).await {
            let is_theirs = row.tenant_id == elsewhere || is_outside && row.id == other;
            add("Customer", row.id.encode(), row.id == maria.id, is_theirs);
        }
        for row in all::<service_plan::Entity>(app).await {
            add("ServicePlan", row.id.encode(), row.tenant_id == maria.tenant_id, row.tenant_id == elsewhere);
        }
        for row in all::<reseller::Entity>(app).await {
            let is_mine = Some(row.id) == maria.reseller_id;
            add("Reseller", row.id.encode(), is_mine, row.tenant_id == elsewhere || is_outside && !is_mine);
        }
        for row in all::<user::Entity>(app).await {
            let is_theirs = row.tenant_id == elsewhere || is_outside && row.customer_id == Some(other);
            add("User", row.id.encode(), row.id == support.id, is_theirs);
        }
        for row in all::<role::Entity>(app).await {
            let of = |tenant| row.tenant_id == Some(tenant);
            add("Role", row.id.encode(), of(maria.tenant_id), of(elsewhere));
        }
        let (_, username) = fixture::ROLES.into_iter().find(|(name, _)| *name == role).expect("a role");
        let me = fixture::account(app, username).await.id;
        for row in all::<session::Entity>(app).await {
            let is_mine = row.user_id == me && row.ended_at.is_some();
            add("Session", row.id.encode(), is_mine, row.tenant_id == elsewhere);
        }
        for row in all::<api_client::Entity>(app).await {
            add("ApiClient", row.id.encode(), row.owner_id == me, row.tenant_id == elsewhere);
        }
        let reaches = ["system_admin", "tenant_admin"].contains(&role);
        for row in all::<security_alert::Entity>(app).await {
            let is_mine = reaches && row.tenant_id == Some(maria.tenant_id);
            add("SecurityAlert", row.id.encode(), is_mine, row.tenant_id == Some(elsewhere));
        }
        for row in all::<security_incident::Entity>(app).await {
            let is_mine = reaches && row.tenant_id == maria.tenant_id;
            add("SecurityIncident", row.id.encode(), is_mine, row.tenant_id == elsewhere);
        }
        for row in all::<containment::Entity>(app).await {
            let is_mine = reaches && row.tenant_id == maria.tenant_id;
            add("Containment", row.id.encode(), is_mine, row.tenant_id == elsewhere);
        }
        for row in all::<role_grant::Entity>(app).await {
            add("RoleGrant", row.id.encode(), row.user_id == support.id, row.tenant_id == elsewhere);
        }
        rows
    }

    /// One that the role reaches.
    pub fn mine(&self, kind: &str) -> &str {
        self.mine.get(kind).unwrap_or_else(|| panic!("the demo data have no {kind} here"))
    }

    /// Some that exist and that the role does not reach; a few of each owner are enough.
    pub fn theirs(&self, kind: &str) -> Vec<&str> {
        let all = self.theirs.get(kind).map(Vec::as_slice).unwrap_or_default();
        assert!(!all.is_empty(), "there is no {kind} out of reach: add one in arguments/rows.rs");
        let ends = [all.first(), all.last()];
        ends.into_iter().flatten().map(String::as_str).collect()
    }

    /// An id of the same kind that no row has.
    pub fn nobodys(&self, kind: &str) -> String {
        absent(self.theirs(kind)[0].split('_').next().unwrap_or_default())
    }
}

/// What the demo data lack: the other provider's reseller, roles of the providers' own, sessions and API clients.
pub async fn complete(app: &TestApp) {
    fixture::add_ended_sessions(app.db()).await;
    fixture::incidents(app).await;
    for (number, username) in [(1, "support@acme.example"), (2, "support@globex.example")] {
        let row = role::ActiveModel {
            id: Set(RoleId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0100 + number))),
            tenant_id: Set(Some(fixture::account(app, username).await.tenant_id)),
            name: Set("helpers".to_owned()),
            description: Set(None),
            is_system: Set(false),
            created_at: Set(app.clock.now()),
        };
        let _: role::Model = row.insert(app.db()).await.expect("the role can be added");
    }
    let mut row = all_open::<reseller::Entity>(app).await.remove(0);
    row.id = ResellerId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0008));
    row.tenant_id = fixture::account(app, "support@globex.example").await.tenant_id;
    add(app, row).await;
    fixture::api_clients(app.db()).await;
    crate::audit::entries::add(app).await;
}
