//! What authorisation costs: the guard on and off, on the same schema, the same rows and the same document.
//!
//! `cargo bench` prints a table. CPU time is compared, not wall time; on and off take turns, and each line is the
//! median over all turns, because a busy machine slows both. Two sources of rows:
//! - *in memory*: the rows are loaded before, so nothing but the library and the guard is measured. The hard measure;
//! - *SQLite*: the service as it is, in which the driver's cost hides the guard's.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it executes the schema past the guard, reads rows directly, and prints"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Response, Schema, Variables};
use cpu_time::ProcessTime;
use custodian::app::{migrate, open_vault};
use custodian::authn::{ActingRole, Identity, Origin, Viewer};
use custodian::authz::answer::finish;
use custodian::authz::catalog::FieldId;
use custodian::authz::denial::Denials;
use custodian::authz::guard::guard;
use custodian::authz::plan::Plan;
use custodian::authz::policy::{CustomRole, CustomRule, Policy, PolicyFiles, Question};
use custodian::authz::{Operation, Rights, sealing};
use custodian::clock::Clock;
use custodian::config::{Config, Limits};
use custodian::crypto::Keys;
use custodian::customers::Customer;
use custodian::graphql::Batches;
use custodian::graphql::page::MaxPageSize;
use custodian::news::News;
use custodian::schema::{self, CustodianSchema};
use custodian::store::Store;
use custodian::vault::Vault;
use custodian_entity::id::{RoleId, TypedId};
use custodian_entity::{customer, user};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use tokio::runtime::Builder;

/// What the guard may cost at 1,000 rows × 12 fields.
const BAR: f64 = 1.05;

/// 12 fields, all in clear for a provider's administrator.
const CLEAR: &str = "{ customers(first: 1000) { nodes { id customerNumber type status createdAt version language \
                     displayName firstName email phone billingEmail } } }";

/// 12 fields, of which support sees three masked and two not at all.
const MIXED: &str = "{ customers(first: 1000) { nodes { id customerNumber type status createdAt version language \
                     email phone billingEmail taxId riskScore } } }";

/// As a dashboard asks: variables, a fragment, nested lists.
const DASHBOARD: &str = "query Page($first: Int!, $after: String, $open: Boolean!) { viewer { displayName } \
    customers(first: $first, after: $after, filter: { status: { eq: ACTIVE } }, orderBy: { field: CREATED_AT }) { \
    totalCount pageInfo { hasNextPage endCursor } nodes { ...Row tickets(first: 3) @include(if: $open) { \
    nodes { id subject status } } subscriptions(first: 3) { nodes { id status plan { name } } } } } } \
    fragment Row on Customer { id customerNumber status displayName email phone taxId riskScore }";

/// Roles of providers' own, to see that nothing grows with their number.
const ROLES: usize = 200;

/// The nested list of which the statements are counted.
const NESTED: &str = "query($first: Int!) { customers(first: $first) { nodes { id displayName \
    subscriptions(first: 5) { nodes { id status } } invoices(first: 5) { nodes { id number total { amount } } } } } }";

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("the system gives threads");
    runtime.block_on(async {
        let mut bench = Bench::new().await;
        println!("guard on : guard off, CPU time at 1,000 rows × 12 fields (bar {BAR:.2})\n");
        println!("{:<44} {:>10} {:>10} {:>8}", "", "off", "on", "ratio");
        for (what, role, document) in
            [("12 clear", "tenant_admin", CLEAR), ("7 clear, 3 masked, 2 denied", "support_agent", MIXED)]
        {
            bench.act_as(role);
            let (off, on) = bench.compare(document, 300, Rows::InMemory).await;
            line(&format!("in memory, {what}"), off, on);
            let (off, on) = bench.compare(document, 60, Rows::Sqlite).await;
            line(&format!("SQLite, {what}"), off, on);
        }
        println!("\nper operation, whatever the rows; denials with what explains them\n");
        println!("{:<44} {:>10} {:>10} {:>10}", "", "parsing", "guard", "denials");
        bench.own_costs("");
        let loading = bench.add_roles(ROLES).await;
        bench.act_as("support_agent");
        bench.own_costs(&format!(", {ROLES} roles more"));
        println!("\nloading the policy\n");
        println!("{:<44} {:>10}", "built-in", micros(bench.loading));
        println!("{:<44} {:>10}", format!("{ROLES} roles of providers' own"), micros(loading));
        println!("\nSQL statements: customers with their subscriptions and invoices\n");
        for first in [5, 50, 500] {
            println!("{:<44} {:>10}", format!("{first} customers"), bench.statements(first).await);
        }
    });
}

