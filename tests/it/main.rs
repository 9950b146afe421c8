//! Custodian's tests: one binary, run by `cargo test --workspace`.
//!
//! A file holds the tests of one subject and lists them in its `register`. A test gets a service of its own
//! ([`app::TestApp`]) on SQLite and, where a server can be had, on PostgreSQL ([`suite::Suite::both`]); the report at
//! the end says which ([`suite`]). No test depends on another, on the time, or on the network.
//!
//! | variable | meaning |
//! |---|---|
//! | `CUSTODIAN_TEST_POSTGRES` | use this server, `postgres://user:password@host/database`; the user may create databases and roles; the role `custodian_app` stays |
//! | `CUSTODIAN_TEST_REQUIRE` | `postgres`, `redis`, `clamd`, `s3`, `clients`, `browser`, separated by commas: fail instead of leaving it out |

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking, reads personal data to look for it, and exports nothing"
)]

mod accounts;
mod alerts;
mod app;
mod arguments;
mod audit;
mod bad_input;
mod billing;
mod browser;
mod calls;
mod certificates;
mod clamd;
mod client;
mod clients;
mod clients_of_others;
mod commands;
mod containment;
mod counted;
mod coverage;
mod customers;
mod daemon;
mod database;
mod documents;
mod external;
mod faults;
mod fixture;
mod guard;
mod harness;
mod history;
mod http;
mod incidents;
mod introspection;
mod keys;
mod leaks;
mod listening;
mod live;
mod logs;
mod mail;
mod masks;
mod matrix;
mod past;
mod policy;
mod postgres;
mod rates;
mod redis;
mod reference;
mod resellers;
mod reveal;
mod roles;
mod row_security;
mod rows;
mod rules;
mod s3;
mod scanner;
mod sealing;
mod secrets;
mod seed;
mod services;
mod serving;
mod session;
mod sessions;
mod sink;
mod store;
mod suite;
mod support;
mod tokens;
mod traces;
mod uploads;
mod vault;
mod verification;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut suite = suite::Suite::new();
    harness::register(&mut suite);
    rules::register(&mut suite);
    masks::register(&mut suite);
    coverage::register(&mut suite);
    matrix::register(&mut suite);
    policy::register(&mut suite);
    rates::register(&mut suite);
    arguments::register(&mut suite);
    alerts::register(&mut suite);
    containment::register(&mut suite);
    guard::register(&mut suite);
    introspection::register(&mut suite);
    leaks::register(&mut suite);
    rows::register(&mut suite);
    roles::register(&mut suite);
    row_security::register(&mut suite);
    audit::register(&mut suite);
    session::register(&mut suite);
    tokens::register(&mut suite);
    keys::register(&mut suite);
    vault::register(&mut suite);
    sealing::register(&mut suite);
    store::register(&mut suite);
    sessions::register(&mut suite);
    accounts::register(&mut suite);
    mail::register(&mut suite);
    resellers::register(&mut suite);
    customers::register(&mut suite);
    services::register(&mut suite);
    billing::register(&mut suite);
    support::register(&mut suite);
    calls::register(&mut suite);
    verification::register(&mut suite);
    history::register(&mut suite);
    incidents::register(&mut suite);
    live::register(&mut suite);
    faults::register(&mut suite);
    secrets::register(&mut suite);
    counted::register(&mut suite);
    traces::register(&mut suite);
    scanner::register(&mut suite);
    sink::register(&mut suite);
    reveal::register(&mut suite);
    clients::register(&mut suite);
    clients_of_others::register(&mut suite);
    browser::register(&mut suite);
    external::register(&mut suite);
    bad_input::register(&mut suite);
    http::register(&mut suite);
    uploads::register(&mut suite);
    documents::register(&mut suite);
    seed::register(&mut suite);
    commands::register(&mut suite);
    suite.run()
}
