//! What was changed about customers, by whom: recorded by [`crate::audit`], read here.

mod object;
mod query;

pub use self::object::{Actor, ChangeRecord};
pub use self::query::HistoryQuery;
