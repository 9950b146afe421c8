//! API clients: programs that call in the name of an account, within token scopes, and the tokens they are given.
//!
//! Invariants: a client never does more than its owner, in the role he had when he made it (`authn::client`,
//! `authz::policy`); its secret is shown once, to its owner, and stored as a hash; no token makes another.

pub mod grant;
mod mutation;
mod object;
mod query;

pub use self::mutation::ApiClientMutation;
pub use self::object::ApiClient;
pub use self::query::ApiClientQuery;
