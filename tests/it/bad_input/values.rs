//! Values: ids, dates, texts and enums that are none.

use custodian_entity::id::{CustomerId, InvoiceId};
use serde_json::{Value, json};

use super::{BAD, Bench, EITHER};
use crate::app::TestApp;
use crate::fixture::absent;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("bad_input::ids that are none", ids);
    suite.both("bad_input::dates and times out of range", dates);
    suite.both("bad_input::values of the wrong type, unknown enum values, null", types);
    suite.both("bad_input::NUL and other characters that a database may not take", characters);
    suite.both("bad_input::variables nested deep or many", deep);
}

/// Texts that are no id of a customer.
fn bad_ids() -> Vec<Value> {
    let good = absent::<CustomerId>();
    let mut ids: Vec<Value> = [
        "",
        " ",
        "cust_",
        "cust",
        "_",
        "cust_planted-9417",
        "cust_01h455vb4pex5vsknk084sn02",
        "cust_01h455vb4pex5vsknk084sn02qq",
        // The first character above 7 stands for more than 128 bits; i, l, o and u are not in the alphabet.
        "cust_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "cust_01h455vb4pex5vsknk084sn0il",
        "cust_01h455vb4pex5vsknk084sn0é2",
        "CUST_01h455vb4pex5vsknk084sn02q",
        "cust-01h455vb4pex5vsknk084sn02q",
        "cust_01h455vb4pex5vsknk084sn02q\0",
        "0190a2b4-5c6d-7e8f-9a0b-1c2d3e4f5061",
        "../../etc/passwd",
        "' OR 1=1 --",
        "${jndi:ldap://planted-9417}",
        "null",
    ]
    .iter()
    .map(|id| json!(id))
    .collect();
    ids.extend([
        json!(format!("cust_{}", "a".repeat(5_000))),
        json!("planted-9417 ".repeat(400)),
        json!(format!(" {good}")),
        json!(format!("{good} ")),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1.5),
        json!(true),
        json!([good]),
        json!({ "id": good }),
    ]);
    ids
}

async fn ids(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let invoice = absent::<InvoiceId>();
    for id in bad_ids() {
        for document in [
            "query($id: ID!) { customer(id: $id) { id } }",
            "query($id: ID!) { node(id: $id) { id } }",
            "mutation($id: ID!) { customerSuspend(input: { id: $id, version: 1 }) { customer { id } } }",
            "mutation($id: ID!) { contactDelete(input: { id: $id }) { contact { id } } }",
        ] {
            bench.refuses(BAD, document, json!({ "id": id })).await;
        }
    }
    for field in ["invoice", "ticket", "user", "reseller"] {
        for id in ["", "planted-9417", absent::<CustomerId>().as_str()] {
            bench
                .refuses(
                    BAD,
                    &format!("query($id: ID!) {{ {field}(id: $id) {{ id }} }}"),
                    json!({ "id": id }),
                )
                .await;
        }
    }
    let input = "mutation($input: PaymentCreateInput!) { paymentCreate(input: $input) { payment { id } } }";
    for id in ["", "planted-9417", invoice.as_str()] {
        let payment = json!({ "input": { "customerId": id, "amount": 1, "idempotencyKey": "never used" } });
        bench.refuses(BAD, input, payment).await;
    }
    let many = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    bench.refuses(BAD, many, json!({ "ids": vec![invoice.clone(); 101] })).await;
    bench
        .refuses(
            &["BAD_USER_INPUT", "NOT_FOUND"],
            "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            json!({ "ids": [null] }),
        )
        .await;
    bench.refuses(BAD, "{ customer { id } }", json!({})).await;
    bench
        .refuses(
            BAD,
            "{ customer(customerNumber: \"C-000001\", externalReference: \"CRM-100001\") { id } }",
            json!({}),
        )
        .await;
    let long = "planted-9417".repeat(420);
    for argument in ["customerNumber", "externalReference"] {
        let document = format!("query($text: String) {{ customer({argument}: $text) {{ id }} }}");
        bench.refuses(BAD, &document, json!({ "text": long })).await;
    }
    bench.finish().await;
}

