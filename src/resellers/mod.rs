//! Partners who sell for a provider.

mod object;
mod query;

pub use self::object::Reseller;
pub use self::query::{ResellerFilter, ResellerQuery};
