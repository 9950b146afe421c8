//! What personal data at rest cost: opening them, and finding and listing customers as there are more of them.
//!
//! `cargo bench --bench sealing` prints a table; `cargo bench --bench sealing -- 100000` for so many customers. CPU time
//! is compared, not wall time; what is compared takes turns, and each line is the median over all turns, because a busy
//! machine slows both.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures: it reads rows past every scope, and prints"
)]

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Response};
use cpu_time::ProcessTime;
use custodian::app::App;
use custodian::authn::{ActingRole, Identity, Origin, Viewer};
use custodian::authz::sealing;
use custodian::clock::Clock;
use custodian::config::{Config, Limits};
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::personal::{Email, Name, Phone};
use custodian_entity::{customer, user};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Database, DatabaseConnection, EntityTrait, IdenStatic, IntoActiveModel,
    QueryFilter, TryIntoModel, Value,
};
use tokio::runtime::Builder;

/// What opening five fields of a row may cost, its keys included.
const BAR: Duration = Duration::from_micros(5);
/// How much longer a page may take than with few customers.
const PAGE_BAR: f64 = 2.0;

/// How many rows are opened at once.
const ROWS: usize = 1_000;
/// How many customers are few, and how many are many unless an argument says so.
const FEW: u64 = 1_000;
const MANY: u64 = 10_000;

const FIVE: [customer::Column; 5] = [
    customer::Column::DisplayName,
    customer::Column::FirstName,
    customer::Column::LastName,
    customer::Column::Email,
    customer::Column::Phone,
];

fn is_one_of_five(column: customer::Column) -> bool {
    FIVE.iter().any(|one| one.as_str() == column.as_str())
}

/// What is listed, in places of a list that lie farther apart the more customers there are.
const PAGES: [(&str, &str); 5] = [
    ("first page, nothing sealed", "{ customers(first: 25) { nodes { id customerNumber status } } }"),
    (
        "first page, five sealed fields",
        "{ customers(first: 25) { nodes { id displayName firstName lastName email phone } } }",
    ),
    ("last page", "{ customers(last: 25) { nodes { id customerNumber status } } }"),
    (
        "latest changes",
        "{ customers(first: 25, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { id updatedAt } } }",
    ),
    (
        "by e-mail address",
        "{ customers(filter: { email: { eq: \"nobody@bench.example\" } }) { nodes { id } } }",
    ),
];

fn main() {
    let many = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(MANY);
    let runtime = Builder::new_current_thread().enable_all().build().expect("the system gives threads");
    runtime.block_on(async {
        let (few, many) = (Service::with(FEW).await, Service::with(many).await);
        few.measure_opening().await;
        println!("\na page, CPU time (bar {PAGE_BAR:.1} of that at {FEW} customers)\n");
        println!("{:<44} {:>12} {:>12} {:>8}", "customers", few.customers, many.customers, "ratio");
        for (what, document) in PAGES {
            let (few, many) = compare(&few, &many, document).await;
            let ratio = many.as_secs_f64() / few.as_secs_f64();
            println!("{what:<44} {:>12} {:>12} {ratio:>8.2}", micros(few), micros(many));
        }
    });
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

async fn compare(few: &Service, many: &Service, document: &str) -> (Duration, Duration) {
    const TURNS: usize = 200;
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        for is_few in [turn % 2 == 0, turn % 2 == 1] {
            let (service, times) = if is_few { (few, &mut of_few) } else { (many, &mut of_many) };
            let start = ProcessTime::now();
            service.ask(document).await;
            // The first turns warm caches.
            if turn >= TURNS / 10 {
                times.push(start.elapsed());
            }
        }
    }
    (median(of_few), median(of_many))
}

/// The service with so many customers on top of the demo data.
struct Service {
    app: Arc<App>,
    db: DatabaseConnection,
    viewer: Viewer,
    customers: u64,
    /// Kept until the end: dropping it removes the database.
    _folder: tempfile::TempDir,
}

impl Service {
    async fn with(customers: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("custodian.db").display());
        let config = Config::for_tests(url.clone(), folder.path().to_owned());
        let config = Config { limits: Limits { cost: u64::MAX, ..config.limits }, ..config };
        let app = App::start(config, Clock::default()).await.expect("the service starts");
        let db = Database::connect(&url).await.expect("the database can be opened");
        custodian::seed::customers(&db, &app.vault, customers, &|_| {})
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
        Self { app, db, viewer, customers, _folder: folder }
    }

    async fn ask(&self, document: &str) -> Response {
        let response = self.app.execute(self.viewer.clone(), Origin::default(), Request::new(document)).await;
        assert!(response.errors.is_empty(), "not executed: {:?}", response.errors);
        response
    }

    /// Rows that hold all five fields, each of a customer with a key of its own.
    async fn rows(&self) -> Vec<customer::Model> {
        let row = customer::Entity::find().one(&self.db).await.expect("the database answers");
        let row = row.expect("there are customers");
        let fresh = |n: usize| {
            let row = customer::Model {
                id: CustomerId::from_uuid(self.app.clock.new_uuid()),
                display_name: Name::new(format!("Ada {n} Lovelace")),
                first_name: Some(Name::new(format!("Ada {n}"))),
                last_name: Some(Name::new("Lovelace")),
                email: Some(Email::new(format!("ada.lovelace{n}@mail.example"))),
                phone: Some(Phone::new("+34655555555")),
                ..row.clone()
            };
            let mut row = row.into_active_model();
            // What was read sealed is not sealed again: there is nothing else in these rows.
            for column in
                sealing::sealed_columns::<customer::Entity>().filter(|column| !is_one_of_five(*column))
            {
                row.set(column, Value::String(None));
            }
            row
        };
        let rows = (0..ROWS).map(fresh).collect();
        let sealed = sealing::sealed::<customer::Entity>(&self.app.vault.open_keys(), rows).await;
        let sealed = sealed.expect("keys can be made").into_iter();
        sealed.map(|row| row.try_into_model().expect("every column is set")).collect()
    }

    /// With the keys read and unwrapped, kept since the last request, and open already in this one.
    async fn measure_opening(&self) {
        const TURNS: usize = 90;
        let rows = self.rows().await;
        let open_already = self.app.vault.open_keys();
        let keeping = self.app.vault.clone().keeping(Config::default().keys_kept);
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for turn in 0..TURNS {
            for way in [turn % 3, (turn + 1) % 3, (turn + 2) % 3] {
                let mut rows = rows.clone();
                let own = if way == 0 { self.app.vault.open_keys() } else { keeping.open_keys() };
                let keys = if way == 2 { &open_already } else { &own };
                let start = ProcessTime::now();
                let opened = sealing::open::<customer::Entity>(keys, &mut rows, &FIVE).await;
                opened.expect("what was sealed opens");
                if turn >= TURNS / 10 {
                    times[way].push(start.elapsed());
                }
                assert!(rows.iter().all(|row| row.email.as_ref().and_then(Email::expose).is_some()));
            }
        }
        println!(
            "opening five fields of {ROWS} rows, a key for each, CPU time a row (bar {})\n",
            micros(BAR)
        );
        let per_row = |times| micros(median(times) / u32::try_from(ROWS).expect("a small number"));
        let [read, kept, open] = times;
        println!("{:<44} {:>12}", "keys read from the key store and unwrapped", per_row(read));
        println!("{:<44} {:>12}", "keys kept since a request before", per_row(kept));
        println!("{:<44} {:>12}", "keys that are open", per_row(open));
    }
}
