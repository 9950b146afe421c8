//! Second factors as they are stored: a sealed secret, and recovery codes by what stands for them.
//!
//! A code counts once. That it was not used before is a condition of the statement that uses it, so that of two at the
//! same moment one is refused.

use std::sync::Arc;

use custodian_entity::id::{TypedId, UserId};
use custodian_entity::{recovery_code, second_factor, user};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{Accounts, own, own_tenant};
use crate::authn::totp::{OneTime, SECRET_LENGTH};
use crate::authz::Operation;
use crate::crypto::random;
use crate::error::{Error, Result};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

/// The letters of recovery codes (Crockford's base 32): none passes for another, and each is five bits.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Accounts {
    /// A new secret for the viewer, in place of one that was not confirmed; none if he has a factor.
    pub(super) async fn enrol(&self, operation: &Arc<Operation>) -> Result<Option<OneTime>> {
        let (user, tenant) = (own(operation).await?, own_tenant(operation).await?);
        let secret = random::<SECRET_LENGTH>().map_err(Error::internal)?;
        let factor = one_time(&*secret, &user, &tenant.display_name)?;
        let sealed = self.secrets.seal(user.id.uuid().as_bytes(), &*secret);
        let row = second_factor::ActiveModel {
            user_id: Set(user.id),
            secret: Set(sealed.ok_or_else(|| Error::bug("a secret cannot be sealed"))?),
            last_step: Set(None),
            confirmed_at: Set(None),
            created_at: Set(operation.clock.now()),
        };
        Ok(put(operation, row).await?.then_some(factor))
    }

    /// Takes the first code of a new secret; from then on it is the viewer's factor.
    #[expect(clippy::disallowed_methods, reason = "the viewer's own factor")]
    pub(super) async fn confirm(&self, operation: &Arc<Operation>, code: &str) -> Result<bool> {
        let user = operation.identity()?.user;
        let Some(step) = self.step(operation, user, &plain(code)).await? else { return Ok(false) };
        let row = second_factor::ActiveModel {
            last_step: Set(Some(step)),
            confirmed_at: Set(Some(operation.clock.now())),
            ..Default::default()
        };
        let transaction = operation.transaction().await?;
        let confirmed = second_factor::Entity::update_many()
            .set(row)
            .filter(second_factor::Column::UserId.eq(user))
            .filter(second_factor::Column::ConfirmedAt.is_null())
            .exec(&*transaction)
            .await?;
        if confirmed.rows_affected == 1 {
            set_enabled(operation, user, true).await?;
        }
        Ok(confirmed.rows_affected == 1)
    }

    /// Uses up a code of the factor, or a recovery code, within the running transaction: whether it was one.
    ///
    /// # Errors
    /// When the database is away.
    #[expect(clippy::disallowed_methods, reason = "the factor of who proves that it is his")]
    pub async fn spend(&self, operation: &Arc<Operation>, user: UserId, code: &str) -> Result<bool> {
        let code = plain(code);
        let transaction = operation.transaction().await?;
        let used = if let Some(step) = self.step(operation, user, &code).await? {
            let row = second_factor::ActiveModel { last_step: Set(Some(step)), ..Default::default() };
            let last = second_factor::Column::LastStep;
            second_factor::Entity::update_many()
                .set(row)
                .filter(second_factor::Column::UserId.eq(user))
                .filter(second_factor::Column::ConfirmedAt.is_not_null())
                .filter(last.is_null().or(last.lt(step)))
                .exec(&*transaction)
                .await?
                .rows_affected
        } else {
            let key = (user, self.recovery_tag(user, &code));
            recovery_code::Entity::delete_by_id(key).exec(&*transaction).await?.rows_affected
        };
        Ok(used == 1)
    }

    /// New recovery codes in place of all before.
    #[expect(clippy::disallowed_methods, reason = "the viewer's own codes")]
    pub(super) async fn make_recovery_codes(&self, operation: &Arc<Operation>) -> Result<Vec<String>> {
        let user = operation.identity()?.user;
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect::<Result<_>>()?;
        let rows = codes.iter().map(|code| recovery_code::ActiveModel {
            user_id: Set(user),
            code_tag: Set(self.recovery_tag(user, &plain(code))),
        });
        let transaction = operation.transaction().await?;
        let of_user = recovery_code::Column::UserId.eq(user);
        recovery_code::Entity::delete_many().filter(of_user).exec(&*transaction).await?;
        recovery_code::Entity::insert_many(rows).exec_without_returning(&*transaction).await?;
        Ok(codes)
    }

    /// The step whose code this is by the user's secret, confirmed or not.
    #[expect(clippy::disallowed_methods, reason = "the factor of who proves that it is his")]
    async fn step(&self, operation: &Arc<Operation>, user: UserId, code: &str) -> Result<Option<i64>> {
        let transaction = operation.transaction().await?;
        let found = second_factor::Entity::find_by_id(user).one(&*transaction).await?;
        let Some(found) = found else { return Ok(None) };
        let secret = self.secrets.open(user.uuid().as_bytes(), &found.secret);
        let secret =
            zeroize::Zeroizing::new(secret.ok_or_else(|| Error::bug("a sealed secret does not open"))?);
        Ok(OneTime::new(&secret, "", "")?.step(code, operation.clock.now()))
    }

    fn recovery_tag(&self, user: UserId, code: &str) -> String {
        self.tags.tag("recovery", &[user.uuid().as_bytes(), code.as_bytes()].concat())
    }
}

