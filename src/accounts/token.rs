//! Tokens that open an account once to whoever reads its e-mail: for a new password, or for the first.

#![expect(clippy::disallowed_methods, reason = "there is no viewer yet, or he is not the account's owner")]

use std::sync::Arc;

use chrono::TimeDelta;
use custodian_entity::account_token::{ActiveModel, Column, Entity, Model};
use custodian_entity::choice::{TokenPurpose, UserStatus};
use custodian_entity::id::UserId;
use custodian_entity::user;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use secrecy::SecretString;

use super::reset_mutation::is_held_back;
use crate::authn::admitted_by;
use crate::authz::Operation;
use crate::crypto::{opaque_token, token_hash};
use crate::error::{Error, Result};

/// A new token, within the running transaction. The account's older ones of this purpose are dead, where the
/// transaction is its own.
///
/// # Errors
/// When the database is away, or row-level security sees somebody else's account.
pub async fn issue_token(
    operation: &Operation,
    user: UserId,
    purpose: TokenPurpose,
    valid_for: TimeDelta,
) -> Result<SecretString> {
    let (token, now) = (opaque_token().map_err(Error::internal)?, operation.clock.now());
    let row = ActiveModel {
        hash: Set(token_hash(&token)),
        user_id: Set(user),
        purpose: Set(purpose),
        issued_at: Set(now),
        expires_at: Set(now + valid_for),
        used_at: Set(None),
    };
    let transaction = operation.transaction().await?;
    let older = Column::UserId.eq(user).and(Column::Purpose.eq(purpose));
    Entity::delete_many().filter(older).exec(&*transaction).await?;
    Entity::insert(row).exec_without_returning(&*transaction).await?;
    Ok(token)
}

/// The token, used, expired or neither, with its account, where that is as the purpose asks: active to get a new password,
/// invited to get its first; its provider and reseller may use the service. None where it went to an address that the
/// account no longer has.
///
/// # Errors
/// When the database is away.
pub(super) async fn find(
    operation: &Arc<Operation>,
    token: &SecretString,
) -> Result<Option<(Model, user::Model)>> {
    let transaction = operation.transaction().await?;
    let Some(found) = Entity::find_by_id(token_hash(token)).one(&*transaction).await? else {
        return Ok(None);
    };
    let user = user::Entity::find_by_id(found.user_id).one(&*transaction).await?;
    let user = user.ok_or_else(|| Error::bug("a token of no account"))?;
    let is_astray = is_held_back(&user, found.issued_at);
    let is_used = found.used_at.is_some();
    let asked = match found.purpose {
        TokenPurpose::Invitation if !is_used => UserStatus::Invited,
        TokenPurpose::Invitation | TokenPurpose::PasswordReset => UserStatus::Active,
    };
    let active = user::Model { status: UserStatus::Active, ..user.clone() };
    let may = user.status == asked && !is_astray && admitted_by(&*transaction, &active).await?.is_some();
    if !may {
        return Ok(None);
    }
    Ok(Some((found, super::named_and_addressed(operation, user).await?)))
}

/// Uses a token up within the running transaction, and says whether it could be: of many at once, one can.
///
/// # Errors
/// When the database is away.
pub(super) async fn spend(operation: &Operation, token: &Model) -> Result<bool> {
    let now = operation.clock.now();
    let row = ActiveModel { used_at: Set(Some(now)), ..Default::default() };
    let transaction = operation.transaction().await?;
    let spent = Entity::update_many()
        .set(row)
        .filter(Column::Hash.eq(&token.hash))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(&*transaction)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// Kills the tokens that an account has not used, within the running transaction.
///
/// # Errors
/// When the database is away.
pub(super) async fn kill(operation: &Operation, user: UserId) -> Result<()> {
    let transaction = operation.transaction().await?;
    let unused = Column::UserId.eq(user).and(Column::UsedAt.is_null());
    Entity::delete_many().filter(unused).exec(&*transaction).await?;
    Ok(())
}
