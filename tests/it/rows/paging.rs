//! Pages: whatever their sizes and whichever way they are walked, they give each row once and in order, and say rightly
//! whether there are more; a cursor is good for its own list alone.

use custodian_entity::id::TypedId;
use custodian_entity::{customer, invoice, ticket, ticket_message};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::Client;
use crate::suite::Suite;

/// Sees every row of one provider.
const VIEWER: &str = "tenant-admin@acme.example";

pub(super) fn register(suite: &mut Suite) {
    suite.both("rows::pages of customers", async |app: TestApp| walk_list(&app, "customers").await);
    suite.both("rows::pages of invoices", async |app: TestApp| walk_list(&app, "invoices").await);
    suite.both("rows::pages of tickets", async |app: TestApp| walk_list(&app, "tickets").await);
    suite.both("rows::pages of nested lists", nested);
    suite.both("rows::a page between two cursors", between);
    suite.both("rows::a cursor of elsewhere is refused", foreign_cursors);
    suite.both("rows::sizes out of bounds are refused", sizes);
}

/// The ids of a list in each of its orders, worked out here: by the value, between equals by the id.
async fn orders(db: &DatabaseConnection, list: &str) -> Vec<(&'static str, Vec<String>)> {
    fn sorted<M, I: TypedId, K: Ord>(rows: &[M], id: impl Fn(&M) -> I, key: impl Fn(&M) -> K) -> Vec<String> {
        let mut keys: Vec<(K, uuid::Uuid)> = rows.iter().map(|row| (key(row), id(row).uuid())).collect();
        keys.sort();
        keys.into_iter().map(|(_, id)| I::from_uuid(id).encode()).collect()
    }
    let tenant = custodian_entity::tenant::Entity::find().all(db).await.unwrap();
    let tenant = tenant.iter().find(|tenant| tenant.slug == "acme").unwrap().id;
    macro_rules! of {
        ($module:ident { $($order:literal: $column:ident,)* }) => {{
            let rows = $module::Entity::find().filter($module::Column::TenantId.eq(tenant)).all(db).await.unwrap();
            vec![
                ("", sorted(&rows, |row| row.id, |_| ())),
                $(($order, sorted(&rows, |row| row.id, |row| row.$column.clone())),)*
            ]
        }};
    }
    match list {
        "customers" => of!(customer {
            "CREATED_AT": created_at, "UPDATED_AT": updated_at, "CUSTOMER_NUMBER": customer_number,
        }),
        "invoices" => of!(invoice {
            "ISSUE_DATE": issue_date, "DUE_DATE": due_date, "NUMBER": number, "TOTAL": total,
        }),
        _ => of!(ticket { "CREATED_AT": created_at, "NUMBER": number, }),
    }
}

/// Sizes from 1 to 100, small ones more often: the boundaries are what can be wrong.
struct Sizes(ChaCha8Rng);

impl Sizes {
    fn new(stream: u64) -> Self {
        let mut rng = ChaCha8Rng::from_seed(*b"custodian / tests / page sizes a");
        rng.set_stream(stream);
        Self(rng)
    }

    fn next(&mut self) -> usize {
        let most = [3, 12, 40, 100][(self.0.next_u32() % 4) as usize];
        (self.0.next_u32() % most + 1) as usize
    }
}

/// A list: how it is asked for with these paging arguments, and where it stands in the answer.
struct List<'a> {
    client: &'a Client,
    ask: &'a dyn Fn(&str) -> String,
    path: &'a [&'a str],
}

/// A page: ids, whether there are rows before and after it, its first and last cursor.
struct Seen {
    ids: Vec<String>,
    has: (bool, bool),
    cursors: (Value, Value),
}

