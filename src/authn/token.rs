//! Access tokens: JWT signed with EdDSA (RFC 7519, RFC 8037), profile `at+jwt` (RFC 9068), without personal data.
//!
//! Of a token's header only `kid` is heard, and only to choose among our own keys; algorithm and type are fixed.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use custodian_entity::id::{SessionId, TypedId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::viewer::Identity;
use crate::clock::Clock;
use crate::crypto::{KeyError, KeyRing};
use crate::error::{Error, Result};

/// Who issues tokens, and who reads them.
pub const ISSUER: &str = "custodian";
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
    sid: String,
    tenant: String,
    role: String,
    ver: i32,
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

/// Signs and verifies access tokens.
pub struct Tokens {
    ring: ArcSwap<KeyRing>,
    folder: PathBuf,
    ttl_seconds: i64,
}

impl Tokens {
    /// With these keys of a folder, for tokens of this life.
    pub fn new(ring: KeyRing, folder: PathBuf, ttl_seconds: i64) -> Self {
        let ttl_seconds = ttl_seconds.clamp(1, MAX_TTL_SECONDS);
        Self { ring: ArcSwap::from_pointee(ring), folder, ttl_seconds }
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

    /// An access token for a user acting in one role.
    ///
    /// # Errors
    /// [`Error::Internal`] when signing fails.
    pub fn issue(&self, identity: &Identity, version: i32, clock: &Clock) -> Result<String> {
        let now = clock.now().timestamp();
        let claims = Wire {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: identity.user.encode(),
            exp: now + self.ttl_seconds,
            nbf: now,
            iat: now,
            jti: clock.new_uuid().to_string(),
            sid: identity.session.encode(),
            tenant: identity.tenant.encode(),
            role: identity.role.name.clone(),
            ver: version,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        let ring = self.ring.load();
        header.kid = Some(ring.signing().id().to_owned());
        let key = EncodingKey::from_ed_der(ring.signing().private());
        jsonwebtoken::encode(&header, &claims, &key).map_err(Error::internal)
    }

    /// What the token says, if it is ours and valid now.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], whatever is wrong with it.
    pub fn verify(&self, token: &str, clock: &Clock) -> Result<Claims> {
        self.read(token, clock).ok_or(Error::Unauthenticated)
    }

    fn read(&self, token: &str, clock: &Clock) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.algorithms = vec![Algorithm::EdDSA];
        validation.set_issuer(&[ISSUER]);
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
        if !right_kind || !in_time {
            return None;
        }
        Some(Claims {
            user: UserId::decode(&claims.sub).ok()?,
            role: claims.role,
            session: SessionId::decode(&claims.sid).ok()?,
            version: claims.ver,
        })
    }
}
