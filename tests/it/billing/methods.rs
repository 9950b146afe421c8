//! What customers pay with.

use custodian_entity::choice::{CardBrand, CustomerStatus, PaymentMethodKind, PaymentMethodStatus};
use custodian_entity::customer as customers;
use custodian_entity::id::{CustomerId, PaymentMethodId, TypedId};
use custodian_entity::payment_method::{Entity, Model};
use custodian_entity::personal::{Iban, Name, ProcessorToken};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, absent, all, at_once, customer, mutate, text};
use crate::past::open;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("billing::a card is attached by its token, which nobody reads", card);
    suite.both("billing::an account is attached by its IBAN, which is shown masked", account);
    suite.both("billing::at most one payment method is the default", default);
    suite.both("billing::of new defaults at once one is", default_at_once);
    suite.both("billing::what is detached is forgotten, and stays with its payments", detach);
    suite.both("billing::a card expires with its month", expired);
    suite.both("billing::what no card or account has is refused", bad_members);
    suite.both("billing::the number of a card is taken nowhere", card_numbers);
    suite.both("billing::who has left pays with nothing new", left);
    suite.both("billing::a payment method is its customer's and no reseller's", foreign);
}

const CUSTOMER: &str = "customer@acme.example";
const TOKEN: &str = "pm_secret_of_the_processor";

fn a_card(customer: CustomerId) -> Value {
    json!({
        "customerId": customer.encode(), "kind": "CARD", "processorToken": TOKEN, "brand": "VISA", "last4": "4242",
        "expMonth": 3, "expYear": 2026,
    })
}

fn an_account(customer: CustomerId) -> Value {
    json!({
        "customerId": customer.encode(), "kind": "BANK_ACCOUNT", "processorToken": TOKEN, "iban": "GB82WEST12345698765432",
    })
}

fn with(base: &Value, members: Value) -> Value {
    let mut input = base.clone();
    input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    input
}

async fn stored(app: &TestApp, id: &Value) -> Model {
    let id = PaymentMethodId::decode(text(id)).unwrap();
    let found = Entity::find_by_id(id).all(app.db()).await.unwrap();
    open::<Entity>(app, found).await.pop().unwrap()
}

/// The default ones of a customer.
async fn defaults(app: &TestApp, customer: CustomerId) -> Vec<String> {
    let rows = all::<Entity>(app).await;
    rows.into_iter()
        .filter(|row| row.customer_id == customer && row.is_default)
        .map(|row| row.id.encode())
        .collect()
}

async fn card(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    for username in [CUSTOMER, BILLING, ADMIN] {
        let client = app.login(username).await;
        log.gained(&app).await;
        let input = with(&a_card(maria.id), json!({ "holderName": " María García López " }));
        let fields =
            "id kind isDefault status createdAt brand last4 holderName iban bankName customer { id }";
        let outcome = mutate(&client, "paymentMethodAttach", fields, input).await;
        let made = outcome.done();
        assert_eq!((&made["kind"], &made["status"]), (&json!("CARD"), &json!("ACTIVE")), "{username}");
        assert_eq!((&made["brand"], &made["last4"]), (&json!("VISA"), &json!("4242")));
        assert_eq!((&made["isDefault"], &made["iban"]), (&json!(false), &Value::Null));
        assert!(!outcome.answer.text.contains(TOKEN), "{}", outcome.answer.text);
        let event = log.one(&app, "PAYMENT_METHOD_ATTACHED").await;
        assert_eq!(
            (event.customer_id, event.resource_id.as_deref()),
            (Some(maria.id), Some(text(&made["id"])))
        );
        let expected = Model {
            id: PaymentMethodId::decode(text(&made["id"])).unwrap(),
            tenant_id: maria.tenant_id,
            reseller_id: maria.reseller_id,
            customer_id: maria.id,
            kind: PaymentMethodKind::Card,
            is_default: false,
            status: PaymentMethodStatus::Active,
            processor_token: Some(ProcessorToken::new(TOKEN)),
            brand: Some(CardBrand::Visa),
            last4: Some("4242".to_owned()),
            exp_month: Some(3),
            exp_year: Some(2026),
            bank_name: None,
            holder_name: Some(Name::new("María García López")),
            iban: None,
            created_at: app.clock.now(),
        };
        assert_eq!(stored(&app, &made["id"]).await, expected);
    }
    assert!(!app.logs().contains(TOKEN), "the token is in the logs");
}

