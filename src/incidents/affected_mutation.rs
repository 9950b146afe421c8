//! `incidentAffectedAdd`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{IncidentStatus, Outcome as Ended, Scope};
use custodian_entity::id::{SecurityIncidentId, UserId};
use custodian_entity::security_incident::{ActiveModel, Column, Entity, Model};
use custodian_entity::{audit_event, disclosure, incident_customer, user};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, Set, Statement};

use super::{SecurityIncident, subject};
use crate::accept;
use crate::audit::{self, Change, Event, EventType, recorded};
use crate::authz::{InOperation, Operation, Rows, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// Whose data an account was shown.
#[derive(InputObject)]
pub struct IncidentAffectedAddInput {
    /// Of which incident.
    id: Gid<SecurityIncidentId>,
    /// The account.
    actor_id: Gid<UserId>,
    /// From this time on.
    from: DateTime,
    /// To before this time.
    to: DateTime,
}

crate::payloads! { IncidentAffectedAddPayload { incident: SecurityIncident } }

/// Whose data incidents are about.
#[derive(Default)]
pub struct AffectedMutation;

#[Object]
impl AffectedMutation {
    /// Adds the customers whose sensitive data an account was shown within this time, by the record of disclosures: how far a
    /// breach reaches when an account was taken over.
    async fn incident_affected_add(
        &self,
        ctx: &Context<'_>,
        input: IncidentAffectedAddInput,
    ) -> Maybe<IncidentAffectedAddPayload> {
        certain(async { add(ctx, input).await }).await
    }
}

async fn add(ctx: &Context<'_>, input: IncidentAffectedAddInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    if !matches!(operation.reach(disclosure::Entity::TYPE), Some(Scope::Tenant | Scope::All)) {
        return Err(Error::Forbidden("whose data was shown takes the right to read disclosures".to_owned()));
    }
    if input.from >= input.to {
        return Ok(Err(vec![UserError::on("to", UserErrorCode::Invalid, "has to lie behind from")]));
    }
    recorded(operation, "incidentAffectedAdd", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        Scoped::<user::Entity>::of(operation).get(input.actor_id.0).await?;
        if before.status == IncidentStatus::Closed {
            let message = "what is closed stays as it is";
            accept!(Err(vec![UserError::on("id", UserErrorCode::InvalidTransition, message)]));
        }
        insert(operation, &before, &input).await?;
        let of = incident_customer::Column::IncidentId.eq(before.id);
        let known = Scoped::<incident_customer::Entity>::of(operation).count(|rows| rows.filter(of)).await?;
        let count = i32::try_from(known).unwrap_or(i32::MAX);
        let row = ActiveModel {
            affected_count: Set(Some(Ord::max(count, before.affected_count.unwrap_or_default()))),
            ..Default::default()
        };
        let is_open = Column::Status.ne(IncidentStatus::Closed);
        let changed = match rows.change(before.id, row, |update| update.filter(is_open)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = Event::done(EventType::IncidentAffectedAdded, subject(&changed));
        let event = event.affected(input.actor_id.0, input.from.0, input.to.0, known);
        Ok(Change::Done(changed, event))
    })
    .await
}

/// Adds those that are not there yet, of the incident's own provider.
#[expect(
    clippy::disallowed_methods,
    reason = "whom the log tells of, within the incident that the viewer reaches"
)]
async fn insert(operation: &Operation, incident: &Model, input: &IncidentAffectedAddInput) -> Result<()> {
    use audit_event::Column::{ActorId, EventType, OccurredAt, Outcome, TenantId};
    let entries = Condition::all()
        .add(ActorId.eq(input.actor_id.0))
        .add(EventType.is_in(disclosure::KINDS))
        .add(Outcome.eq(Ended::Success))
        .add(OccurredAt.gte(input.from.0))
        .add(OccurredAt.lt(input.to.0))
        .add(TenantId.eq(incident.tenant_id));
    let transaction = operation.transaction().await?;
    let backend = transaction.get_database_backend();
    let (shown, mut values) = audit::shown_by(backend, entries);
    values.push(incident.id.into());
    let sql = format!(
        "INSERT INTO incident_customer (incident_id, customer_id, tenant_id)
         SELECT DISTINCT ${}, customer_id, chain FROM ({shown}) AS shown WHERE true
         ON CONFLICT DO NOTHING",
        values.len()
    );
    transaction.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}
