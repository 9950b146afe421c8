//! Partners who sell for a provider.

mod lifecycle;
mod mutation;
mod object;
mod query;

pub use self::lifecycle::StandingMutation;
pub use self::mutation::ResellerMutation;
pub use self::object::Reseller;
pub use self::query::{ResellerFilter, ResellerQuery};