async fn dates(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let times = "query($at: DateTime) { customers(filter: { createdAt: { gte: $at } }) { nodes { id } } }";
    for time in [
        json!(""),
        json!("planted-9417"),
        json!("2026-03-01"),
        json!("2026-03-01T12:00:00"),
        json!("2026-02-30T12:00:00Z"),
        json!("2026-03-01T25:00:00Z"),
        json!("2026-03-01T12:00:00+25:00"),
        json!("0000-01-01T00:00:00Z"),
        json!("1899-12-31T23:59:59Z"),
        json!("2201-01-01T00:00:00Z"),
        json!("+292278994-08-17T07:12:55Z"),
        json!("9999-12-31T23:59:59Z"),
        json!("2026-03-01T12:00:00Z\0"),
        json!(1_772_366_400),
        json!(true),
        json!({}),
        json!(["2026-03-01T12:00:00Z"]),
    ] {
        bench.refuses(BAD, times, json!({ "at": time })).await;
    }
    let dates = "query($at: Date) { invoices(filter: { issueDate: { gte: $at } }) { nodes { id } } }";
    for date in [
        json!(""),
        json!("planted-9417"),
        json!("2026-02-30"),
        json!("2026-13-01"),
        json!("2026-00-01"),
        json!("1899-12-31"),
        json!("2201-01-01"),
        json!("99999-01-01"),
        json!("-2026-03-01"),
        json!("01/03/2026"),
        json!("2026-03-01T00:00:00Z"),
        json!("2026-03-01 "),
        json!(20_260_301),
        json!(false),
    ] {
        bench.refuses(BAD, dates, json!({ "at": date })).await;
    }
    let birth = "mutation($born: PartialDate) { customerCreate(input: { type: INDIVIDUAL, displayName: \"x\", dateOfBirth: $born }) \
                 { customer { id } } }";
    for date in ["", "planted-9417", "1899-12-31", "2201-01-01", "1984-02-30", "84-03-09"] {
        bench.refuses(BAD, birth, json!({ "born": date })).await;
    }
    bench.finish().await;
}

async fn types(app: TestApp) {
    let mut bench = Bench::new(app).await;
    for document in [
        "{ customers(orderBy: { field: PLANTED_9417 }) { nodes { id } } }",
        "{ customers(orderBy: { field: CREATED_AT, direction: PLANTED_9417 }) { nodes { id } } }",
        "{ customers(orderBy: { direction: ASC }) { nodes { id } } }",
        "{ customers(orderBy: \"planted-9417\") { nodes { id } } }",
        "{ customers(filter: { status: { eq: PLANTED_9417 } }) { nodes { id } } }",
        "{ customers(filter: { status: { in: [ACTIVE, PLANTED_9417] } }) { nodes { id } } }",
        "{ customers(filter: \"planted-9417\") { nodes { id } } }",
        "{ customers(filter: { companyName: { eq: 9417 } }) { nodes { id } } }",
        "{ customers(filter: { balance: { gte: \"9417\" } }) { nodes { id } } }",
        "{ customers(filter: { balance: { gte: 9007199254740992 } }) { nodes { id } } }",
        "{ customers(filter: { email: { eq: \"planted-9417\" } }) { nodes { id } } }",
        "{ customers(filter: { phone: { eq: \"planted-9417\" } }) { nodes { id } } }",
        "{ customers(filter: { isEmailVerified: { eq: \"planted-9417\" } }) { nodes { id } } }",
        "{ node(id: null) { id } }",
        "{ node { id } }",
        "{ nodes(ids: null) { id } }",
        "mutation { customerCreate(input: null) { customer { id } } }",
        "mutation { customerCreate { customer { id } } }",
        "mutation { customerCreate(input: {}) { customer { id } } }",
        "mutation { customerCreate(input: { type: null, displayName: \"x\" }) { customer { id } } }",
        "mutation { customerCreate(input: { type: INDIVIDUAL, displayName: null }) { customer { id } } }",
        "mutation { customerCreate(input: { type: PLANTED_9417, displayName: \"x\" }) { customer { id } } }",
        "mutation { customerCreate(input: { type: INDIVIDUAL, displayName: 9417 }) { customer { id } } }",
        "mutation { customerCreate(input: { type: INDIVIDUAL, displayName: [\"planted-9417\"] }) { customer { id } } }",
        "mutation { customerCreate(input: [\"planted-9417\"]) { customer { id } } }",
    ] {
        bench.refuses(BAD, document, json!({})).await;
    }
    let create =
        "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { customer { id } } }";
    for input in [
        Value::Null,
        json!("planted-9417"),
        json!(9417),
        json!([]),
        json!({}),
        json!({ "type": "INDIVIDUAL" }),
        json!({ "type": "planted-9417", "displayName": "x" }),
        json!({ "type": "individual", "displayName": "x" }),
        json!({ "type": 9417, "displayName": "x" }),
        json!({ "type": "INDIVIDUAL", "displayName": null }),
        json!({ "type": "INDIVIDUAL", "displayName": 9417 }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "riskScore": "9417" }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "riskScore": 1.5 }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "riskScore": 2_147_483_648_u64 }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "creditLimit": 1e300 }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "email": 9417 }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "email": "planted-9417".repeat(420) }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "phone": { "a": "planted-9417" } }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "language": "planted 9417" }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "governmentIdCountry": "planted-9417" }),
        json!({ "type": "INDIVIDUAL", "displayName": "x", "governmentIdType": "planted-9417" }),
    ] {
        bench.refuses(BAD, create, json!({ "input": input })).await;
    }
    bench.refuses(BAD, create, json!({})).await;
    bench.finish().await;
}

