//! What ships the audit log, against a server of the tests and a log in memory. With the service's own log:
//! `tests/it/audit/shipping.rs`.

mod client;
pub mod server;
mod shipper;
mod source;
mod tls;
mod waits;

use crate::suite::{Suite, runtime};

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    client::register(suite);
    shipper::register(suite);
    tls::register(suite);
    waits::register(suite);
}

fn pure<F: Future<Output = ()>>(suite: &mut Suite, name: &str, test: impl FnOnce() -> F + Send + 'static) {
    suite.pure(name, || runtime().block_on(test()));
}
