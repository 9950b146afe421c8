//! Closed sets of values. Stored and shown by the same upper-case name.

use sea_orm::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(32))", rename_all = "SCREAMING_SNAKE_CASE")]
        #[allow(missing_docs, reason = "the names are the vocabulary of the domain; the set says what they mean")]
        pub enum $name { $($variant),* }
    )*};
}

choices! {
    /// Whether a provider may use the service.
    TenantStatus { Active, Suspended }
    /// Whether a reseller may use the service.
    ResellerStatus { Active, Suspended }
    /// Under GDPR Art. 4(7), 4(8), 26: the reseller's part in the processing.
    ResellerDataRole { Controller, JointController, Processor }
    /// Whom an account belongs to.
    UserKind { Staff, Reseller, Customer }
    /// Whether an account may sign in.
    UserStatus { Invited, Active, Disabled }
    /// Why a session ended before its time.
    SessionEnd { SignedOut, SignedOutEverywhere, Revoked, TokenReused, PasswordChanged, Locked, Disabled }
    /// What an account's token is for.
    TokenPurpose { PasswordReset, Invitation }
    /// What became of a letter.
    LetterStatus { Pending, Sent, Failed }
    /// Which rows a role reaches, from narrow to wide.
    Scope { Own, Assigned, Reseller, Tenant, All }
    /// The legal form of a customer. A sole trader is a natural person.
    CustomerType { Individual, SoleTrader, Company }
    /// The lifecycle of a customer; `ANONYMIZED` is final.
    CustomerStatus { Prospect, PendingVerification, Active, Suspended, Closed, Anonymized }
    /// The kind of an identity document.
    GovernmentIdType { Passport, NationalId, DriverLicence, ResidencePermit, Other }
    /// How far the identity of a customer is verified.
    KycStatus { NotStarted, Pending, Verified, Rejected, Expired }
    /// What became of a question whether an e-mail address is the customer's.
    VerificationStatus { Pending, Verified, Expired, Superseded }
    /// What an address is used for.
    AddressType { Billing, Service, Mailing }
    /// What a contact is asked about.
    ContactKind { General, Billing, Technical, Emergency }
    /// What a note about a customer is about.
    NoteCategory { General, Billing, Technical, Sales, Complaint }
    /// What a plan delivers.
    ServiceKind { Internet, Voice, Television, Mobile, Bundle }
    /// How often a plan is billed.
    BillingPeriod { Monthly, Quarterly, Yearly }
    /// Whether a plan can be sold.
    PlanStatus { Draft, Active, Retired }
    /// The lifecycle of a subscription.
    SubscriptionStatus { Pending, Active, Suspended, Terminated, Cancelled }
    /// What the network knows of a subscription.
    ProvisioningState { Pending, Provisioning, Provisioned, Failed, Deprovisioned }
    /// The medium of the access line.
    AccessTechnology { Fibre, Dsl, Cable, FixedWireless, Mobile, Satellite }
    /// How the line authenticates and gets its address.
    ConnectionType { Pppoe, Ipoe, Dhcp, Static }
    /// The lifecycle of an invoice. That it is overdue follows from its due date.
    InvoiceStatus { Draft, Issued, PartiallyPaid, Paid, Void }
    /// The lifecycle of a payment.
    PaymentStatus { Pending, Succeeded, Failed, PartiallyRefunded, Refunded }
    /// Why a payment failed.
    PaymentFailureCode { InsufficientFunds, Declined, Expired, Fraud, Other }
    /// What a customer pays with.
    PaymentMethodKind { Card, BankAccount }
    /// Whether a customer can be charged by it. That a card has expired follows from its date and is not stored.
    PaymentMethodStatus { Active, Expired, Detached }
    /// Whose card it is.
    CardBrand { Visa, Mastercard, Maestro, AmericanExpress, Discover, DinersClub, Jcb, UnionPay, Other }
    /// Who works on a ticket: billing managers see `BILLING`, network engineers `TECHNICAL`.
    TicketCategory { General, Technical, Billing, Sales, Complaint }
    /// The lifecycle of a ticket.
    TicketStatus { New, InProgress, Pending, Resolved, Closed }
    /// How much is affected.
    Severity { Low, Medium, High, Critical }
    /// How soon it is worked on.
    Priority { Low, Normal, High, Urgent }
    /// The way something reached us.
    Channel { Portal, Phone, Email, Chat, Shop, Api }
    /// Who wrote a message.
    AuthorKind { Customer, Reseller, Staff, System }
    /// Which way a call went.
    Direction { Inbound, Outbound }
    /// What came of a call.
    CallOutcome { Answered, NoAnswer, Busy, Voicemail, Abandoned }
    /// What a document shows.
    DocumentType {
        Passport, NationalId, DriverLicence, ResidencePermit, ProofOfAddress, CompanyRegistration, Contract, Mandate, Other,
    }
    /// Where a document stands. As long as it is being uploaded there is none.
    DocumentStatus { Scanning, PendingReview, Verified, Rejected, Expired, Purged }
    /// What the scanner says of a document; `SKIPPED` where there is none.
    ScanStatus { Pending, Clean, Infected, Skipped }
    /// How somebody shows to be the customer (47 CFR 64.2010).
    CpniAuthMethod { Password, BackupQuestion, CallBack, AddressOfRecord, PhotoId }
    /// What something is unmasked for.
    RevealPurpose { CustomerRequest, IdentityVerification, BillingDispute, IncidentResponse, LegalRequest }
    /// Whether an API client may call.
    ApiClientStatus { Active, Revoked, Expired }
    /// How often an API client may call: the edge knows how many requests each is.
    RateTier { Low, Standard, High }
    /// Whether somebody has taken note of an alert.
    AlertStatus { Open, Acknowledged }
    /// What is done about somebody at once, and can be lifted.
    ContainmentKind { SuspendUser, RevokeTokens, LockApiClient, FreezeReseller }
    /// Where a security incident stands.
    IncidentStatus { Detected, Triaged, Contained, Eradicated, Recovered, Closed }
    /// A kind of data, as fields are classified.
    DataCategory { Pii, Auth, Financial, Service, Communication, Document }
    /// A law under which a breach of personal data is notified: Regulation (EU) 2016/679, Articles 33 and 34; Regulation (EU)
    /// 611/2013, for providers of electronic communications in the EU; the UK GDPR; the Privacy and Electronic Communications
    /// Regulations 2003 (UK), regulation 5A.
    PrivacyRegime { Gdpr, EuEcs, UkGdpr, UkPecr }
    /// What is to be notified: the breach, to the authority; the rest of what it must be told; the breach, to those whose data
    /// they are. Whether the law asks for the last in a case a human decides.
    Duty { AuthorityInitial, AuthorityFollowUp, Subjects }
    /// Who is notified.
    Recipient { SupervisoryAuthority, NationalAuthority, InformationCommissioner, DataSubjects, Subscribers }
    /// How an operation ended, in the audit log; how a check of who is calling did.
    Outcome { Success, Failure, Denied }
}
