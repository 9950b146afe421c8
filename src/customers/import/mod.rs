//! Customers from another system: `custodian import customers`.
//!
//! A line is one customer, known by its `externalReference` among the customers of the provider, or of the partner it comes
//! through. What becomes of each line of a batch is decided before anything is written, so that a line that is refused
//! leaves nothing, not even a key; one that was read before changes nothing. Of lines that were read there stays a mark of
//! eight bytes for each value that must be unique.

mod line;
mod plan;
mod write;

use std::collections::HashSet;
use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use custodian_entity::id::{ResellerId, RoleId, TenantId, TypedId};
use custodian_entity::{reseller, role, tenant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

pub use self::line::{COLUMNS, Line};
use self::plan::Plan;
use super::account;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::ANONYMOUS;
use crate::authz::Operation;
use crate::error::{Error, Result};
use crate::graphql::UserError;

/// Somebody else takes a value between look and write: so often it is looked at again.
const ATTEMPTS: usize = 3;

/// How an import goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Customers that are there are changed to what their lines say.
    pub updates: bool,
    /// Everything is looked at, and nothing written.
    pub is_dry: bool,
}

/// An import under way.
pub struct Import {
    tenant: tenant::Model,
    reseller: Option<ResellerId>,
    /// That of the accounts of customers.
    role: RoleId,
    manner: Manner,
    /// The values of lines so far that must be unique, as marks.
    seen: HashSet<u64>,
    marks: RandomState,
}

/// What came of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Customers that were added.
    pub added: u64,
    /// Customers that were changed.
    pub changed: u64,
    /// Customers that were there and as their lines say.
    pub same: u64,
    /// Lines that were refused.
    pub refused: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.changed += other.changed;
        self.same += other.same;
        self.refused += other.refused;
    }
}

/// A line that was refused: its number, and why.
pub type Refused = (u64, Vec<UserError>);

impl Import {
    /// Of customers of the provider with this domain or id, or of its partner with this code; why not, if there is none.
    ///
    /// # Errors
    /// When the database is away.
    #[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
    pub async fn begin(
        operation: &Arc<Operation>,
        whose: &str,
        code: Option<&str>,
        manner: Manner,
    ) -> Result<Result<Self, String>> {
        let transaction = operation.transaction().await?;
        let named = match TenantId::decode(whose) {
            Ok(id) => tenant::Column::Id.eq(id),
            Err(_) => tenant::Column::Domain.eq(whose.to_lowercase()),
        };
        let Some(tenant) = tenant::Entity::find().filter(named).one(&*transaction).await? else {
            return Ok(Err(format!("--tenant: there is no provider {whose}")));
        };
        let reseller = match code {
            None => None,
            Some(code) => {
                let found = reseller::Entity::find().filter(reseller::Column::TenantId.eq(tenant.id));
                match found.filter(reseller::Column::Code.eq(code)).one(&*transaction).await? {
                    Some(found) => Some(found.id),
                    None => return Ok(Err(format!("--reseller: {whose} has no partner {code}"))),
                }
            }
        };
        let built_in = role::Entity::find().filter(role::Column::TenantId.is_null());
        let role = built_in.filter(role::Column::Name.eq(account::ROLE)).one(&*transaction).await?;
        let role = role.ok_or_else(|| Error::bug("a built-in role is missing"))?.id;
        drop(transaction);
        operation.end().await?;
        let (seen, marks) = (HashSet::new(), RandomState::new());
        Ok(Ok(Self { tenant, reseller, role, manner, seen, marks }))
    }

    /// Stores a batch of lines in one transaction, which its audit event is part of, and tells which were refused. The
    /// operation's keys are those of the batch: take a new one for each.
    ///
    /// # Errors
    /// When the database or the key store is away: nothing of the batch is kept then.
    pub async fn take(
        &mut self,
        operation: &Arc<Operation>,
        lines: &[(u64, Line)],
    ) -> Result<(Counts, Vec<Refused>)> {
        let mut attempt = 1;
        let done = loop {
            match self.attempt(operation, lines).await {
                Err(Error::Taken(_)) if attempt < ATTEMPTS => attempt += 1,
                done => break done?,
            }
        };
        let (counts, refused, seen) = done;
        self.seen.extend(seen);
        Ok((counts, refused))
    }

    async fn attempt(
        &self,
        operation: &Arc<Operation>,
        lines: &[(u64, Line)],
    ) -> Result<(Counts, Vec<Refused>, HashSet<u64>)> {
        if self.manner.is_dry {
            operation.begin_write().await?;
            let plan = Plan::of(self, operation, lines).await;
            operation.end().await?;
            return plan.map(|plan| (plan.counts(), plan.refused, plan.seen));
        }
        let Ok(done) = recorded(operation, "import customers", async || {
            let mut plan = Plan::of(self, operation, lines).await?;
            let (counts, refused) = (plan.counts(), std::mem::take(&mut plan.refused));
            let done = (counts, refused, std::mem::take(&mut plan.seen));
            if counts.added + counts.changed == 0 {
                return Ok(Change::<_, Infallible>::Same(done));
            }
            write::all(self, operation, plan).await?;
            let subject = Subject::row("Tenant", self.tenant.id, self.tenant.id);
            let event = Event::done(EventType::CustomersImported, subject).in_role(ANONYMOUS);
            Ok(Change::Done(done, event.imported(counts.added, counts.changed)))
        })
        .await?;
        Ok(done)
    }

    /// What stays of a value of a field.
    fn mark(&self, field: &str, text: &str) -> u64 {
        self.marks.hash_one((field, text))
    }
}
