//! The guard: documents at random against an oracle, and the rules one by one.

mod answers;
mod compare;
mod decisions;
mod document;
mod limits;
mod model;
mod operations;
mod oracle;
mod own;
mod refusals;
mod zoo;
mod zoo_documents;

pub use self::operations::send;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("guard::random documents of a made-up schema", zoo_documents::run);
    suite.sqlite("guard::random documents of our schema", own::run);
    answers::register(suite);
    limits::register(suite);
    operations::register(suite);
    refusals::register(suite);
}
