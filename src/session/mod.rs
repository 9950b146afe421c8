//! Signing in, and who one is then.

mod account;
mod login;
mod viewer;

pub use self::login::SessionMutation;
pub use self::viewer::{AccessLevel, SessionQuery, Viewer};
