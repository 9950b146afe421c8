//! What it costs that disclosures are on record before the answer leaves: `cargo bench --bench disclosures`.
//!
//! The list of 100 customers, twelve fields of which seven are RESTRICTED, as an administrator asks for it, by one viewer
//! and by many at once. *On* is the service as it is in production (`audit.disclosures = strict`); *off* is the same
//! service under a policy that calls no field RESTRICTED, so that nothing else differs. Both take turns; each line is the
//! median over all turns of how many lists were answered in a second, and in a second of processor time. Listing by
//! customer what was disclosed counts, as the service does it meanwhile.
//!
//! *The same list* is asked for again and again, as a dashboard does: its customers are on record once. *Other lists* are
//! each of another hundred customers, whom nobody was shown together before: the most that a record can cost.
//!
//! On SQLite; with `CUSTODIAN_BENCH_DATABASE_URL=postgres://…` there, in a new database of the role that is named.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it reads an account past every scope, and prints"
)]

use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_graphql::{Request, Response, Variables};
use cpu_time::ProcessTime;
use custodian::app::{App, STACK_BYTES, migrate};
use custodian::authn::{ActingRole, Identity, Origin, Viewer};
use custodian::authz::policy::{Policy, PolicyFiles};
use custodian::clock::Clock;
use custodian::config::{Audit, Config, Disclosures};
use custodian::schema;
use custodian_entity::{disclosed_list, user};
use sea_orm::{ColumnTrait, Database, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// How much of the throughput must be left.
const BAR: f64 = 0.90;
/// How many customers a list has.
const LISTED: u64 = 100;
/// How many customers there are: enough for a list to begin behind another each time.
const CUSTOMERS: u64 = LISTED + OTHER_LISTS as u64;
/// How many lists are each of another hundred.
const OTHER_LISTS: usize = AT_ONCE.len() * (TURNS + 1) * LISTS;
/// How many ask at once.
const AT_ONCE: [usize; 3] = [1, 8, 32];
/// How many lists are asked for in a turn, by all together.
const LISTS: usize = 96;
/// How many turns each takes; the first warms caches.
const TURNS: usize = 16;

const LIST: &str = "query($after: String) { customers(first: 100, after: $after) { nodes { id customerNumber type status createdAt displayName firstName \
                    lastName email phone dateOfBirth governmentIdNumber } } }";

const CURSORS: &str = "query($after: String) { customers(first: 100, after: $after) { edges { cursor } } }";

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    runtime.expect("the system gives threads").block_on(async {
        let service = Service::new().await;
        println!("lists of {LISTED} customers a second, disclosures off and strict (bar {BAR:.2})\n");
        println!("{:<52} {:>10} {:>10} {:>8}", service.engine, "off", "strict", "ratio");
        for viewers in AT_ONCE {
            for (lists, is_other) in [("the same list", false), ("other lists", true)] {
                for (what, off, on) in service.compare(viewers, is_other).await {
                    let what = format!("{lists}, {viewers} viewers at once, {what}");
                    println!("{what:<52} {off:>10.1} {on:>10.1} {:>8.3}", on / off);
                }
            }
        }
    });
}

/// The service, with a policy under which nothing is disclosed beside its own.
struct Service {
    engine: &'static str,
    app: Arc<App>,
    db: DatabaseConnection,
    viewer: Viewer,
    strict: Arc<Policy>,
    open: Arc<Policy>,
    /// Where lists begin that were not asked for yet: behind these cursors.
    others: Mutex<Vec<String>>,
    /// Kept until the end: dropping it removes the database.
    _folder: tempfile::TempDir,
}

