//! The account behind a user name or a viewer, read and noted upon outside any row scope: there is no viewer yet, or it
//! is his own.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::choice::UserStatus;
use custodian_entity::id::UserId;
use custodian_entity::personal::IpAddress;
use custodian_entity::{tenant, user};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, Select, Set};

use crate::accounts;
use crate::authn::{HeldRole, admitted_by, held_roles};
use crate::authz::Operation;
use crate::clock::Clock;
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::mail::{Notice, Outbox};

/// An account with its provider and the roles it holds now.
pub(super) struct Account {
    pub(super) user: user::Model,
    pub(super) tenant: tenant::Model,
    pub(super) held: Vec<HeldRole>,
    pub(super) is_admitted: bool,
}

impl Account {
    /// Whether it may sign in now.
    pub(super) fn may_sign_in(&self, clock: &Clock) -> bool {
        self.is_admitted && self.user.locked_until.is_none_or(|until| until <= clock.now())
    }
}

/// The account of this name; none if there is none.
#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
pub(super) async fn named(operation: &Arc<Operation>, username: &str) -> Result<Option<Account>> {
    let named = accounts::named(operation, username).await?;
    find(operation, user::Entity::find().filter(named)).await
}

/// The viewer's own account.
#[expect(
    clippy::disallowed_methods,
    reason = "one's own account is read here, not through one's rows (DOMAIN, rule 8)"
)]
pub(super) async fn of(operation: &Arc<Operation>, id: UserId) -> Result<Option<Account>> {
    find(operation, user::Entity::find_by_id(id)).await
}

#[expect(clippy::disallowed_methods, reason = "the provider of an account that was just found")]
async fn find(operation: &Arc<Operation>, query: Select<user::Entity>) -> Result<Option<Account>> {
    let transaction = operation.transaction().await?;
    let Some(user) = query.one(&*transaction).await? else { return Ok(None) };
    let tenant = tenant::Entity::find_by_id(user.tenant_id).one(&*transaction).await?;
    let tenant = tenant.ok_or_else(|| Error::bug("a user without a provider"))?;
    let held = held_roles(&*transaction, &operation.clock, &user).await?;
    let is_admitted = admitted_by(&*transaction, &user).await?.is_some();
    Ok(Some(Account { user, tenant, held, is_admitted }))
}

/// What row-level security is told while a sign-in is noted: nobody is signed in yet, and this is the account.
pub(super) fn noting(account: Option<&Account>) -> Settings {
    accounts::noting(account.map(|account| &account.user))
}

/// How often the owner of an account is told that somebody makes it wait.
const TOLD_AGAIN_AFTER: TimeDelta = TimeDelta::days(1);

/// Counts a failed sign-in, if the account exists, and notes until when it waits. Its owner is told, once in a while.
#[expect(clippy::disallowed_methods, reason = "there is no viewer whose rows could be scoped")]
pub(super) async fn note_failure(
    operation: &Arc<Operation>,
    outbox: &Outbox,
    username: &str,
    owner: Option<&user::Model>,
    locked_until: Option<DateTime<Utc>>,
) -> Result<()> {
    let row = user::ActiveModel {
        locked_until: locked_until.map_or(NotSet, |until| Set(Some(until))),
        ..Default::default()
    };
    let transaction = operation.transaction().await?;
    user::Entity::update_many()
        .set(row)
        .col_expr(user::Column::FailedLoginCount, Expr::col(user::Column::FailedLoginCount).add(1))
        .filter(accounts::named(operation, username).await?)
        .exec(&*transaction)
        .await?;
    let since = operation.clock.now() - TOLD_AGAIN_AFTER;
    let is_news = |owner: &&user::Model| {
        owner.status == UserStatus::Active && owner.locked_until.is_none_or(|until| until <= since)
    };
    if let Some(owner) = owner.filter(|_| locked_until.is_some()).filter(is_news) {
        let owner = accounts::named_and_addressed(operation, owner.clone()).await?;
        outbox.queue(operation, owner.tenant_id, &owner.email, Notice::AccountLocked).await?;
    }
    Ok(())
}

/// Notes when and from where somebody signed in, and puts a hash of today in place of an outdated one; nothing of it when
/// another password was put in place since the account was read.
#[expect(clippy::disallowed_methods, reason = "there is no viewer whose rows could be scoped")]
pub(super) async fn note_success(
    operation: &Arc<Operation>,
    user: &user::Model,
    rehashed: Option<String>,
) -> Result<()> {
    let transaction = operation.transaction().await?;
    let row = user::ActiveModel {
        password_hash: rehashed.map_or(NotSet, |hash| Set(Some(hash))),
        failed_login_count: Set(0),
        last_login_at: Set(Some(operation.clock.now())),
        last_login_ip: Set(operation.origin.ip.map(|ip| IpAddress::new(ip.to_string()))),
        ..Default::default()
    };
    user::Entity::update_many()
        .set(row)
        .filter(user::Column::Id.eq(user.id))
        .filter(user::Column::TokenVersion.eq(user.token_version))
        .exec(&*transaction)
        .await?;
    Ok(())
}
