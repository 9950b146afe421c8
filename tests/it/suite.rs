//! The list of tests, how each one runs, and the report that closes a run.
//!
//! Invariant: the last lines of the output say what the tests ran on and what was left out, and why. A part named in
//! `CUSTODIAN_TEST_REQUIRE` is never left out: without it nothing runs, and the exit status tells.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::{Builder, Runtime};

use crate::app::TestApp;
use crate::browser::Browser;
use crate::clamd::Clamd;
use crate::clients_of_others::Others;
use crate::database::{Engine, Source};
use crate::logs;
use crate::postgres::Server;
use crate::redis::Redis;
use crate::s3::S3;

/// A fault of the harness or its surroundings.
pub type Failure = Box<dyn Error + Send + Sync>;

/// When a test counts as hung.
const TOO_LONG: Duration = Duration::from_secs(300);

/// How long a finished test's tasks may take to notice.
const WINDING_DOWN: Duration = Duration::from_secs(5);

/// The tests of the binary.
pub struct Suite {
    trials: Vec<Trial>,
    names: HashSet<String>,
    no_database: Counter,
    sqlite: Part,
    /// Or why there is no server.
    postgres: Result<Part, String>,
    redis: Beside<Redis>,
    clamd: Beside<Clamd>,
    s3: Beside<S3>,
    clients: Beside<Others>,
    browser: Beside<Browser>,
    /// What else is left out, and why.
    skipped: Vec<&'static str>,
}

/// One database engine.
#[derive(Clone)]
struct Part {
    source: Arc<Source>,
    ran: Counter,
}

/// A program that tests use, and how many did; or why there is none.
type Beside<P> = Result<(P, Counter), String>;

/// How many tests were run.
type Counter = Arc<AtomicUsize>;

impl Suite {
    /// An empty list.
    pub fn new() -> Self {
        let part = |engine| Part { source: Source::new(engine), ran: Counter::default() };
        Self {
            trials: Vec::new(),
            names: HashSet::new(),
            no_database: Counter::default(),
            sqlite: part(Engine::Sqlite),
            postgres: Server::find().map(|server| part(Engine::Postgres(server))),
            redis: Redis::find().map(|redis| (redis, Counter::default())),
            clamd: Clamd::find().map(|clamd| (clamd, Counter::default())),
            s3: S3::find().map(|s3| (s3, Counter::default())),
            clients: Others::find().map(|others| (others, Counter::default())),
            browser: Browser::find().map(|browser| (browser, Counter::default())),
            skipped: Vec::new(),
        }
    }

    /// A test that needs no service.
    pub fn pure(&mut self, name: impl Into<String>, test: impl FnOnce() + Send + 'static) {
        let ran = Arc::clone(&self.no_database);
        self.add(name.into(), ran, || caught(test));
    }