async fn account(app: TestApp) {
    let maria = customer(&app, MARIA).await;
    for username in [CUSTOMER, BILLING] {
        let client = app.login(username).await;
        let input = with(
            &an_account(maria.id),
            json!({ "iban": "gb82 west 1234-5698 7654 32", "bankName": "First Example Bank" }),
        );
        let outcome = mutate(&client, "paymentMethodAttach", "id iban bankName last4", input).await;
        let made = outcome.done();
        assert_eq!((&made["iban"], &made["last4"]), (&json!("GB****5432"), &Value::Null), "{username}");
        let row = stored(&app, &made["id"]).await;
        assert_eq!(row.iban, Some(Iban::new("GB82WEST12345698765432")));
        assert_eq!(row.bank_name.as_deref(), Some("First Example Bank"));
    }
    // Not every country has IBANs.
    let client = app.login(BILLING).await;
    let input = json!({
        "customerId": maria.id.encode(), "kind": "BANK_ACCOUNT", "processorToken": TOKEN, "last4": "6789",
    });
    assert_eq!(
        mutate(&client, "paymentMethodAttach", "last4", input).await.done(),
        &json!({ "last4": "6789" })
    );
}

async fn default(app: TestApp) {
    let client = app.login(CUSTOMER).await;
    let maria = customer(&app, MARIA).await;
    let xiaoming = customer(&app, "wang.xiaoming@post.example").await;
    let before = (defaults(&app, maria.id).await, defaults(&app, xiaoming.id).await);
    let input = with(&a_card(maria.id), json!({ "isDefault": true }));
    let mut last = Value::Null;
    for _ in 0..2 {
        let outcome = mutate(&client, "paymentMethodAttach", "id isDefault", input.clone()).await;
        assert_eq!(outcome.done()["isDefault"], true);
        last = outcome.done()["id"].clone();
        assert_eq!(defaults(&app, maria.id).await, [text(&last)], "it was {:?}", before.0);
    }
    mutate(&client, "paymentMethodAttach", "id", a_card(maria.id)).await.done();
    assert_eq!(defaults(&app, maria.id).await, [text(&last)], "another one does not change it");
    mutate(&client, "paymentMethodDetach", "id", json!({ "id": last })).await.done();
    assert!(defaults(&app, maria.id).await.is_empty(), "none is charged without being asked");
    assert_eq!(defaults(&app, xiaoming.id).await, before.1);
}

async fn default_at_once(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    let input = with(&a_card(maria.id), json!({ "isDefault": true }));
    let outcomes = at_once(&client, "paymentMethodAttach", "id", vec![input; 6]).await;
    let summaries: Vec<String> = outcomes.iter().map(|outcome| outcome.summary()).collect();
    let known = ["done", "CONFLICT"];
    assert!(summaries.iter().all(|summary| known.contains(&summary.as_str())), "{summaries:?}");
    assert!(summaries.contains(&"done".to_owned()), "{summaries:?}");
    assert_eq!(defaults(&app, maria.id).await.len(), 1);
}

async fn detach(app: TestApp) {
    let client = app.login(CUSTOMER).await;
    let maria = customer(&app, MARIA).await;
    let input = with(&an_account(maria.id), json!({ "isDefault": true, "holderName": "María" }));
    let outcome = mutate(&client, "paymentMethodAttach", "id", input).await;
    let id = outcome.done()["id"].clone();
    let payment = json!({
        "customerId": maria.id.encode(), "amount": 100, "idempotencyKey": "paid with it", "methodId": id,
    });
    let outcome = mutate(&client, "paymentCreate", "id method { id }", payment.clone()).await;
    let paid = outcome.done().clone();
    assert_eq!(paid["method"]["id"], id);
    let other = with(&payment, json!({ "methodId": null }));
    mutate(&client, "paymentCreate", "id", other).await.refused(&["idempotencyKey TAKEN"]);

    let before = stored(&app, &id).await;
    let mut log = Log::mark(&app).await;
    let fields = "id status isDefault holderName iban";
    let outcome = mutate(&client, "paymentMethodDetach", fields, json!({ "id": id })).await;
    let expected =
        json!({ "id": id, "status": "DETACHED", "isDefault": false, "holderName": null, "iban": null });
    assert_eq!(outcome.done(), &expected);
    let event = log.one(&app, "PAYMENT_METHOD_DETACHED").await;
    assert_eq!(event.details, json!({ "from": "Active", "to": "Detached" }));
    let expected = Model {
        status: PaymentMethodStatus::Detached,
        is_default: false,
        processor_token: None,
        holder_name: None,
        iban: None,
        ..before
    };
    assert_eq!(stored(&app, &id).await, expected);
    let ask = "query($id: ID!) { node(id: $id) { ... on Payment { method { status } } } }";
    let answer = client.query(ask, json!({ "id": paid["id"] })).await;
    assert_eq!(answer.ok()["node"]["method"]["status"], "DETACHED");

    mutate(&client, "paymentMethodDetach", "id", json!({ "id": id }))
        .await
        .refused(&["- INVALID_TRANSITION"]);
    let more = with(&payment, json!({ "idempotencyKey": "paid with nothing" }));
    mutate(&client, "paymentCreate", "id", more).await.refused(&["methodId INVALID"]);
    log.none(&app).await;
}

