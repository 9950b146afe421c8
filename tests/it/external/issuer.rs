//! An issuer as a test sees it: keys, tokens, and a page with its key set on this machine.

use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use custodian::config::{Config, IssuerConfig, SignatureAlgorithm};
use serde_json::{Value, json};
use tokio::sync::{Notify, RwLock};

use crate::app::TestApp;
use crate::client::Client;

/// The issuer that is configured.
pub const ISSUER: &str = "https://login.partner.example/";
/// What its tokens for us are for.
pub const AUDIENCE: &str = "custodian";

/// A key to sign with.
pub enum Signer {
    /// RS256 and PS256.
    Rsa(RsaKeyPair),
    /// ES256
    P256(EcdsaKeyPair),
    /// EdDSA
    Ed(Ed25519KeyPair),
}

// Making one takes a second.
static RSA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
});

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(&RSA).unwrap())
    }

    pub fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// As a key set has it.
    pub fn published(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let key = pair.public_key();
                let (n, e) = (
                    key.modulus().big_endian_without_leading_zero(),
                    key.exponent().big_endian_without_leading_zero(),
                );
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": encoded(n), "e": encoded(e) })
            }
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": encoded(x), "y": encoded(y) })
            }
            Self::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encoded(pair.public_key().as_ref()) })
            }
        }
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let scheme: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(scheme, &random, message, &mut signature).unwrap();
                signature
            }
            Self::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let algorithm = header["alg"].as_str().unwrap_or("RS256");
        format!("{message}.{}", encoded(self.sign(algorithm, message.as_bytes())))
    }
}

/// What the page with the keys answers, and how often it was asked.
pub struct Page {
    answer: Mutex<(StatusCode, String)>,
    asked: Mutex<usize>,
    /// Told of each question.
    pub arrived: Notify,
    /// No answer leaves while a test holds it.
    pub gate: RwLock<()>,
}

impl Page {
    pub fn set(&self, keys: &[Value]) {
        self.answer(StatusCode::OK, json!({ "keys": keys }).to_string());
    }

    pub fn answer(&self, status: StatusCode, body: String) {
        *self.answer.lock().unwrap() = (status, body);
    }

    pub fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    async fn respond(&self) -> Response {
        *self.asked.lock().unwrap() += 1;
        self.arrived.notify_one();
        let _open = self.gate.read().await;
        let (status, body) = self.answer.lock().unwrap().clone();
        match status.is_redirection() {
            true => (status, [(LOCATION, body)]).into_response(),
            false => (status, body).into_response(),
        }
    }
}

/// Serves key sets at an address of this machine.
pub async fn serve() -> (Arc<Page>, String) {
    let page = Arc::new(Page {
        answer: Mutex::new((StatusCode::NOT_FOUND, String::new())),
        asked: Mutex::new(0),
        arrived: Notify::new(),
        gate: RwLock::new(()),
    });
    let served = page.clone();
    let router = Router::new().route("/keys", get(async move || served.respond().await));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (page, url)
}

/// The service, taking tokens of the issuer for `acme`.
pub struct Partner {
    pub app: TestApp,
    pub page: Arc<Page>,
    /// A caller of the instance that knows the issuer.
    pub caller: Client,
    pub signer: Signer,
    pub header: Value,
    pub claims: Value,
}

/// Every algorithm there is.
pub const ALGORITHMS: [SignatureAlgorithm; 4] = [
    SignatureAlgorithm::Rs256,
    SignatureAlgorithm::Ps256,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::EdDsa,
];

impl Partner {
    /// With this key under the name `k1`, and accounts found by the claim `account`.
    pub async fn new(
        app: TestApp,
        signer: Signer,
        algorithm: &str,
        change: impl FnOnce(&mut IssuerConfig),
    ) -> Self {
        let (page, url) = serve().await;
        page.set(&[signer.published("k1")]);
        let mut issuer = IssuerConfig {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            algorithms: ALGORITHMS.to_vec(),
            jwks_url: url.parse().unwrap(),
            tenant: "acme.example".to_owned(),
            user_name_claim: "account".to_owned(),
            role_claim: String::new(),
            roles: Default::default(),
            max_token_life_seconds: 3600,
        };
        change(&mut issuer);
        let (_, router) = app.instance(|config: &mut Config| config.issuers = vec![issuer]).await;
        let now = app.clock.now().timestamp();
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "8f3a", "account": "support@acme.example",
            "exp": now + 300, "iat": now, "nbf": now,
        });
        let header = json!({ "alg": algorithm, "kid": "k1", "typ": "JWT" });
        Self { caller: Client::new(router, None), app, page, signer, header, claims }
    }

    /// A good token but for these members of its claims; null leaves one out.
    pub fn with_claims(&self, changes: Value) -> String {
        self.signer.token(&self.header, &changed(&self.claims, changes))
    }

    /// A good token but for these members of its header.
    pub fn with_header(&self, changes: Value) -> String {
        self.signer.token(&changed(&self.header, changes), &self.claims)
    }

    /// How `viewer` is answered to who brings this token.
    pub async fn ask(&self, token: &str) -> crate::client::Answer {
        self.caller.bringing(token).query("{ viewer { id role roles } }", Value::Null).await
    }

    pub async fn accepts(&self, what: &str, token: &str) -> Value {
        let answer = self.ask(token).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
        answer.ok()["viewer"].clone()
    }

    pub async fn refuses(&self, what: &str, token: &str) {
        let answer = self.ask(token).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (401, Some("UNAUTHENTICATED")),
            "{what}: {}",
            answer.text
        );
        assert_eq!(answer.body["errors"][0]["message"], "the credentials are not valid", "{what}");
    }
}

fn changed(object: &Value, changes: Value) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    object
}
