//! Signing in, staying so, and who one is then.

mod account;
mod family;
mod link;
mod login;
mod object;
mod rate_limit;
mod refresh;
mod sign_out;
mod viewer;

use async_graphql::Context;

pub use self::link::{Link, link_identity, unlink_identity};
pub use self::login::{SessionMutation, SignedIn};
pub use self::object::{Session, SessionsQuery};
pub use self::rate_limit::DocumentCost;
pub use self::refresh::{RefreshMutation, refresh};
pub use self::sign_out::{SignOutMutation, end_by_token};
pub use self::viewer::{AccessLevel, SessionQuery, Viewer};
use crate::config;
use crate::error::{Error, Result};

/// How long one stays signed in.
fn limits(ctx: &Context<'_>) -> Result<config::Session> {
    ctx.data_opt().copied().ok_or_else(|| Error::bug("no limits of sessions in the operation"))
}
