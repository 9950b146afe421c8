//! Row scope as a property: for random rows, viewers and filters, a statement finds, counts, changes and removes exactly
//! the rows that the viewer reaches and the filter lets through; so do loaders.
//!
//! Both sides are worked out here: reach from the specification ([`super::world`]), the filter by reading it against
//! what the system administrator is shown of every row.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::Value as Constant;
use custodian::authn::{ActingRole, Identity, Origin, Viewer};
use custodian::authz::{Operation, Rows, Scoped};
use custodian::error::Error;
use custodian::graphql::filter::Filter;
use custodian::news::News;
use custodian_entity::id::TypedId;
use custodian_entity::{contact, customer, invoice, payment, subscription, ticket, ticket_message};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy};
use proptest::sample::{Index, select};
use proptest::strategy::Union;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use proptest::{arbitrary::any, prop_assert, prop_assert_eq};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, QueryFilter, UpdateMany};
use serde_json::{Value, json};

use super::facts::Facts;
use super::world::{Who, World, complete};
use crate::app::TestApp;
use crate::arguments::Specification;
use crate::client::Client;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("rows::property, reads and counts", reads);
    suite.both("rows::property, changes", changes);
    suite.both("rows::property, removals and single rows", removals);
    suite.both("rows::property, loaders", loaders);
}

/// How often each property is put to the test.
const CASES: u32 = 150;

/// A database with random rows, what is in it, and everybody who can ask.
struct Scene {
    app: TestApp,
    spec: Specification,
    world: World,
    facts: Facts,
    everybody: Vec<(Client, Who)>,
}

impl Scene {
    async fn new(app: TestApp, seed: u64) -> Self {
        complete(&app).await;
        super::facts::shuffle(app.db(), seed).await;
        let spec = Specification::read().await;
        let facts = Facts::read(&app, &spec).await;
        let mut everybody = Vec::new();
        for who in World::read(&app).await.everybody() {
            everybody.push((app.login(&who.username).await, who));
        }
        let world = World::read(&app).await;
        Self { app, spec, world, facts, everybody }
    }

    /// The rows of a type that somebody reaches and a filter lets through.
    fn expected(&self, who: &Who, kind: &str, filter: &Value) -> BTreeSet<&str> {
        let reached = self.world.reached(who, kind);
        reached.into_iter().filter(|id| self.facts.holds(&self.world, who, kind, filter, id)).collect()
    }

    /// What a viewer's statements run in.
    async fn operation(&self, who: &Who) -> Arc<Operation> {
        let row = crate::fixture::account(&self.app, &who.username).await;
        let identity = Identity {
            user: row.id,
            tenant: row.tenant_id,
            reseller: row.reseller_id,
            customer: row.customer_id,
            kind: row.kind,
            role: ActingRole::built_in(who.role),
            session: None,
            client: None,
            rate_tier: None,
            scopes: None,
        };
        let rights = self.spec.policy.rights(who.role).expect("the policy knows the role").clone();
        let (clock, db) = (self.app.clock.clone(), self.app.db().clone());
        let news = Arc::new(News::new(None, 900, clock.clone()));
        let keys = Arc::new(self.app.service.vault.open_keys());
        Arc::new(Operation::new(
            Viewer::signed_in(identity),
            Origin::default(),
            rights,
            clock,
            keys,
            db,
            news,
        ))
    }

    /// Somebody, and a filter of a type that he may ask by; of the types given, those he may list.
    fn cases(&self, kinds: &[&'static str]) -> impl Strategy<Value = (usize, &'static str, Value)> + use<> {
        let mut cases = Vec::new();
        for (n, (_, who)) in self.everybody.iter().enumerate() {
            for kind in kinds {
                let list = format!("{}{}s", kind[..1].to_lowercase(), &kind[1..]);
                if self.spec.may_execute(who.role, &format!("Query.{list}")) {
                    let filter = self.facts.filters(&self.spec, who.role, kind, 3);
                    cases.push((Just(n), Just(*kind), filter).boxed());
                }
            }
        }
        Union::new(cases)
    }
}

/// Holds the property against many cases, the same ones in every run; a broken one is told as small as it gets.
fn check<S: Strategy>(cases: S, property: impl AsyncFn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let runtime = tokio::runtime::Handle::current();
    let outcome = tokio::task::block_in_place(|| runner.run(&cases, |case| runtime.block_on(property(case))));
    if let Err(broken) = outcome {
        panic!("{broken}");
    }
}

/// How many cases told something: found some rows, and not all that are reached.
#[derive(Default)]
struct Telling(Cell<u32>);

impl Telling {
    fn note(&self, found: usize, reached: usize) {
        self.0.set(self.0.get() + u32::from(found > 0 && found < reached));
    }

