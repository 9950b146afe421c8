//! Access tokens: JWT signed with EdDSA (RFC 7519, RFC 8037), profile `at+jwt` (RFC 9068), without personal data.
//!
//! Of a token's header only `kid` is heard, and only to choose among our own keys; algorithm and type are fixed.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use custodian_entity::id::{ApiClientId, SessionId, TenantId, TypedId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};

use super::client::words;
use super::viewer::Identity;
use crate::clock::Clock;
use crate::crypto::{KeyError, KeyRing};
use crate::error::{Error, Result};

/// The audience of access tokens.
pub const AUDIENCE: &str = "custodian-api";
/// The longest life a token may have, in seconds (DESIGN, section 4).
pub const MAX_TTL_SECONDS: i64 = 3600;
const TYPE: &str = "at+jwt";

/// The claims as they travel.
#[derive(Debug, Serialize, Deserialize)]
struct Wire {
    iss: String,
    aud: String,
    sub: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    /// The session of a user's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    tenant: String,
    role: String,
    ver: i32,
    /// The API client it was given to (RFC 8693, 4.3); then also the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// What an API client's is limited to, separated by spaces (RFC 8693, 4.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// What a valid token says.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The account.
    pub user: UserId,
    /// The role chosen at sign-in.
    pub role: String,
    /// The session.
    pub session: SessionId,
    /// The account's token version at sign-in.
    pub version: i32,
}

/// What a valid token of an API client says.
#[derive(Clone, Debug)]
pub struct ClientClaims {
    /// The client.
    pub client: ApiClientId,
    /// What the token is limited to.
    pub scopes: BTreeSet<String>,
    /// The token itself (`jti`).
    pub id: Uuid,
    /// The client's token version when it was given.
    pub version: i32,
    /// When it was given, in seconds since the epoch.
    pub issued_at: i64,
    /// When it ends.
    pub expires_at: i64,
}

/// Whose a valid token is.
#[derive(Clone, Debug)]
pub enum Bearer {
    /// A user's, who signed in.
    User(Claims),
    /// An API client's.
    Client(ClientClaims),
}

/// What an API client is given a token for.
#[derive(Clone, Debug)]
pub struct ClientGrant<'a> {
    /// The client.
    pub client: ApiClientId,
    /// Its tenant.
    pub tenant: TenantId,
    /// The role it acts in.
    pub role: &'a str,
    /// Its token version.
    pub version: i32,
    /// What the token is limited to.
    pub scopes: &'a BTreeSet<String>,
    /// When the client itself ends, in seconds since the epoch.
    pub until: i64,
}

/// Signs and verifies access tokens.
pub struct Tokens {
    ring: ArcSwap<KeyRing>,
    folder: PathBuf,
    ttl_seconds: i64,
    issuer: String,
}

impl Tokens {
    /// With these keys of a folder, for tokens of this life. The issuer is the address that the metadata name as such
    /// (RFC 8414, 2; RFC 9068, 4).
    pub fn new(ring: KeyRing, folder: PathBuf, ttl_seconds: i64, issuer: String) -> Self {
        let ttl_seconds = ttl_seconds.clamp(1, MAX_TTL_SECONDS);
        Self { ring: ArcSwap::from_pointee(ring), folder, ttl_seconds, issuer }
    }

