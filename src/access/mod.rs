//! The policy itself, for those who administer it: who may do what with which field, and why.

mod query;

pub use self::query::AccessQuery;
