//! OpenID issuers whose tokens are taken: `[[issuers]]`.

use std::collections::BTreeMap;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::public_url::is_loopback;
use super::value::text;

/// How other issuers' tokens may be signed (RFC 7518, 3.1; RFC 8037, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SignatureAlgorithm {
    /// As tokens and keys write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// An OpenID issuer whose tokens are taken for accounts of one provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct IssuerConfig {
    /// As its tokens write it in `iss`, letter by letter.
    #[serde(deserialize_with = "name")]
    pub issuer: String,
    /// What its tokens for us have in `aud`.
    #[serde(deserialize_with = "name")]
    pub audience: String,
    /// How they may be signed.
    #[serde(deserialize_with = "algorithms")]
    pub algorithms: Vec<SignatureAlgorithm>,
    /// Where its keys are.
    #[serde(deserialize_with = "keys_url")]
    pub jwks_url: Url,
    /// The domain of the provider whose accounts it speaks for.
    #[serde(deserialize_with = "name")]
    pub tenant: String,
    /// The claim that holds the user name; empty: accounts are found by `sub`, as the operator linked them.
    #[serde(default)]
    pub user_name_claim: String,
    /// The claim that says which roles may be acted in; empty: any that the account holds.
    #[serde(default)]
    pub role_claim: String,
    /// What its values mean here.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// How long its tokens may be valid, in seconds.
    #[serde(default = "an_hour", deserialize_with = "super::value::whole::<_, _, 1, 86_400>")]
    pub max_token_life_seconds: u32,
}

fn an_hour() -> u32 {
    3600
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, "a text", |text| (!text.trim().is_empty()).then(|| text.to_owned()))
}

fn algorithms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SignatureAlgorithm>, D::Error> {
    let algorithms = Vec::deserialize(deserializer)?;
    if algorithms.is_empty() {
        return Err(serde::de::Error::invalid_length(0, &"at least one algorithm"));
    }
    Ok(algorithms)
}

fn keys_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    const EXPECTED: &str = "an address such as https://login.example/keys";
    text(deserializer, EXPECTED, |text| {
        let url = Url::parse(text).ok()?;
        // It is logged when nothing answers there.
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        (is_anonymous && (url.scheme() == "https" || is_loopback(&url))).then_some(url)
    })
}
