//! Signatures of other issuers' tokens: JWS in compact form (RFC 7515) under keys of a JWK set (RFC 7517), with the
//! advice of RFC 8725. Strict where a choice is left: what is ambiguous is refused.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::config::SignatureAlgorithm;

/// A token that is well-formed and of an algorithm that is allowed. Until it is verified it says nothing.
pub struct Signed<'t> {
    header: Header,
    message: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Why the signature of a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Wrongly signed.
    Invalid,
    /// Signed with a key that is not among these.
    UnknownKey,
}

/// The part of a header that is looked at. A member that stands there twice is refused; keys and addresses in it
/// (`jwk`, `jku`, `x5c`, `x5u`) are passed over: they prove nothing.
#[derive(Deserialize)]
struct Header {
    alg: SignatureAlgorithm,
    /// Which key: not optional here.
    kid: String,
    typ: Option<String>,
    /// Extensions that must be understood: none is (RFC 7515, 4.1.11).
    #[serde(default)]
    crit: Option<Value>,
}

/// A public key of an issuer.
pub struct Key {
    id: String,
    /// Ready for each algorithm it can be used with.
    ready: Vec<(SignatureAlgorithm, ParsedPublicKey)>,
}

/// A key as an issuer publishes it (RFC 7517, 4; RFC 7518, 6; RFC 8037, 2).
#[derive(Deserialize)]
struct Published {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that can be used; the others are passed over: another kind, purpose or algorithm, too short, weak.
/// None at all where it is no key set.
pub fn read_keys(set: &[u8]) -> Option<Vec<Key>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(set).ok()?;
    let published = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
    Some(published.filter_map(Key::read).collect())
}

impl Key {
    fn read(published: Published) -> Option<Self> {
        let is_for_this = published.purpose.is_none_or(|purpose| purpose == "sig")
            && published.key_ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !is_for_this {
            return None;
        }
        let bytes = |member: Option<String>| URL_SAFE_NO_PAD.decode(member?).ok();
        let mut ready = match (published.kty.as_str(), published.crv.as_deref()) {
            ("RSA", None) => {
                let (n, e) = (trimmed(bytes(published.n)?), trimmed(bytes(published.e)?));
                if is_weak(&n, &e) {
                    return None;
                }
                let key = RsaPublicKeyComponents { n, e };
                // Shorter than 2048 bits, it verifies nothing.
                let parse = |scheme| key.to_parsed_public_key(scheme).ok();
                vec![
                    (SignatureAlgorithm::Rs256, parse(&RSA_PKCS1_2048_8192_SHA256)?),
                    (SignatureAlgorithm::Ps256, parse(&RSA_PSS_2048_8192_SHA256)?),
                ]
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(published.x)?, bytes(published.y)?);
                // An uncompressed point (SEC 1, 2.3.3). The provider checks that it lies on the curve.
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
                vec![(SignatureAlgorithm::Es256, key)]
            }
            ("OKP", Some("Ed25519")) => {
                vec![(SignatureAlgorithm::EdDsa, ParsedPublicKey::new(&ED25519, bytes(published.x)?).ok()?)]
            }
            _ => return None,
        };
        if let Some(declared) = published.alg {
            ready.retain(|(algorithm, _)| algorithm.name() == declared);
        }
        (!ready.is_empty()).then_some(Self { id: published.kid, ready })
    }

    fn verifies(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = self.ready.iter().find(|(ready, _)| *ready == algorithm);
        key.is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }
}

/// A number without leading zeros.
fn trimmed(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// Whether an RSA key is one not to trust: an exponent below 65,537 (FIPS 186-5, 5.1), or a modulus with the fingerprint
/// of CVE-2017-15361: powers of 65,537 modulo each of these primes, which a sound one is once in some 10^8 cases.
fn is_weak(n: &[u8], e: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    let is_power = |prime: &u32| {
        let residue = n.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * (65_537 % prime) % prime));
        powers.take(*prime as usize).any(|power| power == residue)
    };
    let small = e.len() < 3 || e.len() == 3 && e < [1, 0, 1].as_slice();
    small || PRIMES.iter().all(is_power)
}

impl<'t> Signed<'t> {
    /// What can be told of a token without a key; none if it is malformed or of an algorithm that is not allowed.
    pub fn read(token: &'t str, allowed: &[SignatureAlgorithm]) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        // Without padding, and without bits beyond the last byte: one spelling for each value. Nor with another dot.
        let decode = |part| URL_SAFE_NO_PAD.decode(part).ok();
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let header: Header = serde_json::from_slice(&header).ok()?;
        let is_allowed = header.crit.is_none() && allowed.contains(&header.alg);
        is_allowed.then_some(Self { header, message, payload, signature })
    }

    /// What it says it is (`typ`).
    pub fn kind(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The bytes that were signed, if one of these keys signed them.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn verified(&self, keys: &[Key]) -> Result<&[u8], Refusal> {
        let mut named = keys.iter().filter(|key| key.id == self.header.kid);
        let key = match (named.next(), named.next()) {
            (None, _) => return Err(Refusal::UnknownKey),
            (Some(key), None) => key,
            // Which one is meant?
            (Some(_), Some(_)) => return Err(Refusal::Invalid),
        };
        let is_right = key.verifies(self.header.alg, self.message.as_bytes(), &self.signature);
        is_right.then_some(self.payload.as_slice()).ok_or(Refusal::Invalid)
    }
}

/// Who a token says issued it. Nothing of it has been verified.
pub(super) fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claimed>(&payload).ok().map(|claimed| claimed.iss)
}
