//! Which part of the audit log a viewer reaches: entries about rows of his, and of what was shown those that tell of his
//! customers, whoever else's were shown with them.

use std::sync::Arc;

use custodian_entity::choice::{Outcome, Scope};
use custodian_entity::id::{AuditEventId, CustomerId, ResellerId};
use custodian_entity::{audit_event, customer, disclosed_customer, disclosed_list, disclosure};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Query};
use sea_orm::{ColumnTrait, Condition};

use super::operation::Operation;
use super::rows::{Rows, of_customer};
use crate::authn::Identity;

/// What entries are about, of customers and their resellers. What is not in here is the provider's alone.
const KINDS: [&str; 19] = [
    "Address",
    "ApiClient",
    "CallLog",
    "Contact",
    "Customer",
    "CustomerNote",
    "Document",
    "EmailVerification",
    "IdentityCheck",
    "Invoice",
    "NetworkService",
    "Payment",
    "PaymentMethod",
    "Reseller",
    "Session",
    "Subscription",
    "Ticket",
    "TicketMessage",
    "User",
];

impl Rows for audit_event::Entity {
    const TYPE: &'static str = "AuditEvent";
    type Id = AuditEventId;
    fn id_column() -> Self::Column {
        audit_event::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use audit_event::Column::{CustomerId, ResellerId, TenantId};
        of_customer([TenantId, ResellerId, CustomerId], scope, who)
    }

    /// Below the provider, an entry about a row is for who has rows of that type: of what he has none of, such as notes
    /// about him, not even that something was done is told.
    fn further(operation: &Arc<Operation>) -> Option<Condition> {
        use audit_event::Column::ResourceType;
        match operation.reach(Self::TYPE)? {
            Scope::All | Scope::Tenant => None,
            Scope::Reseller | Scope::Assigned | Scope::Own => {
                let reached = KINDS.into_iter().filter(|kind| operation.reach(kind).is_some());
                let told = Condition::any().add(ResourceType.is_null());
                Some(told.add(ResourceType.is_in(reached)))
            }
        }
    }
}

/// Which of a provider's customers were in which set. A row does not carry the customer's reseller: whose customer it is now is
/// asked.
impl Rows for disclosed_customer::Entity {
    const TYPE: &'static str = "Disclosure";
    type Id = CustomerId;
    fn id_column() -> Self::Column {
        disclosed_customer::Column::CustomerId
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.customer_id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use disclosed_customer::Column::{CustomerId, TenantId};
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => Some(TenantId.eq(who.tenant).into_condition()),
            Scope::Reseller => who.reseller.map(|reseller| of_reseller(reseller).into_condition()),
            Scope::Own => who.customer.map(|customer| CustomerId.eq(customer).into_condition()),
            Scope::Assigned => None,
        }
    }
}

fn of_reseller(reseller: ResellerId) -> Expr {
    let customers = Query::select()
        .column((customer::Entity, customer::Column::Id))
        .from(customer::Entity)
        .and_where(customer::Column::ResellerId.eq(reseller))
        .to_owned();
    disclosed_customer::Column::CustomerId.in_subquery(customers)
}

/// Which set an entry is about: a row is known by its entry. Who reaches one of the customers reaches it.
impl Rows for disclosed_list::Entity {
    const TYPE: &'static str = "Disclosure";
    type Id = AuditEventId;
    fn id_column() -> Self::Column {
        disclosed_list::Column::EventId
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.event_id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => Some(disclosed_list::Column::Chain.eq(who.tenant).into_condition()),
            Scope::Reseller | Scope::Own => {
                Some(tells_of(disclosed_customer::Entity::reach(scope, who)?).into_condition())
            }
            Scope::Assigned => None,
        }
    }
}

/// That an entry is about a set in which one of these customers is.
pub(crate) fn tells_of(customers: Condition) -> Expr {
    use disclosed_list::Column::{Chain, Digest};
    let sets = Query::select()
        .column((disclosed_customer::Entity, disclosed_customer::Column::TenantId))
        .column((disclosed_customer::Entity, disclosed_customer::Column::Digest))
        .from(disclosed_customer::Entity)
        .cond_where(customers)
        .to_owned();
    let set = [Chain, Digest].map(|column| Expr::col((disclosed_list::Entity, column)));
    Expr::tuple(set).in_subquery(sets)
}

impl Rows for disclosure::Entity {
    const TYPE: &'static str = "Disclosure";
    type Id = AuditEventId;
    fn id_column() -> Self::Column {
        disclosure::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use disclosure::Column::{EventType, Outcome as Ended, TenantId};
        let disclosures =
            Condition::all().add(EventType.is_in(disclosure::KINDS)).add(Ended.eq(Outcome::Success));
        match scope {
            Scope::All => Some(disclosures),
            Scope::Tenant => Some(disclosures.add(TenantId.eq(who.tenant))),
            Scope::Reseller | Scope::Own => {
                Some(disclosures.add(is_listed(disclosed_list::Entity::reach(scope, who)?)))
            }
            Scope::Assigned => None,
        }
    }
}

/// That an entry is one of these.
fn is_listed(lists: Condition) -> Expr {
    let list = |column| Expr::col((disclosed_list::Entity, column));
    let entry = |column| (disclosure::Entity, column);
    let one = Query::select()
        .expr(Expr::val(1))
        .from(disclosed_list::Entity)
        .and_where(list(disclosed_list::Column::Chain).equals(entry(disclosure::Column::Chain)))
        .and_where(list(disclosed_list::Column::Sequence).equals(entry(disclosure::Column::Sequence)))
        .cond_where(lists)
        .to_owned();
    Expr::exists(one)
}
