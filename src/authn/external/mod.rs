//! People whom somebody else signs in: access tokens of configured OpenID issuers, in the form of RFC 9068 or as their
//! providers write them.
//!
//! Invariants: who issued a token is only ever compared with the configuration, and keys come from configured addresses
//! only: nothing in a token (`jku`, `x5u`, `jwk`, `iss`) leads anywhere. An issuer speaks for the accounts of one
//! provider, and for none that reaches farther. Its token gives no right, whatever `scope` says: it says which account it
//! is, and at most narrows the choice of the roles that the account holds here.

pub mod jws;
mod keys;

use custodian_entity::{external_identity, user};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value};

use self::jws::Signed;
use self::keys::KeyCache;
use super::username::normalised;
use super::viewer::{ActingRole, Identity};
use super::{act_as, admitted_by, confined, held_roles};
use crate::clock::Clock;
use crate::config::IssuerConfig;
use crate::error::{Error, Result};
use crate::vault::OpenKeys;

/// By how much other clocks may be ahead of ours, in seconds. A token's end is taken as it is.
const LEEWAY: f64 = 30.0;

/// The types a token of use here may say it has (RFC 8725, 3.11); others were made for something else.
const TYPES: [&str; 2] = ["at+jwt", "jwt"];

/// The configured issuers.
pub struct Issuers(Vec<Issuer>);

/// A configured issuer, with its keys.
pub struct Issuer {
    config: IssuerConfig,
    keys: KeyCache,
}

/// An issuer's keys cannot be asked for.
#[derive(Debug, thiserror::Error)]
#[error("issuers: no HTTPS client: {0}")]
pub struct IssuerError(#[from] reqwest::Error);

/// What a valid token of an issuer says.
#[derive(Clone, Debug)]
pub struct Claims {
    /// How the issuer calls the account.
    subject: String,
    /// The account's user name here, if the issuer knows it.
    user_name: Option<String>,
    /// The roles to choose from; none where the issuer has no say in it.
    roles: Option<Vec<String>>,
    /// When it was issued, in seconds since the epoch.
    issued_at: f64,
}

impl Issuers {
    /// Asks for no keys yet.
    ///
    /// # Errors
    /// [`IssuerError`]
    pub fn new(configured: &[IssuerConfig]) -> Result<Self, IssuerError> {
        let issuer = |config: &IssuerConfig| {
            Ok(Issuer { keys: KeyCache::new(config.jwks_url.clone())?, config: config.clone() })
        };
        configured.iter().map(issuer).collect::<Result<_, _>>().map(Self)
    }

    /// The issuer that a token says it is of, if that is a configured one. Nothing else is believed of it here.
    pub fn of(&self, token: &str) -> Option<&Issuer> {
        if self.0.is_empty() {
            return None;
        }
        let claimed = jws::claimed_issuer(token)?;
        self.0.iter().find(|issuer| issuer.config.issuer == claimed)
    }
}

impl Issuer {
    /// What the token says, if it is this issuer's, for us, and valid now.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it; [`Error::Unavailable`] when there are no keys to say.
    pub async fn verify(&self, token: &str, clock: &Clock) -> Result<Claims> {
        let is_for_this = |kind: &str| TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known));
        // No keys are asked for on account of what no key can sign.
        let signed = Signed::read(token, &self.config.algorithms)
            .filter(|signed| signed.kind().is_none_or(is_for_this))
            .ok_or(Error::Unauthenticated)?;
        let mut verified = signed.verified(&self.keys.current(clock).await?);
        if matches!(verified, Err(jws::Refusal::UnknownKey)) {
            // The issuer may have a new key.
            verified = signed.verified(&self.keys.renewed(clock).await?);
        }
        let payload = verified.map_err(|_| Error::Unauthenticated)?;
        self.read(payload, clock).ok_or(Error::Unauthenticated)
    }

    fn read(&self, payload: &[u8], clock: &Clock) -> Option<Claims> {
        let claims: Map<String, Value> = serde_json::from_slice(payload).ok()?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let now = clock.now().timestamp() as f64;
        let time = |name| claims.get(name).and_then(Value::as_f64);
        let (issued_at, until) = (time("iat")?, time("exp")?);
        let longest = f64::from(self.config.max_token_life_seconds);
        let is_valid = text("iss") == Some(&self.config.issuer)
            && listed(claims.get("aud")).contains(&self.config.audience.as_str())
            && now < until
            && until - issued_at <= longest
            && issued_at <= now + LEEWAY
            // Absent is well, anything but a number is not.
            && (!claims.contains_key("nbf") || time("nbf").is_some_and(|begin| begin <= now + LEEWAY));
        if !is_valid {
            return None;
        }
        let user_name = match self.config.user_name_claim.as_str() {
            "" => None,
            // Whoever may write any address into his profile could be anybody.
            "email" if claims.get("email_verified") != Some(&Value::Bool(true)) => return None,
            name => Some(user_name(text(name)?)?),
        };
        let roles = (!self.config.role_claim.is_empty()).then(|| {
            let given = listed(claims.get(&self.config.role_claim));
            let mapped = given.iter().filter_map(|value| self.config.roles.get(*value));
            mapped.cloned().collect()
        });
        Some(Claims { subject: text("sub")?.to_owned(), user_name, roles, issued_at })
    }
}

