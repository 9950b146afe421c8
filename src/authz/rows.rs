//! Which rows a scope is: `own`, `assigned`, `reseller` and `tenant` as a condition, once per entity. What has no arm in
//! [`Rows::reach`] reaches no row.

use std::sync::Arc;

use custodian_entity::choice::{Scope, TicketCategory, UserKind};
use custodian_entity::id::{
    AddressId, ApiClientId, CallLogId, ContactId, ContainmentId, CustomerId, CustomerNoteId, DocumentId,
    EmailVerificationId, IdentityCheckId, IncidentNotificationId, InvoiceId, InvoiceLineId, NetworkServiceId,
    PaymentId, PaymentMethodId, RefundId, ResellerId, RoleGrantId, RoleId, SecurityAlertId,
    SecurityIncidentId, ServicePlanId, SessionId, SubscriptionId, TenantId, TicketId, TicketMessageId,
    TypedId, UserId,
};
use custodian_entity::{
    address, api_client, call_log, contact, containment, customer, customer_note, document,
    email_verification, identity_check, incident_customer, incident_notification, invoice, invoice_line,
    network_service, payment, payment_method, refund, reseller, role, role_grant, security_alert,
    security_incident, service_plan, session, subscription, tenant, ticket, ticket_message, user,
};
use sea_orm::sea_query::IntoCondition;
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, IntoActiveModel};

use super::operation::Operation;
use super::table::Rights;
use crate::authn::{ActingRole, Identity};
use crate::vault::{Index, Retention};

/// An entity whose rows belong to somebody.
pub trait Rows:
    EntityTrait<Model: FromQueryResult + IntoActiveModel<Self::ActiveModel> + Send + Sync + Clone + 'static>
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

    /// Whose key seals a column of personal data.
    fn kept_by(_: Self::Column) -> KeptBy {
        KeptBy::Customer(Retention::General)
    }

    /// The columns by which sealed ones are found.
    fn indexed() -> &'static [Indexed<Self::Column>] {
        &[]
    }

    /// The columns by whose words a row is found; see [`super::words`].
    fn named() -> &'static [Self::Column] {
        &[]
    }

    /// What else holds of the rows that a viewer reaches, for who is signed in: what his scopes on other types say.
    fn further(_: &Arc<Operation>) -> Option<Condition> {
        None
    }
}

/// Whose key seals personal data of a row, and so what is erased together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptBy {
    /// The customer whose row it is, for what is kept so long.
    Customer(Retention),
    /// The row is a customer, for what is kept so long.
    Itself(Retention),
    /// The row is an account.
    User,
    /// The row is a reseller.
    Reseller,
    /// The provider, for what it writes of itself.
    Tenant,
}

/// A column that holds the tags of a sealed one: equal where, in one spelling, what is sealed is.
#[derive(Clone, Copy, Debug)]
pub struct Indexed<C: 'static> {
    /// What is sealed.
    pub sealed: C,
    /// Its tags.
    pub tags: C,
    /// Which key the tags are made with.
    pub index: Index,
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

/// Rows that carry `tenant_id`, `reseller_id` and `customer_id`, by these columns: whose customer's they are decides.
pub(super) fn of_customer<C: ColumnTrait>(
    [tenant, reseller, customer]: [C; 3],
    scope: Scope,
    who: &Identity,
) -> Option<Condition> {
    match scope {
        Scope::All => Some(Condition::all()),
        Scope::Tenant => is(tenant, Some(who.tenant)),
        Scope::Reseller => is(reseller, who.reseller),
        Scope::Own => is(customer, who.customer),
        Scope::Assigned => None,
    }
}

/// The type of rows, and their id.
macro_rules! identified {
    ($module:ident, $type:literal, $id:ty) => {
        const TYPE: &'static str = $type;
        type Id = $id;
        fn id_column() -> Self::Column {
            $module::Column::Id
        }
        fn id(row: &Self::Model) -> Self::Id {
            row.id
        }
    };
}

macro_rules! customer_rows {
    ($($module:ident, $type:literal, $id:ty $(, kept for $retention:ident)?;)*) => {$(
        impl Rows for $module::Entity {
            identified!($module, $type, $id);
            fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
                use $module::Column::{CustomerId, ResellerId, TenantId};
                of_customer([TenantId, ResellerId, CustomerId], scope, who)
            }
            $(fn kept_by(_: Self::Column) -> KeptBy { KeptBy::Customer(Retention::$retention) })?
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
    payment_method, "PaymentMethod", PaymentMethodId;
    // Reached as the payment it is of.
    refund, "Payment", RefundId, kept for Fiscal;
    call_log, "CallLog", CallLogId, kept for RequestLog;
    identity_check, "IdentityCheck", IdentityCheckId;
}

impl Rows for tenant::Entity {
    identified!(tenant, "Tenant", TenantId);
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
    identified!(reseller, "Reseller", ResellerId);
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(reseller::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Own => is(reseller::Column::Id, who.reseller),
            Scope::Assigned => None,
        }
    }
    fn kept_by(_: Self::Column) -> KeptBy {
        KeptBy::Reseller
    }
}

/// A reseller reaches its own people, not its customers' accounts; DOMAIN rule 8 keeps staff to `viewer` for their own.
impl Rows for user::Entity {
    identified!(user, "User", UserId);
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
    fn kept_by(_: Self::Column) -> KeptBy {
        KeptBy::User
    }
    fn indexed() -> &'static [Indexed<Self::Column>] {
        use user::Column::{Username, UsernameIndex};
        &[Indexed { sealed: Username, tags: UsernameIndex, index: Index::Username }]
    }
}

