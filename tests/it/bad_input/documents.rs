//! Documents: fields, fragments, variables and operations that are none, or too many.

use custodian_entity::id::ResellerId;
use serde_json::{Value, json};

use super::{BAD, Bench, EITHER, MUCH};
use crate::app::TestApp;
use crate::fixture::absent;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("bad_input::too many conditions, or too deep in each other", filters);
    suite.both("bad_input::names that the schema does not have", names);
    suite.both("bad_input::documents that do not fit together", structure);
    suite.both("bad_input::operations that cannot be chosen", operations);
    suite.both("bad_input::documents that ask for too much", too_much);
    suite.both("bad_input::bodies that are no request", bodies);
    suite.both("bad_input::a password is not repeated, whatever is wrong around it", passwords);
}

async fn names(app: TestApp) {
    let mut bench = Bench::new(app).await;
    for document in [
        "{ noSuchField }",
        "{ viewer { id noSuchField } }",
        "{ viewer { id { deeper } } }",
        "{ viewer }",
        "{ customers { nodes { id noSuchField } } }",
        "{ customers(noSuchArgument: \"planted-9417\") { nodes { id } } }",
        "{ customers(filter: { noSuchMember: \"planted-9417\" }) { nodes { id } } }",
        "{ customers(filter: { status: { noSuchMember: \"planted-9417\" } }) { nodes { id } } }",
        "mutation { noSuchMutation(input: { password: \"planted-9417\" }) { id } }",
        "mutation { customerCreate(input: { type: INDIVIDUAL, displayName: \"x\", noSuchMember: \"planted-9417\" }) { customer { id } } }",
        "{ node(id: \"x\") { ... on NoSuchType { id } } }",
        "{ node(id: \"x\") { email } }",
        "{ viewer { id @noSuchDirective(value: \"planted-9417\") } }",
        "{ viewer { id @skip } }",
        "{ viewer { id @include(if: \"planted-9417\") } }",
        "{ __noSuchMeta }",
        "subscription { customerChanged { id } }",
    ] {
        bench.refuses(BAD, document, json!({})).await;
    }
    let input = json!({ "type": "INDIVIDUAL", "displayName": "x", "noSuchMember": "planted-9417" });
    let document =
        "mutation($input: CustomerCreateInput!) { customerCreate(input: $input) { customer { id } } }";
    bench.refuses(BAD, document, json!({ "input": input })).await;
    let document = "query($filter: CustomerFilter) { customers(filter: $filter) { nodes { id } } }";
    bench.refuses(BAD, document, json!({ "filter": { "noSuchMember": "planted-9417" } })).await;
    bench.refuses(BAD, document, json!({ "filter": { "status": { "noSuchMember": "planted-9417" } } })).await;
    bench.finish().await;
}

async fn structure(app: TestApp) {
    let mut bench = Bench::new(app).await;
    for document in [
        "",
        " ",
        "# planted-9417",
        "planted-9417",
        "{",
        "{ viewer { id }",
        "{ viewer { id } } }",
        "{ }",
        "{ viewer { } }",
        "query { viewer(: ) { id } }",
        "{ customer(id: \"planted-9417) { id } }",
        "{ customer(id: \"\\uD800planted-9417\") { id } }",
        "{ customer(id: \"\\xplanted-9417\") { id } }",
        "fragment F on Viewer { id }",
        "{ viewer { ...Missing } }",
        "{ viewer { ...F } } fragment F on Customer { id }",
        "{ viewer { ...F } } fragment F on NoSuchType { id }",
        "{ viewer { ...F } } fragment F on Viewer { ...F }",
        "{ viewer { ...F } } fragment F on Viewer { ...G } fragment G on Viewer { ...F }",
        "{ viewer { id } } fragment Unused on Viewer { id }",
        "{ viewer { ...F } } fragment F on Viewer { id } fragment F on Viewer { role }",
        "{ viewer { a: id a: role } }",
        "{ viewer { __mine: id } }",
        "query($a: ID) { viewer { id } }",
        "query($a: ID, $a: ID) { customer(id: $a) { id } }",
        "query { customer(id: $undefined) { id } }",
        "query($a: Int) { customer(id: $a) { id } }",
        "query($a: NoSuchType) { customer(id: $a) { id } }",
        "query($a: Customer) { customer(id: $a) { id } }",
        "query($a: ID = planted9417) { customer(id: $a) { id } }",
        "query($a: Int = \"planted-9417\") { customers(first: $a) { nodes { id } } }",
        "query($a: Int!) { customers(first: $a) { nodes { id } } }",
        "type Query { id: ID }",
        "extend type Query { id: ID }",
    ] {
        bench.refuses(BAD, document, json!({})).await;
    }
    bench.finish().await;
}

