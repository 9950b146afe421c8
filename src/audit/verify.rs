//! Whether the log is still what was written: every chain from its first entry to its end, every head that was signed, and the
//! customers of every disclosure.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use custodian_entity::id::{AuditEventId, TenantId, TypedId};
use custodian_entity::{audit_event, audit_head};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::heads::Head;
use super::{chain, customers};
use crate::error::Result;

/// How many entries are held at a time.
const PAGE: u64 = 1_000;

/// Which part of the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// One chain only: a provider's.
    pub chain: Option<Uuid>,
    /// From the first entry that is not older.
    pub from: Option<DateTime<Utc>>,
    /// To the last entry that is older.
    pub to: Option<DateTime<Utc>>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many chains were looked at.
    pub chains: usize,
    /// How many entries of them were as they had been written.
    pub entries: u64,
    /// How many entries are from before there were chains, and prove nothing.
    pub earlier: u64,
    /// How many signed heads agreed.
    pub heads: usize,
    /// The first that was not.
    pub fault: Option<Fault>,
}

/// Where the log is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The chain.
    pub chain: Uuid,
    /// The entry's number there.
    pub sequence: i64,
    /// Its id, if there is an entry.
    pub id: Option<AuditEventId>,
    /// What is wrong.
    pub what: What,
}

/// What can be wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// No entry has this number.
    #[error("is missing")]
    Missing,
    /// It is not what its hash was made of.
    #[error("was changed")]
    Changed,
    /// It does not carry the hash of the entry before it.
    #[error("does not follow the entry before it")]
    Unlinked,
    /// Its chain is another provider's.
    #[error("is in another provider's chain")]
    Misplaced,
    /// A head says that there was another.
    #[error("is not the one whose hash was signed")]
    NotSigned,
    /// The chain says that it ends elsewhere.
    #[error("is not where the chain ends")]
    NotTheEnd,
    /// The customers it was about, which are in rows of their own, are not those that were written with it.
    #[error("is not about the customers that are told of")]
    Customers,
    /// More or fewer entries than there were are from before there was a chain.
    #[error("entries from before the chain were added or taken out")]
    Earlier,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { chain, sequence, id, what } = self;
        match chain.is_nil() {
            true => f.write_str("what belongs to no provider")?,
            false => write!(f, "provider {}", TenantId::from_uuid(*chain).encode())?,
        }
        write!(f, ": entry {sequence}")?;
        match id {
            Some(id) => write!(f, " ({}) {what}", id.encode()),
            None => write!(f, " {what}"),
        }
    }
}

/// Goes through the chains, entry by entry, to the first fault. `progress` is told how many entries were looked at.
///
/// # Errors
/// When the database is away.
pub async fn verify(
    db: &DatabaseTransaction,
    span: Span,
    heads: &[Head],
    mut progress: impl FnMut(u64),
) -> Result<Verification> {
    let mut signed: BTreeMap<Uuid, HashMap<i64, &Head>> = BTreeMap::new();
    for head in heads.iter().filter(|head| span.chain.is_none_or(|chain| chain == head.chain)) {
        signed.entry(head.chain).or_default().insert(head.sequence, head);
    }
    let mut ends = ends(db, span.chain).await?;
    // A chain of which nothing is left, but a signed head.
    for chain in signed.keys() {
        ends.entry(*chain).or_insert_with(|| no_end(*chain));
    }
    let mut found = Verification { chains: ends.len(), ..Verification::default() };
    for (chain, end) in ends {
        let signed = signed.remove(&chain).unwrap_or_default();
        let mut walk = Walk { end, signed, found: &mut found, progress: &mut progress };
        if let Some((sequence, id, what)) = walk.chain(db, span).await? {
            found.fault = Some(Fault { chain, sequence, id, what });
            break;
        }
    }
    Ok(found)
}

/// How many entries [`verify`] will look at.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
pub async fn count(db: &DatabaseTransaction, span: Span) -> Result<u64> {
    Ok(audit_event::Entity::find().filter(within(span)).count(db).await?)
}

/// Entries of the log in the order of their chains, a page at a time: those after this one.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the log is exported whosever entries are in it")]
pub async fn page(
    db: &DatabaseTransaction,
    span: Span,
    after: Option<(Uuid, i64)>,
) -> Result<Vec<audit_event::Model>> {
    use audit_event::Column::{Chain, Sequence};
    let mut entries = audit_event::Entity::find().filter(within(span)).filter(Sequence.gt(0));
    if let Some((chain, sequence)) = after {
        let later = Condition::all().add(Chain.eq(chain)).add(Sequence.gt(sequence));
        entries = entries.filter(Condition::any().add(Chain.gt(chain)).add(later));
    }
    Ok(entries.order_by_asc(Chain).order_by_asc(Sequence).limit(PAGE).all(db).await?)
}

fn within(span: Span) -> Condition {
    use audit_event::Column::{Chain, OccurredAt};
    Condition::all()
        .add_option(span.chain.map(|chain| Chain.eq(chain)))
        .add_option(span.from.map(|from| OccurredAt.gte(from)))
        .add_option(span.to.map(|to| OccurredAt.lt(to)))
}

