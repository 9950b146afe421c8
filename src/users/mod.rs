//! Accounts, roles, and who holds which.

mod object;
mod query;

pub use self::object::{Role, RoleGrant, User};
pub use self::query::UserQuery;