    /// A test of the service on SQLite.
    pub fn sqlite<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp) + Send + 'static,
    {
        let Part { source, ran } = self.sqlite.clone();
        self.add(format!("{} [sqlite]", name.into()), ran, move || with_app(source, test));
    }

    /// A test of the service on PostgreSQL.
    pub fn postgres<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp) + Send + 'static,
    {
        if let Ok(Part { source, ran }) = self.postgres.clone() {
            self.add(format!("{} [postgres]", name.into()), ran, move || with_app(source, test));
        }
    }

    /// A test of the service on each database.
    pub fn both<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp) + Clone + Send + 'static,
    {
        let name = name.into();
        self.sqlite(name.clone(), test.clone());
        self.postgres(name, test);
    }

    /// A test of the service on PostgreSQL, with Redis beside it.
    pub fn redis<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp, Redis) + Send + 'static,
    {
        if let Ok((redis, ran)) = self.redis.clone() {
            let test = async move |app| {
                ran.fetch_add(1, Ordering::Relaxed);
                test(app, redis).await;
            };
            self.postgres(format!("{} [redis]", name.into()), test);
        }
    }

    /// A test with a scanner, without database.
    pub fn clamd<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(Clamd) + Send + 'static,
    {
        if let Ok((clamd, ran)) = self.clamd.clone() {
            self.add(format!("{} [clamd]", name.into()), ran, || caught(|| runtime().block_on(test(clamd))));
        }
    }

    /// A test of the service on each database, with a scanner beside it.
    pub fn scanned<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp, Clamd) + Clone + Send + 'static,
    {
        if let Ok((clamd, ran)) = self.clamd.clone() {
            let test = async move |app| {
                ran.fetch_add(1, Ordering::Relaxed);
                test(app, clamd).await;
            };
            self.both(format!("{} [clamd]", name.into()), test);
        }
    }

    /// A test with a store that speaks S3, without database.
    pub fn s3<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(S3) + Send + 'static,
    {
        if let Ok((s3, ran)) = self.s3.clone() {
            self.add(format!("{} [s3]", name.into()), ran, || caught(|| runtime().block_on(test(s3))));
        }
    }

    /// A test of the service on SQLite, with a store that speaks S3 beside it.
    pub fn stored<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp, S3) + Send + 'static,
    {
        if let Ok((s3, ran)) = self.s3.clone() {
            let test = async move |app| {
                ran.fetch_add(1, Ordering::Relaxed);
                test(app, s3).await;
            };
            self.sqlite(format!("{} [s3]", name.into()), test);
        }
    }

    /// A test of the service on SQLite, with clients of other people.
    pub fn others<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp, Others) + Send + 'static,
    {
        if let Ok((others, ran)) = self.clients.clone() {
            let test = async move |app| {
                ran.fetch_add(1, Ordering::Relaxed);
                test(app, others).await;
            };
            self.sqlite(format!("{} [clients]", name.into()), test);
        }
    }

    /// A test of the service on SQLite, with a browser in front of it.
    pub fn browser<F>(&mut self, name: impl Into<String>, test: F)
    where
        F: AsyncFnOnce(TestApp, Browser) + Send + 'static,
    {
        if let Ok((browser, ran)) = self.browser.clone() {
            let test = async move |app| {
                ran.fetch_add(1, Ordering::Relaxed);
                test(app, browser).await;
            };
            self.sqlite(format!("{} [browser]", name.into()), test);
        }
    }

    /// Says in the report what is left out, and why: `part — reason`.
    pub fn skip(&mut self, what: &'static str) {
        self.skipped.push(what);
    }

    fn add(
        &mut self,
        name: String,
        ran: Counter,
        test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
    ) {
        assert!(self.names.insert(name.clone()), "two tests have the name {name:?}: rename one");
        self.trials.push(Trial::test(name, move || {
            ran.fetch_add(1, Ordering::Relaxed);
            with_room(test)
        }));
    }

    /// Runs what the command line selects, then reports.
    pub fn run(self) -> ExitCode {
        let arguments = Arguments::from_args();
        if arguments.list {
            return libtest_mimic::run(&arguments, self.trials).exit_code();
        }
        let found = [
            ("sqlite", None),
            ("postgres", self.postgres.as_ref().err()),
            ("redis", self.redis.as_ref().err()),
            ("clamd", self.clamd.as_ref().err()),
            ("s3", self.s3.as_ref().err()),
            ("clients", self.clients.as_ref().err()),
            ("browser", self.browser.as_ref().err()),
        ];
        if let Err(missing) = require(&std::env::var("CUSTODIAN_TEST_REQUIRE").unwrap_or_default(), &found) {
            println!("no test was run: CUSTODIAN_TEST_REQUIRE names {missing}");
            return ExitCode::FAILURE;
        }
        logs::record();
        keep_panics_of_tests();
        let conclusion = libtest_mimic::run(&arguments, self.trials);

        let mut skipped = Vec::new();
        let mut parts = vec![(self.sqlite.source.label(), self.sqlite.ran)];
        match self.postgres {
            Ok(Part { source, ran }) => {
                parts.push((source.label(), ran));
                source.finish();
            }
            Err(reason) => skipped.push(("postgres", reason)),
        }
        for (name, beside) in [
            ("redis", self.redis.map(|(redis, ran)| (redis.version().to_owned(), ran))),
            ("clamd", self.clamd.map(|(clamd, ran)| (clamd.version().to_owned(), ran))),
            ("s3", self.s3.map(|(s3, ran)| (s3.version().to_owned(), ran))),
            ("clients", self.clients.map(|(others, ran)| (format!("of Node {}", others.version()), ran))),
            ("browser", self.browser.map(|(browser, ran)| (browser.version().to_owned(), ran))),
        ] {
            match beside {
                Ok((version, ran)) => parts.push((format!("{name} {version}"), ran)),
                Err(reason) => skipped.push((name, reason)),
            }
        }
        parts.push(("no database".to_owned(), self.no_database));
        println!("ran on: {}", report(parts));
        for (part, reason) in skipped {
            println!("skipped: {part} — {reason}");
        }
        for what in self.skipped {
            println!("skipped: {what}");
        }
        conclusion.exit_code()
    }
}

