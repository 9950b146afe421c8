//! Alerts: rules over the audit log, what they found, and who took note of it.
//!
//! Invariants: an entry of the log is judged once by each rule, however many instances watch; what is counted is read from
//! the log and kept nowhere else; an alert holds names of rules, numbers, ids and masks, and nothing personal; what the
//! rules write into the log is looked at by none of them.

mod acknowledge_mutation;
mod contain;
mod count;
pub mod hours;
mod object;
mod query;
pub mod rule;
mod watch;

pub use self::acknowledge_mutation::AlertMutation;
pub use self::object::SecurityAlert;
pub use self::query::AlertQuery;
pub use self::watch::{RAISED, Watcher};
