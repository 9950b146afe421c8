//! What a token of another issuer must say, and whom it means (abuse cases JW1, JW2, JW5, JW6).

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use custodian_entity::id::TypedId;
use custodian_entity::{api_client, external_identity, role, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use super::issuer::{ISSUER, Partner, Signer};
use crate::app::TestApp;
use crate::client::Client;
use crate::clients::second_role;
use crate::commands::run;
use crate::fixture::{ADMIN, Log, SUPPORT, account, all, mutate};
use crate::past::by_name;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("external::a token of each algorithm signs its account in", each_algorithm);
    suite.sqlite("external::a token says who it is from, for whom, and when", claims);
    suite.sqlite("external::the algorithm is one that is configured, and the key's", algorithms);
    suite.both("external::an issuer speaks for the accounts of one provider", one_provider);
    suite.both("external::what ends an account ends its tokens of other issuers", account_ends);
    suite.both("external::a claim of roles narrows those that are held", roles);
    suite.both("external::accounts are found by the subject that the operator linked", linked);
    suite.both("external::what was issued before a sign-out everywhere or a new password is refused", ended);
    suite.sqlite("external::scopes that another issuer writes give nothing", no_scopes);
    suite.both(
        "external::who is narrowed by his issuer makes and renews no client that holds more",
        narrowed_clients,
    );
    suite.both("external::a name means nobody whose subject is linked otherwise", pinned);
    suite.sqlite("external::an address of e-mail counts when it is verified", verified);
}

async fn each_algorithm(app: TestApp) {
    let id = account(&app, SUPPORT).await.id.encode();
    for (signer, algorithm) in [
        (Signer::rsa(), "RS256"),
        (Signer::rsa(), "PS256"),
        (Signer::p256(), "ES256"),
        (Signer::ed(), "EdDSA"),
    ] {
        let partner = Partner::new(app.clone(), signer, algorithm, |_| ()).await;
        let viewer = partner.accepts(algorithm, &partner.with_claims(json!({}))).await;
        assert_eq!((&viewer["id"], &viewer["role"]), (&json!(id), &json!("support_agent")));
        // Elsewhere the issuer is nobody.
        let stranger = app
            .anonymous()
            .bringing(&partner.with_claims(json!({})))
            .query("{ viewer { id } }", Value::Null)
            .await;
        assert_eq!(stranger.code(), Some("UNAUTHENTICATED"));
    }
}

async fn claims(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |_| ()).await;
    let now = partner.app.clock.now().timestamp();
    for good in [
        json!({ "aud": ["other", "custodian"] }),
        json!({ "nbf": null }),
        json!({ "exp": now + 3600 }),
        json!({ "iat": now - 3300 }),
        json!({ "nbf": now + 30 }),
        json!({ "exp": now + 1 }),
        json!({ "exp": now as f64 + 0.5 }),
        json!({ "account": "Support@ACME.example" }),
    ] {
        partner.accepts(&good.to_string(), &partner.with_claims(good)).await;
    }
    for bad in [
        json!({ "iss": "https://login.partner.example" }),
        json!({ "iss": "https://LOGIN.partner.example/" }),
        json!({ "iss": null }),
        json!({ "iss": [ISSUER] }),
        json!({ "iss": "custodian" }),
        json!({ "aud": "custodian-api" }),
        json!({ "aud": null }),
        json!({ "aud": [] }),
        json!({ "aud": ["other"] }),
        json!({ "aud": { "custodian": true } }),
        json!({ "exp": null }),
        json!({ "exp": now }),
        json!({ "exp": 0 }),
        json!({ "exp": -1 }),
        json!({ "exp": (now + 300).to_string() }),
        json!({ "nbf": now + 31 }),
        json!({ "nbf": "soon" }),
        json!({ "iat": now + 31, "exp": now + 60 }),
        json!({ "iat": null }),
        json!({ "exp": now + 3601 }),
        json!({ "iat": now - 3301 }),
        json!({ "iat": "now" }),
        json!({ "iat": [now] }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "account": null }),
        json!({ "account": 7 }),
        json!({ "account": "nobody@acme.example" }),
        // Other spellings, perhaps other people: the Kelvin sign, a long s, full width, a space.
        json!({ "account": "networ\u{212a}@acme.example" }),
        json!({ "account": "\u{17f}upport@acme.example" }),
        json!({ "account": "\u{ff53}upport@acme.example" }),
        json!({ "account": " support@acme.example" }),
    ] {
        partner.refuses(&bad.to_string(), &partner.with_claims(bad)).await;
    }
}