/// Runs a test on a stack as large as that of a thread that serves: part of the service runs on the test's own.
fn with_room(test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Result<(), Failed> {
    let thread = std::thread::Builder::new().stack_size(custodian::app::STACK_BYTES).spawn(test);
    match thread.expect("the system gives threads").join() {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// A runtime as the service has it, for one use.
pub fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(custodian::app::STACK_BYTES)
        .enable_all()
        .build()
        .expect("the system gives threads")
}

/// Compares what must be here with what is, each with why it is not.
fn require(required: &str, found: &[(&str, Option<&String>)]) -> Result<(), String> {
    for part in required.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match found.iter().find(|(name, _)| *name == part) {
            Some((_, None)) => {}
            Some((_, Some(reason))) => return Err(format!("{part} — {reason}")),
            None => {
                let known: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
                return Err(format!("{part:?} — known are {}", known.join(", ")));
            }
        }
    }
    Ok(())
}

/// `sqlite (123 tests), postgres 15.18 (1 test)`: the parts on which anything ran.
fn report(parts: Vec<(String, Counter)>) -> String {
    let ran: Vec<String> = parts
        .into_iter()
        .filter_map(|(label, ran)| match ran.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(format!("{label} (1 test)")),
            count => Some(format!("{label} ({count} tests)")),
        })
        .collect();
    if ran.is_empty() { "nothing, no test was selected".to_owned() } else { ran.join(", ") }
}

/// Runs a test in its own runtime, against its own service on its own database.
fn with_app(source: Arc<Source>, test: impl AsyncFnOnce(TestApp)) -> Result<(), Failed> {
    source.prepare()?;
    let runtime = runtime();
    let outcome = caught(|| {
        runtime.block_on(async {
            let run = async { test(TestApp::start(Arc::clone(&source)).await).await };
            let finished = tokio::time::timeout(TOO_LONG, run).await;
            assert!(finished.is_ok(), "not finished within {TOO_LONG:?}");
        });
    });
    let swept = runtime.block_on(source.sweep());
    runtime.shutdown_timeout(WINDING_DOWN);
    outcome
        .and(swept.map_err(|error| Failed::from(format!("the test's database cannot be dropped: {error}"))))
}

thread_local! {
    static IN_TEST: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps a test's panic for its failure message instead of printing it among other tests' lines.
fn keep_panics_of_tests() {
    let print = take_hook();
    set_hook(Box::new(move |panic| {
        if IN_TEST.get() {
            PANIC.set(Some(panic.to_string()));
        } else {
            print(panic);
        }
    }));
}

/// Turns a panic into a failure that says where it happened.
fn caught(test: impl FnOnce()) -> Result<(), Failed> {
    IN_TEST.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(test));
    IN_TEST.set(false);
    outcome.map_err(|_| {
        PANIC.take().unwrap_or_else(|| "a panic of another thread, printed above".to_owned()).into()
    })
}
