//! What is too much is refused before anything runs, and as cheaply as it is written.

use std::fmt::Write;
use std::time::{Duration, Instant};

use custodian::authz::nesting;
use custodian::config::{Config, Limits};
use serde_json::json;

use super::operations::send;
use crate::app::TestApp;
use crate::client::{Answer, Client};
use crate::fixture::ADMIN;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.sqlite("guard::limits hold, and hold exactly", limits);
    suite.sqlite("guard::who has not signed in says it in fewer words", anonymous);
    suite.pure("guard::tokens are counted as they are written", tokens);
    suite.sqlite("guard::the deepest document is answered", deepest);
    suite.sqlite("guard::cost counts the rows of lists in lists", cost);
    suite.sqlite("guard::fragment bombs are refused at once", bombs);
    suite.sqlite("guard::fragments in a circle are refused", cycles);
    suite.sqlite("guard::long chains of fragments are refused", chains);
}

#[track_caller]
fn assert_refused(answer: &Answer, code: &str, what: &str) {
    assert_eq!(answer.code(), Some(code), "{what}: {}", answer.text.get(..500).unwrap_or(&answer.text));
    assert!(answer.body.get("data").is_none_or(|data| data.is_null()), "{what} was executed");
}

async fn anonymous(app: TestApp) {
    let most = Config::default().limits.anonymous_document_bytes;
    let of_length = |length: usize| format!("{:length$}", "{ __typename }");
    let (nobody, admin) = (app.anonymous(), app.login(ADMIN).await);
    nobody.query(&of_length(most), json!({})).await.ok();
    admin.query(&of_length(most + 1), json!({})).await.ok();
    let answer = nobody.query(&of_length(most + 1), json!({})).await;
    assert_refused(&answer, "QUERY_TOO_COMPLEX", "a long document of nobody");
    assert!(answer.text.contains("8193 bytes, 8192 allowed before signing in"), "{}", answer.text);
}

fn tokens() {
    for (document, tokens) in [
        ("", 0),
        ("{a}", 3),
        ("{ a, b ,\n\tc }", 5),
        ("{ a # b c d\n b }", 4),
        ("query Q($id: ID! = \"a b\") { a(b: $id) @skip(if: true) }", 27),
        ("{ a(b: \"\"\"x \\\"\"\" y\"\"\", c: \"\\\" ( \") }", 11),
        ("fragment f_1 on T { ...g2 }", 10),
        ("{ a(b: [-1, 2]) }", 12),
        ("é", 2),
    ] {
        let limits = |tokens| Limits { tokens, ..Config::default().limits };
        assert_eq!(
            nesting::check(document, &limits(tokens), false).err().map(|e| e.to_string()),
            None,
            "{document}"
        );
        if tokens > 0 {
            let error = nesting::check(document, &limits(tokens - 1), false).expect_err(document).to_string();
            assert!(error.contains(&format!("{tokens} in the document, {} allowed", tokens - 1)), "{error}");
        }
    }
}

/// What is limited, the limit, and a document that asks for so much.
type Case<'a> = (&'a str, u64, &'a dyn Fn(u64) -> String);

