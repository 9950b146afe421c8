//! The provider itself.

mod domain;
mod mutation;
mod object;
mod query;

pub use self::domain::domains;
pub use self::mutation::TenantMutation;
pub use self::object::Tenant;
pub use self::query::TenantQuery;