async fn operations(app: TestApp) {
    let mut bench = Bench::new(app).await;
    for (document, name) in [
        ("{ viewer { id } }", json!("planted-9417")),
        ("query A { viewer { id } }", json!("planted-9417")),
        ("query A { viewer { id } } query B { viewer { id } }", json!("planted-9417")),
        ("query A { viewer { id } } query B { viewer { id } }", Value::Null),
        ("query A { viewer { id } } query B { viewer { id } }", json!("")),
        ("query A { viewer { id } } query A { viewer { role } }", json!("A")),
        ("{ viewer { id } } query A { viewer { id } }", json!("A")),
        ("query A { viewer { id } }", json!("a")),
        ("query A { viewer { id } }", json!("x".repeat(100_000))),
        ("query A { viewer { id } }", json!("A\0")),
        ("query A { viewer { id } }", json!(9417)),
        ("query A { viewer { id } }", json!(["A"])),
    ] {
        let body = json!({ "query": document, "operationName": name }).to_string();
        bench.refuses_body(BAD, body.into_bytes()).await;
    }
    bench.finish().await;
}

async fn too_much(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let nested = |levels: usize| {
        let open = "customer { tickets(first: 1) { nodes { ".repeat(levels);
        format!("{{ tickets(first: 1) {{ nodes {{ {open} id {} }} }} }}", "} } }".repeat(levels))
    };
    for levels in [6, 20, 100] {
        bench.refuses(EITHER, &nested(levels), json!({})).await;
    }
    let repeated =
        |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<Vec<_>>().join(" ");
    bench
        .refuses(MUCH, &format!("{{ {} }}", repeated(21, &|n| format!("a{n}: viewer {{ id }}"))), json!({}))
        .await;
    bench
        .refuses(MUCH, &format!("{{ viewer {{ {} }} }}", repeated(101, &|n| format!("a{n}: id"))), json!({}))
        .await;
    bench
        .refuses(MUCH, &format!("{{ viewer {{ {} }} }}", repeated(5_000, &|_| "id".to_owned())), json!({}))
        .await;
    let directives = "@include(if: true) ".repeat(51);
    bench.refuses(EITHER, &format!("{{ viewer {{ id {directives} }} }}"), json!({})).await;
    // 26 fragments, each spreading the next twice: 2^26 fields if they were written out.
    let bomb = repeated(26, &|n| format!("fragment F{n} on Viewer {{ ...F{} ...F{} }}", n + 1, n + 1));
    bench
        .refuses(MUCH, &format!("{{ viewer {{ ...F0 }} }} {bomb} fragment F26 on Viewer {{ id }}"), json!({}))
        .await;
    let lists = "{ customers(first: 100) { nodes { subscriptions(first: 100) { nodes { id customer { tickets(first: 100) { nodes { id } } } } } } } }";
    bench.refuses(MUCH, lists, json!({})).await;
    bench
        .refuses(
            EITHER,
            &format!("{{ customer(id: {}1{}) {{ id }} }}", "[".repeat(5_000), "]".repeat(5_000)),
            json!({}),
        )
        .await;
    bench.finish().await;
}

async fn bodies(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let bodies: [&[u8]; 8] = [
        b"{\"query\":\"{ customer(id: \\\"planted-9417 \xff\\\") { id } }\"}",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":{\"a\":\"planted-9417 \xc3\x28\"}}",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":{\"a\":\"planted-9417 \\ud800\"}}",
        b"\xef\xbb\xbf{\"query\":\"{ viewer { id } }\"}",
        b"\xff\xfe{\0",
        b"{\"query\":\"{ viewer { id } }\"}\0",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":{\"a\":1e999}}",
        b"{\"query\":\"{ viewer { id } }\",\"variables\":{\"a\":planted-9417}}",
    ];
    for body in bodies {
        bench.refuses_body(BAD, body.to_vec()).await;
    }
    bench.finish().await;
}

