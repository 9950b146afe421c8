//! How often somebody may guess: counted in the database, so that it holds over instances and restarts.
//!
//! Each attempt counts when it begins, and is given back if it turns out to be right. After some failures comes a wait of a
//! minute, which doubles with each further one up to an hour. What is guessed at is counted by a keyed hash of it: names
//! that no account has are counted alike, and the table tells nobody which names were tried.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::id::{TypedId, UserId};
use custodian_entity::sign_in_attempt::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter, Set,
};

use super::Accounts;
use crate::authn::ANONYMOUS;
use crate::authz::Operation;
use crate::clock::Clock;
use crate::database::{self, Settings};
use crate::error::{Error, Result};

/// How long failures at an account count.
const DAY: TimeDelta = TimeDelta::days(1);

/// The longest wait, in minutes.
const LONGEST: i64 = 60;

/// What is guessed at, or from where.
#[derive(Clone, Copy, Debug)]
pub enum Guess<'a> {
    /// The password behind a user name, in its one spelling; the name need not be one.
    Name(&'a str),
    /// None: that a letter goes to who has this name, which need not be one.
    Letter(&'a str),
    /// Any, from this address.
    Address(IpAddr),
    /// None that could be right: a wrong secret of an API client, from this address.
    Secret(IpAddr),
    /// The viewer's own password or code: by who has his session.
    Own(UserId),
}

/// An attempt that was counted and may be made.
pub struct Attempt {
    keys: Vec<Key>,
    /// Until when there is no other at the account, unless it succeeds. That an address waits says nothing of an account.
    pub locked_until: Option<DateTime<Utc>>,
}

struct Key {
    tag: String,
    allowed: i32,
    window: TimeDelta,
    /// Whether a success makes the failures before it forgotten. Who has one account must not win guesses at others.
    is_account: bool,
}

impl Accounts {
    /// Counts an attempt, in a transaction of its own that stays whatever comes of it.
    ///
    /// # Errors
    /// [`Error::TooManyGuesses`] when it may not be made.
    pub async fn attempt(&self, operation: &Arc<Operation>, guesses: &[Guess<'_>]) -> Result<Attempt> {
        let keys: Vec<Key> = guesses.iter().map(|guess| self.key(*guess)).collect();
        operation.begin_write().await?;
        match count_all(operation, &keys).await {
            Ok(locked_until) => {
                operation.commit().await?;
                Ok(Attempt { keys, locked_until })
            }
            Err(error) => {
                operation.end().await?;
                if matches!(error, Error::TooManyGuesses(_)) {
                    tracing::warn!(request = operation.origin.request_id, "too many guesses");
                }
                Err(error)
            }
        }
    }

    /// Forgets the failures at a name, within the running transaction.
    ///
    /// # Errors
    /// When the database is away.
    #[expect(clippy::disallowed_methods, reason = "counts of guesses are nobody's rows")]
    pub async fn unlock(&self, operation: &Arc<Operation>, username: &str) -> Result<()> {
        let transaction = operation.transaction().await?;
        Entity::delete_by_id(self.key(Guess::Name(username)).tag).exec(&*transaction).await?;
        Ok(())
    }

    fn key(&self, guess: Guess<'_>) -> Key {
        let of_account =
            |tag| Key { tag, allowed: self.limits.account_failures, window: DAY, is_account: true };
        let of_address = |kind, address| Key {
            tag: self.tags.tag(kind, &network(address)),
            allowed: self.limits.address_failures,
            window: TimeDelta::hours(1),
            is_account: false,
        };
        match guess {
            Guess::Name(name) => of_account(self.tags.tag("name", name.as_bytes())),
            Guess::Letter(name) => of_account(self.tags.tag("letter", name.as_bytes())),
            Guess::Own(user) => of_account(self.tags.tag("own", user.uuid().as_bytes())),
            Guess::Address(address) => of_address("address", address),
            Guess::Secret(address) => of_address("secret", address),
        }
    }
}

/// What one subscriber has for sure: an address of IPv4, a /64 of IPv6 (RFC 6177).
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).octets().to_vec(),
    }
}

async fn count_all(operation: &Operation, keys: &[Key]) -> Result<Option<DateTime<Utc>>> {
    let transaction = operation.transaction().await?;
    let mut locked_until = None;
    for key in keys {
        let until = key.count(&transaction, operation.clock.now()).await?;
        locked_until = Ord::max(locked_until, until.filter(|_| key.is_account));
    }
    Ok(locked_until)
}