async fn expired(app: TestApp) {
    let client = app.login(CUSTOMER).await;
    let maria = customer(&app, MARIA).await;
    let outcome = mutate(&client, "paymentMethodAttach", "id status", a_card(maria.id)).await;
    let (id, status) = (&outcome.done()["id"], &outcome.done()["status"]);
    assert_eq!(status, "ACTIVE", "it is March, and the card is good through March");
    for (year, month) in [(2026, 2), (2025, 12)] {
        let mut row = stored(&app, id).await.into_active_model();
        (row.exp_year, row.exp_month) = (Set(Some(year)), Set(Some(month)));
        row.update(app.db()).await.unwrap();
        let ask = "query($id: ID!) { node(id: $id) { ... on PaymentMethod { status expMonth expYear } } }";
        let answer = client.query(ask, json!({ "id": id })).await;
        let expected = json!({ "status": "EXPIRED", "expMonth": month, "expYear": year });
        assert_eq!(answer.ok()["node"], expected);
        let late = with(&a_card(maria.id), json!({ "expYear": year, "expMonth": month }));
        mutate(&client, "paymentMethodAttach", "id", late).await.refused(&["expYear INVALID"]);
    }
    mutate(&client, "paymentMethodDetach", "id", json!({ "id": id })).await.done();
}

async fn bad_members(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    let (card, account) = (a_card(maria.id), an_account(maria.id));
    let before = all::<Entity>(&app).await;
    let mut log = Log::mark(&app).await;
    for (base, members, expected) in [
        (&card, json!({ "last4": "424" }), "last4 INVALID"),
        (&card, json!({ "last4": "42424" }), "last4 INVALID"),
        (&card, json!({ "last4": "٤٢٤٢" }), "last4 INVALID"),
        (&card, json!({ "last4": "42x2" }), "last4 INVALID"),
        (&card, json!({ "last4": null }), "last4 REQUIRED"),
        (&card, json!({ "brand": null }), "brand REQUIRED"),
        (&card, json!({ "brand": "MYSTERY" }), "BAD_USER_INPUT"),
        (&card, json!({ "expMonth": null }), "expMonth REQUIRED"),
        (&card, json!({ "expMonth": 0, "expYear": 2027 }), "expMonth INVALID"),
        (&card, json!({ "expMonth": 13 }), "expMonth INVALID"),
        (&card, json!({ "expYear": null }), "expYear REQUIRED"),
        (&card, json!({ "expYear": 2200 }), "expYear INVALID"),
        (&card, json!({ "iban": "GB82WEST12345698765432" }), "iban INVALID"),
        (&card, json!({ "bankName": "First Example Bank" }), "bankName INVALID"),
        (&card, json!({ "processorToken": "" }), "processorToken INVALID"),
        (&card, json!({ "processorToken": "t".repeat(256) }), "processorToken TOO_LONG"),
        (&card, json!({ "processorToken": null }), "BAD_USER_INPUT"),
        (&card, json!({ "holderName": "a\u{1}b" }), "holderName INVALID"),
        (&card, json!({ "status": "ACTIVE" }), "BAD_USER_INPUT"),
        (&card, json!({ "customerId": absent::<CustomerId>() }), "NOT_FOUND"),
        (&account, json!({ "iban": "GB82WEST12345698765433" }), "iban INVALID"),
        (&account, json!({ "iban": "GB28WEST12345698765432" }), "iban INVALID"),
        (&account, json!({ "iban": "WEST12345698765432" }), "iban INVALID"),
        (&account, json!({ "iban": "" }), "iban INVALID"),
        // What a masked viewer reads does not come back as a value.
        (&account, json!({ "iban": "GB****5432" }), "MASKED_VALUE_ROUNDTRIP"),
        (&account, json!({ "iban": null }), "last4 REQUIRED"),
        (&account, json!({ "last4": "5432" }), "last4 INVALID"),
        (&account, json!({ "brand": "VISA" }), "brand INVALID"),
        (&account, json!({ "expYear": 2030 }), "expYear INVALID"),
        (&account, json!({ "bankName": "b".repeat(101) }), "bankName TOO_LONG"),
    ] {
        let outcome = mutate(&client, "paymentMethodAttach", "id", with(base, members.clone())).await;
        // Several rules may be broken by one value, all of them of the same member.
        let summary = outcome.summary();
        assert!(summary.split(", ").all(|reason| reason == expected), "{members}: {summary}");
    }
    log.none(&app).await;
    assert_eq!(all::<Entity>(&app).await, before);
}