impl List<'_> {
    async fn page(&self, paging: &str, total: usize) -> Seen {
        let document = (self.ask)(paging);
        let answer = self.client.query(&document, Value::Null).await;
        let page = self.path.iter().fold(answer.ok(), |value, key| match key.parse::<usize>() {
            Ok(place) => &value[place],
            Err(_) => &value[*key],
        });
        assert_eq!(page["totalCount"], total, "{document}: totalCount counts the list, not the page");
        let edges = page["edges"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ids: Vec<String> = edges.iter().map(|edge| text(&edge["node"]["id"])).collect();
        let nodes: Vec<String> =
            page["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
        assert_eq!(ids, nodes, "{document}: nodes and edges differ");
        let info = &page["pageInfo"];
        let ends = (info["startCursor"].clone(), info["endCursor"].clone());
        assert_eq!(
            ends.0.is_null(),
            edges.is_empty(),
            "{document}: an empty page has no cursors, others have"
        );
        let has = |key: &str| info[key].as_bool().unwrap();
        Seen { ids, has: (has("hasPreviousPage"), has("hasNextPage")), cursors: ends }
    }

    /// Walks the list from the front and from the end, in pages of any size.
    async fn walk(&self, expected: &[String], sizes: &mut Sizes) {
        let count = expected.len();
        let mut done = 0;
        let mut cursor = String::new();
        while done < count {
            let size = sizes.next();
            let page = self.page(&format!("first: {size}{cursor}"), count).await;
            let wanted = &expected[done..(done + size).min(count)];
            assert_eq!(page.ids, wanted, "{}", (self.ask)("first"));
            let end = done + wanted.len();
            assert_eq!(page.has, (done > 0, end < count), "rows before or after {done}..{end} of {count}");
            cursor = format!(", after: {}", page.cursors.1);
            done = end;
        }
        let (mut done, mut cursor) = (count, String::new());
        while done > 0 {
            let size = sizes.next();
            let page = self.page(&format!("last: {size}{cursor}"), count).await;
            let wanted = &expected[done.saturating_sub(size)..done];
            assert_eq!(page.ids, wanted, "{}", (self.ask)("last"));
            let start = done - wanted.len();
            assert_eq!(
                page.has,
                (start > 0, done < count),
                "rows before or after {start}..{done} of {count}"
            );
            cursor = format!(", before: {}", page.cursors.0);
            done = start;
        }
    }
}

const PAGE: &str = "totalCount nodes { id } edges { cursor node { id } } \
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor }";

fn order_by(field: &str, direction: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", orderBy: {{ field: {field}, direction: {direction} }}")
    }
}

async fn walk_list(app: &TestApp, list: &str) {
    let client = app.login(VIEWER).await;
    let mut sizes = Sizes::new(list.len() as u64);
    for (field, ascending) in orders(app.db(), list).await {
        assert!(ascending.len() > 25, "the demo data have few {list}: the walk proves little");
        for direction in ["ASC", "DESC"] {
            let mut expected = ascending.clone();
            if direction == "DESC" && !field.is_empty() {
                expected.reverse();
            }
            let ask =
                |paging: &str| format!("{{ {list}({paging}{}) {{ {PAGE} }} }}", order_by(field, direction));
            for _ in 0..2 {
                List { client: &client, ask: &ask, path: &[list] }.walk(&expected, &mut sizes).await;
            }
        }
    }
}

async fn nested(app: TestApp) {
    let client = app.login(VIEWER).await;
    let mut sizes = Sizes::new(99);
    let messages = ticket_message::Entity::find().all(app.db()).await.unwrap();
    let customers = customer::Entity::find().all(app.db()).await.unwrap();
    let invoices = invoice::Entity::find().all(app.db()).await.unwrap();
    let ids = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let mut walked = 0;
    let acme = customers.iter().find(|row| row.customer_number == "C-000040").unwrap().tenant_id;
    let with_partner = customers.iter().filter(|row| row.reseller_id.is_some()).map(|row| row.reseller_id);
    let mut lists: Vec<(String, &str, &str, Vec<String>)> = Vec::new();
    for partner in with_partner.collect::<std::collections::BTreeSet<_>>() {
        let of = customers.iter().filter(|row| row.reseller_id == partner).map(|row| row.id.encode());
        lists.push((partner.unwrap().encode(), "Reseller", "customers", ids(of.collect())));
    }
    for row in customers.iter().filter(|row| row.tenant_id == acme).take(4) {
        let of = invoices
            .iter()
            .filter(|invoice| invoice.customer_id == row.id)
            .map(|invoice| invoice.id.encode());
        lists.push((row.id.encode(), "Customer", "invoices", ids(of.collect())));
    }
    for ticket in
        ticket::Entity::find().filter(ticket::Column::TenantId.eq(acme)).all(app.db()).await.unwrap()
    {
        let of = messages
            .iter()
            .filter(|message| message.ticket_id == ticket.id)
            .map(|message| message.id.encode());
        let of = ids(of.collect());
        if of.len() > 2 {
            lists.push((ticket.id.encode(), "Ticket", "messages", of));
        }
    }
    for (id, kind, field, expected) in lists {
        walked += expected.len();
        let ask = |paging: &str| {
            format!("{{ node(id: {}) {{ ... on {kind} {{ {field}({paging}) {{ {PAGE} }} }} }} }}", json!(id))
        };
        List { client: &client, ask: &ask, path: &["node", field] }.walk(&expected, &mut sizes).await;
    }
    assert!(walked > 40, "the demo data have few rows in nested lists: the walk proves little");
}

