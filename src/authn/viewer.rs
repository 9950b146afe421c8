//! The authenticated caller.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use custodian_entity::choice::{RateTier, Scope, UserKind};
use custodian_entity::id::{ApiClientId, CustomerId, ResellerId, RoleId, SessionId, TenantId, UserId};
use ipnet::IpNet;

use crate::error::{Error, Result};

/// The role of who has not signed in.
pub const ANONYMOUS: &str = "anonymous";

/// The role of who has yet to set up the second factor that his own role takes, or to choose a password of his own.
pub const ENROLLING: &str = "enrolling";

/// The built-in roles that administer, whose sign-ins are watched for new networks. What they may do is the policy's to say; a
/// provider's own roles go by other names, and are not among them.
pub const ADMINISTRATORS: [&str; 2] = ["system_admin", "tenant_admin"];

/// Who asks: a user acting in one role, or nobody known.
#[derive(Clone, Debug)]
pub struct Viewer {
    identity: Option<Identity>,
}

/// A user acting in one role.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account.
    pub user: UserId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its reseller, for a reseller's account and for a customer who came through one.
    pub reseller: Option<ResellerId>,
    /// Its customer, for a customer's account.
    pub customer: Option<CustomerId>,
    /// Whom the account belongs to.
    pub kind: UserKind,
    /// The role acted in.
    pub role: ActingRole,
    /// The session the token belongs to; none where it is an API client's or another issuer's.
    pub session: Option<SessionId>,
    /// The API client that acts in the account's name, if one does.
    pub client: Option<ApiClientId>,
    /// How often that may call.
    pub rate_tier: Option<RateTier>,
    /// The token scopes by which the role is narrowed; none where nothing narrows it, which an empty set does.
    pub scopes: Option<BTreeSet<String>>,
}

impl Identity {
    /// The session, for what is about it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the token belongs to none.
    pub fn session(&self) -> Result<SessionId> {
        self.session.ok_or_else(|| Error::Forbidden("this takes a session: sign in here".to_owned()))
    }
}

/// A role somebody acts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingRole {
    /// Its name: in the policy, or within the tenant.
    pub name: String,
    /// Its id, if it is a role of the tenant's own.
    pub custom: Option<RoleId>,
    /// How far it was given: where the role reaches farther, this is the limit.
    pub reach: Scope,
    /// Until when it was given, if not forever.
    pub until: Option<DateTime<Utc>>,
}

impl Identity {
    /// The reseller whose rows are all that is reached, whatever the role: that of an API client which is bound to one.
    pub fn bound_to(&self) -> Option<ResellerId> {
        self.client.and(self.reseller)
    }
}

impl ActingRole {
    /// A built-in role, given without limit.
    pub fn built_in(name: &str) -> Self {
        Self { name: name.to_owned(), custom: None, reach: Scope::All, until: None }
    }
}

impl Viewer {
    /// Nobody known.
    pub fn anonymous() -> Self {
        Self { identity: None }
    }

    /// A user acting in one role.
    pub fn signed_in(identity: Identity) -> Self {
        Self { identity: Some(identity) }
    }

    /// The user, if signed in.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The name of the role acted in.
    pub fn role(&self) -> &str {
        self.identity.as_ref().map_or(ANONYMOUS, |identity| &identity.role.name)
    }
}

/// What a request brings to say who it is from.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// The access token.
    pub bearer: Option<&'a str>,
    /// The role to act in, when not the token's.
    pub role: Option<&'a str>,
    /// The address it comes from.
    pub ip: Option<IpAddr>,
}

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Our own id of the request; every error and audit event names it.
    pub request_id: String,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The client's own words about itself.
    pub user_agent: Option<String>,
}

/// What one client has of addresses: the address itself, of IPv6 a /64 (RFC 6177).
pub fn network_of(address: IpAddr) -> IpNet {
    let length = if address.is_ipv4() { 32 } else { 64 };
    IpNet::new_assert(address, length).trunc()
}
