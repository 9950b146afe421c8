//! Parts of lists: page sizes and cursors that are none.

use serde_json::json;

use super::{BAD, Bench, EITHER};
use crate::app::TestApp;
use crate::fixture::{ADMIN, SUPPORT, text};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("bad_input::page sizes out of bounds", sizes);
    suite.both("bad_input::cursors that are none of this list", cursors);
}

async fn sizes(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let sizes = [
        "-1",
        "0",
        "101",
        "1001",
        "2147483647",
        "2147483648",
        "-2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1.5",
        "1e3",
        "1e400",
        "\"1\"",
        "true",
        "[1]",
        "{ a: 1 }",
    ];
    for size in sizes {
        for argument in ["first", "last"] {
            let document = format!("{{ customers({argument}: {size}) {{ nodes {{ id }} }} }}");
            bench.refuses(EITHER, &document, json!({})).await;
        }
    }
    for field in [
        "invoices",
        "tickets",
        "users",
        "resellers",
        "roles",
        "servicePlans",
        "subscriptions",
        "networkServices",
        "payments",
    ] {
        for size in [
            json!(-1),
            json!(0),
            json!(1_001),
            json!(1_u64 << 31),
            json!(1_u64 << 63),
            json!("1"),
            json!(1.5),
        ] {
            let document =
                format!("query($first: Int) {{ {field}(first: $first) {{ totalCount nodes {{ id }} }} }}");
            bench.refuses(EITHER, &document, json!({ "first": size })).await;
        }
        bench
            .refuses(EITHER, &format!("{{ {field}(first: 1, last: 1) {{ nodes {{ id }} }} }}"), json!({}))
            .await;
    }
    // Inside a row: the row itself may be answered, the list not.
    let inside = "{ customer(customerNumber: \"C-000001\") { invoices(first: 0) { nodes { id } } } }";
    let answer = bench.client.query(inside, json!({})).await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{}", answer.text);
    assert_eq!(answer.data(), &json!({ "customer": { "invoices": null } }), "a list's error stays local");
    bench.finish().await;
}

async fn cursors(app: TestApp) {
    let mut bench = Bench::new(app).await;
    let other = bench.app.login(SUPPORT).await;
    let of_customers = "query($order: CustomerOrder, $filter: CustomerFilter, $after: String) {
        customers(first: 2, orderBy: $order, filter: $filter, after: $after) { pageInfo { endCursor } nodes { id } } }";
    let page = bench.client.query(of_customers, json!({})).await;
    let cursor = text(&page.ok()["customers"]["pageInfo"]["endCursor"]).to_owned();
    let next = bench.client.query(of_customers, json!({ "after": cursor })).await;
    assert_ne!(next.ok()["customers"]["nodes"], page.ok()["customers"]["nodes"], "a good cursor leads on");

    let mut changed = cursor.clone().into_bytes();
    changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    let bad = [
        String::new(),
        " ".to_owned(),
        "planted-9417".to_owned(),
        "x".repeat(5_000),
        "=".to_owned(),
        "\0".to_owned(),
        "é".to_owned(),
        changed,
        cursor[..cursor.len() - 1].to_owned(),
        format!("{cursor}A"),
        format!("{cursor}="),
        cursor.to_lowercase(),
        "AAAAAAAAAAAA".to_owned(),
        "eyJ2YWx1ZSI6bnVsbCwiaWQiOiIwIn0".to_owned(),
    ];
    for cursor in bad {
        for argument in ["after", "before"] {
            let document =
                format!("query($at: String) {{ customers({argument}: $at) {{ nodes {{ id }} }} }}");
            bench.refuses(BAD, &document, json!({ "at": cursor })).await;
        }
    }
    // A good one, in another place: another order, filter or list, and somebody else's.
    for elsewhere in [
        json!({ "after": cursor, "order": { "field": "CREATED_AT" } }),
        json!({ "after": cursor, "order": { "field": "CREATED_AT", "direction": "DESC" } }),
        json!({ "after": cursor, "filter": { "status": { "eq": "ACTIVE" } } }),
    ] {
        bench.refuses(BAD, of_customers, elsewhere).await;
    }
    bench
        .refuses(BAD, "query($at: String) { invoices(after: $at) { nodes { id } } }", json!({ "at": cursor }))
        .await;
    let stolen = other.query(of_customers, json!({ "after": cursor })).await;
    assert_eq!(
        stolen.code(),
        Some("BAD_USER_INPUT"),
        "{ADMIN}'s cursor in {SUPPORT}'s hands: {}",
        stolen.text
    );
    bench.before = super::state(&bench.app).await;
    bench.finish().await;
}
