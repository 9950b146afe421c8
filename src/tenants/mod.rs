//! The provider itself.

mod mutation;
mod object;
mod query;

pub use self::mutation::TenantMutation;
pub use self::object::Tenant;
pub use self::query::TenantQuery;
