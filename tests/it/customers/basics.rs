//! What creating and changing a customer does.

use custodian_entity::choice::{self, CustomerStatus, KycStatus};
use custodian_entity::id::{CustomerId, ResellerId, TypedId, UserId};
use custodian_entity::personal::{BirthDate, Email, GovernmentId, Name, Phone, TaxId};
use custodian_entity::{customer as customers, reseller};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{new_customer, stored, with};
use crate::app::TestApp;
use crate::fixture::{ADMIN, BILLING, Log, MARIA, SUPPORT, absent, account, all, customer, mutate, text};
use crate::past::plain;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("customers::a new customer is a prospect with the next number", create);
    suite.both("customers::what was given is stored, in one form", stored_in_one_form);
    suite.both("customers::what the server sets cannot be given", server_set);
    suite.both("customers::a reseller's new customers are its own", resellers_own);
    suite.both("customers::a partner or manager of another provider does not exist", foreign_links);
    suite.both("customers::a change changes what was given and nothing else", update);
    suite.both("customers::null removes what may be absent", clear);
    suite.both("customers::one field that may not be set refuses the whole change", one_field_too_many);
    suite.both("customers::a mask that comes back is not written", masks_come_back);
    suite.both("customers::an e-mail address or reference is taken within its partner only", taken);
}

async fn create(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let fields = "id customerNumber status version kycStatus balance { amount currency } isEmailVerified \
                  createdAt updatedAt reseller { id } accountManager { id }";
    let mut numbers = Vec::new();
    for email in ["a@new.example", "b@new.example"] {
        let outcome = mutate(&client, "customerCreate", fields, new_customer(email)).await;
        let made = outcome.done();
        assert_eq!((&made["status"], &made["version"]), (&json!("PROSPECT"), &json!(1)));
        assert_eq!((&made["kycStatus"], &made["isEmailVerified"]), (&json!("NOT_STARTED"), &json!(false)));
        assert_eq!(made["balance"], json!({ "amount": 0, "currency": "EUR" }));
        assert_eq!(
            (&made["createdAt"], &made["updatedAt"]),
            (&json!("2026-03-01T12:00:00.000Z"), &made["createdAt"])
        );
        assert_eq!((&made["reseller"], &made["accountManager"]), (&Value::Null, &Value::Null));
        numbers.push(text(&made["customerNumber"]).to_owned());
        let row = stored(&app, &made["id"]).await;
        let own = account(&app, SUPPORT).await.tenant_id;
        assert_eq!(
            (row.tenant_id, row.status, row.kyc_status),
            (own, CustomerStatus::Prospect, KycStatus::NotStarted)
        );
    }
    // The demo data end with number 40.
    assert_eq!(numbers, ["C-000041", "C-000042"]);
}

async fn stored_in_one_form(app: TestApp) {
    let support = app.login(SUPPORT).await;
    let admin = app.login(ADMIN).await;
    let input = json!({
        "type": "COMPANY", "displayName": "  Ünïcode & Søns  ", "firstName": " Zoë ", "lastName": "O'Brien-Łuk",
        "companyName": "Ünïcode Ltd", "email": " Jo.Doe+isp@EXAMPLE.Org ", "billingEmail": "Bills@Sub.Example.ORG",
        "phone": "020 7946 0958", "dateOfBirth": "1984-02-29", "governmentIdType": "PASSPORT",
        "governmentIdCountry": "ES", "governmentIdNumber": "x-123.456/7 l", "language": "pt-BR",
        "externalReference": "CRM 7",
    });
    let outcome = mutate(&support, "customerCreate", "id", input).await;
    let row = stored(&app, &outcome.done()["id"]).await;
    assert_eq!(plain(row.display_name.expose()), "Ünïcode & Søns");
    assert_eq!(row.first_name.as_ref().and_then(Name::expose).map(String::as_str), Some("Zoë"));
    assert_eq!(row.last_name.as_ref().and_then(Name::expose).map(String::as_str), Some("O'Brien-Łuk"));
    assert_eq!(row.company_name.as_deref(), Some("Ünïcode Ltd"));
    // RFC 5321, 2.4: case matters before the @ and not behind it.
    assert_eq!(
        row.email.as_ref().and_then(Email::expose).map(String::as_str),
        Some("Jo.Doe+isp@example.org")
    );
    assert_eq!(
        row.billing_email.as_ref().and_then(Email::expose).map(String::as_str),
        Some("Bills@sub.example.org")
    );
    assert_eq!(row.phone.as_ref().and_then(Phone::expose).map(String::as_str), Some("+442079460958"));
    assert_eq!(
        row.date_of_birth.as_ref().and_then(BirthDate::expose).map(ToString::to_string).as_deref(),
        Some("1984-02-29")
    );
    assert_eq!(
        row.government_id_number.as_ref().and_then(GovernmentId::expose).map(String::as_str),
        Some("X1234567L")
    );
    assert_eq!((row.language.as_deref(), row.external_reference.as_deref()), (Some("pt-BR"), Some("CRM 7")));

    let mut input = new_customer("money@new.example");
    input["taxId"] = json!("gb 123-456.789");
    input["creditLimit"] = json!(9_007_199_254_740_991_i64);
    input["riskScore"] = json!(100);
    let outcome =
        mutate(&admin, "customerCreate", "id creditLimit { amount currency } riskScore", input).await;
    assert_eq!(
        outcome.done()["creditLimit"],
        json!({ "amount": 9_007_199_254_740_991_i64, "currency": "EUR" })
    );
    let row = stored(&app, &outcome.done()["id"]).await;
    assert_eq!(row.tax_id.as_ref().and_then(TaxId::expose).map(String::as_str), Some("GB123456789"));

    // The same digits are read in the country of the provider.
    let globex = app.login("support@globex.example").await;
    let input = with(&new_customer("us@new.example"), json!({ "phone": "(202) 555-0123" }));
    let outcome = mutate(&globex, "customerCreate", "id", input).await;
    let row = stored(&app, &outcome.done()["id"]).await;
    assert_eq!(row.phone.as_ref().and_then(Phone::expose).map(String::as_str), Some("+12025550123"));
    assert_eq!(row.customer_number, "C-000011", "numbers are each provider's own");
}

