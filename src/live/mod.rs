//! Live data: the root of subscriptions, and what is told to whom.
//!
//! ```text
//! recorded, committed → News::changed → Topic::of → each subscription to it → the row, read anew under its scope
//! ```
//!
//! What travels are ids. An event is one execution of the subscription's document, under the guard like any other: a
//! field of [`LiveRoot`] gives one row, or none, and never waits for anything. So what somebody is told is what he could
//! have read at that moment, masked as he reads it; what he does not reach, or reached only before, is not told.

mod root;
mod topic;

pub use self::root::LiveRoot;
pub use self::topic::{Topic, ends_rights};

use std::sync::{Arc, OnceLock};

use crate::news::Changed;

/// Why a subscription is executed; part of the request's data.
#[derive(Clone, Debug)]
pub enum Occasion {
    /// It begins: what it is about must be within reach, and is noted here. Nothing is shown.
    Beginning(Arc<OnceLock<Topic>>),
    /// Something was changed that it is about.
    Change(Arc<Changed>),
}
