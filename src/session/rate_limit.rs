//! `viewer { rateLimit }`

use std::sync::Arc;

use async_graphql::{Context, SimpleObject};

use crate::authn::{Identity, Viewer};
use crate::authz::InOperation;
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::rates::{Bucket, Limiter, Who};

/// What the document costs that is executed.
#[derive(Clone, Copy, Debug)]
pub struct DocumentCost(pub u64);

/// How much a viewer may still ask for. Both limits fill up evenly.
#[derive(Clone, Debug, SimpleObject)]
pub struct RateLimit {
    /// How many operations can be asked for at once.
    limit: i32,
    /// How many are left.
    remaining: i32,
    /// When all of them are back.
    reset_at: DateTime,
    /// What this document costs: its fields, each times the size of the lists it stands in.
    cost: i32,
    /// What documents may cost at once.
    cost_limit: i32,
    /// What is left of it.
    cost_remaining: i32,
    /// When all of it is back.
    cost_reset_at: DateTime,
}

impl RateLimit {
    pub(super) fn of(ctx: &Context<'_>, identity: &Identity) -> Result<Self> {
        let limiter =
            ctx.data_opt::<Arc<Limiter>>().ok_or_else(|| Error::bug("the schema lacks its data"))?;
        let cost =
            ctx.data_opt::<DocumentCost>().ok_or_else(|| Error::bug("nobody measured the document"))?;
        let viewer = Viewer::signed_in(identity.clone());
        let who = Who::of(&viewer, &ctx.operation()?.origin);
        let (operations, costs) =
            (limiter.standing(Bucket::Viewer, who), limiter.standing(Bucket::Cost, who));
        let time = |micros| DateTime(chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default());
        Ok(Self {
            limit: whole(operations.limit),
            remaining: whole(operations.remaining),
            reset_at: time(operations.full_at),
            cost: whole(cost.0),
            cost_limit: whole(costs.limit),
            cost_remaining: whole(costs.remaining),
            cost_reset_at: time(costs.full_at),
        })
    }
}

fn whole(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
