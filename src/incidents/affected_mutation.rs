//! `incidentAffectedAdd`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::{IncidentStatus, Outcome as Ended, Scope};
use custodian_entity::id::{SecurityIncidentId, UserId};
use custodian_entity::security_incident::{ActiveModel, Column, Entity, Model};
use custodian_entity::{audit_event, disclosed_customer, disclosure, incident_customer, user};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, Set};

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
    // Whom entries are about is listed a moment later than they are written.
    audit::list(operation.database()).await?;
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
    use audit_event::Column::{ActorId, EventType, Id, OccurredAt, Outcome};
    use disclosed_customer::Column::{CustomerId, EventId, TenantId};
    let shown = Query::select()
        .distinct()
        .expr(Expr::val(incident.id))
        .column((disclosed_customer::Entity, CustomerId))
        .column((disclosed_customer::Entity, TenantId))
        .from(audit_event::Entity)
        .inner_join(
            disclosed_customer::Entity,
            Expr::col((disclosed_customer::Entity, EventId)).equals((audit_event::Entity, Id)),
        )
        .and_where(ActorId.eq(input.actor_id.0))
        .and_where(EventType.is_in(disclosure::KINDS))
        .and_where(Outcome.eq(Ended::Success))
        .and_where(OccurredAt.gte(input.from.0))
        .and_where(OccurredAt.lt(input.to.0))
        .and_where(TenantId.eq(incident.tenant_id))
        .to_owned();
    let mut insert = Query::insert();
    insert.into_table(incident_customer::Entity).columns([
        incident_customer::Column::IncidentId,
        incident_customer::Column::CustomerId,
        incident_customer::Column::TenantId,
    ]);
    insert.select_from(shown).map_err(Error::internal)?;
    insert.on_conflict(OnConflict::new().do_nothing().to_owned());
    operation.transaction().await?.execute(&insert).await?;
    Ok(())
}