async fn server_set(app: TestApp) {
    let admin = app.login(ADMIN).await;
    let maria = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    let set = json!({
        "id": absent::<CustomerId>(), "tenantId": maria.tenant_id.encode(), "customerNumber": "C-000001",
        "status": "ACTIVE", "version": 7, "kycStatus": "VERIFIED", "isEmailVerified": true,
        "emailVerifiedAt": "2026-01-01T00:00:00Z", "balance": 0, "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z", "retentionExpiresAt": "2026-01-01", "anonymizedAt": "2026-01-01T00:00:00Z",
    });
    for (name, value) in set.as_object().unwrap() {
        let new = with(&new_customer("server@new.example"), json!({ name: value }));
        mutate(&admin, "customerCreate", "id", new).await.failed_before_running();
        if !["id", "version"].contains(&name.as_str()) {
            let input = json!({ "id": maria.id.encode(), "version": maria.version, name: value });
            mutate(&admin, "customerUpdate", "id", input).await.failed_before_running();
        }
    }
    // An address takes effect after it was verified (DOMAIN, rule 3), and a partner by customerMoveReseller.
    for (name, value) in [("email", "new@mail.example"), ("resellerId", "rsl_"), ("type", "COMPANY")] {
        let input = json!({ "id": maria.id.encode(), "version": maria.version, name: value });
        mutate(&admin, "customerUpdate", "id", input).await.failed_before_running();
    }
    log.none(&app).await;
    assert_eq!(customer(&app, MARIA).await, maria);
}

async fn resellers_own(app: TestApp) {
    let client = app.login("reseller@acme.example").await;
    let north = account(&app, "reseller@acme.example").await.reseller_id.unwrap();
    let south = account(&app, "reseller2@acme.example").await.reseller_id.unwrap();
    let outcome =
        mutate(&client, "customerCreate", "id reseller { id }", new_customer("n@new.example")).await;
    assert_eq!(outcome.done()["reseller"]["id"], north.encode());
    let row = stored(&app, &outcome.done()["id"]).await;
    assert_eq!(row.reseller_id, Some(north));
    for reseller in [north, south] {
        let input = with(&new_customer("m@new.example"), json!({ "resellerId": reseller.encode() }));
        let outcome = mutate(&client, "customerCreate", "id", input).await;
        outcome.failed_before_running();
        assert_eq!(outcome.answer.code(), Some("FORBIDDEN"), "{}", outcome.answer.text);
    }
    let other = app.login("reseller2@acme.example").await;
    let hidden =
        other.query("query($id: ID!) { customer(id: $id) { id } }", json!({ "id": row.id.encode() })).await;
    assert!(hidden.data()["customer"].is_null(), "{}", hidden.text);

    let admin = app.login(ADMIN).await;
    let input = with(&new_customer("s@new.example"), json!({ "resellerId": south.encode() }));
    let outcome = mutate(&admin, "customerCreate", "id reseller { id }", input).await;
    assert_eq!(outcome.done()["reseller"]["id"], south.encode());
}