/// Where the chains say that they end; also those that have entries and no end.
#[expect(clippy::disallowed_methods, reason = "the end of a chain is nobody's row")]
async fn ends(db: &DatabaseTransaction, chain: Option<Uuid>) -> Result<BTreeMap<Uuid, audit_head::Model>> {
    let ends = audit_head::Entity::find();
    let ends = match chain {
        Some(chain) => ends.filter(audit_head::Column::Chain.eq(chain)),
        None => ends,
    };
    let mut ends: BTreeMap<_, _> = ends.all(db).await?.into_iter().map(|end| (end.chain, end)).collect();
    let used: Vec<Uuid> = audit_event::Entity::find()
        .select_only()
        .column(audit_event::Column::Chain)
        .filter(within(Span { chain, ..Span::default() }))
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    for chain in used {
        ends.entry(chain).or_insert_with(|| no_end(chain));
    }
    Ok(ends)
}

fn no_end(chain: Uuid) -> audit_head::Model {
    audit_head::Model { chain, sequence: 0, hash: String::new(), earlier: 0 }
}

/// What is wrong, and with which entry.
type Wrong = (i64, Option<AuditEventId>, What);

/// A walk along one chain.
struct Walk<'a, P> {
    end: audit_head::Model,
    signed: HashMap<i64, &'a Head>,
    found: &'a mut Verification,
    progress: &'a mut P,
}

impl<P: FnMut(u64)> Walk<'_, P> {
    #[expect(clippy::disallowed_methods, reason = "the log is verified whosever entries are in it")]
    async fn chain(&mut self, db: &DatabaseTransaction, span: Span) -> Result<Option<Wrong>> {
        use audit_event::Column::{Chain, Hash, Sequence};
        let chain = self.end.chain;
        let own = || audit_event::Entity::find().filter(Chain.eq(chain));
        let earlier = own().filter(Sequence.lte(0)).count(db).await?;
        self.found.earlier += earlier;
        if i64::try_from(earlier) != Ok(self.end.earlier) {
            return Ok(Some((0, None, What::Earlier)));
        }
        // The numbers of the part that is asked for: times need not be in the order of numbers.
        let part = |span| own().filter(within(span)).filter(Sequence.gt(0)).select_only().column(Sequence);
        let first =
            part(Span { to: None, ..span }).order_by_asc(Sequence).into_tuple::<i64>().one(db).await?;
        let last = match span.to {
            Some(_) => part(Span { from: None, ..span }).order_by_desc(Sequence).into_tuple().one(db).await?,
            None => None,
        };
        let begin = if span.from.is_some() { first.unwrap_or(self.end.sequence + 1) } else { 1 };
        let stop = if span.to.is_some() { last.unwrap_or_default() } else { i64::MAX };
        let before = own().filter(Sequence.eq(begin - 1)).select_only().column(Hash).into_tuple::<String>();
        let mut before = if begin > 1 { before.one(db).await?.unwrap_or_default() } else { String::new() };
        let mut next = begin;
        loop {
            let entries = own().filter(Sequence.between(next, stop)).order_by_asc(Sequence).limit(PAGE);
            let entries = entries.all(db).await?;
            let is_over = entries.is_empty();
            for entry in &entries {
                if let Some(what) = self.entry(entry, next, &before) {
                    let id = (what != What::Missing).then_some(entry.id);
                    return Ok(Some((next, id, what)));
                }
                self.found.entries += 1;
                before.clone_from(&entry.hash);
                next += 1;
            }
            if let Some(entry) = customers::differing(db, chain, &entries).await? {
                return Ok(Some((entry.sequence, Some(entry.id), What::Customers)));
            }
            (self.progress)(self.found.entries);
            if is_over {
                break;
            }
        }
        if span.to.is_some() {
            return Ok(None);
        }
        let mut wrong = self.tail(next, &before);
        // Not in the order of the chain: it is gone through with the whole of it.
        if wrong.is_none() && span.from.is_none() {
            let beside = customers::beside(db, chain, self.end.sequence).await?;
            wrong = beside.map(|of| (of.sequence, Some(of.event_id), What::Customers));
        }
        Ok(wrong)
    }

    fn entry(&mut self, entry: &audit_event::Model, number: i64, before: &str) -> Option<What> {
        if entry.sequence != number {
            return Some(What::Missing);
        }
        if entry.chain != entry.tenant_id.map_or(Uuid::nil(), TypedId::uuid) {
            return Some(What::Misplaced);
        }
        if chain::hash(entry) != entry.hash {
            return Some(What::Changed);
        }
        if entry.prev_hash != before {
            return Some(What::Unlinked);
        }
        match self.signed.remove(&number) {
            Some(head) if head.hash != entry.hash => Some(What::NotSigned),
            Some(_) => {
                self.found.heads += 1;
                None
            }
            None => None,
        }
    }

    /// Behind the last entry there must be nothing more: neither by the chain's own word nor by one that was signed.
    fn tail(&self, next: i64, before: &str) -> Option<Wrong> {
        let cut = self.signed.keys().copied().filter(|sequence| *sequence >= next).max();
        if cut.is_some() || self.end.sequence >= next {
            return Some((next, None, What::Missing));
        }
        let is_end = self.end.sequence == next - 1 && self.end.hash == before;
        (!is_end).then_some((next - 1, None, What::NotTheEnd))
    }
}