fn line(what: &str, off: Duration, on: Duration) {
    let ratio = on.as_secs_f64() / off.as_secs_f64();
    println!("{what:<44} {:>10} {:>10} {ratio:>8.3}", micros(off), micros(on));
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Where rows come from.
#[derive(Clone, Copy)]
enum Rows {
    InMemory,
    Sqlite,
}

/// The pieces of the service, put together as [`custodian::app::App`] does.
struct Bench {
    policy: Arc<Policy>,
    rights: Arc<Rights>,
    limits: Limits,
    viewer: Viewer,
    db: DatabaseConnection,
    schema: CustodianSchema,
    in_memory: Schema<InMemory, EmptyMutation, EmptySubscription>,
    statements: Arc<AtomicUsize>,
    /// What it took to load the policy.
    loading: Duration,
    news: Arc<News>,
    vault: Vault,
    /// The fields of personal data that are opened, with the guard and without.
    shown: Vec<FieldId>,
    /// Kept until the end: dropping it removes the database.
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("custodian.db").display());
        let config = Config::for_tests(url, folder.path().to_owned());
        let mut db = migrate(&config).await.expect("a new database can be opened");
        let vault = open_vault(&config, &Clock::default()).await.expect("a new key store can be opened");
        let store = Store::open(&config).expect("a new folder can be made");
        custodian::seed::demo(&db, &vault, &store, "no password")
            .await
            .expect("a new database takes the demo data");
        custodian::seed::customers(&db, &vault, 1_000, &|_| {}).await.expect("the demo data are there");
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        db.set_metric_callback(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });

        let name = vault.open_keys().user_name("support@acme.example").await.expect("the keys can be read");
        let account = user::Entity::find().filter(user::Column::UsernameIndex.eq(name)).one(&db).await;
        let account = account.expect("the database answers").expect("the demo data have this account");
        let viewer = Viewer::signed_in(Identity {
            user: account.id,
            tenant: account.tenant_id,
            reseller: None,
            customer: None,
            kind: account.kind,
            role: ActingRole::built_in("support_agent"),
            session: None,
            client: None,
            rate_tier: None,
            scopes: None,
        });
        let own = customer::Entity::find().filter(customer::Column::TenantId.eq(account.tenant_id));
        let mut rows = own.all(&db).await.expect("the database answers");
        rows.truncate(1_000);
        let columns: Vec<customer::Column> = sealing::sealed_columns::<customer::Entity>().collect();
        let opened = sealing::open::<customer::Entity>(&vault.open_keys(), &mut rows, &columns).await;
        opened.expect("what was sealed opens");
        let customers = Customers { nodes: rows.into_iter().map(Customer).collect() };
        assert_eq!(customers.nodes.len(), 1_000, "the seed made fewer customers");

        let keys = folder.path().join("keys");
        Keys::complete(&keys, Clock::default().now()).expect("keys can be made");
        let keys = Keys::open(&keys).expect("keys can be read");
        let sealer = keys.sealer("cursors").expect("a key can be derived");
        let schema = schema::builder().data(Arc::new(sealer)).data(MaxPageSize(1_000)).finish();
        let catalog = schema::catalog(&schema).expect("the schema can be indexed");
        let start = ProcessTime::now();
        let policy =
            Policy::load(&PolicyFiles::built_in(), Arc::new(catalog)).await.expect("the policy is valid");
        let loading = start.elapsed();
        Self {
            rights: Arc::clone(policy.everything()),
            policy: Arc::new(policy),
            limits: config.limits,
            viewer,
            db,
            schema,
            in_memory: Schema::build(InMemory(customers), EmptyMutation, EmptySubscription).finish(),
            statements,
            loading,
            news: Arc::new(News::new(None, 900, Clock::default())),
            vault,
            shown: Vec::new(),
            _folder: folder,
        }
    }

    fn act_as(&mut self, role: &str) {
        self.rights = Arc::clone(self.policy.rights(role).expect("the policy knows the role"));
    }

    /// Adds roles of a provider's own, each with a rule about a field that support is denied; gives what it took.
    async fn add_roles(&mut self, number: usize) -> Duration {
        let tenant = self.viewer.identity().expect("somebody is signed in").tenant;
        let role = |n| CustomRole {
            id: RoleId::from_uuid(uuid::Uuid::from_u128(n)),
            tenant,
            name: format!("role-{n}"),
            based_on: Some("support_agent".to_owned()),
            rules: vec![CustomRule {
                object: "Customer.taxId".to_owned(),
                right: "read".to_owned(),
                allows: false,
            }],
        };
        let roles: Vec<CustomRole> = (1..).map(role).take(number).collect();
        let start = ProcessTime::now();
        let (policy, problems) = self.policy.with_custom(&roles, 1).await.expect("casbin decides");
        assert!(problems.is_empty(), "{problems:?}");
        self.policy = Arc::new(policy);
        start.elapsed()
    }

    fn own_costs(&self, with: &str) {
        for (what, document) in [("one list of 12 fields", MIXED), ("a page of a dashboard", DASHBOARD)] {
            let [parsing, guarding, denials] = self.own_cost(document).map(micros);
            println!("{:<44} {parsing:>10} {guarding:>10} {denials:>10}", format!("{what}{with}"));
        }
    }

    /// The median cost without and with the guard. They take turns in going first: what one leaves behind is done in
    /// the other's time.
    async fn compare(&mut self, document: &str, turns: usize, rows: Rows) -> (Duration, Duration) {
        let guarded = guard(&self.policy, &self.rights, &self.limits, document, None, &Variables::default());
        let Ok(guarded) = guarded else { panic!("refused: the cost of a refusal is not what is measured") };
        self.shown = guarded.plan.shown().collect();
        let (mut off, mut on) = (Vec::with_capacity(turns), Vec::with_capacity(turns));
        for turn in 0..turns + turns / 10 {
            for is_on in [turn % 2 == 0, turn % 2 == 1] {
                let start = ProcessTime::now();
                if is_on {
                    black_box(self.guarded(document, &Variables::default(), rows).await);
                } else {
                    black_box(self.unguarded(document, rows).await);
                }
                // The first turns warm caches.
                if turn >= turns / 10 {
                    if is_on { &mut on } else { &mut off }.push(start.elapsed());
                }
            }
        }
        (median(off), median(on))
    }

    async fn guarded(&self, document: &str, variables: &Variables, rows: Rows) -> Response {
        let guarded = guard(&self.policy, &self.rights, &self.limits, document, None, variables);
        let guarded = match guarded {
            Ok(guarded) => guarded,
            Err(refusal) => panic!("refused: {:?}", refusal.into_response().errors),
        };
        let mut request = Request::new(document).variables(variables.clone());
        request.set_parsed_query(guarded.document);
        let response = self.execute(request.data(Arc::clone(&self.rights)), rows).await;
        self.report(&guarded.plan);
        finish(self.policy.catalog(), &guarded.plan, response)
    }

    /// Explains and logs what was denied; nobody reads the log.
    fn report(&self, plan: &Plan) {
        let read = |field: &FieldId| (*field, Question::shown(self.policy.catalog().field_name(*field)));
        let denials = Denials::of(&self.policy, &self.rights, plan.denied().iter().map(read));
        denials.report(&self.viewer, &Origin::default(), "fields denied");
    }

    /// Everything in clear.
    async fn unguarded(&self, document: &str, rows: Rows) -> Response {
        self.execute(Request::new(document).data(Arc::clone(self.policy.everything())), rows).await
    }

    async fn execute(&self, request: Request, rows: Rows) -> Response {
        let response = match rows {
            Rows::InMemory => self.in_memory.execute(request).await,
            Rows::Sqlite => {
                let operation = Arc::new(Operation::new(
                    self.viewer.clone(),
                    Origin::default(),
                    // Rows are scoped alike with and without the guard.
                    Arc::clone(self.policy.rights("support_agent").expect("the policy knows the role")),
                    Clock::default(),
                    Arc::new(self.vault.open_keys()),
                    self.db.clone(),
                    Arc::clone(&self.news),
                ));
                operation.show(self.shown.iter().copied());
                let request = request
                    .data(Arc::clone(&operation))
                    .data(Arc::clone(&self.policy))
                    .data(Arc::new(Batches::default()));
                let response = self.schema.execute(request).await;
                operation.end().await.expect("the database answers");
                response
            }
        };
        assert!(response.errors.is_empty(), "not executed: {:?}", response.errors);
        response
    }

    /// What parsing costs, what the guard costs on top of it, and what its denials do.
    fn own_cost(&self, document: &str) -> [Duration; 3] {
        const AT_ONCE: u32 = 200;
        let variables = Variables::from_json(serde_json::json!({ "first": 25, "open": true }));
        let (mut parsing, mut both, mut denials) = (Vec::new(), Vec::new(), Vec::new());
        let guarded = guard(&self.policy, &self.rights, &self.limits, document, None, &variables);
        let Ok(guarded) = guarded else { panic!("refused: the cost of a refusal is not what is measured") };
        for _ in 0..50 {
            let start = ProcessTime::now();
            for _ in 0..AT_ONCE {
                drop(black_box(async_graphql::parser::parse_query(black_box(document))));
            }
            let between = ProcessTime::now();
            for _ in 0..AT_ONCE {
                let guarded =
                    guard(&self.policy, &self.rights, &self.limits, black_box(document), None, &variables);
                assert!(black_box(guarded).is_ok(), "refused: the cost of a refusal is not what is measured");
            }
            parsing.push(between.duration_since(start) / AT_ONCE);
            both.push(between.elapsed() / AT_ONCE);
            let start = ProcessTime::now();
            for _ in 0..AT_ONCE {
                self.report(black_box(&guarded.plan));
            }
            denials.push(start.elapsed() / AT_ONCE);
        }
        let (parsing, both) = (median(parsing), median(both));
        [parsing, both.saturating_sub(parsing), median(denials)]
    }

    async fn statements(&self, first: u32) -> usize {
        let variables = Variables::from_json(serde_json::json!({ "first": first }));
        self.statements.store(0, Ordering::Relaxed);
        self.guarded(NESTED, &variables, Rows::Sqlite).await;
        self.statements.load(Ordering::Relaxed)
    }
}

/// A query root of which the guard cannot tell that it is not the real one: it decides by its catalogue, and no type is
/// named in the documents.
struct InMemory(Customers);

#[Object(name = "Query")]
impl InMemory {
    async fn customers(&self, first: Option<i64>) -> Option<&Customers> {
        first.map(|_| &self.0)
    }
}

struct Customers {
    nodes: Vec<Customer>,
}

#[Object(name = "CustomersInMemory")]
impl Customers {
    async fn nodes(&self) -> &[Customer] {
        &self.nodes
    }
}
