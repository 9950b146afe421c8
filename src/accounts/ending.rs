//! How sessions end: at once, for every instance, with access tokens and all, and what else an account loses that is kept
//! out. Who may end which is the caller's question.

#![expect(clippy::disallowed_methods, reason = "whose session it is was found out by who calls this")]

use custodian_entity::choice::{SessionEnd, UserKind, VerificationStatus};
use custodian_entity::id::{ResellerId, SessionId, UserId};
use custodian_entity::session::{ActiveModel, Column, Entity};
use custodian_entity::{api_client, email_verification, user};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set};

use crate::authz::Operation;
use crate::error::{Error, Result};

/// Ends a session within a mutation, if it goes on: its tokens are refused from the commit on.
///
/// # Errors
/// When the database is away.
pub async fn end_session(operation: &Operation, session: SessionId, reason: SessionEnd) -> Result<()> {
    end_those(operation, Column::Id.eq(session).into_condition(), reason).await
}

/// Ends every session of a user within a mutation, as [`end_session`] does, and what other issuers gave him before. On
/// PostgreSQL it takes the user himself or a role that reaches his sessions. A change that must hold against a sign-in at
/// the same moment, such as that of a password, also raises the account's token version.
///
/// # Errors
/// When the database is away.
pub async fn end_sessions(operation: &Operation, user: UserId, reason: SessionEnd) -> Result<()> {
    let row =
        user::ActiveModel { tokens_valid_after: Set(Some(operation.clock.now())), ..Default::default() };
    let transaction = operation.transaction().await?;
    user::Entity::update_many().set(row).filter(user::Column::Id.eq(user)).exec(&*transaction).await?;
    drop(transaction);
    end_those(operation, Column::UserId.eq(user).into_condition(), reason).await
}

/// Ends within a mutation whatever the people of a reseller hold: their sessions, what other issuers gave them, and the
/// tokens of the API clients bound to it. Versions are raised, so that it holds against a sign-in at the same moment.
///
/// # Errors
/// [`Error::Forbidden`] when the viewer's role reaches less of it than of resellers: row-level security would let the rest
/// go on.
pub async fn end_reseller(operation: &Operation, reseller: ResellerId) -> Result<()> {
    if ["User", "Session", "ApiClient"].iter().any(|kind| operation.reach(kind) < operation.reach("Reseller"))
    {
        let message = "this takes a role that reaches the reseller's accounts, sessions and API clients";
        return Err(Error::Forbidden(message.to_owned()));
    }
    let its_people = || {
        let is_its = user::Column::ResellerId.eq(reseller);
        is_its.and(user::Column::Kind.eq(UserKind::Reseller))
    };
    let row =
        user::ActiveModel { tokens_valid_after: Set(Some(operation.clock.now())), ..Default::default() };
    let transaction = operation.transaction().await?;
    user::Entity::update_many()
        .set(row)
        .col_expr(user::Column::TokenVersion, Expr::col(user::Column::TokenVersion).add(1))
        .filter(its_people())
        .exec(&*transaction)
        .await?;
    api_client::Entity::update_many()
        .col_expr(api_client::Column::TokenVersion, Expr::col(api_client::Column::TokenVersion).add(1))
        .filter(api_client::Column::ResellerId.eq(reseller))
        .exec(&*transaction)
        .await?;
    drop(transaction);
    let ids = Query::select().column(user::Column::Id).from(user::Entity).and_where(its_people()).to_owned();
    end_those(operation, Column::UserId.in_subquery(ids).into_condition(), SessionEnd::Disabled).await
}

/// Ends within a mutation what an account holds, also of who signs in at this moment: its sessions, and the changes of its
/// customer's e-mail address that wait to be confirmed. What a thief asked for before he was kept out does not come true
/// while he is.
///
/// # Errors
/// When the database is away.
pub async fn end_account(operation: &Operation, account: &user::Model) -> Result<()> {
    let raised = Expr::col(user::Column::TokenVersion).add(1);
    let transaction = operation.transaction().await?;
    user::Entity::update_many()
        .col_expr(user::Column::TokenVersion, raised)
        .filter(user::Column::Id.eq(account.id))
        .exec(&*transaction)
        .await?;
    drop(transaction);
    end_sessions(operation, account.id, SessionEnd::Revoked).await?;
    match account.customer_id {
        Some(customer) => {
            end_verifications(operation, email_verification::Column::CustomerId.eq(customer)).await
        }
        None => Ok(()),
    }
}

/// Ends within a mutation the tokens that an account's API clients have; they may ask for others.
///
/// # Errors
/// When the database is away.
pub async fn end_client_tokens(operation: &Operation, owner: UserId) -> Result<()> {
    let raised = Expr::col(api_client::Column::TokenVersion).add(1);
    let transaction = operation.transaction().await?;
    api_client::Entity::update_many()
        .col_expr(api_client::Column::TokenVersion, raised)
        .filter(api_client::Column::OwnerId.eq(owner))
        .exec(&*transaction)
        .await?;
    Ok(())
}

/// Ends within a mutation changes of e-mail addresses that wait to be confirmed.
///
/// # Errors
/// When the database is away.
pub async fn end_verifications(operation: &Operation, of: impl IntoCondition) -> Result<()> {
    use email_verification::{ActiveModel, Column, Entity};
    let row = ActiveModel { status: Set(VerificationStatus::Superseded), ..Default::default() };
    let pending =
        Condition::all().add(Column::Status.eq(VerificationStatus::Pending)).add(of.into_condition());
    let transaction = operation.transaction().await?;
    Entity::update_many().set(row).filter(pending).exec(&*transaction).await?;
    Ok(())
}

async fn end_those(operation: &Operation, which: Condition, reason: SessionEnd) -> Result<()> {
    let transaction = operation.transaction().await?;
    let live = Entity::find().filter(which).filter(Column::EndedAt.is_null());
    let live = live.lock_exclusive().all(&*transaction).await?;
    let ids: Vec<SessionId> = live.into_iter().map(|session| session.id).collect();
    let row = ActiveModel {
        ended_at: Set(Some(operation.clock.now())),
        ended_for: Set(Some(reason)),
        ..Default::default()
    };
    let those = Column::Id.is_in(ids.iter().copied());
    Entity::update_many().set(row).filter(those).exec(&*transaction).await?;
    operation.note_ending(ids);
    Ok(())
}
