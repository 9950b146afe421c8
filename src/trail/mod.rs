//! What is asked of the audit log: what happened, whom of data were shown, and whether the log is what was written.
//! Recorded and verified by [`crate::audit`], read here.

mod disclosure;
mod event;
mod query;
mod verification;

pub use self::disclosure::Disclosure;
pub use self::event::AuditEvent;
pub use self::query::TrailQuery;
pub use self::verification::{VERIFY, Verifier, VerifyQuery};