async fn card_numbers(app: TestApp) {
    let client = app.login(BILLING).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    for number in [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "378282246310005",
        "tok_4242424242424242",
        "+4242424242424242",
        "４２４２４２４２４２４２４２４２",
        "42\u{200b}42424242424242",
        "of 4242.4242.4242.4242, it says",
    ] {
        for (base, member) in [
            (a_card(maria.id), "processorToken"),
            (a_card(maria.id), "holderName"),
            (an_account(maria.id), "bankName"),
        ] {
            let outcome =
                mutate(&client, "paymentMethodAttach", "id", with(&base, json!({ member: number }))).await;
            let refusals = outcome.refusals();
            assert!(refusals.contains(&format!("{member} INVALID")), "{member} {number}: {refusals:?}");
            assert!(!outcome.answer.text.contains(number), "{}", outcome.answer.text);
        }
        let input = with(&a_card(maria.id), json!({ "last4": number }));
        mutate(&client, "paymentMethodAttach", "id", input).await.refusals();
    }
    log.none(&app).await;
    // A number whose check digit is wrong is no card's.
    let input = with(&a_card(maria.id), json!({ "processorToken": "tok_4242424242424241" }));
    mutate(&client, "paymentMethodAttach", "id", input).await.done();
}

async fn left(app: TestApp) {
    let client = app.login(BILLING).await;
    let tenant = customer(&app, MARIA).await.tenant_id;
    let rows = all::<customers::Entity>(&app).await;
    for status in [CustomerStatus::Closed, CustomerStatus::Anonymized] {
        let left = rows.iter().find(|row| row.status == status && row.tenant_id == tenant).unwrap();
        let outcome = mutate(&client, "paymentMethodAttach", "id", a_card(left.id)).await;
        outcome.refused(&["customerId INVALID"]);
    }
}

async fn foreign(app: TestApp) {
    let (maria, xiaoming) = (customer(&app, MARIA).await, customer(&app, "wang.xiaoming@post.example").await);
    let mine = all::<Entity>(&app).await;
    let mine = mine.iter().find(|row| row.customer_id == maria.id).expect("María pays with something");
    let before = all::<Entity>(&app).await;
    let other = app.login("customer2@acme.example").await;
    let mut log = Log::mark(&app).await;
    mutate(&other, "paymentMethodAttach", "id", a_card(maria.id)).await.failed("NOT_FOUND");
    mutate(&other, "paymentMethodDetach", "id", json!({ "id": mine.id.encode() })).await.failed("NOT_FOUND");
    for username in ["customer2@acme.example", ADMIN] {
        let client = app.login(username).await;
        log.gained(&app).await;
        let payment = json!({
            "customerId": xiaoming.id.encode(), "amount": 100, "idempotencyKey": "of another",
            "methodId": mine.id.encode(),
        });
        mutate(&client, "paymentCreate", "id", payment).await.failed("NOT_FOUND");
    }
    // A reseller is told that there is a list, and nothing in it; it attaches and detaches nothing.
    let reseller = app.login("reseller@acme.example").await;
    log.gained(&app).await;
    let ask = "query($id: ID!) { customer(id: $id) { paymentMethods { id } } }";
    let answer = reseller.query(ask, json!({ "id": maria.id.encode() })).await;
    assert_eq!(answer.ok()["customer"]["paymentMethods"], json!([]));
    let ask = "query($id: ID!) { node(id: $id) { id } }";
    let answer = reseller.query(ask, json!({ "id": mine.id.encode() })).await;
    assert_eq!(answer.code(), Some("NOT_FOUND"), "{}", answer.text);
    for (mutation, input) in [
        ("paymentMethodAttach", a_card(maria.id)),
        ("paymentMethodDetach", json!({ "id": mine.id.encode() })),
    ] {
        mutate(&reseller, mutation, "id", input).await.failed_before_running();
    }
    log.none(&app).await;
    assert_eq!(all::<Entity>(&app).await, before);
}