/// Forgets what no longer counts.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "counts of guesses are nobody's rows")]
pub async fn forget_attempts(db: &DatabaseConnection, clock: &Clock) -> Result<()> {
    let settings = Settings { role: ANONYMOUS.to_owned(), ..Settings::default() };
    let transaction = database::begin(db, AccessMode::ReadWrite, &settings).await?;
    let old = Column::Since.lte(clock.now() - DAY - TimeDelta::minutes(LONGEST));
    Entity::delete_many().filter(old).exec(&transaction).await?;
    Ok(transaction.commit().await?)
}

#[expect(clippy::disallowed_methods, reason = "counts of guesses are nobody's rows")]
impl Key {
    /// Counts one more, and says until when the next one waits. From the first statement on, others that count the same
    /// wait for the end of this transaction.
    async fn count(
        &self,
        transaction: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let first = ActiveModel {
            key: Set(self.tag.clone()),
            failures: Set(1),
            since: Set(now),
            locked_until: Set(None),
        };
        let one_more = OnConflict::column(Column::Key)
            .value(Column::Failures, Expr::col((Entity, Column::Failures)).add(1))
            .to_owned();
        Entity::insert(first).on_conflict(one_more).exec_without_returning(transaction).await?;
        let counted = Entity::find_by_id(self.tag.as_str()).one(transaction).await?;
        let counted = counted.ok_or_else(|| Error::bug("a guess was not counted"))?;
        if let Some(until) = counted.locked_until.filter(|until| *until > now) {
            let millis = u64::try_from((until - now).num_milliseconds()).unwrap_or_default();
            return Err(Error::TooManyGuesses(millis.div_ceil(1_000)));
        }
        let is_over = counted.since + self.window <= now;
        let (failures, since) = if is_over { (1, now) } else { (counted.failures, counted.since) };
        let locked_until = (failures >= self.allowed).then(|| now + pause(failures - self.allowed));
        let row = ActiveModel {
            failures: Set(failures),
            since: Set(since),
            locked_until: Set(locked_until),
            ..Default::default()
        };
        Entity::update_many().set(row).filter(Column::Key.eq(&self.tag)).exec(transaction).await?;
        Ok(locked_until)
    }

    /// Takes the last one back, and the wait that it brought.
    async fn give_back(&self, transaction: &DatabaseTransaction) -> Result<()> {
        let this = || Column::Key.eq(&self.tag);
        Entity::update_many()
            .col_expr(Column::Failures, Expr::col(Column::Failures).sub(1))
            .filter(this())
            .filter(Column::Failures.gt(0))
            .exec(transaction)
            .await?;
        let row = ActiveModel { locked_until: Set(None), ..Default::default() };
        let may_try = Column::Failures.lt(self.allowed);
        Entity::update_many().set(row).filter(this()).filter(may_try).exec(transaction).await?;
        Ok(())
    }
}

/// How long to wait after so many failures more than are free.
fn pause(excess: i32) -> TimeDelta {
    TimeDelta::minutes(
        1_i64.checked_shl(excess.unsigned_abs()).map_or(LONGEST, |minutes| minutes.clamp(1, LONGEST)),
    )
}

#[expect(clippy::disallowed_methods, reason = "counts of guesses are nobody's rows")]
impl Attempt {
    /// Notes that it was right, within the running transaction: failures at the account are forgotten.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn succeeded(&self, operation: &Operation) -> Result<()> {
        let transaction = operation.transaction().await?;
        for key in &self.keys {
            if key.is_account {
                Entity::delete_by_id(key.tag.as_str()).exec(&*transaction).await?;
            } else {
                key.give_back(&transaction).await?;
            }
        }
        Ok(())
    }

    /// As [`Self::succeeded`], in a transaction of its own: for what need not leave anything else behind.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn passed(&self, operation: &Operation) -> Result<()> {
        operation.begin_write().await?;
        if let Err(error) = self.succeeded(operation).await {
            operation.end().await?;
            return Err(error);
        }
        operation.commit().await
    }

    /// Notes that it was no guess, within the running transaction: the failures before it stay.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn give_back(&self, operation: &Operation) -> Result<()> {
        let transaction = operation.transaction().await?;
        for key in &self.keys {
            key.give_back(&transaction).await?;
        }
        Ok(())
    }
}
