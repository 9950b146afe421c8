//! `incidentOpen`, `incidentUpdate`

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use chrono::{DateTime as Time, Utc};
use custodian_entity::choice::{DataCategory, IncidentStatus, PrivacyRegime, Severity};
use custodian_entity::id::{SecurityAlertId, SecurityIncidentId, TenantId, TypedId, UserId};
use custodian_entity::personal::FreeText;
use custodian_entity::security_incident::{ActiveModel, Column, Entity, Model};
use custodian_entity::{incident_customer, security_alert};
use garde::Validate;
use sea_orm::{ActiveEnum, ColumnTrait, Condition, QueryFilter, Set};
use serde_json::Value;

use super::{SecurityIncident, subject};
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::DateTime;
use crate::graphql::validate::{self, Given, line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::support::check_assignee;
use crate::{accept, numbers};

/// A new incident.
#[derive(InputObject, Validate)]
pub struct IncidentOpenInput {
    /// In a few words. Name nobody.
    #[garde(custom(line), length(chars, max = 200))]
    title: String,
    /// How bad it is.
    #[garde(skip)]
    severity: Choice<Severity>,
    /// When it was detected.
    #[garde(skip)]
    detected_at: DateTime,
    /// When the provider became aware that personal data were breached.
    #[garde(skip)]
    aware_at: Option<DateTime>,
    /// Whether personal data were breached; when not given, not as far as is known.
    #[garde(skip)]
    is_personal_data_breach: Option<bool>,
    /// The kinds of data.
    #[garde(inner(length(max = 6)))]
    data_categories: Option<Vec<Choice<DataCategory>>>,
    /// The laws that apply.
    #[garde(inner(length(max = 4)))]
    regimes: Option<Vec<Choice<PrivacyRegime>>>,
    /// Who leads: somebody who works for the provider.
    #[garde(skip)]
    lead_id: Option<Gid<UserId>>,
    /// An alert that it answers, and that belongs to no other.
    #[garde(skip)]
    alert_id: Option<Gid<SecurityAlertId>>,
    /// Whether it is an exercise.
    #[garde(skip)]
    is_drill: Option<bool>,
}

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct IncidentUpdateInput {
    /// Which incident.
    #[garde(skip)]
    id: Gid<SecurityIncidentId>,
    /// In a few words. Name nobody.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    title: Option<String>,
    /// How bad it is.
    #[garde(skip)]
    severity: Option<Choice<Severity>>,
    /// When it was detected.
    #[garde(skip)]
    detected_at: Option<DateTime>,
    /// When the provider became aware that personal data were breached.
    #[garde(skip)]
    aware_at: MaybeUndefined<DateTime>,
    /// When it was determined what happened.
    #[garde(skip)]
    determined_at: MaybeUndefined<DateTime>,
    /// When it was contained.
    #[garde(skip)]
    contained_at: MaybeUndefined<DateTime>,
    /// Whether personal data were breached. What is on the register stays there.
    #[garde(skip)]
    is_personal_data_breach: Option<bool>,
    /// The kinds of data.
    #[garde(inner(length(max = 6)))]
    data_categories: Option<Vec<Choice<DataCategory>>>,
    /// The laws that apply.
    #[garde(inner(length(max = 4)))]
    regimes: Option<Vec<Choice<PrivacyRegime>>>,
    /// How many people's data they were.
    #[garde(custom(count))]
    affected_count: MaybeUndefined<i32>,
    /// Why it happened. Name nobody.
    #[garde(custom(validate::optional_lines::<10_000>))]
    root_cause: MaybeUndefined<String>,
    /// What came of it. Name nobody.
    #[garde(custom(validate::optional_lines::<10_000>))]
    effects: MaybeUndefined<String>,
    /// What was done about it. Name nobody.
    #[garde(custom(validate::optional_lines::<10_000>))]
    remediation: MaybeUndefined<String>,
    /// Who leads.
    #[garde(skip)]
    lead_id: MaybeUndefined<Gid<UserId>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde asks so")]
fn count(number: &MaybeUndefined<i32>, _: &()) -> garde::Result {
    match number {
        MaybeUndefined::Value(number) if *number < 0 => Err(garde::Error::new("is less than none")),
        _ => Ok(()),
    }
}

crate::payloads! {
    IncidentOpenPayload { incident: SecurityIncident }
    IncidentUpdatePayload { incident: SecurityIncident }
}

/// What is put on record of incidents.
#[derive(Default)]
pub struct IncidentMutation;

#[Object]
impl IncidentMutation {
    /// Puts an incident of the viewer's own provider on record.
    async fn incident_open(&self, ctx: &Context<'_>, input: IncidentOpenInput) -> Maybe<IncidentOpenPayload> {
        certain(async { open(ctx, input).await }).await
    }

    /// Changes what is known of an incident that is not closed.
    async fn incident_update(
        &self,
        ctx: &Context<'_>,
        input: IncidentUpdateInput,
    ) -> Maybe<IncidentUpdatePayload> {
        certain(async { update(ctx, input).await }).await
    }
}

/// The names of a set, each once.
fn names<E: ActiveEnum<Value = String> + Copy + Ord>(chosen: &[Choice<E>]) -> Value {
    let mut chosen: Vec<E> = chosen.iter().map(|one| one.0).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen.into_iter().map(|one| one.to_value()).collect()
}

async fn open(ctx: &Context<'_>, input: IncidentOpenInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "incidentOpen", async || {
        let tenant = operation.identity()?.tenant;
        let mut given = Given::checked(&input);
        given.note("title", true);
        given.note("severity", true);
        given.note("detectedAt", true);
        given.note("awareAt", input.aware_at.is_some());
        given.note("isPersonalDataBreach", input.is_personal_data_breach.is_some());
        given.note("dataCategories", input.data_categories.is_some());
        given.note("regimes", input.regimes.is_some());
        given.note("lead", input.lead_id.is_some());
        given.note("isDrill", input.is_drill.is_some());
        let names_given = accept!(given.finish());
        if let Some(lead) = input.lead_id {
            check_assignee(operation, lead.0, tenant).await?;
        }
        let is_drill = input.is_drill.unwrap_or_default();
        let now = operation.clock.now();
        let number = numbers::next(operation, tenant, if is_drill { "DRILL" } else { "INCIDENT" }).await?;
        let row = Model {
            id: SecurityIncidentId::from_uuid(operation.clock.new_uuid()),
            tenant_id: tenant,
            number: format!("{}-{number:06}", if is_drill { "DRILL" } else { "INC" }),
            is_drill,
            title: FreeText::new(input.title.trim().to_owned()),
            severity: input.severity.0,
            status: IncidentStatus::Detected,
            detected_at: input.detected_at.0,
            aware_at: input.aware_at.map(|time| time.0),
            determined_at: None,
            contained_at: None,
            closed_at: None,
            is_personal_data_breach: input.is_personal_data_breach.unwrap_or_default(),
            data_categories: names(input.data_categories.as_deref().unwrap_or_default()),
            regimes: names(input.regimes.as_deref().unwrap_or_default()),
            affected_count: None,
            root_cause: None,
            effects: None,
            remediation: None,
            lead_id: input.lead_id.map(|lead| lead.0),
            created_at: now,
        };
        accept!(in_order(&row, now));
        let row = <ActiveModel as From<Model>>::from(row);
        let added = Scoped::<Entity>::of(operation).insert(row).await?;
        if let Some(alert) = input.alert_id {
            accept!(answer(operation, alert.0, tenant, added.id).await?);
        }
        let event = Event::done(EventType::IncidentOpened, subject(&added)).fields(names_given);
        Ok(Change::Done(added, event))
    })
    .await
}