async fn algorithms(app: TestApp) {
    use custodian::config::SignatureAlgorithm::{EdDsa, Ps256};
    let partner =
        Partner::new(app.clone(), Signer::rsa(), "PS256", |issuer| issuer.algorithms = vec![Ps256, EdDsa])
            .await;
    partner.accepts("as configured", &partner.with_claims(json!({}))).await;
    partner.refuses("RS256 is not configured", &partner.with_header(json!({ "alg": "RS256" }))).await;
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ps256" }),
        json!({ "alg": ["PS256"] }),
        json!({ "alg": null }),
        json!({ "alg": "EdDSA" }),
        json!({ "kid": null }),
        json!({ "kid": 1 }),
        json!({ "kid": "k2" }),
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "typ": "logout+jwt" }),
        json!({ "typ": "dpop+jwt" }),
        json!({ "typ": "application/at+jwt" }),
        json!({ "typ": "" }),
    ] {
        partner.refuses(&header.to_string(), &partner.with_header(header)).await;
    }
    for header in [json!({ "typ": null }), json!({ "typ": "at+jwt" }), json!({ "typ": "at+JWT" })] {
        partner.accepts(&header.to_string(), &partner.with_header(header)).await;
    }
    // A key or an address in the token is nothing to us.
    let other = Signer::ed();
    let foreign = json!({
        "alg": "EdDSA", "kid": "k1", "jwk": other.published("k1"), "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/",
    });
    partner.refuses("a key of its own", &other.token(&foreign, &partner.claims)).await;

    // HMAC under the public key as everybody knows it.
    let good = partner.with_claims(json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = message.split_once('.').unwrap();
    let confused = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "kid": "k1" }).to_string());
    for secret in [
        partner.signer.published("k1").to_string(),
        partner.signer.published("k1")["n"].as_str().unwrap().to_owned(),
    ] {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, format!("{confused}.{body}").as_bytes());
        partner.refuses("HS256", &format!("{confused}.{body}.{}", URL_SAFE_NO_PAD.encode(tag))).await;
    }
    for token in [
        format!("{message}."),
        message.to_owned(),
        format!("{good}."),
        format!("{good}="),
        format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(partner.claims.to_string() + " ")),
    ] {
        partner.refuses("malformed or changed", &token).await;
    }
}

async fn one_provider(app: TestApp) {
    let partner = Partner::new(app.clone(), Signer::ed(), "EdDSA", |_| ()).await;
    partner.accepts("its own", &partner.with_claims(json!({ "account": ADMIN }))).await;
    partner.refuses("another's", &partner.with_claims(json!({ "account": "support@globex.example" }))).await;
    // Who reaches other providers too, whichever role he asks for; not one who was given that role for this one.
    let operator = partner.with_claims(json!({ "account": "admin@acme.example" }));
    partner.refuses("who reaches all", &operator).await;
    let acting = partner.caller.acting_as("system_admin").bringing(&operator);
    assert_eq!(acting.query("{ viewer { id } }", Value::Null).await.code(), Some("UNAUTHENTICATED"));
    app.db().execute_unprepared("UPDATE role_grant SET scope = 'TENANT' WHERE scope = 'ALL'").await.unwrap();
    partner.accepts("who reaches one", &operator).await;
    let plans = async |caller: &Client| {
        let answer = caller.query("{ servicePlans { totalCount } }", Value::Null).await;
        answer.ok()["servicePlans"]["totalCount"].clone()
    };
    assert_eq!(plans(&partner.caller.bringing(&operator)).await, plans(&app.login(ADMIN).await).await);
}