/// Built-in roles belong to every tenant.
impl Rows for role::Entity {
    identified!(role, "Role", RoleId);
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
    identified!(role_grant, "RoleGrant", RoleGrantId);
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
    identified!(session, "Session", SessionId);
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
    identified!(service_plan, "ServicePlan", ServicePlanId);
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(service_plan::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

impl Rows for customer::Entity {
    identified!(customer, "Customer", CustomerId);
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use customer::Column::{Id, ResellerId, TenantId};
        of_customer([TenantId, ResellerId, Id], scope, who)
    }
    /// Who was identified must be known for longer than there is a contract, and so must who paid tax.
    fn kept_by(column: Self::Column) -> KeptBy {
        KeptBy::Itself(match column {
            customer::Column::GovernmentIdNumber => Retention::Kyc,
            customer::Column::TaxId => Retention::Fiscal,
            _ => Retention::General,
        })
    }
    fn indexed() -> &'static [Indexed<Self::Column>] {
        use customer::Column::{Email, EmailIndex, GovernmentIdIndex, GovernmentIdNumber, Phone, PhoneIndex};
        &[
            Indexed { sealed: Email, tags: EmailIndex, index: Index::Email },
            Indexed { sealed: Phone, tags: PhoneIndex, index: Index::Phone },
            Indexed { sealed: GovernmentIdNumber, tags: GovernmentIdIndex, index: Index::GovernmentId },
        ]
    }
    fn named() -> &'static [Self::Column] {
        use customer::Column::{DisplayName, FirstName, LastName};
        &[DisplayName, FirstName, LastName]
    }
}

/// Staff's own: no scope narrower than the provider has any, whatever a role is given (DOMAIN, rule 7).
impl Rows for customer_note::Entity {
    identified!(customer_note, "CustomerNote", CustomerNoteId);
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(customer_note::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

/// What staff keeps for itself is no row for the customer. All of a document is kept as long as what shows that a customer
/// was identified.
impl Rows for document::Entity {
    const TYPE: &'static str = "Document";
    type Id = DocumentId;
    fn id_column() -> Self::Column {
        document::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use document::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller),
            Scope::Own => is(Column::CustomerId, who.customer)
                .map(|condition| condition.add(Column::IsVisibleToCustomer.eq(true))),
            Scope::Assigned => None,
        }
    }
    fn kept_by(_: Self::Column) -> KeptBy {
        KeptBy::Customer(Retention::Kyc)
    }
}

/// What the rules found, and what was done about it, is the provider's: no scope narrower has any.
macro_rules! provider_rows {
    ($($module:ident, $type:literal, $id:ty, $field:ident $column:ident;)*) => {$(
        impl Rows for $module::Entity {
            const TYPE: &'static str = $type;
            type Id = $id;
            fn id_column() -> Self::Column {
                $module::Column::$column
            }
            fn id(row: &Self::Model) -> Self::Id {
                row.$field
            }
            fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
                match scope {
                    Scope::All => Some(Condition::all()),
                    Scope::Tenant => is($module::Column::TenantId, Some(who.tenant)),
                    Scope::Reseller | Scope::Assigned | Scope::Own => None,
                }
            }
            fn kept_by(_: Self::Column) -> KeptBy {
                KeptBy::Tenant
            }
        }
    )*};
}

provider_rows! {
    security_alert, "SecurityAlert", SecurityAlertId, id Id;
    containment, "Containment", ContainmentId, id Id;
    security_incident, "SecurityIncident", SecurityIncidentId, id Id;
    // Reached as the incident they are of.
    incident_notification, "SecurityIncident", IncidentNotificationId, id Id;
    incident_customer, "SecurityIncident", CustomerId, customer_id CustomerId;
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

/// Whether who acts in a role with these rights works on tickets of a category, once they are assigned to him: who reaches
/// all of his provider's works on any, who reaches what he is assigned on those of his role's own category, if it has one.
pub fn works_on(rights: &Rights, role: &ActingRole, category: TicketCategory) -> bool {
    match rights.scope(ticket::Entity::TYPE).map(|scope| limited(ticket::Entity::TYPE, scope, role.reach)) {
        Some(Scope::All | Scope::Tenant) => true,
        Some(Scope::Assigned) => own_category(role).is_none_or(|own| own == category),
        Some(Scope::Reseller | Scope::Own) | None => false,
    }
}

/// A reseller reads the tickets that are shared with it.
impl Rows for ticket::Entity {
    identified!(ticket, "Ticket", TicketId);
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
    identified!(ticket_message, "TicketMessage", TicketMessageId);
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
    identified!(api_client, "ApiClient", ApiClientId);
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