/// Ties an alert to the incident that answers it.
async fn answer(
    operation: &Arc<Operation>,
    alert: SecurityAlertId,
    tenant: TenantId,
    incident: SecurityIncidentId,
) -> Result<Outcome<()>> {
    use security_alert::{ActiveModel, Column, Entity};
    let alerts = Scoped::<Entity>::of(operation);
    let found = alerts.get(alert).await?;
    // What is about no provider may be answered by any that reaches it.
    if found.tenant_id.is_some_and(|of| of != tenant) {
        return Err(Error::NotFound);
    }
    let row = ActiveModel { incident_id: Set(Some(incident)), ..Default::default() };
    match alerts.change(alert, row, |update| update.filter(Column::IncidentId.is_null())).await {
        Ok(_) => Ok(Ok(())),
        Err(Error::NotFound) => {
            let message = "belongs to another incident";
            Ok(Err(vec![UserError::on("alertId", UserErrorCode::Taken, message)]))
        }
        Err(other) => Err(other),
    }
}

/// That what happened is in the order of time, and not yet to come.
fn in_order(row: &Model, now: Time<Utc>) -> Outcome<()> {
    let mut reasons = Vec::new();
    let times =
        [("awareAt", row.aware_at), ("determinedAt", row.determined_at), ("containedAt", row.contained_at)];
    for (name, time) in times.into_iter().filter_map(|(name, time)| Some((name, time?))) {
        if time < row.detected_at {
            reasons.push(UserError::on(name, UserErrorCode::Invalid, "lies before detectedAt"));
        }
    }
    let all = times.into_iter().chain([("detectedAt", Some(row.detected_at))]);
    for (name, _) in all.filter(|(_, time)| time.is_some_and(|time| time > now)) {
        reasons.push(UserError::on(name, UserErrorCode::Invalid, "lies in the future"));
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

async fn update(ctx: &Context<'_>, input: IncidentUpdateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "incidentUpdate", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        if before.status == IncidentStatus::Closed {
            let message = "what is closed stays as it is";
            accept!(Err(vec![UserError::on("id", UserErrorCode::InvalidTransition, message)]));
        }
        if before.is_personal_data_breach && input.is_personal_data_breach == Some(false) {
            let message = "a breach stays on the register: say in remediation why it was none";
            accept!(Err(vec![UserError::on("isPersonalDataBreach", UserErrorCode::Invalid, message)]));
        }
        if let MaybeUndefined::Value(lead) = input.lead_id {
            check_assignee(operation, lead.0, before.tenant_id).await?;
        }
        accept!(counts_all(operation, &before, input.affected_count).await?);
        let denies_breach = input.is_personal_data_breach == Some(false);
        let mut row = ActiveModel::default();
        let names = accept!(fill(&mut row, input));
        let mut after = before.clone();
        if let Some(time) = row.detected_at.try_as_ref() {
            after.detected_at = *time;
        }
        for (time, changed) in [
            (&mut after.aware_at, &row.aware_at),
            (&mut after.determined_at, &row.determined_at),
            (&mut after.contained_at, &row.contained_at),
        ] {
            if let Some(changed) = changed.try_as_ref() {
                *time = *changed;
            }
        }
        accept!(in_order(&after, operation.clock.now()));
        let event = |row: &Model| Event::done(EventType::IncidentUpdated, subject(row));
        if names.is_empty() {
            let event = event(&before);
            return Ok(Change::Done(before, event));
        }
        let is_open = Column::Status.ne(IncidentStatus::Closed);
        // Somebody else may have said so meanwhile.
        let is_none = denies_breach.then(|| Column::IsPersonalDataBreach.eq(false));
        let allowed = Condition::all().add(is_open).add_option(is_none);
        let changed = match rows.change(before.id, row, |update| update.filter(allowed)).await {
            Err(Error::NotFound) => return Err(Error::Conflict),
            changed => changed?,
        };
        let event = event(&changed).fields(names);
        Ok(Change::Done(changed, event))
    })
    .await
}