async fn ended(app: TestApp) {
    let partner = Partner::new(app.clone(), Signer::ed(), "EdDSA", |_| ()).await;
    let at = |seconds: i64| {
        let now = app.clock.now().timestamp() + seconds;
        partner.with_claims(json!({ "iat": now, "nbf": null, "exp": now + 300 }))
    };
    let id = account(&app, SUPPORT).await.id;
    for column in [user::Column::TokensValidAfter, user::Column::PasswordChangedAt] {
        let (before, now) = (at(0), app.clock.now());
        partner.accepts("before", &before).await;
        app.clock.advance(TimeDelta::seconds(2));
        let ending = user::Entity::update_many()
            .col_expr(column, Expr::value(now + TimeDelta::milliseconds(1500)))
            .filter(user::Column::Id.eq(id));
        ending.exec(app.db()).await.unwrap();
        partner.refuses("issued before", &before).await;
        partner.refuses("issued in the same second", &at(-1)).await;
        // The issuer's clock may be ahead by that much.
        partner.refuses("perhaps issued before", &at(25)).await;
        app.clock.advance(TimeDelta::seconds(30));
        partner.accepts("issued after", &at(0)).await;
        app.clock.advance(TimeDelta::seconds(2));
    }
    let (before, begun) = (at(0), app.login(SUPPORT).await);
    app.clock.advance(TimeDelta::milliseconds(1));
    // It has no session of its own to end.
    let caller = partner.caller.bringing(&before);
    let answer = caller.query("mutation { logout }", Value::Null).await;
    assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    caller.query("mutation { logoutEverywhere }", Value::Null).await.ok();
    partner.refuses("issued before its user signed out everywhere", &before).await;
    let answer = begun.query("{ viewer { id } }", Value::Null).await;
    assert_eq!(answer.code(), Some("UNAUTHENTICATED"), "{}", answer.text);
}

async fn no_scopes(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |_| ()).await;
    let document =
        "{ viewer { role access(type: \"Customer\", field: \"email\") { read write query reveal } } }";
    let mut told = Vec::new();
    for scope in
        [json!(null), json!("customers:read customers:write"), json!(["customers:read"]), json!("openid")]
    {
        let token = partner.with_claims(json!({ "scope": scope, "scp": scope }));
        told.push(partner.caller.bringing(&token).query(document, Value::Null).await.ok()["viewer"].clone());
    }
    assert_eq!(told[0]["access"]["read"], "MASKED");
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
}

async fn narrowed_clients(app: TestApp) {
    second_role(&app).await;
    let partner = Partner::new(app.clone(), Signer::ed(), "EdDSA", |issuer| {
        issuer.role_claim = "groups".to_owned();
        issuer.roles = [("helpers".to_owned(), "support_agent".to_owned())].into();
    })
    .await;
    let foreign = partner.caller.bringing(&partner.with_claims(json!({ "groups": "helpers" })));
    let expires = "2026-06-01T00:00:00Z";
    let input = json!({ "name": "Chief's", "scopes": ["customers:read"], "expiresAt": expires });
    let helper = app.login(SUPPORT).await.acting_as("support_agent");
    let chief = app.login(SUPPORT).await.acting_as("tenant_admin");
    let made = mutate(&chief, "apiClientCreate", "id", input.clone()).await.done()["id"].clone();
    for mutation in ["apiClientRotate", "apiClientRevoke"] {
        mutate(&helper, mutation, "id", json!({ "id": made })).await.refused(&["id INVALID"]);
    }
    // A token that ends within the hour must not become a secret that lasts for months.
    for (mutation, input) in [("apiClientCreate", input.clone()), ("apiClientRotate", json!({ "id": made }))]
    {
        assert_eq!(
            mutate(&foreign, mutation, "id", input).await.answer.code(),
            Some("FORBIDDEN"),
            "{mutation}"
        );
    }
    mutate(&helper, "apiClientCreate", "id", input).await.done();
    let clients = all::<api_client::Entity>(&app).await;
    let roles = all::<role::Entity>(&app).await;
    let role = |client: &api_client::Model| {
        roles.iter().find(|role| role.id == client.role_id).map(|role| role.name.clone()).unwrap()
    };
    let mut held: Vec<String> = clients.iter().map(role).collect();
    held.sort();
    assert_eq!(held, ["support_agent", "tenant_admin"]);
}

async fn pinned(app: TestApp) {
    let partner = Partner::new(app.clone(), Signer::ed(), "EdDSA", |_| ()).await;
    let means =
        |subject: &str, account: &str| partner.with_claims(json!({ "sub": subject, "account": account }));
    partner.accepts("linked to nobody", &means("8f3a", SUPPORT)).await;
    let support = account(&app, SUPPORT).await;
    let link = external_identity::Model {
        issuer: ISSUER.to_owned(),
        subject: "8f3a".to_owned(),
        tenant_id: support.tenant_id,
        user_id: support.id,
        created_at: app.clock.now(),
    };
    external_identity::Entity::insert(link.into_active_model())
        .exec_without_returning(app.db())
        .await
        .unwrap();
    partner.accepts("as linked", &means("8f3a", SUPPORT)).await;
    partner.accepts("neither is linked", &means("77", ADMIN)).await;
    partner.refuses("another subject under a linked name", &means("77", SUPPORT)).await;
    partner.refuses("a linked subject under another name", &means("8f3a", ADMIN)).await;
}