async fn limits(app: TestApp) {
    let client = app.login(ADMIN).await;
    let limits = Config::default().limits;
    let depth = |depth: u64| {
        let text = (4..depth).fold("name".to_owned(), |inner, _| format!("ofType {{ {inner} }}"));
        format!("{{ __type(name: \"Customer\") {{ fields {{ type {{ {text} }} }} }} }}")
    };
    let repeated =
        |count: u64, item: &dyn Fn(u64) -> String| (0..count).map(item).collect::<Vec<_>>().join(" ");
    let aliases = |count| format!("{{ tenant {{ {} }} }}", repeated(count, &|n| format!("a{n}: slug")));
    let directives =
        |count| format!("{{ tenant {{ {} }} }}", repeated(count, &|n| format!("slug @skip(if: {})", n > 0)));
    let roots = |count| format!("{{ {} }}", repeated(count, &|n| format!("a{n}: __typename")));
    let fields = |count: u64| format!("{{ tenant {{ {} }} }}", repeated(count - 1, &|_| "slug".to_owned()));
    let filters = |filters: &str| format!("{{ customers(filter: {{ and: [{filters}] }}) {{ totalCount }} }}");
    let conditions = |count: u64| filters(&repeated(count - 1, &|_| "{}".to_owned()));
    let on_other_rows = |count| filters(&repeated(count, &|_| "{ tickets: { some: {} } }".to_owned()));
    let cases: [Case<'_>; 7] = [
        ("depth", limits.depth, &depth),
        ("aliases", limits.aliases, &aliases),
        ("directives", limits.directives, &directives),
        ("root fields", limits.root_fields, &roots),
        ("selected fields", limits.fields, &fields),
        ("filters", limits.filters, &conditions),
        ("filters on other rows", limits.filters_on_other_rows, &on_other_rows),
    ];
    for (what, limit, document) in cases {
        let answer = client.query(&document(limit), json!({})).await;
        assert!(answer.errors().is_empty(), "{limit} {what} are allowed: {}", answer.text);
        let answer = client.query(&document(limit + 1), json!({})).await;
        assert_refused(&answer, "QUERY_TOO_COMPLEX", what);
        let message = answer.errors()[0]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(what) && message.contains(&limit.to_string()), "{what}: {message}");
    }
}

/// The deepest document there may be needs no more stack than a thread has, whatever the resolvers on its way hold.
async fn deepest(app: TestApp) {
    let client = app.login(ADMIN).await;
    let page = |inner: &str| format!("invoices(first: 1) {{ nodes {{ {inner} }} }}");
    let text = (0..4).fold("id".to_owned(), |inner, _| page(&format!("customer {{ {inner} }}")));
    let document = format!("{{ customers(first: 1) {{ nodes {{ {text} }} }} }}");
    assert_eq!(Config::default().limits.depth, 15, "the document above is made for this limit");
    let answer = client.query(&document, json!({})).await;
    assert!(answer.errors().is_empty(), "{}", answer.text);
}

async fn cost(app: TestApp) {
    let client = app.login(ADMIN).await;
    let limit = Config::default().limits.cost;
    assert_eq!(limit, 50_000, "the documents below are made for this limit");
    // 1 + 100 × (1 + 1 + 100 × (1 + 1 + 1)) is below it; a third list is above.
    let two = "{ customers(first: 100) { nodes { invoices(first: 100) { nodes { id number } } } } }";
    assert!(client.query(two, json!({})).await.errors().is_empty());
    let three = "{ customers(first: 100) { nodes { subscriptions(first: 100) { nodes { customer { invoices(first: 100) { \
                 nodes { id } } } } } } } }";
    assert_refused(&client.query(three, json!({})).await, "QUERY_TOO_COMPLEX", "three lists in each other");
    let variable = "query($n: Int = 100) { customers(first: $n) { nodes { subscriptions(last: $n) { nodes { customer { \
                    invoices(first: $n) { nodes { id } } } } } } } }";
    for variables in [json!({}), json!({ "n": 100 })] {
        assert_refused(&client.query(variable, variables).await, "QUERY_TOO_COMPLEX", "sizes in a variable");
    }
    assert!(client.query(variable, json!({ "n": 2 })).await.errors().is_empty());
    // A list of ids is a list of that many rows.
    let ids = vec![json!("cus_00000000000000000000000000"); 100];
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { invoices(first: 100) { nodes { lines { id } } } } } }";
    let answer = client.query(nodes, json!({ "ids": ids })).await;
    assert_refused(&answer, "QUERY_TOO_COMPLEX", "100 ids, each with 100 invoices of 5 lines");
}

