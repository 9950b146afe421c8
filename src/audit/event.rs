//! What happened, with its details.

use chrono::{DateTime, Utc};
use custodian_entity::choice::{ContainmentKind, Duty, Outcome, PrivacyRegime, Severity};
use custodian_entity::id::{
    ApiClientId, CustomerId, IdentityCheckId, ResellerId, SecurityAlertId, TenantId, TicketId, TypedId,
    UserId,
};
use custodian_entity::{api_client, role_grant};
use sea_orm::ActiveEnum;
use serde::Serialize;

use super::event_type::EventType;
use super::verify::Verification;

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
    /// What was asked for more often than it may be.
    Limited {
        /// The limit, by name.
        limit: &'static str,
    },
    /// What the scanner found in a file.
    Infection {
        /// As the scanner calls it.
        signature: String,
    },
    /// What was notified of an incident.
    Notified {
        /// Under which law.
        regime: String,
        /// What was done.
        duty: String,
        /// Whether it was late.
        #[serde(rename = "isLate")]
        is_late: bool,
    },
    /// What verifying the log found.
    Verified {
        /// How many chains were looked at.
        chains: usize,
        /// How many of their entries were as they had been written.
        entries: u64,
        /// Whether all were.
        #[serde(rename = "isValid")]
        is_valid: bool,
    },
    /// What a rule found.
    Alert {
        /// The rule, by name.
        rule: &'static str,
        /// How bad it looks.
        severity: String,
        /// How much was counted.
        count: u64,
    },
    /// What was done about somebody at once, or lifted.
    Containment {
        /// What.
        kind: String,
        /// The account or API client.
        target: String,
        /// The alert that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        alert: Option<String>,
    },
    /// Whose data an incident is about, by the record of what an account was shown.
    Affected {
        /// The account.
        actor: String,
        /// From then on.
        from: String,
        /// To before then.
        to: String,
        /// How many customers the incident is about now.
        customers: u64,
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
    /// What was added to it, for who listens; the log has no place for it.
    pub(super) added: Option<String>,
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
        Self { tenant, reseller, customer, resource: Some(resource), added: None }
    }

    /// The customer whose row it is.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer
    }

    /// With the id of what was added to it: who listens for that is told.
    #[must_use]
    pub fn adding(self, id: impl TypedId) -> Self {
        Self { added: Some(id.encode()), ..self }
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

    /// With what was notified of an incident.
    #[must_use]
    pub fn notified(self, regime: PrivacyRegime, duty: Duty, is_late: bool) -> Self {
        let (regime, duty) = (regime.to_value(), duty.to_value());
        Self { details: Details::Notified { regime, duty, is_late }, ..self }
    }

    /// With what verifying the log found.
    #[must_use]
    pub fn verified(self, found: &Verification) -> Self {
        let Verification { chains, entries, ref fault, .. } = *found;
        let is_valid = fault.is_none();
        let outcome = if is_valid { Outcome::Success } else { Outcome::Failure };
        Self { outcome, details: Details::Verified { chains, entries, is_valid }, ..self }
    }

    /// With what a rule found.
    #[must_use]
    pub fn alert(self, rule: &'static str, severity: Severity, count: u64) -> Self {
        Self { details: Details::Alert { rule, severity: severity.to_value(), count }, ..self }
    }

    /// With what was done about somebody, and the alert that it answers.
    #[must_use]
    pub fn containment(self, kind: ContainmentKind, target: String, alert: Option<SecurityAlertId>) -> Self {
        let alert = alert.map(TypedId::encode);
        Self { details: Details::Containment { kind: kind.to_value(), target, alert }, ..self }
    }

    /// With whom an incident is about, and how that was found.
    #[must_use]
    pub fn affected(self, actor: UserId, from: DateTime<Utc>, to: DateTime<Utc>, customers: u64) -> Self {
        let (actor, from, to) = (actor.encode(), from.to_rfc3339(), to.to_rfc3339());
        Self { details: Details::Affected { actor, from, to, customers }, ..self }
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