    fn enough(&self) {
        assert!(self.0.get() > CASES / 10, "only {} of {CASES} cases tell anything", self.0.get());
    }
}

/// The types that can be listed by a filter.
const LISTED: [&str; 9] = [
    "Customer",
    "Reseller",
    "User",
    "ServicePlan",
    "Subscription",
    "NetworkService",
    "Invoice",
    "Payment",
    "Ticket",
];

async fn reads(app: TestApp) {
    let scene = Scene::new(app, 1).await;
    let telling = Telling::default();
    check(scene.cases(&LISTED), async |(n, kind, filter)| {
        let (client, who) = &scene.everybody[n];
        let list = format!("{}{}s", kind[..1].to_lowercase(), &kind[1..]);
        let document = format!(
            "query($f: {kind}Filter) {{ {list}(filter: $f, first: 100) {{ totalCount nodes {{ id }} }} }}"
        );
        let answer = client.query(&document, json!({ "f": filter })).await;
        prop_assert!(answer.errors().is_empty(), "{} {kind} {filter}: {}", who.username, answer.text);
        let page = &answer.data()[&list];
        let expected = scene.expected(who, kind, &filter);
        let found: BTreeSet<&str> =
            page["nodes"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        telling.note(expected.len(), scene.world.reached(who, kind).len());
        prop_assert_eq!(&page["totalCount"], expected.len(), "{} {} {}", who.username, kind, filter);
        prop_assert!(expected.len() > 100 || found == expected, "{} {kind} {filter}", who.username);
        prop_assert!(found.is_subset(&expected), "{} {kind} {filter}", who.username);
        Ok(())
    });
    telling.enough();
}

/// Changes what a filter lets through, and gives how many rows were changed, and which of those reached.
async fn changed<E: Rows, F: Filter<Entity = E>>(
    operation: &Arc<Operation>,
    filter: &Value,
    mark: impl FnOnce(UpdateMany<E>) -> UpdateMany<E>,
    is_marked: Condition,
) -> (u64, BTreeSet<String>) {
    let filter = F::parse(Some(Constant::from_json(filter.clone()).unwrap()));
    let filter = filter.ok().expect("the filter was made from the schema");
    operation.begin_write().await.unwrap();
    let condition = filter.condition(operation).unwrap();
    let rows = Scoped::<E>::of(operation);
    let count = rows.change_all(|update| mark(update).filter(condition)).await.unwrap();
    let marked = rows.all(|rows| rows.filter(is_marked)).await.unwrap();
    operation.end().await.unwrap();
    (count, marked.iter().map(|row| E::id(row).encode()).collect())
}

async fn changes(app: TestApp) {
    let scene = Scene::new(app, 2).await;
    let telling = Telling::default();
    check(
        scene.cases(&["Customer", "Ticket", "Invoice", "Payment", "Subscription"]),
        async |(n, kind, filter)| {
            let who = &scene.everybody[n].1;
            let operation = scene.operation(who).await;
            // A value that no row has, and no filter asks by.
            macro_rules! change {
                ($module:ident, $filter:ty, $column:ident) => {{
                    let column = $module::Column::$column;
                    let mark =
                        |update: UpdateMany<$module::Entity>| update.col_expr(column, Expr::value("v1.XXX"));
                    changed::<$module::Entity, $filter>(&operation, &filter, mark, column.eq("v1.XXX").into())
                        .await
                }};
            }
            let (count, marked) = match kind {
                "Customer" => change!(customer, custodian::customers::CustomerFilter, TaxId),
                "Ticket" => change!(ticket, custodian::support::TicketFilter, Subject),
                "Invoice" => change!(invoice, custodian::billing::InvoiceFilter, Memo),
                "Payment" => change!(payment, custodian::billing::PaymentFilter, ProcessorReference),
                _ => change!(subscription, custodian::services::SubscriptionFilter, StatusReason),
            };
            let expected = scene.expected(who, kind, &filter);
            telling.note(expected.len(), scene.world.reached(who, kind).len());
            // As many as expected, and those: none that is not reached.
            prop_assert_eq!(count, expected.len() as u64, "{} {} {}", who.username, kind, filter);
            prop_assert!(marked.iter().map(String::as_str).eq(expected), "{} {kind} {filter}", who.username);
            Ok(())
        },
    );
    telling.enough();
}

/// Whether a row can be read, changed and removed by its id: all or nothing.
async fn handled<E: Rows>(operation: &Arc<Operation>, id: &str) -> [bool; 3]
where
    E::ActiveModel: ActiveModelTrait<Entity = E> + Default + Send,
{
    let id = E::Id::decode(id).expect("an id of the type");
    let rows = Scoped::<E>::of(operation);
    let done = |result: Result<(), Error>| match result {
        Ok(()) => true,
        Err(Error::NotFound) => false,
        Err(other) => panic!("{other:?}"),
    };
    operation.begin_write().await.unwrap();
    let read = done(rows.get(id).await.map(|_| ()));
    let change = rows
        .change(id, Default::default(), |update| update.col_expr(E::id_column(), Expr::col(E::id_column())));
    let changed = done(change.await.map(|_| ()));
    let removed = done(rows.delete(id).await);
    operation.end().await.unwrap();
    [read, changed, removed]
}

async fn removals(app: TestApp) {
    let scene = Scene::new(app, 3).await;
    let (reached, missed) = (Cell::new(0), Cell::new(0));
    let kinds = select(vec!["Contact", "Payment", "TicketMessage"]);
    let cases = (any::<Index>(), kinds, any::<Index>());
    check(cases, async |(who, kind, row)| {
        let who = &who.get(&scene.everybody).1;
        let ids: Vec<&String> =
            scene.world.rows.values().filter(|row| row.kind == kind).map(|row| &row.id).collect();
        let id = row.get(&ids);
        let operation = scene.operation(who).await;
        let handled = match kind {
            "Contact" => handled::<contact::Entity>(&operation, id).await,
            "Payment" => handled::<payment::Entity>(&operation, id).await,
            _ => handled::<ticket_message::Entity>(&operation, id).await,
        };
        let is_reached = scene.world.reaches(who, id);
        let count = if is_reached { &reached } else { &missed };
        count.set(count.get() + 1);
        prop_assert_eq!(handled, [is_reached; 3], "{}: {}", who.username, id);
        Ok(())
    });
    assert!(reached.get() > CASES / 10 && missed.get() > CASES / 10, "{reached:?} reached, {missed:?} not");
}

/// What hangs off a customer, by the list that shows it and by type.
const OF_CUSTOMERS: [(&str, &str); 3] =
    [("subscriptions", "Subscription"), ("tickets", "Ticket"), ("contacts", "Contact")];

async fn loaders(app: TestApp) {
    let scene = Scene::new(app, 4).await;
    let found = Cell::new(0);
    let document = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { contacts { id } \
                    subscriptions(first: 50) { nodes { id } } tickets(first: 50) { nodes { id } } } } }";
    check((any::<Index>(), vec(any::<Index>(), 1..20)), async |(who, rows)| {
        let (client, who) = who.get(&scene.everybody);
        let all: Vec<&String> = scene.world.rows.keys().collect();
        let customers: Vec<&String> = all.iter().filter(|id| id.starts_with("cust_")).copied().collect();
        let ids: Vec<&String> = (rows.iter().enumerate())
            .map(|(n, row)| if n % 2 == 0 { *row.get(&customers) } else { *row.get(&all) })
            .collect();
        let answer = client.query(document, json!({ "ids": ids })).await;
        for (id, node) in ids.iter().zip(answer.data()["nodes"].as_array().unwrap()) {
            let is_reached = scene.world.reaches(who, id);
            prop_assert_eq!(!node.is_null(), is_reached, "{}: {}", who.username, id);
            if !is_reached || !id.starts_with("cust_") {
                continue;
            }
            found.set(found.get() + 1);
            for (list, kind) in OF_CUSTOMERS {
                let shown = node[list].get("nodes").unwrap_or(&node[list]).as_array().unwrap();
                let shown: BTreeSet<&str> = shown.iter().map(|row| row["id"].as_str().unwrap()).collect();
                let children = scene.world.reached(who, kind).into_iter();
                let children: BTreeSet<&str> = children
                    .filter(|child| scene.world.rows[*child].links.get("customer") == Some(*id))
                    .collect();
                prop_assert_eq!(shown, children, "{}: {} of {}", who.username, list, id);
            }
        }
        Ok(())
    });
    assert!(found.get() > CASES, "only {found:?} customers were found");
}
