//! What stands guard over accounts: passwords, limits on guessing at them, second factors, and the end of sessions.
//!
//! Whatever can be guessed is counted before it is looked at ([`Accounts::attempt`]), so that of many attempts at once no
//! more are made than may be, and a locked account is refused before anything is hashed, whether it exists or not.

mod attempt;
mod create;
mod ending;
mod factor;
mod factor_mutation;
mod password;
mod password_mutation;
mod reset_mutation;
mod step_up;
mod token;

use std::sync::Arc;

use async_graphql::Context;
use chrono::TimeDelta;
use custodian_entity::{tenant, user};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, EntityTrait};

pub use self::attempt::{Attempt, Guess, forget_attempts};
pub use self::create::{NewTenant, NewUser, create_user};
pub use self::ending::{
    end_account, end_client_tokens, end_reseller, end_session, end_sessions, end_verifications,
};
pub use self::factor_mutation::FactorMutation;
pub use self::password::{Chosen, NewPassword, choose_password, set_password};
pub use self::password_mutation::PasswordMutation;
pub use self::reset_mutation::ResetMutation;
pub use self::token::issue_token;
use crate::audit::Subject;
use crate::authn::ANONYMOUS;
use crate::authz::{InOperation, Operation};
use crate::config::{Config, Links, PasswordPolicy, SignIn};
use crate::crypto::{KeyError, Keys, Sealer, Tagger};
use crate::database::Settings;
use crate::error::{Error, Result};

/// The rules and keys. It is part of the schema's data.
pub struct Accounts {
    limits: SignIn,
    passwords: PasswordPolicy,
    links: Links,
    /// What guesses and recovery codes are stored as.
    tags: Tagger,
    /// What the secrets of second factors are sealed with.
    secrets: Sealer,
}

impl Accounts {
    /// By this configuration, with these keys.
    ///
    /// # Errors
    /// [`KeyError::Provider`].
    pub fn new(config: &Config, keys: &Keys) -> Result<Self, KeyError> {
        Ok(Self {
            limits: config.sign_in,
            passwords: config.passwords.policy,
            links: config.links,
            tags: keys.tagger("guesses")?,
            secrets: keys.sealer("second-factor")?,
        })
    }

    /// From inside a resolver.
    ///
    /// # Errors
    /// [`Error::Internal`] when the schema is executed without it.
    pub fn of<'a>(ctx: &Context<'a>) -> Result<&'a Self> {
        let accounts = ctx.data_opt::<Arc<Self>>().ok_or_else(|| Error::bug("the schema lacks its data"))?;
        Ok(accounts)
    }

    fn step_up_lasts(&self) -> TimeDelta {
        TimeDelta::minutes(self.limits.step_up_minutes.into())
    }
}

/// What row-level security is told while something is noted of an account, if it is one: nobody is signed in, and this is
/// whose it is.
pub fn noting(user: Option<&user::Model>) -> Settings {
    Settings {
        user: user.map(|user| user.id),
        tenant: user.map(|user| user.tenant_id),
        role: ANONYMOUS.to_owned(),
        ..Settings::default()
    }
}

/// The viewer's own account.
#[expect(
    clippy::disallowed_methods,
    reason = "one's own account is read here, not through one's rows (DOMAIN, rule 8)"
)]
async fn own(operation: &Arc<Operation>) -> Result<user::Model> {
    let transaction = operation.transaction().await?;
    let found = user::Entity::find_by_id(operation.identity()?.user).one(&*transaction).await?;
    named_and_addressed(operation, found.ok_or(Error::Unauthenticated)?).await
}

/// An account with its name and address open.
pub(crate) async fn named_and_addressed(operation: &Operation, user: user::Model) -> Result<user::Model> {
    operation.opened::<user::Entity>(user, [user::Column::Username, user::Column::Email]).await
}

/// The condition that an account has this name.
///
/// # Errors
/// When the key store is away.
pub(crate) async fn named(operation: &Operation, username: &str) -> Result<SimpleExpr> {
    Ok(user::Column::UsernameIndex.eq(operation.keys.user_name(username).await?))
}

/// The viewer's own provider.
#[expect(clippy::disallowed_methods, reason = "the provider of one's own account")]
async fn own_tenant(operation: &Arc<Operation>) -> Result<tenant::Model> {
    let transaction = operation.transaction().await?;
    let found = tenant::Entity::find_by_id(operation.identity()?.tenant).one(&*transaction).await?;
    found.ok_or(Error::Unauthenticated)
}

/// The viewer's own account, as an event is about it.
fn subject(ctx: &Context<'_>) -> Result<Subject> {
    let identity = ctx.operation()?.identity()?;
    Ok(Subject::row("User", identity.user, identity.tenant))
}
