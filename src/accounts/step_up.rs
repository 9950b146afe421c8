//! What asks for a second factor again: for a while after one was given, the session stands for who it says it is.

use std::sync::Arc;

use async_graphql::Context;
use chrono::TimeDelta;
use custodian_entity::id::{SessionId, UserId};
use custodian_entity::step_up::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{Accounts, own};
use crate::authz::{InOperation, Operation};
use crate::error::{Error, Result};

impl Accounts {
    /// That the session was verified a short while ago. Who has no second factor has nothing to verify it with: where his
    /// provider asks for one, he does not come so far.
    ///
    /// # Errors
    /// [`Error::StepUpRequired`].
    #[expect(clippy::disallowed_methods, reason = "the viewer's own session")]
    pub async fn require_step_up(ctx: &Context<'_>) -> Result<()> {
        let (operation, accounts) = (ctx.operation()?, Self::of(ctx)?);
        if !own(operation).await?.mfa_enabled {
            return Ok(());
        }
        let since = operation.clock.now() - accounts.step_up_lasts();
        let identity = operation.identity()?;
        let transaction = operation.transaction().await?;
        let verified = Entity::find_by_id(identity.session()?)
            .filter(Column::UserId.eq(identity.user))
            .filter(Column::VerifiedAt.gt(since))
            .one(&*transaction)
            .await?;
        verified.map(drop).ok_or(Error::StepUpRequired)
    }

    /// Notes that a session was verified now, within the running transaction.
    ///
    /// # Errors
    /// When the database is away.
    #[expect(clippy::disallowed_methods, reason = "the session of who has just proved who he is")]
    pub async fn verified(operation: &Arc<Operation>, user: UserId, session: SessionId) -> Result<()> {
        let now = operation.clock.now();
        let row = ActiveModel { session_id: Set(session), user_id: Set(user), verified_at: Set(now) };
        let again = OnConflict::column(Column::SessionId).update_column(Column::VerifiedAt).to_owned();
        let transaction = operation.transaction().await?;
        let old = Column::VerifiedAt.lt(now - TimeDelta::days(1));
        Entity::delete_many().filter(Column::UserId.eq(user)).filter(old).exec(&*transaction).await?;
        Entity::insert(row).on_conflict(again).exec_without_returning(&*transaction).await?;
        Ok(())
    }
}
