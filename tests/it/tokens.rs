//! Access tokens: what ours hold, and that nothing else is taken for one (abuse cases JW1, JW2, JW5, JW6, JW13).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use custodian::crypto::KeyRing;
use custodian_entity::id::{SessionId, TypedId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::{BILLING, ROLES, SUPPORT, absent, account};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.both("tokens::a token says who, in which role, for 15 minutes, and nothing personal", claims);
    suite.both("tokens::a token ends by the clock", ends);
    suite.sqlite("tokens::an unsigned token is refused", unsigned);
    suite.sqlite("tokens::a token signed with the public key as a secret is refused", confused);
    suite.sqlite("tokens::a token outside its time is refused", times);
    suite.sqlite("tokens::a token for or from somebody else is refused", names);
    suite.sqlite("tokens::a token signed with another key, or changed, is refused", signatures);
}

/// The service's own key, and what a good token of it holds: each case changes one thing.
pub struct Forge {
    app: TestApp,
    ring: KeyRing,
    signing: EncodingKey,
    header: Value,
    /// What the good token holds.
    pub claims: Value,
}

impl Forge {
    async fn new(app: TestApp) -> Self {
        let token = app.token(SUPPORT).await;
        Self::of(app, &token).await
    }

    /// Starting from this token.
    pub async fn of(app: TestApp, token: &str) -> Self {
        let folder = app.database().folder.path().join("keys");
        let ring = KeyRing::open(&folder).expect("the service made its key");
        let pkcs8 = std::fs::read(&key_files(&folder)[0]).unwrap();
        let (header, claims) = read(token);
        let forge = Self { app, ring, signing: EncodingKey::from_ed_der(&pkcs8), header, claims };
        // Otherwise every case below would be refused for a reason of the forge's own.
        forge.ask(&forge.token(&forge.header, &forge.claims)).await.ok();
        forge
    }

    /// A token signed with the service's own key.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.signing, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    /// A good token but for one claim; null leaves it out.
    pub fn with_claim(&self, name: &str, value: Value) -> String {
        self.token(&self.header, &changed(&self.claims, name, value))
    }

    /// A good token but for one member of its header; null leaves it out.
    fn with_header(&self, name: &str, value: Value) -> String {
        self.token(&changed(&self.header, name, value), &self.claims)
    }

    async fn ask(&self, token: &str) -> Answer {
        let client = Client::new(self.app.router.clone(), Some(token.to_owned()));
        client.query("{ viewer { id } }", json!({})).await
    }

    /// Asks with a token that must not be taken.
    pub async fn refuses(&self, what: &str, token: &str) {
        let answer = self.ask(token).await;
        let seen = (answer.status, answer.code());
        assert_eq!(seen, (StatusCode::UNAUTHORIZED, Some("UNAUTHENTICATED")), "{what}: {}", answer.text);
        assert!(answer.data().is_null(), "{what}: a refusal has no data: {}", answer.text);
        // Which part was wrong helps only who forges.
        assert_eq!(answer.body["errors"][0]["message"], "the credentials are not valid", "{what}");
    }

    fn now(&self) -> i64 {
        self.app.clock.now().timestamp()
    }
}

/// The files of signing keys.
pub fn key_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "p8")).collect()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn changed(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    let members = object.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.to_owned(), value),
    };
    object
}

/// Header and claims.
fn read(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

async fn claims(app: TestApp) {
    let mut ids = BTreeSet::new();
    for (role, username) in ROLES {
        let (header, claims) = read(&app.token(username).await);
        let ring = KeyRing::open(&app.database().folder.path().join("keys")).unwrap();
        assert_eq!(header, json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": ring.signing().id() }));
        let names: BTreeSet<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        // A new claim is given to everyone who holds a token: decide whether it may be, then add it here.
        let known = ["aud", "exp", "iat", "iss", "jti", "nbf", "role", "sid", "sub", "tenant", "ver"];
        assert_eq!(names, BTreeSet::from(known));
        let account = account(&app, username).await;
        let now = app.clock.now().timestamp();
        assert_eq!(
            (&claims["iss"], &claims["aud"]),
            (&json!("http://127.0.0.1:8080"), &json!("custodian-api"))
        );
        assert_eq!((&claims["sub"], &claims["role"]), (&json!(account.id.encode()), &json!(role)));
        assert_eq!(claims["tenant"], account.tenant_id.encode());
        assert_eq!((&claims["iat"], &claims["nbf"]), (&json!(now), &json!(now)));
        assert_eq!(claims["exp"], now + 900);
        for id in ["jti", "sid"] {
            assert!(ids.insert(claims[id].as_str().unwrap().to_owned()), "{id} is used twice");
        }
        // Its issuer is the service's own address.
        let mut own = claims.clone();
        own["iss"] = Value::Null;
        let text = own.to_string();
        for value in [username, account.display_name.as_str(), "@", "127.0"] {
            assert!(!text.contains(value), "{username}: the token holds {value}");
        }
    }
}

async fn ends(app: TestApp) {
    let client = app.login(SUPPORT).await;
    app.clock.advance(TimeDelta::milliseconds(899_999));
    client.query("{ viewer { id } }", json!({})).await.ok();
    app.clock.advance(TimeDelta::milliseconds(1));
    let answer = client.query("{ viewer { id } }", json!({})).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, Some("UNAUTHENTICATED")));
}

