//! `customerCreate` with a user name and a password makes the customer's account; and how many customers somebody adds.

use chrono::TimeDelta;
use custodian_entity::choice::{Outcome, Scope, UserKind, UserStatus};
use custodian_entity::id::TypedId;
use custodian_entity::{customer as customers, role, role_grant, user};
use serde_json::{Value, json};

use super::{confirm, one, received, sign_in, stored};
use crate::app::TestApp;
use crate::client::Client;
use crate::fixture::{ADMIN, Log, MARIA, SUPPORT, account, all, customer, mutate, text};
use crate::past::{all_open, plain};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("verification::a new customer gets its account", made);
    suite.both("verification::the account follows the address it had from the customer", follows);
    suite.both(
        "verification::an address that staff gave an account chooses no password for three days",
        held_back,
    );
    suite.both("verification::an account is made whole or not at all", refused);
    suite.both("verification::an account is given by who may name accounts", by_whom);
    suite.both("verification::ten new customers a minute", ten);
}

const RESELLER: &str = "reseller@acme.example";
const USERNAME: &str = "jo.doe@acme.example";
const CHOSEN: &str = "Quite-Another-7-Word";
const OWN: &str = "Still-Another-8-Word";

fn with_account(email: &str, username: &str) -> Value {
    json!({
        "type": "INDIVIDUAL", "displayName": "Jo Doe", "email": email, "username": username, "password": CHOSEN,
    })
}

async fn made(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let client = app.login(RESELLER).await;
    let mut log = Log::mark(&app).await;
    let input = with_account("jo@new.example", " Jo.DOE@Acme.Example ");
    let outcome = mutate(&client, "customerCreate", "id customerNumber", input).await;
    let (id, number) = (text(&outcome.done()["id"]), text(&outcome.done()["customerNumber"]));
    let event = log.one(&app, "CUSTOMER_CREATED").await;
    assert!(event.details["fields"].as_array().unwrap().contains(&json!("username")), "{}", event.details);
    assert!(!event.details.to_string().contains("acme.example"));
    let row = account(&app, USERNAME).await;
    assert_eq!(
        (row.kind, row.status, row.must_change_password),
        (UserKind::Customer, UserStatus::Active, true)
    );
    assert_eq!(row.customer_id.map(TypedId::encode).as_deref(), Some(id));
    assert_eq!((row.tenant_id, row.reseller_id), (maria.tenant_id, maria.reseller_id));
    assert_eq!((plain(row.email.expose()), row.display_name.as_str()), ("jo@new.example", number));
    assert!(row.password_hash.as_ref().is_some_and(|hash| hash.starts_with("$argon2id$")));
    let grants: Vec<_> =
        all::<role_grant::Entity>(&app).await.into_iter().filter(|grant| grant.user_id == row.id).collect();
    assert_eq!(grants.len(), 1);
    let reseller = account(&app, RESELLER).await;
    assert_eq!((grants[0].scope, grants[0].is_primary), (Scope::Own, true));
    assert_eq!(grants[0].granted_by, Some(reseller.id));
    let roles = all::<role::Entity>(&app).await;
    assert!(
        roles.iter().any(|role| role.id == grants[0].role_id && role.is_system && role.name == "customer")
    );

    // Who made the account knows its password, and gets no farther with it than choosing another, which is told.
    let answer = sign_in(&app, USERNAME, CHOSEN).await;
    assert_eq!(answer.ok()["login"]["viewer"]["role"], "enrolling");
    let known = Client::new(app.router.clone(), Some(text(&answer.ok()["login"]["accessToken"]).to_owned()));
    let refused = known.query("{ customers(first: 1) { nodes { id } } }", Value::Null).await;
    assert_eq!(refused.code(), Some("FORBIDDEN"), "{}", refused.text);
    let input = json!({ "currentPassword": CHOSEN, "newPassword": OWN });
    mutate(&known, "passwordChange", "", input).await.done();
    let answer = sign_in(&app, USERNAME, OWN).await;
    assert_eq!(answer.ok()["login"]["viewer"]["role"], "customer");
    let token = text(&answer.ok()["login"]["accessToken"]).to_owned();
    let customer = Client::new(app.router.clone(), Some(token));
    let own = customer.query("{ customers(first: 10) { nodes { id email } } }", Value::Null).await;
    assert_eq!(own.ok()["customers"]["nodes"], json!([{ "id": id, "email": "jo@new.example" }]));

    // Whoever reads that mail is asked whether it is the customer's.
    let mut letters = received(&app).await;
    assert!(letters.iter().all(|letter| letter.to.contains("jo@new.example")));
    letters.sort_by_key(|letter| letter.subject.clone());
    let [letter, told] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    assert!(told.subject.contains("password"), "{}", told.subject);
    confirm(&app, &letter.token()).await.done();
    assert!(stored(&app, row.customer_id.unwrap()).await.email_verified_at.is_some());
    assert!(!app.logs().contains(CHOSEN), "the password is in the log");
}

