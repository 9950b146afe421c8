//! Tariffs, what customers have subscribed to, and the technical side of it.

mod mutation;
mod network_mutation;
mod object;
mod query;

pub use self::mutation::SubscriptionMutation;
pub use self::network_mutation::NetworkMutation;
pub use self::object::{NetworkService, ServicePlan, Subscription};
pub use self::query::{ServiceQuery, SubscriptionFilter};