async fn account_ends(app: TestApp) {
    let partner = Partner::new(app.clone(), Signer::ed(), "EdDSA", |_| ()).await;
    let token = partner.with_claims(json!({}));
    partner.accepts("active", &token).await;
    let disable = "UPDATE \"user\" SET status = 'DISABLED' WHERE username = 'support@acme.example'";
    app.db().execute_unprepared(&by_name(&app, disable).await).await.unwrap();
    partner.refuses("disabled", &token).await;
}

async fn roles(app: TestApp) {
    let partner = Partner::new(app, Signer::ed(), "EdDSA", |issuer| {
        issuer.role_claim = "groups".to_owned();
        let map = [("helpers", "support_agent"), ("chiefs", "tenant_admin"), ("ghosts", "nobody")];
        issuer.roles = map.map(|(value, role)| (value.to_owned(), role.to_owned())).into();
    })
    .await;
    let viewer =
        partner.accepts("held", &partner.with_claims(json!({ "groups": ["chiefs", "helpers"] }))).await;
    assert_eq!(viewer["role"], "support_agent");
    partner.accepts("one text", &partner.with_claims(json!({ "groups": "helpers" }))).await;
    for groups in [
        json!(null),
        json!([]),
        json!(["chiefs"]),
        json!(["ghosts"]),
        json!("support_agent"),
        json!({ "helpers": true }),
    ] {
        let answer = partner.ask(&partner.with_claims(json!({ "groups": groups }))).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, Some("FORBIDDEN")), "{groups}");
    }
}

async fn linked(app: TestApp) {
    let partner =
        Partner::new(app.clone(), Signer::ed(), "EdDSA", |issuer| issuer.user_name_claim = String::new())
            .await;
    let token = partner.with_claims(json!({ "account": ADMIN }));
    partner.refuses("not linked", &token).await;
    let (url, folder) = (app.database().owner_url.clone(), app.database().folder.path().to_owned());
    let command = async |arguments: &[&str]| {
        let (url, folder) = (url.clone(), folder.clone());
        let arguments: Vec<String> =
            [&["identity"], arguments].concat().iter().map(|one| (*one).to_owned()).collect();
        let ran = tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let variables = [
                ("CUSTODIAN_DATABASE_URL", url.as_str()),
                ("CUSTODIAN_DATA_DIR", folder.to_str().unwrap()),
                ("CUSTODIAN_LOG", "error"),
            ];
            run(&folder, &arguments, &variables)
        });
        ran.await.unwrap()
    };
    let mut log = Log::mark(&app).await;
    let link = ["link", "--issuer", ISSUER, "--subject", "8f3a"];
    let output = command(&[&link[..], &["nobody@acme.example"]].concat()).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    log.none(&app).await;
    let output = command(&[&link[..], &["Support@acme.example"]].concat()).await;
    assert!(output.status.success(), "{output:?}");
    let event = log.one(&app, "IDENTITY_LINKED").await;
    assert_eq!(event.details, json!({ "issuer": ISSUER, "linked": true }));
    assert_eq!(all::<external_identity::Entity>(&app).await.len(), 1);
    let viewer = partner.accepts("linked", &token).await;
    assert_eq!(viewer["id"], account(&app, SUPPORT).await.id.encode());
    partner.refuses("another subject", &partner.with_claims(json!({ "sub": "8f3A" }))).await;
    let again = command(&[&link[..], &[ADMIN]].concat()).await;
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    let output = command(&["unlink", "--issuer", ISSUER, "--subject", "8f3a"]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(log.one(&app, "IDENTITY_LINKED").await.details["linked"], false);
    partner.refuses("no longer linked", &token).await;
}

async fn verified(app: TestApp) {
    let partner =
        Partner::new(app, Signer::ed(), "EdDSA", |issuer| issuer.user_name_claim = "email".to_owned()).await;
    let with = |verified: Value| partner.with_claims(json!({ "email": SUPPORT, "email_verified": verified }));
    partner.accepts("verified", &with(json!(true))).await;
    for not in [json!(null), json!(false), json!("true"), json!(1)] {
        partner.refuses("not verified", &with(not)).await;
    }
}
