//! Which rows a scope is: `own`, `assigned`, `reseller` and `tenant` as a condition, once per entity. What has no arm in
//! [`Rows::reach`] reaches no row.

use custodian_entity::choice::{Scope, TicketCategory, UserKind};
use custodian_entity::id::{
    AddressId, ApiClientId, CallLogId, ContactId, CustomerId, EmailVerificationId, IdentityCheckId,
    InvoiceId, InvoiceLineId, NetworkServiceId, PaymentId, ResellerId, RoleGrantId, RoleId, ServicePlanId,
    SessionId, SubscriptionId, TenantId, TicketId, TicketMessageId, TypedId, UserId,
};
use custodian_entity::{
    address, api_client, call_log, contact, customer, email_verification, identity_check, invoice,
    invoice_line, network_service, payment, reseller, role, role_grant, service_plan, session, subscription,
    tenant, ticket, ticket_message, user,
};
use sea_orm::sea_query::IntoCondition;
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoActiveModel};

use crate::authn::{ActingRole, Identity};

/// An entity whose rows belong to somebody.
pub trait Rows:
    EntityTrait<Model: FromQueryResult + IntoActiveModel<Self::ActiveModel> + Send + Sync + Clone>
{
    /// The type the policy speaks of.
    const TYPE: &'static str;
    /// Its id.
    type Id: TypedId + Into<sea_orm::Value>;

    /// The id column.
    fn id_column() -> Self::Column;

    /// The id of a row.
    fn id(row: &Self::Model) -> Self::Id;

    /// The condition under which a row lies within a scope, or none if no row does.
    fn reach(scope: Scope, who: &Identity) -> Option<Condition>;
}

/// Types whose rows are the provider's and shown to all its people: there is no narrower part of them.
const SHARED: [&str; 3] = ["Tenant", "Role", "ServicePlan"];

/// How far a role reaches on a type: no farther than it was given, and of the shared types no farther than the provider,
/// unless it was given without limit.
pub(super) fn limited(type_name: &str, scope: Scope, reach: Scope) -> Scope {
    let least = if SHARED.contains(&type_name) { Scope::Tenant } else { reach };
    Ord::min(scope, Ord::max(reach, least))
}

/// How far somebody reaches on a type on which his role has this scope. Who is bound to a reseller reaches nothing by being
/// assigned to it: that may be any reseller's.
pub(super) fn reached(type_name: &str, scope: Scope, who: &Identity) -> Option<Scope> {
    let scope = limited(type_name, scope, who.role.reach);
    let is_out_of_bounds = who.bound_to().is_some() && scope == Scope::Assigned;
    (!is_out_of_bounds).then_some(scope)
}

fn is<C: ColumnTrait>(column: C, value: Option<impl Into<sea_orm::Value>>) -> Option<Condition> {
    value.map(|value| column.eq(value.into()).into_condition())
}

/// Rows that carry `tenant_id`, `reseller_id` and `customer_id`.
macro_rules! customer_rows {
    ($($module:ident, $type:literal, $id:ty;)*) => {$(
        impl Rows for $module::Entity {
            const TYPE: &'static str = $type;
            type Id = $id;
            fn id_column() -> Self::Column { $module::Column::Id }
            fn id(row: &Self::Model) -> Self::Id { row.id }
            fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
                match scope {
                    Scope::All => Some(Condition::all()),
                    Scope::Tenant => is($module::Column::TenantId, Some(who.tenant)),
                    Scope::Reseller => is($module::Column::ResellerId, who.reseller),
                    Scope::Own => is($module::Column::CustomerId, who.customer),
                    Scope::Assigned => None,
                }
            }
        }
    )*};
}

customer_rows! {
    address, "Address", AddressId;
    contact, "Contact", ContactId;
    email_verification, "EmailVerification", EmailVerificationId;
    subscription, "Subscription", SubscriptionId;
    network_service, "NetworkService", NetworkServiceId;
    invoice, "Invoice", InvoiceId;
    invoice_line, "InvoiceLine", InvoiceLineId;
    payment, "Payment", PaymentId;
    call_log, "CallLog", CallLogId;
    identity_check, "IdentityCheck", IdentityCheckId;
}