async fn unsigned(app: TestApp) {
    let forge = Forge::new(app).await;
    let algorithms = [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!("none "),
        json!(""),
        json!("null"),
        json!(["none"]),
        json!(["EdDSA"]),
        json!({}),
        json!(0),
        json!(false),
        Value::Null,
    ];
    let good = forge.token(&forge.header, &forge.claims);
    let signature = good.rsplit_once('.').unwrap().1;
    for algorithm in algorithms {
        let header = changed(&forge.header, "alg", algorithm.clone());
        let message = format!("{}.{}", part(&header), part(&forge.claims));
        let what = format!("alg {algorithm}");
        forge.refuses(&what, &format!("{message}.")).await;
        forge.refuses(&what, &message).await;
        forge.refuses(&what, &format!("{message}.{signature}")).await;
        forge.refuses(&what, &forge.token(&header, &forge.claims)).await;
    }
    // The member that is there and null, which is another text than the member that is missing.
    let null = forge.header.to_string().replace("\"EdDSA\"", "null");
    assert_ne!(null, forge.header.to_string());
    forge.refuses("alg null", &format!("{}.{}.", URL_SAFE_NO_PAD.encode(null), part(&forge.claims))).await;
    // Signature left out of a token that is good otherwise.
    let message = good.rsplit_once('.').unwrap().0;
    forge.refuses("no signature", &format!("{message}.")).await;
    forge.refuses("two parts", message).await;
}

async fn confused(app: TestApp) {
    let forge = Forge::new(app).await;
    // RFC 8410: what precedes the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo.
    let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    spki.extend_from_slice(forge.ring.signing().public());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&spki));
    let secrets: [(&str, &[u8]); 3] =
        [("raw", forge.ring.signing().public()), ("DER", &spki), ("PEM", pem.as_bytes())];
    for (encoding, secret) in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.typ = Some("at+jwt".to_owned());
            header.kid = Some(forge.ring.signing().id().to_owned());
            let token =
                jsonwebtoken::encode(&header, &forge.claims, &EncodingKey::from_secret(secret)).unwrap();
            forge.refuses(&format!("{algorithm:?} with the {encoding} public key"), &token).await;
            // The same signature under the name of the right algorithm.
            let (message, signature) = token.rsplit_once('.').unwrap();
            let renamed = format!("{}.{}", part(&forge.header), message.split_once('.').unwrap().1);
            forge.refuses("an HMAC called EdDSA", &format!("{renamed}.{signature}")).await;
        }
    }
}

async fn times(app: TestApp) {
    let forge = Forge::new(app).await;
    let now = forge.now();
    forge.ask(&forge.with_claim("exp", json!(now + 1))).await.ok();
    let times = [
        (
            "exp",
            vec![
                json!(now),
                json!(now - 1),
                json!(0),
                json!(-1),
                json!(i64::MIN),
                json!((now + 900).to_string()),
                json!("never"),
                json!([now + 900]),
                json!({}),
                json!(true),
                json!(now as f64 + 900.5),
                json!(1e300),
                Value::Null,
                // Signed by us, and still too long a life: at most an hour, whoever asks.
                json!(now + 3_601),
                json!(now + 86_400),
                json!(i64::MAX),
                json!(u64::MAX),
            ],
        ),
        ("nbf", vec![json!(now + 1), json!(now + 900), json!(i64::MAX), json!("0"), json!([0]), Value::Null]),
        (
            "iat",
            vec![
                json!(now + 1),
                json!(0),
                json!(-1),
                json!(i64::MIN),
                json!(i64::MAX),
                json!("0"),
                Value::Null,
            ],
        ),
    ];
    for (name, values) in times {
        for value in values {
            forge.refuses(&format!("{name} {value}"), &forge.with_claim(name, value.clone())).await;
        }
    }
    let hour = changed(&forge.claims, "exp", json!(now + 3_600));
    forge.ask(&forge.token(&forge.header, &hour)).await.ok();
}