async fn characters(app: TestApp) {
    let mut bench = Bench::new(app).await;
    // PostgreSQL takes no NUL in a text: it has to be refused, or known to equal nothing, before the database is asked.
    for value in [
        "planted-9417\0",
        "\0",
        "\u{feff}",
        "\u{202e}planted-9417",
        "\u{ffff}",
        "👩‍👩‍👧",
        "'; DROP TABLE customer; --",
        "%",
        "\\",
    ] {
        for document in [
            "query($text: String!) { customer(externalReference: $text) { id } }",
            "query($text: String!) { customer(customerNumber: $text) { id } }",
            "query($text: String!) { customers(filter: { companyName: { eq: $text } }) { totalCount nodes { id } } }",
            "query($text: String!) { customers(filter: { externalReference: { in: [$text] } }) { nodes { id } } }",
            "query($text: String!) { customers(filter: { customerNumber: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { customers(filter: { language: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { invoices(filter: { number: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { tickets(filter: { number: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { resellers(filter: { code: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { servicePlans(filter: { code: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { networkServices(filter: { circuitId: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { networkServices(filter: { accessNode: { eq: $text } }) { nodes { id } } }",
            "query($text: ID!) { invoices(filter: { customer: { eq: $text } }) { nodes { id } } }",
            "query($text: String!) { viewer { access(type: $text, field: $text) { read } } }",
        ] {
            bench.survives(document, json!({ "text": value })).await;
        }
    }
    bench.survives("{ customer(externalReference: \"planted-9417\\u0000\") { id } }", json!({})).await;
    // Signing in leaves its own trace: that alone may be new.
    let document = "mutation($text: String!) { login(username: $text, password: $text) { accessToken } }";
    for value in ["planted-9417\0", "\0", "planted-9417\0@acme.example"] {
        bench.survives(document, json!({ "text": value })).await;
    }
    bench.before = super::state(&bench.app).await;
    bench.finish().await;
}

async fn deep(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let nested = |levels: usize, open: &str, close: &str| -> Value {
        serde_json::from_str(&format!("{}\"planted-9417\"{}", open.repeat(levels), close.repeat(levels)))
            .unwrap()
    };
    let document = "query($filter: CustomerFilter) { customers(filter: $filter) { nodes { id } } }";
    for levels in [20, 100] {
        bench.refuses(BAD, document, json!({ "filter": nested(levels, "{\"status\":", "}") })).await;
        bench.refuses(BAD, document, json!({ "filter": nested(levels, "[", "]") })).await;
    }
    let many: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("v{n}"), json!("planted-9417"))).collect();
    bench
        .survives("query($v0: String) { customer(externalReference: $v0) { id } }", Value::Object(many))
        .await;
    let list: Vec<Value> = (0..20_000).map(|n| json!(format!("planted-9417-{n}"))).collect();
    let document =
        "query($in: [String!]) { customers(filter: { externalReference: { in: $in } }) { nodes { id } } }";
    bench.refuses(BAD, document, json!({ "in": list })).await;
    let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    bench.refuses(BAD, document, json!({ "ids": vec!["planted-9417"; 20_000] })).await;
    let literal = format!(
        "{{ customers(filter: {{ externalReference: {{ in: [{}] }} }}) {{ nodes {{ id }} }} }}",
        "\"planted-9417\" ".repeat(5_000)
    );
    bench.refuses(EITHER, &literal, json!({})).await;
    bench.finish().await;
}
