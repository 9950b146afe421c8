//! Numbers of payment cards are stored in no text (PCI DSS 3.3.1, 3.5.1; DOMAIN, law 28).

use custodian::authz::mask;
use serde_json::{Map, Value, json};

use crate::app::TestApp;
use crate::arguments::rows::{complete, kind_of};
use crate::arguments::values::required;
use crate::client::{Answer, Client};
use crate::documents::samples;
use crate::fixture::all;
use crate::past::{all_open, plain};
use crate::reference::{Sdl, Typed};
use crate::suite::Suite;
use crate::uploads::clients;
use crate::uploads::form::Form;

pub(super) fn register(suite: &mut Suite) {
    suite.pure("bad_input::the number of a card is told from other numbers", told);
    suite.both("bad_input::no text of any mutation takes the number of a card", refused);
}

fn told() {
    for text in [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242.4242.4242.4242",
        "4242\u{a0}4242\u{2013}4242\u{2009}4242",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "４２４２ ４２４２ ４２４２ ４２４２",
        "4242\u{200b}4242\u{200b}42424242",
        "my card: 4242424242424242, exp. 12/30",
        "card4242424242424242",
        "+4242 4242 4242 4242",
        "amex 3782 822463 10005",
        "call 020 7946 0958 about 5555 5555 5555 4444",
        "13 digits: 4222222222222",
        "19 digits: 6304000000000000000",
    ] {
        assert!(mask::holds_card_number(text), "{text}");
    }
    for text in [
        "",
        "4242424242424241",
        "4242 4242",
        "Call me at +44 20 7946 0958 or 020 7946 0958",
        "On 2026-01-05 and 05.01.2026",
        "IBAN DE89 3704 0044 0532 0130 00",
        "20 digits: 42424242424242424242",
        "3C:84:6A:12:34:56 at 2001:db8:1:2::9",
        "Order 1000234, two of 12.50",
    ] {
        assert!(!mask::holds_card_number(text), "{text}");
    }
}

/// Short enough for every text.
const CARD: &str = "4242424242424242";

/// Texts that may hold such a number, or where it comes to nothing. The list may only shrink.
const OTHERWISE: [(&str, &str); 21] = [
    // What another system calls something.
    ("CustomerCreateInput", "externalReference"),
    ("CustomerUpdateInput", "externalReference"),
    ("PaymentCreateInput", "idempotencyKey"),
    ("PaymentRefundInput", "idempotencyKey"),
    // Numbers of documents have check digits of their own, some of them the same.
    ("CustomerCreateInput", "governmentIdNumber"),
    ("CustomerUpdateInput", "governmentIdNumber"),
    ("CustomerCreateInput", "taxId"),
    ("CustomerUpdateInput", "taxId"),
    ("ResellerCreateInput", "taxId"),
    ("ResellerUpdateInput", "taxId"),
    // Have forms of their own, which these digits are not of.
    ("CustomerCreateInput", "username"),
    ("RoleCreateInput", "name"),
    ("PaymentMethodAttachInput", "iban"),
    ("PaymentMethodAttachInput", "last4"),
    ("TenantUpdateInput", "mfaRequiredRoles"),
    ("TenantUpdateInput", "timezone"),
    // Stored as hashes, or not at all.
    ("CustomerCreateInput", "password"),
    ("EmailVerificationConfirmInput", "token"),
    ("FieldRevealInput", "fields"),
    ("PasswordChangeInput", "currentPassword"),
    ("PasswordChangeInput", "newPassword"),
];

/// A text of an input: the object it stands in, its name, and the way to it from the mutation's input.
struct Place {
    input: String,
    member: String,
    typed: Typed,
    way: Vec<(String, bool)>,
}

/// Every text within an input object, those of inputs inside it too.
fn texts(sdl: &Sdl, name: &str, way: &[(String, bool)], found: &mut Vec<Place>) {
    for (member, typed) in &sdl.inputs[name] {
        if typed.named == "String" {
            let (input, member) = (name.to_owned(), member.clone());
            found.push(Place { input, member, typed: typed.clone(), way: way.to_vec() });
        } else if sdl.inputs.contains_key(&typed.named) {
            let way = [way, &[(member.clone(), typed.is_list)]].concat();
            texts(sdl, &typed.named, &way, found);
        }
    }
}

/// An input with what it requires, its ids of rows that there are where the test has some.
fn filled(sdl: &Sdl, name: &str, ids: &Value) -> Value {
    let mut input = Value::Object(required(sdl, name));
    for (member, typed) in &sdl.inputs[name] {
        match (typed.named.as_str(), member.as_str()) {
            // Built-in roles are not changed.
            ("ID", "id") if name == "RoleUpdateInput" => input[member] = ids["own role"].clone(),
            ("ID", _) if typed.is_required || member == "customerId" => {
                input[member] = ids[kind_of(name, member)].clone();
            }
            (_, "version") => input[member] = ids["version"].clone(),
            _ => {}
        }
    }
    input
}

/// Where the files of an input are, from the mutation's variables on.
fn files(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match (name.as_str(), value) {
            ("file", Value::Null) => found.push(format!("{at}.file")),
            _ => files(value, &format!("{at}.{name}"), found),
        }),
        Value::Array(items) => {
            (0..).zip(items).for_each(|(n, value): (usize, _)| files(value, &format!("{at}.{n}"), found));
        }
        _ => {}
    }
}