async fn follows(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let outcome = mutate(&admin, "customerCreate", "id", with_account("jo@new.example", USERNAME)).await;
    assert!(one(&app).await.to.contains("jo@new.example"));
    let input = json!({ "id": outcome.done()["id"], "email": "joanna@new.example" });
    mutate(&admin, "customerEmailChange", "id", input).await.done();
    assert_eq!(plain(account(&app, USERNAME).await.email.expose()), "jo@new.example");
    let others = |rows: Vec<user::Model>| -> Vec<user::Model> {
        rows.into_iter().filter(|row| plain(row.username.expose()) != USERNAME).collect()
    };
    let before = others(all_open::<user::Entity>(&app).await);
    confirm(&app, &one(&app).await.token()).await.done();
    // A lost mailbox would otherwise go on choosing passwords.
    assert_eq!(plain(account(&app, USERNAME).await.email.expose()), "joanna@new.example");
    assert_eq!(others(all_open::<user::Entity>(&app).await), before);
}

/// Whoever may change addresses must not open a customer's account by a mailbox of his own.
async fn held_back(app: TestApp) {
    let ask = async |username: &str| {
        let document = format!(
            "mutation {{ passwordResetRequest(username: {username:?}) {{ userErrors {{ code }} }} }}"
        );
        app.anonymous().query(&document, Value::Null).await.ok();
        received(&app).await
    };
    let admin = app.login(ADMIN).await;
    let outcome = mutate(&admin, "customerCreate", "id", with_account("jo@new.example", USERNAME)).await;
    let id = outcome.done()["id"].clone();
    received(&app).await;
    let change = async |client: &Client, email: &str| {
        mutate(client, "customerEmailChange", "id", json!({ "id": id, "email": email })).await.done();
        let letter = one(&app).await;
        confirm(&app, &letter.token()).await.done();
        assert_eq!(plain(account(&app, USERNAME).await.email.expose()), email);
        received(&app).await
    };
    // A letter that went to the old address is worth nothing once there is another.
    let before = ask(USERNAME).await.remove(0).token();
    assert_eq!(
        change(&app.login(SUPPORT).await, "agent@new.example").await.len(),
        1,
        "the old address is told"
    );
    let document = "mutation($token: String!) { passwordResetConfirm(token: $token, newPassword: \
                    \"Other-Than-Before-9\") { changedAt userErrors { code } } }";
    let answer = app.anonymous().query(document, json!({ "token": before })).await;
    assert_eq!(answer.ok()["passwordResetConfirm"]["userErrors"][0]["code"], "INVALID");
    assert!(ask(USERNAME).await.is_empty(), "a letter goes to an address that staff gave");
    app.clock.advance(TimeDelta::hours(73));
    assert_eq!(ask(USERNAME).await.len(), 1);
}

