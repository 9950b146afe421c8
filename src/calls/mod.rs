//! Calls with customers, and the checks of who is calling.

mod call_mutation;
mod check_mutation;
mod object;
mod query;

pub use self::call_mutation::CallLogMutation;
pub use self::check_mutation::IdentityCheckMutation;
pub(crate) use self::check_mutation::passed;
pub use self::object::{CallLog, IdentityCheck};
pub use self::query::CallLogQuery;