impl Service {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let named = std::env::var("CUSTODIAN_BENCH_DATABASE_URL").ok();
        let engine = if named.is_some() { "PostgreSQL" } else { "SQLite" };
        let url = named
            .unwrap_or_else(|| format!("sqlite://{}?mode=rwc", folder.path().join("custodian.db").display()));
        let config = Config::for_tests(url.clone(), folder.path().to_owned());
        let config = Config { audit: Audit { disclosures: Disclosures::Strict }, ..config };
        migrate(&config).await.expect("a new database can be opened");
        let app = App::start(config, Clock::System).await.expect("the service starts");
        let db = Database::connect(&url).await.expect("the database can be opened");
        custodian::seed::customers(&db, &app.vault, CUSTOMERS, &|_| {})
            .await
            .expect("the demo data are there");
        let name =
            app.vault.open_keys().user_name("tenant-admin@acme.example").await.expect("the keys can be read");
        let account = user::Entity::find().filter(user::Column::UsernameIndex.eq(name)).one(&db).await;
        let account = account.expect("the database answers").expect("the demo data have this account");
        let viewer = Viewer::signed_in(Identity {
            user: account.id,
            tenant: account.tenant_id,
            reseller: None,
            customer: None,
            kind: account.kind,
            role: ActingRole::built_in("tenant_admin"),
            session: None,
            client: None,
            rate_tier: None,
            scopes: None,
        });
        let built_in = PolicyFiles::built_in();
        let fields = built_in.fields.replace(", RESTRICTED,", ", CONFIDENTIAL,");
        assert_ne!(fields, built_in.fields, "fields.csv calls nothing RESTRICTED in this way");
        let strict = load(PolicyFiles::built_in()).await;
        let open = load(PolicyFiles { fields, ..built_in }).await;
        let others = Mutex::default();
        let service = Self { engine, app, db, viewer, strict, open, others, _folder: folder };
        service.find_others().await;
        service
    }

    /// Notes where each other list begins.
    async fn find_others(&self) {
        let (mut others, mut after) = (Vec::new(), None);
        while others.len() < OTHER_LISTS {
            let answer = ask(&self.app, &self.open, &self.viewer, CURSORS, after.take()).await;
            let answer = answer.data.into_json().expect("an answer is JSON");
            let edges = answer["customers"]["edges"].as_array().expect("a list has edges").clone();
            let cursors = edges.iter().filter_map(|edge| edge["cursor"].as_str()).map(str::to_owned);
            others.extend(cursors);
            after = others.last().cloned();
            assert!(!edges.is_empty(), "there are too few customers");
        }
        others.truncate(OTHER_LISTS);
        *self.others.lock().expect("nobody panicked") = others;
    }

    /// Where the lists of a turn begin: all at the front, or each behind another customer.
    fn places(&self, is_other: bool) -> Vec<Option<String>> {
        let mut others = self.others.lock().expect("nobody panicked");
        (0..LISTS).map(|_| if is_other { others.pop() } else { None }).collect()
    }

    /// How many lists are answered in a second, with disclosures off and strict.
    async fn compare(&self, viewers: usize, is_other: bool) -> [(&'static str, f64, f64); 2] {
        let (mut off, mut on) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for turn in 0..=TURNS {
            let places = self.places(is_other);
            for is_on in [turn % 2 == 0, turn % 2 == 1] {
                let before = self.recorded().await;
                let (start, busy) = (Instant::now(), ProcessTime::now());
                self.turn(viewers, if is_on { &self.strict } else { &self.open }, &places).await;
                self.app.list_disclosures().await.expect("what was disclosed can be listed");
                let rates = [start.elapsed(), busy.elapsed()].map(|time| LISTS as f64 / time.as_secs_f64());
                let recorded = self.recorded().await - before;
                assert_eq!(recorded, if is_on { LISTS as u64 } else { 0 }, "on record, by {viewers} viewers");
                if turn > 0 {
                    let [wall, processor] = if is_on { &mut on } else { &mut off };
                    wall.push(rates[0]);
                    processor.push(rates[1]);
                }
            }
        }
        let [[wall_off, busy_off], [wall_on, busy_on]] = [off, on].map(|times| times.map(median));
        [("wall time", wall_off, wall_on), ("processor time", busy_off, busy_on)]
    }

    async fn turn(&self, viewers: usize, policy: &Arc<Policy>, places: &[Option<String>]) {
        let mut asking = JoinSet::new();
        for places in places.chunks(LISTS / viewers) {
            let (app, viewer, policy) = (self.app.clone(), self.viewer.clone(), policy.clone());
            let places = places.to_vec();
            asking.spawn(async move {
                for place in places {
                    ask(&app, &policy, &viewer, LIST, place).await;
                }
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked.expect("every list is answered");
        }
    }

    /// How many lists are on record.
    async fn recorded(&self) -> u64 {
        disclosed_list::Entity::find().count(&self.db).await.expect("the database answers")
    }
}

async fn ask(
    app: &App,
    policy: &Arc<Policy>,
    viewer: &Viewer,
    list: &str,
    after: Option<String>,
) -> Response {
    let rights = policy.rights("tenant_admin").expect("the policy knows the role");
    let request = Request::new(list).variables(Variables::from_json(json!({ "after": after })));
    let answer = app.execute_with(policy, rights.clone(), viewer.clone(), Origin::default(), request).await;
    assert!(answer.errors.is_empty(), "not executed: {:?}", answer.errors);
    answer
}

async fn load(files: PolicyFiles) -> Arc<Policy> {
    let schema = schema::builder().finish();
    let catalog = schema::catalog(&schema).expect("the schema can be indexed");
    Arc::new(Policy::load(&files, Arc::new(catalog)).await.expect("the policy is valid"))
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