async fn foreign_links(app: TestApp) {
    let operator = app.login("admin@acme.example").await;
    let foreign = account(&app, "support@globex.example").await;
    let before = all::<customers::Entity>(&app).await.len();
    // The operator reaches every provider's rows; what belongs to different ones is still not tied together.
    let mut partner = all::<reseller::Entity>(&app).await.swap_remove(0);
    partner.id = ResellerId::from_uuid(app.clock.new_uuid());
    partner.tenant_id = foreign.tenant_id;
    let partner_id = partner.id.encode();
    reseller::Entity::insert(partner.into_active_model()).exec_without_returning(app.db()).await.unwrap();
    for link in [
        json!({ "accountManagerId": foreign.id.encode() }),
        json!({ "accountManagerId": absent::<UserId>() }),
        json!({ "resellerId": partner_id }),
        json!({ "resellerId": absent::<ResellerId>() }),
    ] {
        mutate(&operator, "customerCreate", "id", with(&new_customer("f@new.example"), link))
            .await
            .failed("NOT_FOUND");
    }
    let maria = customer(&app, MARIA).await;
    let input =
        json!({ "id": maria.id.encode(), "version": maria.version, "accountManagerId": foreign.id.encode() });
    mutate(&operator, "customerUpdate", "id", input).await.failed("NOT_FOUND");
    assert_eq!(all::<customers::Entity>(&app).await.len(), before, "nothing was left behind");
}

async fn update(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let before = customer(&app, MARIA).await;
    app.clock.advance(chrono::TimeDelta::seconds(90));
    let input = json!({
        "id": before.id.encode(), "version": before.version, "firstName": "  Marie ", "phone": "+34 612 34 56 79",
        "language": "fr",
    });
    let outcome = mutate(&client, "customerUpdate", "version firstName language phone", input).await;
    let changed = outcome.done();
    assert_eq!((&changed["version"], &changed["firstName"]), (&json!(before.version + 1), &json!("Marie")));
    assert_eq!(changed["phone"], "+34 *****5679", "who sees it masked, sees it masked after writing it too");
    let mut expected = before;
    expected.version += 1;
    expected.first_name = Some(Name::new("Marie"));
    expected.phone = Some(Phone::new("+34612345679"));
    expected.language = Some("fr".to_owned());
    expected.updated_at = app.clock.now();
    let found = customer(&app, MARIA).await;
    assert_ne!(found.phone_index, expected.phone_index, "what it is found by follows");
    expected.phone_index = found.phone_index.clone();
    assert_eq!(found, expected);
}

async fn clear(app: TestApp) {
    let client = app.login(ADMIN).await;
    let before = customer(&app, MARIA).await;
    let input = json!({
        "id": before.id.encode(), "version": before.version, "firstName": null, "phone": null, "billingEmail": null,
        "dateOfBirth": null, "governmentIdNumber": null, "taxId": null, "externalReference": null,
        "creditLimit": null, "riskScore": null, "accountManagerId": null, "language": null,
    });
    mutate(&client, "customerUpdate", "id", input).await.done();
    let row = customer(&app, MARIA).await;
    let is_gone = row.first_name.is_none()
        && row.phone.is_none()
        && row.billing_email.is_none()
        && row.date_of_birth.is_none()
        && row.government_id_number.is_none()
        && row.tax_id.is_none()
        && row.external_reference.is_none()
        && row.credit_limit.is_none()
        && row.risk_score.is_none()
        && row.account_manager_id.is_none()
        && row.language.is_none();
    assert!(is_gone, "something given as null is still there: {row:?}");
    assert_eq!((row.last_name, row.email), (before.last_name, before.email), "what was not given stays");
    let input = json!({ "id": row.id.encode(), "version": row.version, "displayName": null });
    let outcome = mutate(&client, "customerUpdate", "id displayName", input).await;
    assert_eq!(
        outcome.done()["displayName"],
        "María García López",
        "a name that is required cannot be removed"
    );
}

