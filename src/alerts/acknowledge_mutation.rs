//! `securityAlertAcknowledge`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::AlertStatus;
use custodian_entity::id::{SecurityAlertId, TypedId};
use custodian_entity::security_alert::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::SecurityAlert;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// Which alert somebody takes note of.
#[derive(InputObject)]
pub struct SecurityAlertAcknowledgeInput {
    /// Its id.
    id: Gid<SecurityAlertId>,
}

crate::payloads! { SecurityAlertAcknowledgePayload { security_alert: SecurityAlert } }

/// What is done about alerts.
#[derive(Default)]
pub struct AlertMutation;

#[Object]
impl AlertMutation {
    /// Takes note of an alert that is open. What goes on from here is counted anew, and may raise another.
    async fn security_alert_acknowledge(
        &self,
        ctx: &Context<'_>,
        input: SecurityAlertAcknowledgeInput,
    ) -> Maybe<SecurityAlertAcknowledgePayload> {
        certain(async { acknowledge(ctx, input.id.0).await }).await
    }
}

async fn acknowledge(ctx: &Context<'_>, id: SecurityAlertId) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "securityAlertAcknowledge", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(id).await?;
        let to = AlertStatus::Acknowledged;
        if before.status == to {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        if before.principal_id == Some(operation.identity()?.user) {
            let message = "nobody takes note of what is about himself";
            accept!(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]));
        }
        let row = ActiveModel {
            status: Set(to),
            acknowledged_by: Set(Some(operation.identity()?.user)),
            acknowledged_at: Set(Some(operation.clock.now())),
            ..Default::default()
        };
        let is_open = Column::Status.eq(AlertStatus::Open);
        let changed = match rows.change(id, row, |update| update.filter(is_open)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let subject = Subject::owned(("SecurityAlert", id.encode()), changed.tenant_id, None, None);
        let event = Event::done(EventType::SecurityAlertAcknowledged, subject).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
