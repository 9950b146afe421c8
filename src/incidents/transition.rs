//! `incidentTransition`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::IncidentStatus;
use custodian_entity::id::SecurityIncidentId;
use custodian_entity::security_incident::{ActiveModel, Column, Entity, Model};
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, Set};

use super::{SecurityIncident, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A step of an incident's lifecycle.
#[derive(InputObject)]
pub struct IncidentTransitionInput {
    /// Which incident.
    id: Gid<SecurityIncidentId>,
    /// Where it is to stand.
    status: Choice<IncidentStatus>,
}

crate::payloads! { IncidentTransitionPayload { incident: SecurityIncident } }

/// The steps of an incident's lifecycle.
#[derive(Default)]
pub struct StepMutation;

#[Object]
impl StepMutation {
    /// Takes a step: DETECTED → TRIAGED → CONTAINED → ERADICATED → RECOVERED → CLOSED. A breach of personal data is closed
    /// only once its effects, its cause and what was done about it are on record (GDPR Art. 33(5)).
    async fn incident_transition(
        &self,
        ctx: &Context<'_>,
        input: IncidentTransitionInput,
    ) -> Maybe<IncidentTransitionPayload> {
        certain(async { step(ctx, input).await }).await
    }
}

/// The steps there are (DOMAIN, Lifecycles).
fn is_step(from: IncidentStatus, to: IncidentStatus) -> bool {
    use IncidentStatus::{Closed, Contained, Detected, Eradicated, Recovered, Triaged};
    matches!(
        (from, to),
        (Detected, Triaged)
            | (Triaged, Contained)
            | (Contained, Eradicated)
            | (Eradicated, Recovered)
            | (Recovered, Closed)
    )
}

/// What a breach lacks to be closed.
fn lacking(row: &Model) -> Vec<UserError> {
    let texts =
        [("rootCause", &row.root_cause), ("effects", &row.effects), ("remediation", &row.remediation)];
    let missing = texts.into_iter().filter(|(_, text)| row.is_personal_data_breach && text.is_none());
    let message = "a breach is closed with it on record (GDPR Art. 33(5))";
    missing.map(|(name, _)| UserError::on(name, UserErrorCode::Required, message)).collect()
}

async fn step(ctx: &Context<'_>, input: IncidentTransitionInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "incidentTransition", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        let to = input.status.0;
        if !is_step(before.status, to) {
            accept!(Err(vec![UserError::transition(before.status, to)]));
        }
        let now = operation.clock.now();
        let mut row = ActiveModel { status: Set(to), ..Default::default() };
        if to == IncidentStatus::Contained && before.contained_at.is_none() {
            row.contained_at = Set(Some(now));
        }
        if to == IncidentStatus::Closed {
            let lacking = lacking(&before);
            if !lacking.is_empty() {
                accept!(Err(lacking));
            }
            row.closed_at = Set(Some(now));
        }
        let mut unchanged = Column::Status.eq(before.status);
        if to == IncidentStatus::Closed {
            // What was looked at is what is closed.
            unchanged = unchanged.and(Column::IsPersonalDataBreach.eq(before.is_personal_data_breach));
            if before.is_personal_data_breach {
                for text in [Column::RootCause, Column::Effects, Column::Remediation] {
                    unchanged = unchanged.and(text.is_not_null());
                }
            }
        }
        let changed = match rows.change(before.id, row, |update| update.filter(unchanged)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = Event::done(EventType::IncidentTransitioned, subject(&changed)).step(before.status, to);
        Ok(Change::Done(changed, event))
    })
    .await
}