impl Rows for tenant::Entity {
    const TYPE: &'static str = "Tenant";
    type Id = TenantId;
    fn id_column() -> Self::Column {
        tenant::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(tenant::Column::Id, Some(who.tenant)),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

/// A reseller's own row is the reseller itself; a customer's is the one it came through.
impl Rows for reseller::Entity {
    const TYPE: &'static str = "Reseller";
    type Id = ResellerId;
    fn id_column() -> Self::Column {
        reseller::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(reseller::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Own => is(reseller::Column::Id, who.reseller),
            Scope::Assigned => None,
        }
    }
}

/// A reseller reaches its own people, not its customers' accounts; DOMAIN rule 8 keeps staff to `viewer` for their own.
impl Rows for user::Entity {
    const TYPE: &'static str = "User";
    type Id = UserId;
    fn id_column() -> Self::Column {
        user::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(user::Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(user::Column::ResellerId, who.reseller)
                .map(|condition| condition.add(user::Column::Kind.eq(UserKind::Reseller))),
            Scope::Own => is(user::Column::Id, Some(who.user)),
            Scope::Assigned => None,
        }
    }
}

/// Built-in roles belong to every tenant.
impl Rows for role::Entity {
    const TYPE: &'static str = "Role";
    type Id = RoleId;
    fn id_column() -> Self::Column {
        role::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => Some(
                Condition::any()
                    .add(role::Column::TenantId.eq(who.tenant))
                    .add(role::Column::TenantId.is_null()),
            ),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

impl Rows for role_grant::Entity {
    const TYPE: &'static str = "RoleGrant";
    type Id = RoleGrantId;
    fn id_column() -> Self::Column {
        role_grant::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(role_grant::Column::TenantId, Some(who.tenant)),
            Scope::Own => is(role_grant::Column::UserId, Some(who.user)),
            Scope::Reseller | Scope::Assigned => None,
        }
    }
}

impl Rows for session::Entity {
    const TYPE: &'static str = "Session";
    type Id = SessionId;
    fn id_column() -> Self::Column {
        session::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(session::Column::TenantId, Some(who.tenant)),
            Scope::Own => is(session::Column::UserId, Some(who.user)),
            Scope::Reseller | Scope::Assigned => None,
        }
    }
}

impl Rows for service_plan::Entity {
    const TYPE: &'static str = "ServicePlan";
    type Id = ServicePlanId;
    fn id_column() -> Self::Column {
        service_plan::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(service_plan::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

impl Rows for customer::Entity {
    const TYPE: &'static str = "Customer";
    type Id = CustomerId;
    fn id_column() -> Self::Column {
        customer::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(customer::Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(customer::Column::ResellerId, who.reseller),
            Scope::Own => is(customer::Column::Id, who.customer),
            Scope::Assigned => None,
        }
    }
}

/// The category of tickets that a role works on without being named on each.
pub(super) fn own_category(role: &ActingRole) -> Option<TicketCategory> {
    match role.name.as_str() {
        _ if role.custom.is_some() => None,
        "billing_manager" => Some(TicketCategory::Billing),
        "network_engineer" => Some(TicketCategory::Technical),
        _ => None,
    }
}

/// A reseller reads the tickets that are shared with it.
impl Rows for ticket::Entity {
    const TYPE: &'static str = "Ticket";
    type Id = TicketId;
    fn id_column() -> Self::Column {
        ticket::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use ticket::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller)
                .map(|condition| condition.add(Column::SharedWithReseller.eq(true))),
            Scope::Own => is(Column::CustomerId, who.customer),
            Scope::Assigned => {
                let mine = Condition::any()
                    .add(Column::AssigneeId.eq(who.user))
                    .add_option(own_category(&who.role).map(|category| Column::Category.eq(category)));
                Some(Condition::all().add(Column::TenantId.eq(who.tenant)).add(mine))
            }
        }
    }
}

/// As the ticket; what staff wrote among themselves is no row for customers and resellers.
impl Rows for ticket_message::Entity {
    const TYPE: &'static str = "TicketMessage";
    type Id = TicketMessageId;
    fn id_column() -> Self::Column {
        ticket_message::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use ticket_message::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller).map(|condition| {
                condition.add(Column::SharedWithReseller.eq(true)).add(Column::IsInternal.eq(false))
            }),
            Scope::Own => is(Column::CustomerId, who.customer)
                .map(|condition| condition.add(Column::IsInternal.eq(false))),
            Scope::Assigned => {
                let mine = Condition::any()
                    .add(Column::TicketAssigneeId.eq(who.user))
                    .add_option(own_category(&who.role).map(|category| Column::TicketCategory.eq(category)));
                Some(Condition::all().add(Column::TenantId.eq(who.tenant)).add(mine))
            }
        }
    }
}

/// A reseller's are those that are bound to it.
impl Rows for api_client::Entity {
    const TYPE: &'static str = "ApiClient";
    type Id = ApiClientId;
    fn id_column() -> Self::Column {
        api_client::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use api_client::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller),
            Scope::Own => is(Column::OwnerId, Some(who.user)),
            Scope::Assigned => None,
        }
    }
}
