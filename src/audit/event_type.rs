//! What can happen, by type.

use custodian_entity::disclosure;
use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

macro_rules! event_types {
    ($($(#[$doc:meta])* $variant:ident = $name:tt;)*) => {
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

impl EventType {
    /// Whether entries of the type tell whom of something was shown, where they succeeded.
    pub(super) fn discloses(self) -> bool {
        disclosure::KINDS.contains(&self.name())
    }
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
    /// Somebody had the log verified.
    AuditVerified = "AUDIT_VERIFIED";
    /// A rule found something in the log.
    SecurityAlertRaised = "SECURITY_ALERT_RAISED";
    /// Somebody took note of it.
    SecurityAlertAcknowledged = "SECURITY_ALERT_ACKNOWLEDGED";
    /// Something was done about an account or an API client at once.
    ContainmentApplied = "CONTAINMENT_APPLIED";
    /// It was lifted.
    ContainmentLifted = "CONTAINMENT_LIFTED";
    /// A security incident was put on record.
    IncidentOpened = "INCIDENT_OPENED";
    /// What is known of one changed.
    IncidentUpdated = "INCIDENT_UPDATED";
    /// It took a step.
    IncidentTransitioned = "INCIDENT_TRANSITIONED";
    /// That a duty to notify was done was put on record.
    IncidentNotified = "INCIDENT_NOTIFIED";
    /// Customers were added to those whose data it is about.
    IncidentAffectedAdded = "INCIDENT_AFFECTED_ADDED";
    /// What another version of the service wrote; this one writes no such entry.
    Unknown = "UNKNOWN";
}