    /// The keys in force.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.load_full()
    }

    /// Takes up keys that came into the folder, and drops those that left it. On any error the old ones stay.
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn refresh(&self) -> Result<(), KeyError> {
        if self.ring.load().is_stale(&self.folder)? {
            let ring = KeyRing::open(&self.folder)?;
            tracing::info!(
                kid = ring.signing().id(),
                keys = ring.verifying().count(),
                "signing keys in force"
            );
            self.ring.store(Arc::new(ring));
        }
        Ok(())
    }

    /// The life of a token, in seconds.
    pub fn ttl_seconds(&self) -> i64 {
        self.ttl_seconds
    }

    /// An access token for a user acting in one role, of his session.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without a session; [`Error::Internal`] when signing fails.
    pub fn issue(&self, identity: &Identity, version: i32, clock: &Clock) -> Result<String> {
        let now = clock.now().timestamp();
        let claims = Wire {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: identity.user.encode(),
            exp: now + self.ttl_seconds,
            nbf: now,
            iat: now,
            jti: clock.new_uuid().to_string(),
            sid: Some(identity.session()?.encode()),
            tenant: identity.tenant.encode(),
            role: identity.role.name.clone(),
            ver: version,
            client_id: None,
            scope: None,
        };
        self.sign(&claims)
    }

    /// An access token for an API client, and its life in seconds: it ends with its client at the latest. It has no
    /// session: it stands for itself.
    ///
    /// # Errors
    /// [`Error::Internal`] when signing fails.
    pub fn issue_to_client(&self, grant: &ClientGrant<'_>, clock: &Clock) -> Result<(String, i64)> {
        let now = clock.now().timestamp();
        let life = self.ttl_seconds.min(grant.until - now);
        let client = grant.client.encode();
        let claims = Wire {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: client.clone(),
            exp: now + life,
            nbf: now,
            iat: now,
            sid: None,
            jti: clock.new_uuid().to_string(),
            tenant: grant.tenant.encode(),
            role: grant.role.to_owned(),
            ver: grant.version,
            client_id: Some(client),
            scope: Some(grant.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
        };
        Ok((self.sign(&claims)?, life))
    }

    fn sign(&self, claims: &Wire) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        let ring = self.ring.load();
        header.kid = Some(ring.signing().id().to_owned());
        let key = EncodingKey::from_ed_der(ring.signing().private());
        jsonwebtoken::encode(&header, claims, &key).map_err(Error::internal)
    }

    /// What the token says, if it is ours and valid now.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub fn verify(&self, token: &str, clock: &Clock) -> Result<Bearer> {
        self.read(token, clock).and_then(bearer).ok_or(Error::Unauthenticated)
    }

    fn read(&self, token: &str, clock: &Clock) -> Option<Wire> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.algorithms = vec![Algorithm::EdDSA];
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.required_spec_claims =
            HashSet::from(["exp", "nbf", "iss", "aud", "sub"].map(ToOwned::to_owned));
        // The library asks the system's clock; times are checked below against ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let ring = self.ring.load();
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = ring.find(header.kid.as_deref()?)?;
        let key = DecodingKey::from_ed_der(key.public());
        let decoded = jsonwebtoken::decode::<Wire>(token, &key, &validation).ok()?;
        let right_kind = decoded.header.typ.as_deref() == Some(TYPE);
        let claims = decoded.claims;
        let now = clock.now().timestamp();
        let in_time = claims.nbf <= now
            && now < claims.exp
            && claims.iat <= now
            && claims.exp.checked_sub(claims.iat).is_some_and(|life| (1..=MAX_TTL_SECONDS).contains(&life));
        (right_kind && in_time).then_some(claims)
    }
}

/// A token has a session or is a client's, and a client's is limited: nothing in between is ours.
fn bearer(claims: Wire) -> Option<Bearer> {
    match (claims.sid, claims.client_id, claims.scope) {
        (Some(session), None, None) => Some(Bearer::User(Claims {
            user: UserId::decode(&claims.sub).ok()?,
            role: claims.role,
            session: SessionId::decode(&session).ok()?,
            version: claims.ver,
        })),
        // Whose it is, is said twice.
        (None, Some(client), Some(scope)) if client == claims.sub => Some(Bearer::Client(ClientClaims {
            client: ApiClientId::decode(&client).ok()?,
            scopes: words(&scope),
            id: claims.jti.parse().ok()?,
            version: claims.ver,
            issued_at: claims.iat,
            expires_at: claims.exp,
        })),
        _ => None,
    }
}

/// When a token ends that was found valid, whoever issued it; none if it does not say.
pub fn ends_at(token: &str) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct End {
        exp: f64,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let End { exp } = serde_json::from_slice(&payload).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a time out of range is none, below")]
    DateTime::from_timestamp(exp.floor() as i64, 0)
}