/// The user name that a claim holds, if it is written as ours are, but for capitals of ASCII. To an issuer that tells
/// more spellings apart, one with the Kelvin sign in place of `k` (U+212A) may be somebody else.
fn user_name(claim: &str) -> Option<String> {
    let name = claim.to_ascii_lowercase();
    (name == normalised(&name)).then_some(name)
}

/// A text, or the texts of a list.
fn listed(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The account that an issuer means, acting in one of its roles.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is no such account, or it may not use the service, or belongs to a provider that
/// the issuer does not speak for, or holds a role that reaches other providers too, or its tokens ended after this one was
/// issued; [`Error::RoleRefused`] for a role that is not held or not left to choose.
pub async fn identify(
    db: &impl ConnectionTrait,
    keys: &OpenKeys,
    clock: &Clock,
    issuer: &Issuer,
    claims: &Claims,
    role: Option<&str>,
    reaches_all: impl Fn(&ActingRole) -> bool,
) -> Result<Identity> {
    let user = meant(db, keys, issuer, claims).await?.ok_or(Error::Unauthenticated)?;
    let ended = [user.password_changed_at, user.tokens_valid_after].into_iter().flatten().max();
    if ended.is_some_and(|at| claims.issued_at < at.timestamp_millis() as f64 / 1000.0 + LEEWAY) {
        return Err(Error::Unauthenticated);
    }
    let tenant = admitted_by(db, &user).await?.filter(|tenant| tenant.domain == issuer.config.tenant);
    let tenant = tenant.ok_or(Error::Unauthenticated)?;
    let mut held = held_roles(db, clock, &user).await?;
    if held.iter().any(|held| reaches_all(&held.role)) {
        return Err(Error::Unauthenticated);
    }
    if let Some(roles) = &claims.roles {
        held.retain(|held| roles.contains(&held.role.name));
    }
    let identity = act_as(&user, &held, role, None)?;
    // Whatever the issuer asked for, nobody has proved a second factor here.
    let unproved = user::Model { mfa_enabled: false, ..user };
    Ok(confined(identity, &unproved, &tenant))
}

/// The account of this name, or the one that the operator linked to the subject. A link pins: who is linked under another
/// subject, or whose subject is linked to another account, is not meant by his name either.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
async fn meant(
    db: &impl ConnectionTrait,
    keys: &OpenKeys,
    issuer: &Issuer,
    claims: &Claims,
) -> Result<Option<user::Model>> {
    use external_identity::Column;
    let links = external_identity::Entity::find().filter(Column::Issuer.eq(&issuer.config.issuer));
    let subject = Column::Subject.eq(&claims.subject);
    let Some(name) = &claims.user_name else {
        let Some(link) = links.filter(subject).one(db).await? else { return Ok(None) };
        return Ok(user::Entity::find_by_id(link.user_id).one(db).await?);
    };
    let named = user::Column::UsernameIndex.eq(keys.user_name(name).await?);
    let user = user::Entity::find().filter(named).one(db).await?;
    let Some(user) = user else { return Ok(None) };
    let links = links.filter(subject.or(Column::UserId.eq(user.id))).all(db).await?;
    let is_this = |link: &external_identity::Model| link.subject == claims.subject && link.user_id == user.id;
    Ok((links.is_empty() || links.iter().any(is_this)).then_some(user))
}
