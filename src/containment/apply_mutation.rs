//! `incidentContain`

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use custodian_entity::choice::{ContainmentKind, Scope, SessionEnd, VerificationStatus};
use custodian_entity::containment::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{
    ApiClientId, ContainmentId, ResellerId, SecurityAlertId, TenantId, TypedId, UserId,
};
use custodian_entity::{api_client, email_verification, reseller, security_alert, user};
use garde::Validate;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{ColumnTrait, Condition, QueryFilter, Set};

use super::{Containment, event, may_freeze};
use crate::accept;
use crate::accounts::{Accounts, end_reseller, end_sessions};
use crate::audit::{Change, EventType, recorded};
use crate::authz::policy::Policy;
use crate::authz::{InOperation, Operation, Rows, Scoped};
use crate::error::{Error, Result};
use crate::graphql::validate::{check, line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::users::{decides_about, holding_roles, is_indispensable, reaches_holders};

/// What is to be done about whom, and why.
#[derive(InputObject, Validate)]
pub struct IncidentContainInput {
    /// What.
    #[garde(skip)]
    kind: Choice<ContainmentKind>,
    /// The account, or for LOCK_API_CLIENT the API client, for FREEZE_RESELLER the reseller.
    #[garde(skip)]
    id: ID,
    /// Why. Name nobody.
    #[garde(custom(line), length(chars, min = 1, max = 500))]
    reason: String,
    /// The alert that it answers.
    #[garde(skip)]
    alert_id: Option<Gid<SecurityAlertId>>,
}

crate::payloads! { IncidentContainPayload { containment: Containment } }

/// What is done about somebody at once.
#[derive(Default)]
pub struct ContainMutation;

#[Object]
impl ContainMutation {
    /// Does something about an account, an API client or a reseller at once, at every instance. SUSPEND_USER ends the account's sessions
    /// and lets it, and its API clients, do nothing until that is lifted; REVOKE_TOKENS ends its sessions and the tokens of
    /// its API clients for good, and lets it sign in anew; LOCK_API_CLIENT refuses the tokens of an API client until that
    /// is lifted; FREEZE_RESELLER ends what a reseller's people hold, and keeps them and the API clients bound to it out
    /// until that is lifted. Nobody contains himself, who holds more than he does, or the last that can give roles, unless he
    /// reaches all providers. Changes of an e-mail address that wait to be confirmed end too.
    async fn incident_contain(
        &self,
        ctx: &Context<'_>,
        input: IncidentContainInput,
    ) -> Maybe<IncidentContainPayload> {
        certain(async { contain(ctx, input).await }).await
    }
}

async fn contain(ctx: &Context<'_>, input: IncidentContainInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    let kind = input.kind.0;
    if let Err(reasons) = check(&input) {
        return Ok(Err(reasons));
    }
    recorded(operation, "incidentContain", async || {
        Accounts::require_step_up(ctx).await?;
        // Of two who contain each other at once, one stays.
        let policy = holding_roles(ctx).await?;
        accept!(reaches_holders(operation)?);
        if let Some(alert) = input.alert_id {
            Scoped::<security_alert::Entity>::of(operation).get(alert.0).await?;
        }
        let (target, tenant) = match kind {
            ContainmentKind::SuspendUser | ContainmentKind::RevokeTokens => {
                let account = accept!(account(operation, policy, kind, &input.id).await?);
                (account.id.uuid(), account.tenant_id)
            }
            ContainmentKind::LockApiClient => {
                let client = accept!(client(operation, policy, &input.id).await?);
                (client.id.uuid(), client.tenant_id)
            }
            ContainmentKind::FreezeReseller => {
                let id = ResellerId::decode(&input.id).map_err(|_| Error::NotFound)?;
                let reseller = Scoped::<reseller::Entity>::of(operation).get(id).await?;
                may_freeze(operation)?;
                (reseller.id.uuid(), reseller.tenant_id)
            }
        };
        if is_in_force(operation, kind, target).await? {
            let message = "it is in force already";
            accept!(Err(vec![UserError::on("id", UserErrorCode::InvalidTransition, message)]));
        }
        match kind {
            ContainmentKind::SuspendUser => {
                end_account(operation, UserId::from_uuid(target)).await?;
                end_account_verifications(operation, UserId::from_uuid(target)).await?;
            }
            ContainmentKind::RevokeTokens => {
                end_account(operation, UserId::from_uuid(target)).await?;
                end_account_verifications(operation, UserId::from_uuid(target)).await?;
                end_client_tokens(operation, UserId::from_uuid(target)).await?;
            }
            ContainmentKind::LockApiClient => {}
            ContainmentKind::FreezeReseller => {
                end_reseller(operation, ResellerId::from_uuid(target)).await?;
                let of = email_verification::Column::ResellerId.eq(target);
                end_verifications(operation, of).await?;
            }
        }
        let added = Scoped::<Entity>::of(operation).insert(row(operation, &input, target, tenant)?).await;
        // Who was sooner by a moment did it.
        let added = added.map_err(|error| match error {
            Error::Taken(_) => Error::Conflict,
            other => other,
        })?;
        let event = event(EventType::ContainmentApplied, &added);
        Ok(Change::Done(added, event))
    })
    .await
}

/// What was done. Revoking tokens is an act: it is over at once, and can be done again.
fn row(
    operation: &Operation,
    input: &IncidentContainInput,
    target: Uuid,
    tenant: TenantId,
) -> Result<ActiveModel> {
    let (now, by) = (operation.clock.now(), operation.identity()?.user);
    let is_over = input.kind.0 == ContainmentKind::RevokeTokens;
    Ok(ActiveModel {
        id: Set(ContainmentId::from_uuid(operation.clock.new_uuid())),
        tenant_id: Set(tenant),
        kind: Set(input.kind.0),
        target_id: Set(target),
        reason: Set(input.reason.trim().to_owned()),
        applied_at: Set(now),
        applied_by: Set(by),
        lifted_at: Set(is_over.then_some(now)),
        lifted_by: Set(is_over.then_some(by)),
        lift_reason: Set(None),
        alert_id: Set(input.alert_id.map(|alert| alert.0)),
    })
}

/// The account, if the viewer may contain it.
async fn account(
    operation: &Arc<Operation>,
    policy: &Policy,
    kind: ContainmentKind,
    id: &str,
) -> Result<Outcome<user::Model>> {
    let id = UserId::decode(id).map_err(|_| Error::NotFound)?;
    let account = Scoped::<user::Entity>::of(operation).get(id).await?;
    if id == operation.identity()?.user {
        let message = "nobody contains himself";
        return Ok(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]));
    }
    if let Err(reasons) = decides_about(operation, policy, &account).await? {
        return Ok(Err(reasons));
    }
    // Who reaches all providers gives the role again.
    let is_above = operation.reach(user::Entity::TYPE) == Some(Scope::All);
    let is_suspended = kind == ContainmentKind::SuspendUser && !is_above;
    if is_suspended && is_indispensable(operation, policy, &account).await? {
        let message = "nobody else of its role is left who could give roles";
        return Ok(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]));
    }
    Ok(Ok(account))
}

