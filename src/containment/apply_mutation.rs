//! `incidentContain`

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use custodian_entity::choice::{ContainmentKind, Scope};
use custodian_entity::containment::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{
    ApiClientId, ContainmentId, ResellerId, SecurityAlertId, TenantId, TypedId, UserId,
};
use custodian_entity::{api_client, email_verification, reseller, security_alert, user};
use garde::Validate;
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, Set};

use super::{Containment, event, may_freeze};
use crate::accept;
use crate::accounts::{Accounts, end_account, end_client_tokens, end_reseller, end_verifications};
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
        let target = match kind {
            ContainmentKind::SuspendUser | ContainmentKind::RevokeTokens => {
                Target::Account(Box::new(accept!(account(operation, policy, kind, &input.id).await?)))
            }
            ContainmentKind::LockApiClient => {
                Target::Client(Box::new(accept!(client(operation, policy, &input.id).await?)))
            }
            ContainmentKind::FreezeReseller => {
                let id = ResellerId::decode(&input.id).map_err(|_| Error::NotFound)?;
                let reseller = Scoped::<reseller::Entity>::of(operation).get(id).await?;
                may_freeze(operation)?;
                Target::Reseller(Box::new(reseller))
            }
        };
        if is_in_force(operation, kind, target.id()).await? {
            let message = "it is in force already";
            accept!(Err(vec![UserError::on("id", UserErrorCode::InvalidTransition, message)]));
        }
        target.end(operation, kind).await?;
        let added = Scoped::<Entity>::of(operation).insert(row(operation, &input, &target)?).await;
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

/// Whom something is done about.
enum Target {
    Account(Box<user::Model>),
    Client(Box<api_client::Model>),
    Reseller(Box<reseller::Model>),
}

impl Target {
    fn id(&self) -> Uuid {
        match self {
            Self::Account(account) => account.id.uuid(),
            Self::Client(client) => client.id.uuid(),
            Self::Reseller(reseller) => reseller.id.uuid(),
        }
    }

    fn tenant(&self) -> TenantId {
        match self {
            Self::Account(account) => account.tenant_id,
            Self::Client(client) => client.tenant_id,
            Self::Reseller(reseller) => reseller.tenant_id,
        }
    }

    /// Ends for good what ends with it.
    async fn end(&self, operation: &Operation, kind: ContainmentKind) -> Result<()> {
        match self {
            Self::Account(account) => {
                end_account(operation, account).await?;
                match kind {
                    ContainmentKind::RevokeTokens => end_client_tokens(operation, account.id).await,
                    _ => Ok(()),
                }
            }
            Self::Client(_) => Ok(()),
            Self::Reseller(reseller) => {
                end_reseller(operation, reseller.id).await?;
                end_verifications(operation, email_verification::Column::ResellerId.eq(reseller.id)).await
            }
        }
    }
}

/// What was done. Revoking tokens is an act: it is over at once, and can be done again.
fn row(operation: &Operation, input: &IncidentContainInput, target: &Target) -> Result<ActiveModel> {
    let (now, by) = (operation.clock.now(), operation.identity()?.user);
    let is_over = input.kind.0 == ContainmentKind::RevokeTokens;
    Ok(ActiveModel {
        id: Set(ContainmentId::from_uuid(operation.clock.new_uuid())),
        tenant_id: Set(target.tenant()),
        kind: Set(input.kind.0),
        target_id: Set(target.id()),
        reason: Set(input.reason.trim().to_owned()),
        applied_at: Set(now),
        applied_by: Set(Some(by)),
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
