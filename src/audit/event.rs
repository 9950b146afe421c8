//! What can happen, by type, each with its details.

use chrono::{DateTime, Utc};
use custodian_entity::choice::Outcome;
use custodian_entity::id::{
    ApiClientId, CustomerId, IdentityCheckId, ResellerId, TenantId, TicketId, TypedId, UserId,
};
use custodian_entity::{api_client, role_grant};
use sea_orm::prelude::StringLen;
use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter};
use serde::Serialize;

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Everything the log knows of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(128))", enum_name = "AuditEventType")]
        pub enum EventType { $($(#[$doc])* #[sea_orm(string_value = $name)] $variant),* }

        impl EventType {
            /// The name under which it is stored.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

event_types! {
    /// A user signed in.
    SignInSucceeded = "SIGN_IN_SUCCEEDED";
    /// Somebody failed to.
    SignInFailed = "SIGN_IN_FAILED";
    /// A session was prolonged.
    TokenRefreshed = "TOKEN_REFRESHED";
    /// A refresh token came a second time: its session was ended.
    RefreshTokenReused = "REFRESH_TOKEN_REUSED";
    /// A user ended his session.
    SignedOut = "SIGNED_OUT";
    /// A user ended all his sessions.
    SignedOutEverywhere = "SIGNED_OUT_EVERYWHERE";
    /// Somebody ended a session that need not be his own.
    SessionRevoked = "SESSION_REVOKED";
    /// Somebody failed to once too often: the account, or the address, waits.
    SignInLocked = "SIGN_IN_LOCKED";
    /// The password was right; a code of the second factor was asked for.
    SignInChallenged = "SIGN_IN_CHALLENGED";
    /// A user changed his password.
    PasswordChanged = "PASSWORD_CHANGED";
    /// Somebody asked for a link by which a new password can be chosen.
    PasswordResetRequested = "PASSWORD_RESET_REQUESTED";
    /// A user chose a new password by such a link.
    PasswordReset = "PASSWORD_RESET";
    /// An account was made for somebody, who was sent a link.
    UserInvited = "USER_INVITED";
    /// He chose his first password by it.
    InvitationAccepted = "INVITATION_ACCEPTED";
    /// An account was made.
    UserCreated = "USER_CREATED";
    /// An account was changed.
    UserUpdated = "USER_UPDATED";
    /// An account was ended, and all its sessions and API clients with it.
    UserDeactivated = "USER_DEACTIVATED";
    /// An account need not wait any longer.
    UserUnlocked = "USER_UNLOCKED";
    /// A user was given a secret for his second factor.
    SecondFactorEnrolled = "SECOND_FACTOR_ENROLLED";
    /// A user confirmed his second factor.
    SecondFactorEnabled = "SECOND_FACTOR_ENABLED";
    /// A user took his second factor away.
    SecondFactorDisabled = "SECOND_FACTOR_DISABLED";
    /// A session was verified by the second factor.
    SessionVerified = "SESSION_VERIFIED";
    /// A provider's own data were changed.
    TenantUpdated = "TENANT_UPDATED";
    /// A reseller was created.
    ResellerCreated = "RESELLER_CREATED";
    /// A reseller's data were changed.
    ResellerUpdated = "RESELLER_UPDATED";
    /// A reseller took a step of its lifecycle.
    ResellerTransitioned = "RESELLER_TRANSITIONED";
    /// A customer was created.
    CustomerCreated = "CUSTOMER_CREATED";
    /// A customer's data were changed.
    CustomerUpdated = "CUSTOMER_UPDATED";
    /// Customers were added and changed from a file.
    CustomersImported = "CUSTOMERS_IMPORTED";
    /// A customer was looked up by something it is known by.
    CustomerLookedUp = "CUSTOMER_LOOKED_UP";
    /// A customer took a step of its lifecycle.
    CustomerTransitioned = "CUSTOMER_TRANSITIONED";
    /// A customer went to another reseller, or to none.
    CustomerMoved = "CUSTOMER_MOVED";
    /// A letter asks whether a customer's e-mail address is its own.
    EmailVerificationSent = "EMAIL_VERIFICATION_SENT";
    /// Somebody brought the token of such a letter.
    EmailVerified = "EMAIL_VERIFIED";
    /// A customer is to have another e-mail address, once that is confirmed.
    EmailChangeRequested = "EMAIL_CHANGE_REQUESTED";
    /// A customer has another e-mail address: it was confirmed.
    EmailChanged = "EMAIL_CHANGED";
    /// An address was added.
    AddressCreated = "ADDRESS_CREATED";
    /// An address was changed.
    AddressUpdated = "ADDRESS_UPDATED";
    /// An address was removed.
    AddressDeleted = "ADDRESS_DELETED";
    /// A contact was added.
    ContactCreated = "CONTACT_CREATED";
    /// A contact was changed.
    ContactUpdated = "CONTACT_UPDATED";
    /// A contact was removed.
    ContactDeleted = "CONTACT_DELETED";
    /// A note about a customer was written.
    CustomerNoteCreated = "CUSTOMER_NOTE_CREATED";
    /// A note about a customer was changed.
    CustomerNoteUpdated = "CUSTOMER_NOTE_UPDATED";
    /// A note about a customer was removed.
    CustomerNoteDeleted = "CUSTOMER_NOTE_DELETED";
    /// A service was subscribed to.
    SubscriptionCreated = "SUBSCRIPTION_CREATED";
    /// A subscription took a step of its lifecycle.
    SubscriptionTransitioned = "SUBSCRIPTION_TRANSITIONED";
    /// The technical side of a subscription was changed.
    NetworkServiceUpdated = "NETWORK_SERVICE_UPDATED";
    /// An invoice was drafted.
    InvoiceCreated = "INVOICE_CREATED";
    /// An invoice was issued.
    InvoiceIssued = "INVOICE_ISSUED";
    /// An invoice was voided.
    InvoiceVoided = "INVOICE_VOIDED";
    /// A payment was recorded.
    PaymentCreated = "PAYMENT_CREATED";
    /// A payment was paid back, in part or in full.
    PaymentRefunded = "PAYMENT_REFUNDED";
    /// A customer can pay with something new.
    PaymentMethodAttached = "PAYMENT_METHOD_ATTACHED";
    /// A customer no longer pays with something.
    PaymentMethodDetached = "PAYMENT_METHOD_DETACHED";
    /// A ticket was opened.
    TicketCreated = "TICKET_CREATED";
    /// A ticket was changed.
    TicketUpdated = "TICKET_UPDATED";
    /// A ticket was given to somebody, or to nobody.
    TicketAssigned = "TICKET_ASSIGNED";
    /// A ticket took a step of its lifecycle.
    TicketTransitioned = "TICKET_TRANSITIONED";
    /// A ticket was answered.
    TicketReplied = "TICKET_REPLIED";
    /// A role was created.
    RoleCreated = "ROLE_CREATED";
    /// A role was changed.
    RoleUpdated = "ROLE_UPDATED";
    /// A role was removed.
    RoleDeleted = "ROLE_DELETED";
    /// A role was given to a user.
    RoleGranted = "ROLE_GRANTED";
    /// A role was taken from a user.
    RoleRevoked = "ROLE_REVOKED";
    /// A document was uploaded.
    DocumentUploaded = "DOCUMENT_UPLOADED";
    /// A file was refused: the scanner found something in it.
    DocumentInfected = "DOCUMENT_INFECTED";
    /// The scanner has looked at a document that had waited for it.
    DocumentScanned = "DOCUMENT_SCANNED";
    /// A document was found right.
    DocumentVerified = "DOCUMENT_VERIFIED";
    /// A document was not found right.
    DocumentRejected = "DOCUMENT_REJECTED";
    /// A document is of no use any more.
    DocumentArchived = "DOCUMENT_ARCHIVED";
    /// A link to the content of a document was made.
    DocumentLinkCreated = "DOCUMENT_LINK_CREATED";
    /// The content of a document was sent.
    DocumentDownloaded = "DOCUMENT_DOWNLOADED";
    /// A call was recorded.
    CallLogCreated = "CALL_LOG_CREATED";
    /// Somebody checked who was calling.
    IdentityChecked = "IDENTITY_CHECKED";
    /// RESTRICTED data were shown in clear.
    DataDisclosed = "DATA_DISCLOSED";
    /// Fields or operations were denied.
    AccessDenied = "ACCESS_DENIED";
    /// Fields of one row were unmasked.
    FieldRevealed = "FIELD_REVEALED";
    /// Fields were to be unmasked that may not be in this role.
    RevealDenied = "REVEAL_DENIED";
    /// A letter could not be sent.
    LetterFailed = "LETTER_FAILED";
    /// Something was asked for more often than it may be.
    RateLimited = "RATE_LIMITED";
    /// An API client was created.
    ApiClientCreated = "API_CLIENT_CREATED";
    /// An API client was given a new secret.
    ApiClientRotated = "API_CLIENT_ROTATED";
    /// An API client was revoked.
    ApiClientRevoked = "API_CLIENT_REVOKED";
    /// An API client was given an access token.
    ApiTokenIssued = "API_TOKEN_ISSUED";
    /// Somebody asked for one and was refused.
    ApiTokenRefused = "API_TOKEN_REFUSED";
    /// An access token of an API client was taken back.
    ApiTokenRevoked = "API_TOKEN_REVOKED";
    /// An account was linked to a person known to another issuer, or no longer is.
    IdentityLinked = "IDENTITY_LINKED";
}

/// What an event says besides who, what and when. Names and steps, never values of personal data.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Details {
    /// Nothing more.
    None {},
    /// The fields that were given.
    Fields {
        /// Their names in the schema.
        fields: Vec<&'static str>,
    },
    /// A step of a lifecycle.
    Step {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// From one reseller to another.
    Move {
        /// Before, if there was one.
        from: Option<String>,
        /// After, if there is one.
        to: Option<String>,
    },
    /// What a change of a role comes to.
    Decisions {
        /// What it may do now and could not before: `Customer.email read`, `Customer rows:tenant`.
        gained: Vec<String>,
        /// What it could do before and may not now.
        lost: Vec<String>,
    },
    /// A role given or taken.
    Grant {
        /// The role.
        role: String,
        /// Who holds it.
        user: String,
        /// How far it reaches at most.
        scope: String,
        /// Until when.
        expires_at: Option<DateTime<Utc>>,
    },
    /// Fields that were, or were not, unmasked, what for, and what allowed it besides the role.
    Reveal {
        /// Their names in the schema.
        fields: Vec<String>,
        /// The purpose given.
        purpose: String,
        /// The ticket it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
        /// The check of who was calling.
        #[serde(rename = "identityCheck", skip_serializing_if = "Option::is_none")]
        check: Option<String>,
    },
    /// What was shown, and of whom.
    Disclosed {
        /// The fields; they have a column of their own.
        #[serde(skip)]
        fields: Vec<String>,
        /// How many customers.
        customers: usize,
        /// How many rows of no customer.
        #[serde(rename = "otherRows", skip_serializing_if = "is_zero")]
        others: usize,
        /// SHA-256 of the customers' ids, in their order.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
    },
    /// What was denied.
    Denied {
        /// Fields and operations, as the schema names them.
        denied: Vec<String>,
        /// How many more there were.
        #[serde(skip_serializing_if = "is_zero")]
        more: usize,
        /// The version of the policy that denied them.
        policy: String,
    },
    /// What was sent.
    Sent {
        /// The fields it stands for; they have a column of their own.
        #[serde(skip)]
        fields: Vec<String>,
    },
    /// A batch of an import.
    Import {
        /// How many customers were added.
        added: u64,
        /// How many were changed.
        changed: u64,
    },
    /// A look-up.
    Lookup {
        /// What was looked up by, never its value.
        key: &'static str,
        /// How many rows were found.
        hits: usize,
    },
    /// A letter.
    Letter {
        /// What it says, by name.
        notice: String,
        /// How often it was tried.
        attempts: i32,
    },
    /// What an API client, or a token of one, is limited to.
    Scopes {
        /// Their names, separated by spaces.
        scopes: String,
        /// Until when.
        #[serde(rename = "expiresAt")]
        expires_at: DateTime<Utc>,
    },
    /// An account linked to somebody whom another issuer knows, or no longer.
    Identity {
        /// The issuer.
        issuer: String,
        /// Whether they are linked now.
        linked: bool,
    },
    /// What the scanner found in a file.
    Infection {
        /// As the scanner calls it.
        signature: String,
    },
    /// A sign-in under a name that no account has.
    SignIn {
        /// Its mask.
        username: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Details {
    /// The fields that were shown.
    pub(super) fn fields_read(&self) -> Option<&[String]> {
        match self {
            Self::Reveal { fields, .. } | Self::Disclosed { fields, .. } | Self::Sent { fields } => {
                Some(fields)
            }
            _ => None,
        }
    }

    /// What for.
    pub(super) fn purpose(&self) -> Option<&str> {
        match self {
            Self::Reveal { purpose, .. } => Some(purpose),
            _ => None,
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub(super) tenant: Option<TenantId>,
    pub(super) reseller: Option<ResellerId>,
    pub(super) customer: Option<CustomerId>,
    pub(super) resource: Option<(&'static str, String)>,
}

impl Subject {
    /// A row of a type.
    pub fn row(type_name: &'static str, id: impl TypedId, tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), resource: Some((type_name, id.encode())), ..Self::default() }
    }

    /// A row of any type, by its id as text, with whoever owns it.
    pub fn owned(
        resource: (&'static str, String),
        tenant: Option<TenantId>,
        reseller: Option<ResellerId>,
        customer: Option<CustomerId>,
    ) -> Self {
        Self { tenant, reseller, customer, resource: Some(resource) }
    }

    /// The customer whose row it is.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer
    }

    /// Of a customer's, and so of his reseller's.
    #[must_use]
    pub fn of_customer(self, customer: CustomerId, reseller: Option<ResellerId>) -> Self {
        Self { customer: Some(customer), reseller, ..self }
    }
}

/// An entry of the log before it is written.
pub struct Event {
    pub(super) kind: EventType,
    pub(super) subject: Subject,
    pub(super) actor: Option<UserId>,
    pub(super) client: Option<ApiClientId>,
    pub(super) role: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) details: Details,
}

impl Event {
    /// With the names of the fields that were given.
    #[must_use]
    pub fn fields(self, fields: Vec<&'static str>) -> Self {
        Self { details: Details::Fields { fields }, ..self }
    }

    /// With a step of a lifecycle.
    #[must_use]
    pub fn step(self, from: impl std::fmt::Debug, to: impl std::fmt::Debug) -> Self {
        Self { details: Details::Step { from: format!("{from:?}"), to: format!("{to:?}") }, ..self }
    }

    /// With the resellers before and after.
    #[must_use]
    pub fn moved(self, from: Option<ResellerId>, to: Option<ResellerId>) -> Self {
        let (from, to) = (from.map(TypedId::encode), to.map(TypedId::encode));
        Self { details: Details::Move { from, to }, ..self }
    }

    /// With what a change of a role comes to.
    #[must_use]
    pub fn decisions(self, gained: Vec<String>, lost: Vec<String>) -> Self {
        Self { details: Details::Decisions { gained, lost }, ..self }
    }

    /// With a role given or taken.
    #[must_use]
    pub fn grant(self, role: &str, grant: &role_grant::Model) -> Self {
        let details = Details::Grant {
            role: role.to_owned(),
            user: grant.user_id.encode(),
            scope: grant.scope.to_value(),
            expires_at: grant.expires_at,
        };
        Self { details, ..self }
    }

    /// With the fields that were to be unmasked, what for, and the ticket or check that stands behind it.
    #[must_use]
    pub fn reveal(
        self,
        fields: Vec<String>,
        purpose: String,
        ticket: Option<TicketId>,
        check: Option<IdentityCheckId>,
    ) -> Self {
        let (ticket, check) = (ticket.map(TypedId::encode), check.map(TypedId::encode));
        Self { details: Details::Reveal { fields, purpose, ticket, check }, ..self }
    }

    /// With what an API client, or a token of one, is limited to.
    #[must_use]
    pub fn scopes(self, scopes: String, expires_at: DateTime<Utc>) -> Self {
        Self { details: Details::Scopes { scopes, expires_at }, ..self }
    }

    /// With whether he is linked now, or no longer, and by which issuer.
    #[must_use]
    pub fn identity(self, issuer: String, linked: bool) -> Self {
        Self { details: Details::Identity { issuer, linked }, ..self }
    }

    /// Of a client at the door: nobody is signed in yet.
    #[must_use]
    pub fn of_client(self, client: Option<&api_client::Model>, outcome: Outcome) -> Self {
        let (client, actor) = (client.map(|client| client.id), client.map(|client| client.owner_id));
        Self { client, actor, outcome, ..self }
    }

    /// With how many customers were added and changed.
    #[must_use]
    pub fn imported(self, added: u64, changed: u64) -> Self {
        Self { details: Details::Import { added, changed }, ..self }
    }

    /// With the fields that what was sent stands for.
    #[must_use]
    pub fn sent(self, fields: Vec<String>) -> Self {
        Self { details: Details::Sent { fields }, ..self }
    }

    /// With what was looked up by, and how many rows were found.
    #[must_use]
    pub fn lookup(self, key: &'static str, hits: usize) -> Self {
        Self { details: Details::Lookup { key, hits }, ..self }
    }

    /// With what a letter is about, and how often it was tried.
    #[must_use]
    pub fn letter(self, notice: &str, attempts: i32) -> Self {
        Self { details: Details::Letter { notice: notice.to_owned(), attempts }, ..self }
    }

    /// With what the scanner found.
    #[must_use]
    pub fn infection(self, signature: String) -> Self {
        Self { details: Details::Infection { signature }, ..self }
    }

    /// With the mask of the user name given.
    #[must_use]
    pub fn username(self, masked: String) -> Self {
        Self { details: Details::SignIn { username: masked }, ..self }
    }

    /// Of this account, where there is no viewer yet.
    #[must_use]
    pub fn by(self, user: UserId) -> Self {
        Self { actor: Some(user), ..self }
    }

    /// In this role, where the viewer's own is not it.
    #[must_use]
    pub fn in_role(self, role: &str) -> Self {
        Self { role: Some(role.to_owned()), ..self }
    }

    /// That it was tried and failed.
    #[must_use]
    pub fn failed(self) -> Self {
        Self { outcome: Outcome::Failure, ..self }
    }

    /// A sign-in, and what came of it: of an account, or under a user name that is given as its mask.
    pub fn sign_in(kind: EventType, masked_username: String, actor: Option<(UserId, TenantId)>) -> Self {
        let succeeded = kind == EventType::SignInSucceeded;
        Self {
            kind,
            subject: Subject { tenant: actor.map(|(_, tenant)| tenant), ..Subject::default() },
            actor: actor.map(|(user, _)| user),
            client: None,
            role: None,
            outcome: if succeeded { Outcome::Success } else { Outcome::Failure },
            details: match actor {
                Some(_) => Details::None {},
                None => Details::SignIn { username: masked_username },
            },
        }
    }
}