/// That a number of people concerned is no smaller than that of the customers on record.
async fn counts_all(
    operation: &Arc<Operation>,
    incident: &Model,
    number: MaybeUndefined<i32>,
) -> Result<Outcome<()>> {
    let number = match number {
        MaybeUndefined::Undefined => return Ok(Ok(())),
        MaybeUndefined::Null => 0,
        MaybeUndefined::Value(number) => u64::try_from(number).unwrap_or_default(),
    };
    let of = incident_customer::Column::IncidentId.eq(incident.id);
    let known = Scoped::<incident_customer::Entity>::of(operation).count(|rows| rows.filter(of)).await?;
    Ok(match number < known {
        false => Ok(()),
        true => {
            let message = format!("{known} customers are on record as affected");
            Err(vec![UserError::on("affectedCount", UserErrorCode::Invalid, message)])
        }
    })
}

fn fill(row: &mut ActiveModel, input: IncidentUpdateInput) -> Outcome<Vec<&'static str>> {
    let mut given = Given::checked(&input);
    let time = |time: DateTime| time.0;
    given.set("title", &mut row.title, input.title.map(|text| FreeText::new(text.trim().to_owned())));
    given.set("severity", &mut row.severity, input.severity.map(|severity| severity.0));
    given.set("detectedAt", &mut row.detected_at, input.detected_at.map(time));
    given.set_or_clear("awareAt", &mut row.aware_at, input.aware_at.map_value(time));
    given.set_or_clear("determinedAt", &mut row.determined_at, input.determined_at.map_value(time));
    given.set_or_clear("containedAt", &mut row.contained_at, input.contained_at.map_value(time));
    given.set("isPersonalDataBreach", &mut row.is_personal_data_breach, input.is_personal_data_breach);
    given.set("dataCategories", &mut row.data_categories, input.data_categories.as_deref().map(names));
    given.set("regimes", &mut row.regimes, input.regimes.as_deref().map(names));
    given.set_or_clear("affectedCount", &mut row.affected_count, input.affected_count);
    given.set_or_clear("rootCause", &mut row.root_cause, input.root_cause.map_value(FreeText::new));
    given.set_or_clear("effects", &mut row.effects, input.effects.map_value(FreeText::new));
    given.set_or_clear("remediation", &mut row.remediation, input.remediation.map_value(FreeText::new));
    given.set_or_clear("lead", &mut row.lead_id, input.lead_id.map_value(|id| id.0));
    given.finish()
}
