//! Choosing a password and putting it in place.

use custodian_entity::choice::SessionEnd;
use custodian_entity::id::UserId;
use custodian_entity::user;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use secrecy::{ExposeSecret, SecretString};

use super::{Accounts, end_sessions, token};
use crate::authn::password::{self, MAX_LENGTH};
use crate::authn::strength::weakness;
use crate::authz::Operation;
use crate::config::PasswordPolicy;
use crate::error::{Error, Result};
use crate::graphql::{Outcome, UserError, UserErrorCode};

/// A password that the rules allow.
pub struct Chosen(SecretString);

/// The same, hashed: only what was checked can be put in place.
pub struct NewPassword(String);

impl Chosen {
    /// Hashes it. Nothing of the database should be held meanwhile.
    ///
    /// # Errors
    /// When no thread can be had.
    pub async fn hashed(self) -> Result<NewPassword> {
        Ok(NewPassword(password::hash(&self.0).await?))
    }
}

impl NewPassword {
    /// The hash, for a new account.
    pub fn into_hash(self) -> String {
        self.0
    }
}

/// A password for who has a second factor or not, and whom others know by these names. `field` names it in the input.
///
/// # Errors
/// When no thread can be had. The refusals are `TOO_LONG` and `PASSWORD_TOO_WEAK`.
pub async fn choose_password(
    policy: PasswordPolicy,
    field: &str,
    password: &SecretString,
    has_factor: bool,
    own: Vec<String>,
) -> Result<Outcome<Chosen>> {
    let refused = |code, message: &str| Ok(Err(vec![UserError::on(field, code, message)]));
    if password.expose_secret().len() > MAX_LENGTH {
        return refused(UserErrorCode::TooLong, &format!("is longer than {MAX_LENGTH} bytes"));
    }
    match weakness(policy, password, has_factor, own).await? {
        Some(reason) => refused(UserErrorCode::PasswordTooWeak, reason),
        None => Ok(Ok(Chosen(password.clone()))),
    }
}

impl Accounts {
    /// A password that this account may have by the configured rules.
    ///
    /// # Errors
    /// As [`choose_password`].
    #[expect(clippy::disallowed_methods, reason = "a password must not hold the names of its user")]
    pub async fn choose(
        &self,
        field: &str,
        user: &user::Model,
        password: &SecretString,
    ) -> Result<Outcome<Chosen>> {
        let sealed = [user.username.expose(), user.email.expose()].into_iter().flatten().cloned();
        let own = sealed.chain([user.display_name.clone()]).collect();
        choose_password(self.passwords, field, password, user.mfa_enabled, own).await
    }

    /// The first password of an account that others will know by these names.
    ///
    /// # Errors
    /// As [`choose_password`].
    pub async fn choose_first(
        &self,
        field: &str,
        password: &SecretString,
        own: Vec<String>,
    ) -> Result<Outcome<Chosen>> {
        choose_password(self.passwords, field, password, false, own).await
    }
}

/// Puts a password in place, within the running transaction. Every session ends, also one that begins at this moment by the
/// password before, no wait is left, and no link by which another could be chosen.
///
/// # Errors
/// [`Error::NotFound`] when row-level security lets this transaction change no such account.
#[expect(clippy::disallowed_methods, reason = "whose password it is was found out by who calls this")]
pub async fn set_password(operation: &Operation, user: UserId, new: NewPassword) -> Result<()> {
    let row = user::ActiveModel {
        password_hash: Set(Some(new.0)),
        password_changed_at: Set(Some(operation.clock.now())),
        must_change_password: Set(false),
        failed_login_count: Set(0),
        locked_until: Set(None),
        ..Default::default()
    };
    let transaction = operation.transaction().await?;
    let changed = user::Entity::update_many()
        .set(row)
        .col_expr(user::Column::TokenVersion, Expr::col(user::Column::TokenVersion).add(1))
        .filter(user::Column::Id.eq(user))
        .exec(&*transaction)
        .await?;
    if changed.rows_affected != 1 {
        return Err(Error::NotFound);
    }
    token::kill(operation, user).await?;
    end_sessions(operation, user, SessionEnd::PasswordChanged).await
}