/// Sends the mutation, with a picture in the place of each file.
async fn send(client: &Client, document: &str, value: &Value) -> Answer {
    let variables = json!({ "input": value });
    let mut places = Vec::new();
    files(value, "variables.input", &mut places);
    if places.is_empty() {
        return client.query(document, variables).await;
    }
    let map: Map<String, Value> =
        (0..).zip(&places).map(|(n, place): (usize, _)| (n.to_string(), json!([place]))).collect();
    let operations = json!({ "query": document, "variables": variables });
    let form = Form::of(&operations.to_string(), &json!(map).to_string());
    let form = (0..places.len()).fold(form, |form, n| form.file(&n.to_string(), "a.png", &samples::png()));
    clients::post(client, form.end()).await
}

/// Whether the answer refuses this text for what it holds, and for nothing else of it.
async fn is_refused(client: &Client, mutation: &str, input: &str, value: &Value, member: &str) -> bool {
    let of_each = mutation == "documentUploadMany";
    let errors = "userErrors { field message }";
    let selected = if of_each { format!("results {{ {errors} }}") } else { errors.to_owned() };
    let document = format!("mutation($input: {input}!) {{ {mutation}(input: $input) {{ {selected} }} }}");
    let answer = send(client, &document, value).await;
    let payload = &answer.data()[mutation];
    let payload = if of_each { &payload["results"][0] } else { payload };
    let errors = payload["userErrors"].as_array().cloned().unwrap_or_default();
    errors.iter().any(|error| {
        let path = error["field"].as_array().cloned().unwrap_or_default();
        let is_here = path.iter().any(|part| part.as_str().is_some_and(|part| part.contains(member)));
        is_here && error["message"].as_str().is_some_and(|text| text.contains("payment card"))
    })
}

async fn refused(app: TestApp) {
    let sdl = Sdl::read();
    complete(&app).await;
    let client = app.login("admin@acme.example").await;
    let ids = ids(&app).await;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (mutation, field) in &sdl.objects["Mutation"] {
        let Some(typed) = field.arguments.get("input") else { continue };
        let mut places = Vec::new();
        texts(&sdl, &typed.named, &[], &mut places);
        for Place { input, member, typed: text, way } in places {
            let mut value = filled(&sdl, &typed.named, &ids);
            let mut at = &mut value;
            for (step, is_list) in &way {
                let inner = sdl.inputs[&typed.named][step].named.clone();
                let within = filled(&sdl, &inner, &ids);
                at[step] = if *is_list { json!([within]) } else { within };
                at = if *is_list { &mut at[step][0] } else { &mut at[step] };
            }
            at[&member] = if text.is_list { json!([CARD]) } else { json!(CARD) };
            let is_other = OTHERWISE.contains(&(input.as_str(), member.as_str()));
            let is_refused = is_refused(&client, mutation, &typed.named, &value, &member).await;
            if is_refused == is_other {
                wrong.push(format!("{mutation}: {input}.{member} with {value}"));
            }
            tried += 1;
        }
    }
    // A new text takes `line`, `lines` and their like of graphql/validate.rs, or its reason in OTHERWISE.
    assert!(
        wrong.is_empty(),
        "texts that take the number of a card, or need not be listed:\n{}",
        wrong.join("\n")
    );
    assert!(tried > 60, "this tried hardly anything: {tried}");
}

/// A row of each type that inputs name.
async fn ids(app: &TestApp) -> Value {
    use custodian_entity::id::TypedId;
    use custodian_entity::*;
    let maria = crate::fixture::customer(app, crate::fixture::MARIA).await;
    // What is said of it is looked at before it is looked for.
    let containment = crate::fixture::absent::<custodian_entity::id::ContainmentId>();
    let incidents = all::<security_incident::Entity>(app).await;
    let incident = incidents.iter().find(|row| row.tenant_id == maria.tenant_id).map(|row| row.id.encode());
    let mut ids = json!({ "SecurityIncident": incident, "Containment": containment, "Customer": maria.id.encode(), "version": maria.version });
    macro_rules! of_maria {
        ($($kind:literal $module:ident)*) => {$(
            let row = all::<$module::Entity>(app).await.into_iter().find(|row| row.customer_id == maria.id);
            ids[$kind] = json!(row.map(|row| row.id.encode()));
        )*};
    }
    of_maria! {
        "Address" address "Contact" contact "CustomerNote" customer_note "Subscription" subscription
        "Invoice" invoice "Ticket" ticket "Payment" payment "PaymentMethod" payment_method
        "NetworkService" network_service "Document" document
    }
    let partner = all::<reseller::Entity>(app).await.into_iter().find(|row| row.tenant_id == maria.tenant_id);
    ids["Reseller"] = json!(partner.map(|row| row.id.encode()));
    let own = |row: &user::Model| plain(row.username.expose()) == crate::fixture::SUPPORT;
    ids["User"] = json!(all_open::<user::Entity>(app).await.into_iter().find(own).map(|row| row.id.encode()));
    let plans = all::<service_plan::Entity>(app).await;
    ids["ServicePlan"] =
        json!(plans.iter().find(|row| row.tenant_id == maria.tenant_id).map(|row| row.id.encode()));
    for row in all::<role::Entity>(app).await {
        let kind = if row.tenant_id.is_none() { "Role" } else { "own role" };
        if row.tenant_id.is_none_or(|tenant| tenant == maria.tenant_id) {
            ids[kind] = json!(row.id.encode());
        }
    }
    ids
}