/// Takes the viewer's factor and recovery codes away.
#[expect(clippy::disallowed_methods, reason = "the viewer's own factor")]
pub(super) async fn remove(operation: &Arc<Operation>) -> Result<()> {
    let user = operation.identity()?.user;
    let transaction = operation.transaction().await?;
    second_factor::Entity::delete_by_id(user).exec(&*transaction).await?;
    let of_user = recovery_code::Column::UserId.eq(user);
    recovery_code::Entity::delete_many().filter(of_user).exec(&*transaction).await?;
    set_enabled(operation, user, false).await
}

#[expect(clippy::disallowed_methods, reason = "the viewer's own account (DOMAIN, rule 8)")]
async fn set_enabled(operation: &Arc<Operation>, user: UserId, is_enabled: bool) -> Result<()> {
    let row = user::ActiveModel { mfa_enabled: Set(is_enabled), ..Default::default() };
    let transaction = operation.transaction().await?;
    user::Entity::update_many().set(row).filter(user::Column::Id.eq(user)).exec(&*transaction).await?;
    Ok(())
}

/// Adds a factor, unless there is a confirmed one: whether it did.
#[expect(clippy::disallowed_methods, reason = "the viewer's own factor")]
async fn put(operation: &Arc<Operation>, row: second_factor::ActiveModel) -> Result<bool> {
    use second_factor::{Column, Entity};
    let in_place = OnConflict::column(Column::UserId)
        .update_columns([Column::Secret, Column::LastStep, Column::CreatedAt])
        .action_and_where(sea_orm::sea_query::Expr::col((Entity, Column::ConfirmedAt)).is_null())
        .to_owned();
    let transaction = operation.transaction().await?;
    let added = Entity::insert(row).on_conflict(in_place).exec_without_returning(&*transaction).await?;
    Ok(added == 1)
}

#[expect(clippy::disallowed_methods, reason = "authenticators list accounts by name; it is the user's own")]
fn one_time(secret: &[u8], user: &user::Model, issuer: &str) -> Result<OneTime> {
    OneTime::new(secret, issuer, user.username.expose().map(String::as_str).unwrap_or_default())
}

/// A code as it is compared: without what only groups it.
fn plain(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect()
}

/// 80 random bits in groups of four letters: `7K2M-…`.
fn recovery_code() -> Result<String> {
    let bytes = random::<16>().map_err(Error::internal)?;
    let letters = bytes.chunks(4).map(|group| {
        let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map_or('0', char::from);
        group.iter().map(letter).collect::<String>()
    });
    Ok(letters.collect::<Vec<_>>().join("-"))
}