/// `pageInfo` says whether rows come before and after the page (the Relay specification lets a server say so for both
/// ends where it is cheap to know, and a cursor names a row).
async fn between(app: TestApp) {
    let client = app.login(VIEWER).await;
    let ids = orders(app.db(), "customers").await.remove(0).1;
    let ask = |paging: &str| format!("{{ customers({paging}) {{ {PAGE} }} }}");
    let list = List { client: &client, ask: &ask, path: &["customers"] };
    let front = list.page("first: 5", ids.len()).await;
    let end = list.page("last: 5", ids.len()).await;
    let window = format!("after: {}, before: {}", front.cursors.1, end.cursors.0);
    let inner = &ids[5..ids.len() - 5];
    for (paging, wanted) in [
        (format!("first: 100, {window}"), inner),
        (format!("last: 100, {window}"), inner),
        (format!("first: 3, {window}"), &inner[..3]),
        (format!("last: 3, {window}"), &inner[inner.len() - 3..]),
        (format!("first: 100, before: {}", front.cursors.1), &ids[..4]),
        (format!("last: 100, after: {}", end.cursors.0), &ids[ids.len() - 4..]),
    ] {
        let page = list.page(&paging, ids.len()).await;
        assert_eq!(page.ids, wanted, "{paging}");
        let is_front = wanted[0] == ids[0];
        let is_end = wanted.last() == ids.last();
        assert_eq!(page.has, (!is_front, !is_end), "{paging}: whether rows come before and after");
    }
    let nothing = list.page(&format!("first: 3, after: {}", end.cursors.1), ids.len()).await;
    assert!(nothing.ids.is_empty() && nothing.has == (true, false));
}