/// The API client, if the viewer may contain its owner.
async fn client(operation: &Arc<Operation>, policy: &Policy, id: &str) -> Result<Outcome<api_client::Model>> {
    let id = ApiClientId::decode(id).map_err(|_| Error::NotFound)?;
    let client = Scoped::<api_client::Entity>::of(operation).get(id).await?;
    let owner = Scoped::<user::Entity>::of(operation).get(client.owner_id).await?;
    Ok(decides_about(operation, policy, &owner).await?.map(|()| client))
}

async fn is_in_force(operation: &Arc<Operation>, kind: ContainmentKind, target: Uuid) -> Result<bool> {
    let this = Column::Kind.eq(kind).and(Column::TargetId.eq(target)).and(Column::LiftedAt.is_null());
    Ok(Scoped::<Entity>::of(operation).count(|rows| rows.filter(this)).await? > 0)
}

/// Ends what the account holds, also of who signs in at this moment.
async fn end_account(operation: &Arc<Operation>, id: UserId) -> Result<()> {
    let raised = Expr::col(user::Column::TokenVersion).add(1);
    let this = user::Column::Id.eq(id);
    let users = Scoped::<user::Entity>::of(operation);
    users.change_all(|update| update.col_expr(user::Column::TokenVersion, raised).filter(this)).await?;
    end_sessions(operation, id, SessionEnd::Revoked).await
}

/// Ends the changes of e-mail address that wait to be confirmed: of a customer's account those of the customer, of another those
/// of nobody. What a thief asked for before he was kept out does not come true while he is.
async fn end_account_verifications(operation: &Arc<Operation>, id: UserId) -> Result<()> {
    let account = Scoped::<user::Entity>::of(operation).get(id).await?;
    match account.customer_id {
        Some(customer) => {
            end_verifications(operation, email_verification::Column::CustomerId.eq(customer)).await
        }
        None => Ok(()),
    }
}

async fn end_verifications(operation: &Arc<Operation>, of: impl IntoCondition) -> Result<()> {
    use email_verification::Column::Status;
    let row =
        email_verification::ActiveModel { status: Set(VerificationStatus::Superseded), ..Default::default() };
    let pending = Condition::all().add(Status.eq(VerificationStatus::Pending)).add(of.into_condition());
    let rows = Scoped::<email_verification::Entity>::of(operation);
    rows.change_all(|update| update.set(row).filter(pending)).await?;
    Ok(())
}

/// Ends the tokens of an account's API clients that there are; they may ask for others.
async fn end_client_tokens(operation: &Arc<Operation>, owner: UserId) -> Result<()> {
    let raised = Expr::col(api_client::Column::TokenVersion).add(1);
    let its = api_client::Column::OwnerId.eq(owner);
    let clients = Scoped::<api_client::Entity>::of(operation);
    clients
        .change_all(|update| update.col_expr(api_client::Column::TokenVersion, raised).filter(its))
        .await?;
    Ok(())
}
