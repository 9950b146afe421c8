//! `node`, `nodes`: any row by its id.

use async_graphql::{Context, ID, Interface, Object};
use custodian_entity::id::{CustomerId, ResellerId, TenantId, TypedId};

use crate::alerts::SecurityAlert;
use crate::audit::Subject;
use crate::authz::Rows;
use crate::billing::{Invoice, InvoiceLine, Payment, PaymentMethod};
use crate::calls::{CallLog, IdentityCheck};
use crate::clients::ApiClient;
use crate::containment::Containment;
use crate::customers::{Address, Contact, Customer, CustomerNote, EmailVerification};
use crate::documents::Document;
use crate::error::{Error, Result};
use crate::graphql::link::{one, parent_of};
use crate::graphql::{self, Maybe, Node as _, certain};
use crate::history::ChangeRecord;
use crate::incidents::SecurityIncident;
use crate::resellers::Reseller;
use crate::services::{NetworkService, ServicePlan, Subscription};
use crate::session::Session;
use crate::support::{Ticket, TicketMessage};
use crate::tenants::Tenant;
use crate::trail::AuditEvent;
use crate::users::{Role, RoleGrant, User};

/// Everything that has an id.
#[derive(Interface)]
#[graphql(name = "Node", field(name = "id", ty = "ID", desc = "Its id."))]
pub enum Node {
    /// A provider.
    Tenant(Tenant),
    /// A reseller.
    Reseller(Reseller),
    /// A user.
    User(User),
    /// A role.
    Role(Role),
    /// A role given to a user.
    RoleGrant(RoleGrant),
    /// A customer.
    Customer(Customer),
    /// An address.
    Address(Address),
    /// A contact.
    Contact(Contact),
    /// A note about a customer.
    CustomerNote(CustomerNote),
    /// A question whether an e-mail address is a customer's.
    EmailVerification(EmailVerification),
    /// A tariff.
    ServicePlan(ServicePlan),
    /// A subscription.
    Subscription(Subscription),
    /// The technical side of a subscription.
    NetworkService(NetworkService),
    /// An invoice.
    Invoice(Invoice),
    /// A line of an invoice.
    InvoiceLine(InvoiceLine),
    /// A payment.
    Payment(Payment),
    /// What a customer pays with.
    PaymentMethod(PaymentMethod),
    /// A ticket.
    Ticket(Ticket),
    /// A message.
    TicketMessage(TicketMessage),
    /// A call.
    CallLog(CallLog),
    /// A check of who is calling.
    IdentityCheck(IdentityCheck),
    /// A file of a customer.
    Document(Document),
    /// A change of a customer's row.
    ChangeRecord(ChangeRecord),
    /// An entry of the audit log.
    AuditEvent(AuditEvent),
    /// An API client.
    ApiClient(ApiClient),
    /// A sign-in, until it ends.
    Session(Session),
    /// Something in the audit log that somebody has to look at.
    SecurityAlert(SecurityAlert),
    /// What was done about somebody at once.
    Containment(Containment),
    /// A security incident.
    SecurityIncident(SecurityIncident),
}

/// The row with this id, if the id is of this kind; rows of a kind asked for together come by one statement.
async fn find<N>(ctx: &Context<'_>, id: &str) -> Option<Result<Node>>
where
    N: graphql::Node + Into<Node>,
{
    let id = NodeId::<N>::decode(id).ok()?;
    let row = one::<N::Entity>(ctx, Some(id)).await;
    Some(row.and_then(|row| row.map(|row| N::from(row).into()).ok_or(Error::NotFound)))
}

/// What is done with a row of any type, once for each.
macro_rules! kinds {
    ($($kind:ident)*) => {
        /// The row with this id, of whichever type.
        pub(crate) async fn any(ctx: &Context<'_>, id: &str) -> Result<Node> {
            $(if let Some(found) = find::<$kind>(ctx, id).await { return found; })*
            Err(not_an_id())
        }

        /// The type of the row with this id, told by the id alone.
        pub(crate) fn type_of(id: &str) -> Result<&'static str> {
            $(if NodeId::<$kind>::decode(id).is_ok() { return Ok($kind::NAME); })*
            Err(not_an_id())
        }

        impl Node {
            /// What an event about the row is about.
            pub(crate) fn subject(&self) -> Subject {
                match self { $(Self::$kind(row) => subject(row)),* }
            }
        }
    };
}

kinds! {
    Customer Tenant Reseller User Role RoleGrant Address Contact CustomerNote EmailVerification ServicePlan Subscription
    NetworkService Invoice InvoiceLine Payment PaymentMethod Ticket TicketMessage CallLog IdentityCheck Document ChangeRecord
    AuditEvent Session ApiClient SecurityAlert SecurityIncident Containment
}

/// The id of a type's rows.
type NodeId<N> = <<N as graphql::Node>::Entity as Rows>::Id;

fn not_an_id() -> Error {
    Error::bad_input("not an id")
}

/// A row and its owners: each is named by a column, or is the row itself.
fn subject<N: graphql::Node>(node: &N) -> Subject {
    let (row, id) = (node.row(), N::Entity::id(node.row()));
    let owner = |kind: &str| match kind == N::NAME {
        true => Some(id.uuid()),
        false => parent_of::<N::Entity>(row, &format!("{}_id", kind.to_lowercase())),
    };
    Subject::owned(
        (N::NAME, id.encode()),
        owner("Tenant").map(TenantId::from_uuid),
        owner("Reseller").map(ResellerId::from_uuid),
        owner("Customer").map(CustomerId::from_uuid),
    )
}

/// At most this many ids at once.
const MAX_IDS: usize = 100;

/// What can be asked by id alone.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The row with this id.
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Maybe<Node> {
        certain(any(ctx, &id)).await
    }

    /// The rows with these ids, in this order; null where there is none. At most 100.
    async fn nodes(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Maybe<Vec<Maybe<Node>>> {
        certain(async {
            if ids.len() > MAX_IDS {
                return Err(Error::bad_input(format!("at most {MAX_IDS} ids at once")));
            }
            let found = ids.iter().map(|id| certain::<Node, Node>(any(ctx, id)));
            Ok(futures_util::future::join_all(found).await)
        })
        .await
    }
}