async fn cursor(client: &Client, document: &str, path: &str) -> String {
    let answer = client.query(document, Value::Null).await;
    answer.ok().pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

async fn foreign_cursors(app: TestApp) {
    let (admin, support) = (app.login(VIEWER).await, app.login("support@acme.example").await);
    let list =
        |arguments: &str| format!("{{ customers(first: 2, {arguments}) {{ pageInfo {{ endCursor }} }} }}");
    let good = cursor(&admin, &list("after: null"), "/customers/pageInfo/endCursor").await;
    let accepted = admin.query(&list(&format!("after: {}", json!(good))), Value::Null).await;
    accepted.ok();

    let of_orders =
        cursor(&admin, &list("orderBy: { field: CUSTOMER_NUMBER }"), "/customers/pageInfo/endCursor").await;
    let of_filter =
        cursor(&admin, &list("filter: { status: { eq: ACTIVE } }"), "/customers/pageInfo/endCursor").await;
    let of_support = cursor(&support, &list("after: null"), "/customers/pageInfo/endCursor").await;
    let invoices = "{ invoices(first: 1) { pageInfo { endCursor } } }";
    let of_invoices = cursor(&admin, invoices, "/invoices/pageInfo/endCursor").await;
    let nested = "{ resellers { nodes { customers(first: 1) { pageInfo { endCursor } } } } }";
    let of_nested = cursor(&admin, nested, "/resellers/nodes/0/customers/pageInfo/endCursor").await;
    let mut altered = good.clone().into_bytes();
    altered[20] = if altered[20] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    let mut tail = good.clone();
    tail.push('A');
    for (what, bad) in [
        ("of another viewer", of_support.as_str()),
        ("of another order", &of_orders),
        ("of another filter", &of_filter),
        ("of another list", &of_invoices),
        ("of a list of the same name elsewhere", &of_nested),
        ("cut off", &good[..good.len() - 1]),
        ("cut in half", &good[..good.len() / 2]),
        ("altered", &altered),
        ("lengthened", &tail),
        ("empty", ""),
        ("no cursor", "x"),
        ("an id", "cust_01h455vb4pex5vsknk084sn02q"),
        ("very long", &"A".repeat(5_000)),
    ] {
        for argument in ["after", "before"] {
            let answer = admin.query(&list(&format!("{argument}: {}", json!(bad))), Value::Null).await;
            assert_eq!(
                answer.code(),
                Some("BAD_USER_INPUT"),
                "a cursor {what} as {argument}: {}",
                answer.text
            );
            assert!(answer.data()["customers"].is_null(), "a cursor {what} as {argument}: {}", answer.text);
        }
    }
    // The filter and order it was given for, written otherwise.
    let filtered = "filter: { or: [{ status: { eq: ACTIVE } }] }, orderBy: { field: CREATED_AT }";
    let of_both = cursor(&admin, &list(filtered), "/customers/pageInfo/endCursor").await;
    let same = "orderBy: { field: CREATED_AT }, filter: { or: [{ status: { eq: ACTIVE } }] }";
    let ask = |arguments: &str| list(&format!("{arguments}, before: null, after: {}", json!(of_both)));
    admin.query(&ask(same), Value::Null).await.ok();
    for other in [
        filtered.replace("or:", "and:"),
        filtered.replace("or:", "not:"),
        filtered.replace("ACTIVE", "SUSPENDED"),
        filtered.replace("CREATED_AT", "UPDATED_AT"),
        filtered.replace("CREATED_AT", "CREATED_AT, direction: DESC"),
    ] {
        let answer = admin.query(&ask(&other), Value::Null).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{other}: {}", answer.text);
    }
    let others = format!(
        "{{ customers(first: 2, after: {}, orderBy: {{ field: CREATED_AT }}) {{ totalCount }} }}",
        json!(good)
    );
    let answer = admin.query(&others, Value::Null).await;
    assert_eq!(
        answer.code(),
        Some("BAD_USER_INPUT"),
        "a cursor of the default order in another: {}",
        answer.text
    );
    let nested = format!(
        "{{ resellers {{ nodes {{ customers(first: 1, after: {}) {{ totalCount }} }} }} }}",
        json!(good)
    );
    let answer = admin.query(&nested, Value::Null).await;
    assert_eq!(
        answer.code(),
        Some("BAD_USER_INPUT"),
        "a cursor of the whole list in a nested one: {}",
        answer.text
    );
    siblings(&admin).await;
}

/// The argument of a nested list is one for all its parents, so a cursor of one parent's list is good for another's: it
/// names a place among ids, and gives no row of the list it comes from.
async fn siblings(admin: &Client) {
    // Nobody came through the suspended one.
    let nested = "{ resellers(filter: { status: { eq: ACTIVE } }) { nodes { id customers(first: 100) { nodes { id } edges { cursor } } } } }";
    let answer = admin.query(nested, Value::Null).await;
    let partners = answer.ok()["resellers"]["nodes"].as_array().unwrap().clone();
    let ids = |list: &Value| -> Vec<String> {
        list["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    };
    for partner in &partners {
        for of in &partners {
            let place = 2;
            let document = format!(
                "{{ reseller(id: {}) {{ customers(first: 100, after: {}) {{ nodes {{ id }} }} }} }}",
                partner["id"], of["customers"]["edges"][place]["cursor"]
            );
            let answer = admin.query(&document, Value::Null).await;
            let mut wanted = ids(&partner["customers"]);
            wanted.retain(|id| *id > ids(&of["customers"])[place]);
            assert!(!wanted.is_empty());
            assert_eq!(ids(&answer.ok()["reseller"]["customers"]), wanted);
        }
    }
}

async fn sizes(app: TestApp) {
    let client = app.login(VIEWER).await;
    for arguments in [
        "first: 0",
        "first: -1",
        "first: 101",
        "last: 0",
        "last: -1",
        "last: 101",
        "first: 2147483648",
        "first: 9223372036854775807",
        "first: 1, last: 1",
        "first: 1.5",
        "first: \"1\"",
    ] {
        let answer =
            client.query(&format!("{{ customers({arguments}) {{ totalCount }} }}"), Value::Null).await;
        // A size is part of the cost, which is looked at first.
        let is_refused = matches!(answer.code(), Some("BAD_USER_INPUT" | "QUERY_TOO_COMPLEX"));
        assert!(is_refused, "{arguments}: {}", answer.text);
        assert!(
            answer.data().is_null() || answer.data()["customers"].is_null(),
            "{arguments}: {}",
            answer.text
        );
    }
}