async fn refused(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let before = (all::<customers::Entity>(&app).await.len(), all::<user::Entity>(&app).await.len());
    let mut log = Log::mark(&app).await;
    let with = |members: Value| {
        let mut input = with_account("jo@new.example", USERNAME);
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        input
    };
    for (members, reason) in [
        (json!({ "username": null }), "username REQUIRED"),
        (json!({ "password": null }), "password REQUIRED"),
        (json!({ "username": "jo.doe" }), "username INVALID"),
        // Another provider's accounts are not even asked about.
        (json!({ "username": "support@globex.example" }), "username INVALID"),
        (json!({ "username": "jo.doe@globex.example" }), "username INVALID"),
        (json!({ "username": "a b@c@acme.example" }), "username INVALID"),
        (json!({ "password": "short" }), "password PASSWORD_TOO_WEAK"),
        (json!({ "password": "Jo.Doe@acme.example1" }), "password PASSWORD_TOO_WEAK"),
        (json!({ "username": "CUSTOMER@acme.example" }), "username TAKEN"),
        (json!({ "username": "ｃustomer\u{200b}@acme.example" }), "username TAKEN"),
        (json!({ "email": "no address" }), "email INVALID"),
        (json!({ "email": null }), "email REQUIRED"),
    ] {
        let input = with(members.clone());
        let outcome = mutate(&admin, "customerCreate", "id", input).await;
        assert_eq!(outcome.refusals(), [reason], "{members}: {}", outcome.answer.text);
    }
    // A name in use tells of an account: that somebody asked counts, and is on record.
    let gained = log.gained(&app).await;
    assert!(gained.iter().all(|event| event.event_type == "CUSTOMER_CREATED"), "{gained:?}");
    assert_eq!(gained.iter().filter(|event| event.outcome == Outcome::Failure).count(), 2);
    assert_eq!(gained.len(), 2);
    let after = (all::<customers::Entity>(&app).await.len(), all::<user::Entity>(&app).await.len());
    assert_eq!(before, after);
    assert!(received(&app).await.is_empty());
}

async fn by_whom(app: TestApp) {
    let outcome =
        mutate(&app.login(SUPPORT).await, "customerCreate", "id", with_account("jo@new.example", USERNAME))
            .await;
    assert_eq!(outcome.answer.code(), Some("FORBIDDEN"), "{}", outcome.answer.text);
    assert!(outcome.answer.text.contains("User.username"), "{}", outcome.answer.text);
    for (username, name) in [("admin@acme.example", "a"), (ADMIN, "b"), (RESELLER, "c")] {
        let input = with_account(&format!("{name}@new.example"), &format!("{name}@acme.example"));
        mutate(&app.login(username).await, "customerCreate", "id", input).await.done();
    }
}

async fn ten(app: TestApp) {
    let (_, router) = app.instance(|config| config.customer_create.per_minute = 10).await;
    let (admin, reseller) = (app.login(ADMIN).await.at(&router), app.login(RESELLER).await.at(&router));
    let input = |name: &str| json!({ "type": "INDIVIDUAL", "displayName": name });
    for n in 0..10 {
        mutate(&admin, "customerCreate", "id", input(&n.to_string())).await.done();
        app.clock.advance(TimeDelta::seconds(1));
    }
    let before = all::<customers::Entity>(&app).await.len();
    let mut log = Log::mark(&app).await;
    for input in [input("eleven"), with_account("jo@new.example", USERNAME), input("twelve")] {
        let outcome = mutate(&admin, "customerCreate", "id", input).await;
        outcome.failed("RATE_LIMITED");
        assert_eq!(outcome.answer.errors()[0]["extensions"]["retryAfter"], 50);
    }
    // On record once, however often he asks.
    log.one(&app, "RATE_LIMITED").await;
    assert_eq!(all::<customers::Entity>(&app).await.len(), before);
    mutate(&reseller, "customerCreate", "id", input("another's")).await.done();
    app.clock.advance(TimeDelta::seconds(50));
    mutate(&admin, "customerCreate", "id", input("eleven")).await.done();
    mutate(&admin, "customerCreate", "id", input("twelve")).await.failed("RATE_LIMITED");
}
