//! One id type per entity. Stored as a UUID (version 7), shown as a TypeID such as `cust_01h455vb4pex5vsknk084sn02q`.

use std::fmt;
use std::str::FromStr;

use sea_orm::prelude::Uuid;
use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use typeid_suffix::prelude::TypeIdSuffix;

/// What every id type can do; generic code (row scope, loaders, GraphQL ids) needs no more.
pub trait TypedId: Copy + Eq + std::hash::Hash + Ord + fmt::Debug + Send + Sync + 'static {
    /// The part before the underscore.
    const PREFIX: &'static str;
    /// Wraps a stored value.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The stored value.
    fn uuid(self) -> Uuid;

    /// The TypeID text: prefix, underscore, 26 characters of Crockford base 32.
    fn encode(self) -> String {
        format!("{}_{}", Self::PREFIX, TypeIdSuffix::from(self.uuid()))
    }

    /// Reads a TypeID text.
    ///
    /// # Errors
    /// [`InvalidId`] when the prefix is another type's or the suffix is malformed. The offending text is not
    /// repeated: it is the caller's input.
    fn decode(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix(Self::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|suffix| TypeIdSuffix::from_str(suffix).ok())
            .map(|suffix| Self::from_uuid(suffix.to_uuid()))
            .ok_or(InvalidId { prefix: Self::PREFIX })
    }
}

/// The text is not an id of the expected type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_…")]
pub struct InvalidId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// The stored value that the text of an id stands for, of whichever type; none if it is no id.
pub fn uuid_of(text: &str) -> Option<Uuid> {
    let (_, suffix) = text.rsplit_once('_')?;
    TypeIdSuffix::from_str(suffix).ok().map(|suffix| suffix.to_uuid())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
        pub struct $name(Uuid);

        impl TypedId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.encode())
            }
        }

        // SeaORM asks it of every primary key; ids are never numbers.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )*};
}

impl TenantId {
    /// No provider's: what is unique across providers is tagged with a key of none.
    pub const NONE: Self = Self(Uuid::nil());
}

ids! {
    /// An internet provider.
    TenantId = "tnt";
    /// A partner of a provider.
    ResellerId = "rsl";
    /// An account that can sign in.
    UserId = "usr";
    /// A role, built in or of a tenant's own.
    RoleId = "role";
    /// A role given to a user.
    RoleGrantId = "grnt";
    /// A sign-in, until it ends.
    SessionId = "sess";
    /// A customer.
    CustomerId = "cust";
    /// A postal address of a customer.
    AddressId = "addr";
    /// A contact person of a customer.
    ContactId = "cont";
    /// What staff noted about a customer.
    CustomerNoteId = "note";
    /// A question whether an e-mail address is a customer's.
    EmailVerificationId = "verif";
    /// A tariff.
    ServicePlanId = "plan";
    /// A subscribed service.
    SubscriptionId = "sub";
    /// The technical side of a subscription.
    NetworkServiceId = "net";
    /// An invoice.
    InvoiceId = "inv";
    /// A line of an invoice.
    InvoiceLineId = "line";
    /// A payment.
    PaymentId = "pay";
    /// What a customer pays with.
    PaymentMethodId = "pm";
    /// A part of a payment that was paid back.
    RefundId = "rfnd";
    /// A trouble ticket.
    TicketId = "tick";
    /// A message on a ticket.
    TicketMessageId = "msg";
    /// A call with a customer.
    CallLogId = "call";
    /// A file of a customer.
    DocumentId = "doc";
    /// A check of who is calling.
    IdentityCheckId = "check";
    /// What a field held, and what took its place.
    ChangeRecordId = "chg";
    /// A program that calls in the name of an account.
    ApiClientId = "client";
    /// A letter on its way.
    LetterId = "ltr";
    /// An entry of the audit log.
    AuditEventId = "evt";
    /// Something in the audit log that somebody has to look at.
    SecurityAlertId = "alert";
    /// What was done about an account or a program at once.
    ContainmentId = "hold";
    /// A security incident.
    SecurityIncidentId = "inc";
    /// That a duty to notify of one was done.
    IncidentNotificationId = "notice";
}