async fn one_field_too_many(app: TestApp) {
    let before = customer(&app, MARIA).await;
    let mut log = Log::mark(&app).await;
    for (username, field, value) in [
        (SUPPORT, "taxId", json!("12345678Z")),
        (SUPPORT, "creditLimit", json!(1)),
        (SUPPORT, "accountManagerId", json!(null)),
        (BILLING, "phone", json!("+34612345679")),
        ("reseller@acme.example", "riskScore", json!(1)),
        ("customer@acme.example", "displayName", json!("Doña María")),
    ] {
        let client = app.login(username).await;
        log.gained(&app).await;
        // Each of these roles may change the address of the invoices.
        let input = json!({
            "id": before.id.encode(), "version": before.version, "billingEmail": "x@new.example", field: value,
        });
        let outcome = mutate(&client, "customerUpdate", "id", input).await;
        outcome.failed_before_running();
        assert_eq!(outcome.answer.code(), Some("FORBIDDEN"), "{username}: {}", outcome.answer.text);
        let named = match field {
            "accountManagerId" => "Customer.accountManager".to_owned(),
            field => format!("Customer.{field}"),
        };
        assert_eq!(outcome.answer.body["errors"][0]["extensions"]["field"], named, "{username}");
        assert_eq!(outcome.answer.errors().len(), 1, "{username}: only what is refused is named");
        log.none(&app).await;
    }
    assert_eq!(customer(&app, MARIA).await, before);
}

async fn masks_come_back(app: TestApp) {
    let client = app.login(SUPPORT).await;
    let before = customer(&app, MARIA).await;
    let document = "query($id: ID!) { customer(id: $id) { phone billingEmail dateOfBirth } }";
    let answer = client.query(document, json!({ "id": before.id.encode() })).await;
    for field in ["phone", "billingEmail", "dateOfBirth"] {
        let mask = answer.ok()["customer"][field].clone();
        let input = json!({ "id": before.id.encode(), "version": before.version, field: mask });
        let outcome = mutate(&client, "customerUpdate", "id", input).await;
        outcome.failed_before_running();
        assert_eq!(outcome.answer.code(), Some("MASKED_VALUE_ROUNDTRIP"), "{field}: {}", outcome.answer.text);
    }
    assert_eq!(customer(&app, MARIA).await, before);
}

async fn taken(app: TestApp) {
    let (acme, globex) = (app.login(ADMIN).await, app.login("support@globex.example").await);
    let partner = customer(&app, MARIA).await.reseller_id.expect("she came through a partner").encode();
    let new_customer = |email: &str| with(&new_customer(email), json!({ "resellerId": partner }));
    let mut log = Log::mark(&app).await;
    for email in [MARIA, "maria.garcia@MAIL.example", " maria.garcia@mail.example "] {
        mutate(&acme, "customerCreate", "id", new_customer(email)).await.refused(&["email TAKEN"]);
    }
    let reference = |email: &str| with(&new_customer(email), json!({ "externalReference": "CRM-100001" }));
    mutate(&acme, "customerCreate", "id", reference("r@new.example"))
        .await
        .refused(&["externalReference TAKEN"]);
    // What is in use tells of another's row: who asks is on record, and it counts as a creation does.
    let asked = log.gained(&app).await;
    assert!(
        asked
            .iter()
            .all(|event| event.event_type == "CUSTOMER_CREATED" && event.outcome == choice::Outcome::Failure)
    );
    assert!(asked.iter().all(|event| event.details == json!({})), "no value: {asked:?}");
    assert_eq!(asked.len(), 4);
    // Another provider neither learns of it nor is kept from it.
    let direct = |mut input: Value| {
        input.as_object_mut().unwrap().remove("resellerId");
        input
    };
    let outcome = mutate(&globex, "customerCreate", "id customerNumber", direct(reference(MARIA))).await;
    assert_eq!(outcome.done()["customerNumber"], "C-000011", "refused creations give no number away");
    let emily = customer(&app, "emily.carter@mail.example").await;
    let theirs = emily.email.as_ref().and_then(Email::expose).unwrap();
    let outcome = mutate(&acme, "customerCreate", "id customerNumber", new_customer(theirs)).await;
    assert_eq!(outcome.done()["customerNumber"], "C-000041", "refused creations take no number");

    // Nor does another partner, or the provider itself.
    let outcome = mutate(&acme, "customerCreate", "id", direct(reference(MARIA))).await;
    assert_eq!(outcome.summary(), "done");
    let second = all::<customers::Entity>(&app).await;
    let second = second.into_iter().find(|row| row.customer_number == "C-000003").unwrap();
    let input =
        json!({ "id": second.id.encode(), "version": second.version, "externalReference": "CRM-100001" });
    let outcome = mutate(&acme, "customerUpdate", "id", input).await;
    match second.reseller_id {
        None => outcome.refused(&["externalReference TAKEN"]),
        Some(_) => panic!("customer 3 is direct: compare src/seed/setting.rs"),
    }
}
