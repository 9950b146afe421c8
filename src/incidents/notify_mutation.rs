//! `incidentNotify`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{Duty, PrivacyRegime};
use custodian_entity::id::{IncidentNotificationId, SecurityIncidentId, TypedId};
use custodian_entity::incident_notification;
use custodian_entity::personal::FreeText;
use custodian_entity::security_incident::{Entity, Model};
use garde::Validate;
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::deadlines::{Notification, deadlines};
use super::object::facts;
use super::{SecurityIncident, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::scalar::DateTime;
use crate::graphql::validate::{check, lines};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// What was notified, to whom, and when.
#[derive(InputObject, Validate)]
pub struct IncidentNotifyInput {
    /// Of which incident.
    #[garde(skip)]
    id: Gid<SecurityIncidentId>,
    /// Under which law.
    #[garde(skip)]
    regime: Choice<PrivacyRegime>,
    /// What was done.
    #[garde(skip)]
    duty: Choice<Duty>,
    /// When.
    #[garde(skip)]
    notified_at: DateTime,
    /// Why it was late, where it was (GDPR Art. 33(1)). Name nobody.
    #[garde(inner(custom(lines), length(chars, max = 2_000)))]
    delay_reason: Option<String>,
}

crate::payloads! { IncidentNotifyPayload { incident: SecurityIncident } }

/// What is put on record of notifications.
#[derive(Default)]
pub struct NotifyMutation;

#[Object]
impl NotifyMutation {
    /// Puts on record that a duty to notify was done. Nothing is sent. What is late says why.
    async fn incident_notify(
        &self,
        ctx: &Context<'_>,
        input: IncidentNotifyInput,
    ) -> Maybe<IncidentNotifyPayload> {
        certain(async { notify(ctx, input).await }).await
    }
}

async fn notify(ctx: &Context<'_>, input: IncidentNotifyInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    if let Err(reasons) = check(&input) {
        return Ok(Err(reasons));
    }
    let (regime, duty, notified_at) = (input.regime.0, input.duty.0, input.notified_at.0);
    recorded(operation, "incidentNotify", async || {
        use incident_notification::{ActiveModel, Column};
        let incident = Scoped::<Entity>::of(operation).get(input.id.0).await?;
        let told = Scoped::<incident_notification::Entity>::of(operation);
        let done = told.all(|rows| rows.filter(Column::IncidentId.eq(incident.id))).await?;
        let done: Vec<_> = done
            .iter()
            .map(|row| Notification { regime: row.regime, duty: row.duty, notified_at: row.notified_at })
            .collect();
        let now = operation.clock.now();
        let duties = deadlines(&facts(&incident), &done, now);
        let Some(due) = duties.iter().find(|due| (due.regime, due.duty) == (regime, duty)) else {
            let message = "the incident has no such duty under this law";
            accept!(Err(vec![UserError::on("duty", UserErrorCode::Invalid, message)]))
        };
        let mut reasons = Vec::new();
        if notified_at > now {
            reasons.push(UserError::on("notifiedAt", UserErrorCode::Invalid, "lies in the future"));
        }
        if notified_at < incident.detected_at {
            reasons.push(UserError::on("notifiedAt", UserErrorCode::Invalid, "lies before detectedAt"));
        }
        let is_late = due.notified_at.is_none() && due.is_late(notified_at);
        if is_late && input.delay_reason.is_none() {
            let message = "what is late says why (GDPR Art. 33(1))";
            reasons.push(UserError::on("delayReason", UserErrorCode::Required, message));
        }
        if !reasons.is_empty() {
            accept!(Err(reasons));
        }
        let row = ActiveModel {
            id: Set(IncidentNotificationId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(incident.tenant_id),
            incident_id: Set(incident.id),
            regime: Set(regime),
            duty: Set(duty),
            notified_at: Set(notified_at),
            delay_reason: Set(input.delay_reason.clone().map(FreeText::new)),
            recorded_by: Set(operation.identity()?.user),
            recorded_at: Set(now),
        };
        told.insert(row).await?;
        let event = Event::done(EventType::IncidentNotified, subject(&incident));
        Ok(Change::Done(incident, event.notified(regime, duty, is_late)))
    })
    .await
}