async fn names(app: TestApp) {
    let (_, of_another) = read(&app.token(BILLING).await);
    let of_another = of_another["sid"].clone();
    let forge = Forge::new(app).await;
    let claims = [
        (
            "iss",
            vec![
                json!("HTTP://127.0.0.1:8080"),
                json!("http://127.0.0.1:8080 "),
                json!("http://127.0.0.1:8080/"),
                json!("custodian"),
                json!(""),
                json!(["other"]),
                json!(["http://127.0.0.1:8080"]),
                Value::Null,
            ],
        ),
        (
            "aud",
            vec![
                json!("Custodian-API"),
                json!("custodian"),
                json!("other"),
                json!(""),
                json!(["other"]),
                json!([]),
                json!(["other", "another"]),
                json!({ "custodian-api": true }),
                Value::Null,
            ],
        ),
        (
            "sub",
            vec![
                json!(""),
                json!("support@acme.example"),
                json!("usr_"),
                json!(absent::<UserId>()),
                json!(1),
                json!(forge.claims["sub"].as_str().unwrap().replacen("usr_", "cust_", 1)),
                Value::Null,
            ],
        ),
        ("ver", vec![json!(1), json!(-1), json!("0"), json!(1_i64 << 32), Value::Null]),
        (
            "sid",
            vec![
                json!(""),
                json!("x"),
                json!(7),
                json!(absent::<SessionId>()),
                json!(of_another),
                Value::Null,
            ],
        ),
        ("jti", vec![json!(7), Value::Null]),
        ("role", vec![json!(["system_admin"]), json!(7), Value::Null]),
    ];
    for (name, values) in claims {
        for value in values {
            forge.refuses(&format!("{name} {value}"), &forge.with_claim(name, value.clone())).await;
        }
    }
    let headers = [
        (
            "typ",
            vec![
                json!("JWT"),
                json!("jwt"),
                json!("at+JWT "),
                json!("rt+jwt"),
                json!(""),
                json!(["at+jwt"]),
                Value::Null,
            ],
        ),
        (
            "kid",
            vec![
                json!("0000000000000000"),
                json!(""),
                json!("../signing.p8"),
                json!("' OR 1=1 --"),
                json!(7),
                Value::Null,
            ],
        ),
    ];
    for (name, values) in headers {
        for value in values {
            forge.refuses(&format!("{name} {value}"), &forge.with_header(name, value.clone())).await;
        }
    }
    // A role that is not held is no fault of the token, which is ours: it is a right that is missing.
    let answer = forge.ask(&forge.with_claim("role", json!("system_admin"))).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, Some("FORBIDDEN")), "{}", answer.text);
}

async fn signatures(app: TestApp) {
    let forge = Forge::new(app.clone()).await;
    let other = Forge::new(stranger(&app).await).await;
    assert_ne!(forge.ring.signing().public(), other.ring.signing().public(), "this test needs two keys");
    forge.refuses("another key under our kid", &other.token(&forge.header, &forge.claims)).await;
    forge.refuses("another key under its own kid", &other.token(&other.header, &forge.claims)).await;
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(forge.ring.signing().id().to_owned());
    // RFC 7515, 4.1.3: a key in the token itself proves nothing.
    let jwk =
        json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(other.ring.signing().public()) });
    forge
        .refuses("a key in the header", &other.token(&changed(&forge.header, "jwk", jwk), &forge.claims))
        .await;

    let good = forge.token(&forge.header, &forge.claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = message.split_once('.').unwrap();
    let admin = part(&changed(&forge.claims, "role", json!("system_admin")));
    forge.refuses("changed claims", &format!("{head}.{admin}.{signature}")).await;
    for bit in [0, 100, 511] {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&bytes));
        forge.refuses("a changed signature", &token).await;
    }
    for token in [
        format!("{good}."),
        format!("{good}.x"),
        format!(".{body}.{signature}"),
        format!("{head}..{signature}"),
        format!("{}.{body}.{signature}", part(&json!([]))),
        format!("{}.{body}.{signature}", "e"),
    ] {
        forge.refuses("a malformed token", &token).await;
    }
}

/// A service with the same data and a key of its own.
async fn stranger(app: &TestApp) -> TestApp {
    use custodian::app::App;

    let mut other = app.another().await;
    let database = other.database();
    for file in key_files(&database.folder.path().join("keys")) {
        std::fs::remove_file(file).unwrap();
    }
    let started = App::start(database.config(), other.clock.clone()).await;
    let Ok(started) = started else { panic!("a service without a key makes one and starts") };
    other.router = custodian::http::router(started);
    other
}
