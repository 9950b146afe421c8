//! `incidentContainmentLift`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::ContainmentKind;
use custodian_entity::containment::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{ApiClientId, ContainmentId, TypedId, UserId};
use custodian_entity::{api_client, user};
use garde::Validate;
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::{Containment, event, may_freeze};
use crate::accept;
use crate::accounts::Accounts;
use crate::audit::{Change, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::validate::{check, line};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::users::{decides_about, holding_roles, reaches_holders};

/// What is to be lifted, and why.
#[derive(InputObject, Validate)]
pub struct IncidentContainmentLiftInput {
    /// Its id.
    #[garde(skip)]
    id: Gid<ContainmentId>,
    /// Why. Name nobody.
    #[garde(custom(line), length(chars, min = 1, max = 500))]
    reason: String,
}

crate::payloads! { IncidentContainmentLiftPayload { containment: Containment } }

/// How it ends what was done about somebody.
#[derive(Default)]
pub struct LiftMutation;

#[Object]
impl LiftMutation {
    /// Lifts what was done about an account, an API client or a reseller: it may do what it could before. Sessions and tokens that ended
    /// stay ended; REVOKE_TOKENS was over at once. Nobody lifts what was done about
    /// himself, or about who holds more than he does.
    async fn incident_containment_lift(
        &self,
        ctx: &Context<'_>,
        input: IncidentContainmentLiftInput,
    ) -> Maybe<IncidentContainmentLiftPayload> {
        certain(async { lift(ctx, input).await }).await
    }
}

async fn lift(ctx: &Context<'_>, input: IncidentContainmentLiftInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    if let Err(reasons) = check(&input) {
        return Ok(Err(reasons));
    }
    recorded(operation, "incidentContainmentLift", async || {
        Accounts::require_step_up(ctx).await?;
        let policy = holding_roles(ctx).await?;
        accept!(reaches_holders(operation)?);
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if before.lifted_at.is_some() {
            let message = "it was lifted before";
            accept!(Err(vec![UserError::on("id", UserErrorCode::InvalidTransition, message)]));
        }
        let owner = match before.kind {
            ContainmentKind::SuspendUser | ContainmentKind::RevokeTokens => {
                Some(UserId::from_uuid(before.target_id))
            }
            ContainmentKind::LockApiClient => {
                let id = ApiClientId::from_uuid(before.target_id);
                Some(Scoped::<api_client::Entity>::of(operation).get(id).await?.owner_id)
            }
            ContainmentKind::FreezeReseller => {
                may_freeze(operation)?;
                None
            }
        };
        if let Some(owner) = owner {
            let account = Scoped::<user::Entity>::of(operation).get(owner).await?;
            if account.id == operation.identity()?.user {
                let message = "nobody lifts what was done about himself";
                accept!(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]));
            }
            accept!(decides_about(operation, policy, &account).await?);
        }
        let row = ActiveModel {
            lifted_at: Set(Some(operation.clock.now())),
            lifted_by: Set(Some(operation.identity()?.user)),
            lift_reason: Set(Some(input.reason.trim().to_owned())),
            ..Default::default()
        };
        let in_force = Column::LiftedAt.is_null();
        let changed = match rows.change(before.id, row, |update| update.filter(in_force)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = event(EventType::ContainmentLifted, &changed);
        Ok(Change::Done(changed, event))
    })
    .await
}