async fn passwords(app: TestApp) {
    let mut bench = Bench::new(app).await;
    for document in [
        "mutation { login(username: \"u\", password: planted9417) { accessToken } }",
        "mutation { login(username: \"u\", password: 9417) { accessToken } }",
        "mutation { login(username: \"u\", password: 94.17e0) { accessToken } }",
        "mutation { login(username: \"u\", password: -9417) { accessToken } }",
        "mutation { login(username: \"u\", password: [\"planted-9417\"]) { accessToken } }",
        "mutation { login(username: \"u\", password: { a: \"planted-9417\" }) { accessToken } }",
        "mutation { login(username: \"u\", password: null) { accessToken } }",
        "mutation { login(username: \"u\", password: $planted) { accessToken } }",
        "mutation { login(password: \"planted-9417\") { accessToken } }",
        "mutation { login(username: \"u\", password: \"planted-9417\", extra: \"planted-9417\") { accessToken } }",
        "mutation { login(username: 9417, password: \"planted-9417\") { accessToken } }",
        "mutation { login(username: \"u\", password: \"planted-9417\") { noSuchField } }",
        "mutation { login(username: \"u\", password: \"planted-9417\") }",
        "mutation { login(username: \"u\", password: \"planted-9417) { accessToken } }",
        "mutation { login(username: \"u\" password: \"planted-9417\") { accessToken }",
        "query { login(username: \"u\", password: \"planted-9417\") { accessToken } }",
    ] {
        bench.refuses(BAD, document, json!({})).await;
    }
    let document = "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }";
    let long = format!("planted-9417{}", "x".repeat(512));
    for (username, password) in [
        (json!("u"), json!(9417)),
        (json!("u"), json!(["planted-9417"])),
        (json!("u"), json!({ "planted-9417": "planted-9417" })),
        (json!("u"), Value::Null),
        (json!(9417), json!("planted-9417")),
        (Value::Null, json!("planted-9417")),
        (json!("u"), json!(long)),
        (json!(long), json!("planted-9417")),
    ] {
        bench.refuses(BAD, document, json!({ "u": username, "p": password })).await;
    }
    bench.refuses(BAD, document, json!({ "p": "planted-9417" })).await;
    bench.finish().await;
}

/// Conditions in each other, and in one document.
async fn filters(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let document = "query($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }";
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "not": [inner] }));
    let many = |count: usize| json!({ "and": vec![json!({}); count - 1] });
    let looked_through = |links: usize| {
        (0..links)
            .fold(json!({}), |inner, _| json!({ "invoices": { "some": { "customer": { "is": inner } } } }))
    };
    for filter in [nested(10), many(100), looked_through(2), json!({ "or": [] })] {
        let answer = bench.client.query(document, json!({ "filter": filter })).await;
        answer.ok();
    }
    let on_other_rows = |count: usize| json!({ "and": vec![json!({ "invoices": { "some": {} } }); count] });
    bench.client.query(document, json!({ "filter": on_other_rows(10) })).await.ok();
    for filter in [nested(11), nested(40), many(101), many(5_000), looked_through(3), on_other_rows(11)] {
        bench.refuses(MUCH, document, json!({ "filter": filter })).await;
    }
    // Nonsense is not read to its end, wherever it stands.
    for filter in [json!({ "or": vec![Value::Null; 5_000] }), json!({ "or": vec![json!([[]]); 5_000] })] {
        let fields = "customers(filter: $f) { totalCount } ".repeat(1_000);
        bench
            .refuses(MUCH, &format!("query($f: CustomerFilter) {{ {fields} }}"), json!({ "f": filter }))
            .await;
    }
    // A fragment counts as often as it is spread, through others as well.
    let page = "customers(filter: $f) { totalCount nodes { id } }";
    let twice = |ways: &str| {
        format!(
            "query($f: CustomerFilter) {{ {ways} }} fragment F on Query {{ {page} }} fragment G on Query {{ ...F ...F }}"
        )
    };
    for filter in [many(34), on_other_rows(4)] {
        bench.client.query(&twice("...G"), json!({ "f": filter })).await.ok();
        for ways in
            ["...G ...F", "...F ... { ...F ... on Query { ...F } }", "...G ... @skip(if: true) { ...G }"]
        {
            bench.refuses(MUCH, &twice(ways), json!({ "f": filter })).await;
        }
    }
    let some = "{ invoices: { some: {} } }".repeat(49);
    let literal = format!("customers(filter: {{ and: [{some}] }}) {{ totalCount nodes {{ id }} }}");
    let spreads = "...F ".repeat(20);
    bench.refuses(MUCH, &format!("{{ {spreads} }} fragment F on Query {{ {literal} }}"), json!({})).await;
    // Nothing that is asked for is left out silently.
    for (member, value) in [
        ("status", json!("ACTIVE")),
        ("customerNumber", json!("C-000001")),
        ("reseller", json!(absent::<ResellerId>())),
    ] {
        let one_of = |count: usize| json!({ member: { "in": vec![value.clone(); count] } });
        bench.client.query(document, json!({ "filter": one_of(100) })).await.ok();
        bench.refuses(BAD, document, json!({ "filter": one_of(101) })).await;
    }
    let text = (1..11).fold("{}".to_owned(), |inner, _| format!("{{ or: {inner} }}"));
    let literal = format!("{{ customers(filter: {text}) {{ totalCount }} }}");
    bench.refuses(MUCH, &literal, json!({})).await;
    let default = format!("query($f: CustomerFilter = {text}) {{ customers(filter: $f) {{ totalCount }} }}");
    bench.refuses(MUCH, &default, json!({})).await;
    let halves = "query($f: CustomerFilter) { a: customers(filter: $f) { totalCount } b: customers(filter: $f) { totalCount } }";
    bench.refuses(MUCH, halves, json!({ "filter": null, "f": many(51) })).await;
    bench.finish().await;
}