/// Fragments of which each spreads the next twice; the last one has this selection.
fn bomb(fragments: usize, last: &str) -> String {
    let mut text = String::new();
    for n in 0..fragments {
        write!(text, "fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1).unwrap();
    }
    write!(text, "fragment F{fragments} on Query {{ {last} }}").unwrap();
    text
}

/// The answer, which must not have taken long. An unoptimised build needs milliseconds, following a bomb many seconds.
async fn quick(client: &Client, document: &str) -> Answer {
    let start = Instant::now();
    let answer = client.query(document, json!({})).await;
    assert_quick(start, document.len());
    answer
}

#[track_caller]
fn assert_quick(start: Instant, bytes: usize) {
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?} for {bytes} bytes");
}

async fn bombs(app: TestApp) {
    let signed_in = app.login(ADMIN).await;
    for client in [&app.anonymous(), &signed_in] {
        let answer = quick(client, &format!("{{ ...F0 }} {}", bomb(22, "tenant { slug }"))).await;
        assert_refused(&answer, "QUERY_TOO_COMPLEX", "2^22 fields");
        let answer = quick(client, &format!("{{ ...F0 }} {}", bomb(22, "__typename"))).await;
        assert_refused(&answer, "QUERY_TOO_COMPLEX", "2^22 names of a type");
        let answer = quick(client, &format!("{{ ...F0 }} {}", bomb(22, "noSuchField"))).await;
        assert_refused(&answer, "QUERY_TOO_COMPLEX", "2^22 unknown fields");
        // No field at all, so nothing of it is counted as one. As deep as fragments may spread each other.
        let answer = quick(client, &format!("{{ ...F0 }} {}", bomb(28, "...Unknown"))).await;
        assert_refused(&answer, "BAD_USER_INPUT", "a fragment that does not exist");
        let answer = quick(client, &format!("{{ __typename }} {}", bomb(22, "__typename"))).await;
        assert_refused(&answer, "BAD_USER_INPUT", "nothing spreads them");
    }
}

async fn cycles(app: TestApp) {
    let client = app.login(ADMIN).await;
    for document in [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { tenant { slug } ...B } fragment B on Query { ... { ...A } }",
        "{ tenant { ...A } } fragment A on Tenant { slug ...B } fragment B on Tenant { ...A }",
        // Nothing spreads it, and nothing must fall into it.
        "{ tenant { slug } } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ customers { nodes { taxId } } } fragment A on Query { ...A }",
    ] {
        assert_refused(&quick(&client, document).await, "BAD_USER_INPUT", document);
    }
}

/// Whoever follows such a chain by recursion ends the whole process: if this test takes the others with it, look there.
async fn chains(app: TestApp) {
    let client = app.login(ADMIN).await;
    // Each fragment nests so many inline ones.
    let chain = |links: usize, first: &str, nested: usize| {
        let (open, close) = ("...{".repeat(nested), "}".repeat(nested));
        let mut document = format!("query A{{{first}}}");
        for n in 0..links {
            write!(document, "fragment F{n} on Query{{{open}...F{}{close}}}", n + 1).unwrap();
        }
        write!(document, "fragment F{links} on Query{{{open}tenant{{slug}}{close}}}").unwrap();
        document
    };
    let answer = client.query(&chain(20, "...F0", 0), json!({})).await;
    assert!(answer.errors().is_empty(), "20 links are allowed: {}", answer.text);
    // Whatever of it the operation reaches: what walks a document walks all of it.
    for (links, nested) in [(29, 50), (60, 0), (190, 0), (190, 50), (1_500, 0), (20_000, 0)] {
        let end = format!("...F{}", links - 5);
        for first in ["...F0", end.as_str(), "__typename", "__typename}query B{...F0"] {
            let document = chain(links, first, nested);
            let start = Instant::now();
            let answer = send(&client, &document, Some("A")).await;
            assert_refused(&answer, "QUERY_TOO_COMPLEX", &format!("{links} links from {first}"));
            assert_quick(start, document.len());
        }
    }
}
