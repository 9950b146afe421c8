//! `SecurityIncident`, `NotificationDeadline`

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use custodian_entity::choice::{DataCategory, Duty, IncidentStatus, PrivacyRegime, Recipient, Severity};
use custodian_entity::id::SecurityIncidentId;
use custodian_entity::security_incident::Model;
use custodian_entity::{incident_customer, incident_notification, user};
use sea_orm::{ActiveEnum, ColumnTrait, Condition, QueryFilter};
use serde_json::Value;

use super::deadlines::{Facts, Notification, deadlines};
use super::draft;
use crate::authz::{InOperation, Operation, Pii, Scoped, field};
use crate::customers::Customer;
use crate::error::Result;
use crate::graphql::batch::{Batch, load};
use crate::graphql::link::one;
use crate::graphql::personal::Written;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Connection, Maybe, connection, id, maybe};
use crate::paging;
use crate::users::User;

crate::nodes! {
    /// A security incident.
    SecurityIncident of security_incident;
}

/// The values that an array names; what another version of the service wrote is left out.
pub(super) fn values<E: ActiveEnum<Value = String>>(array: &Value) -> Vec<E> {
    let names = array.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| E::try_from_value(&name.to_owned()).ok()).collect()
}

/// What the clocks of an incident depend on.
pub(super) fn facts(row: &Model) -> Facts {
    Facts {
        detected_at: row.detected_at,
        aware_at: row.aware_at,
        is_personal_data_breach: row.is_personal_data_breach,
        regimes: values(&row.regimes),
    }
}

/// A duty to notify of an incident, and its clock.
#[derive(SimpleObject)]
pub struct NotificationDeadline {
    /// Under which law.
    regime: Choice<PrivacyRegime>,
    /// What is to be done.
    duty: Choice<Duty>,
    /// Who is to be notified.
    recipient: Choice<Recipient>,
    /// The last moment that is in time; none where the law says "without undue delay" and no more.
    due_at: Option<DateTime>,
    /// Where the law says so.
    citation: &'static str,
    /// When it was done first.
    notified_at: Option<DateTime>,
    /// Whether the time is over and nothing was notified.
    is_overdue: bool,
    /// Why it was late.
    delay_reason: Option<Pii<Written, { crate::authz::field("NotificationDeadline.delayReason") }>>,
}

/// A security incident.
#[Object]
impl SecurityIncident {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Unique within the provider.
    async fn number(&self) -> &str {
        &self.0.number
    }
    /// Whether it is an exercise.
    async fn is_drill(&self) -> bool {
        self.0.is_drill
    }
    /// In a few words.
    async fn title(&self) -> Pii<Written, { field("SecurityIncident.title") }> {
        Pii(Written::new(self.0.title.clone(), None))
    }
    /// How bad it is.
    async fn severity(&self) -> Choice<Severity> {
        Choice(self.0.severity)
    }
    /// Where it stands.
    async fn status(&self) -> Choice<IncidentStatus> {
        Choice(self.0.status)
    }
    /// When it was detected.
    async fn detected_at(&self) -> DateTime {
        DateTime(self.0.detected_at)
    }
    /// When the provider became aware of a breach. Until somebody says, clocks run from when it was detected.
    async fn aware_at(&self) -> Option<DateTime> {
        self.0.aware_at.map(DateTime)
    }
    /// When it was determined what happened.
    async fn determined_at(&self) -> Option<DateTime> {
        self.0.determined_at.map(DateTime)
    }
    /// When it was contained.
    async fn contained_at(&self) -> Option<DateTime> {
        self.0.contained_at.map(DateTime)
    }
    /// When it was closed.
    async fn closed_at(&self) -> Option<DateTime> {
        self.0.closed_at.map(DateTime)
    }
    /// Whether personal data were breached (GDPR Art. 4(12)).
    async fn is_personal_data_breach(&self) -> bool {
        self.0.is_personal_data_breach
    }
    /// The kinds of data.
    async fn data_categories(&self) -> Vec<Choice<DataCategory>> {
        values(&self.0.data_categories).into_iter().map(Choice).collect()
    }
    /// How many people's data they were, as far as is known.
    async fn affected_count(&self) -> Option<i32> {
        self.0.affected_count
    }
    /// The laws that apply.
    async fn regimes(&self) -> Vec<Choice<PrivacyRegime>> {
        values(&self.0.regimes).into_iter().map(Choice).collect()
    }
    /// The duties to notify, what is due first in front.
    async fn deadlines(&self, ctx: &Context<'_>) -> Result<Vec<NotificationDeadline>> {
        Box::pin(self.clocks(ctx)).await
    }
    /// Why it happened.
    async fn root_cause(&self) -> Option<Pii<Written, { field("SecurityIncident.rootCause") }>> {
        self.0.root_cause.clone().map(|text| Pii(Written::new(text, None)))
    }
    /// What came of it.
    async fn effects(&self) -> Option<Pii<Written, { field("SecurityIncident.effects") }>> {
        self.0.effects.clone().map(|text| Pii(Written::new(text, None)))
    }
    /// What was done about it.
    async fn remediation(&self) -> Option<Pii<Written, { field("SecurityIncident.remediation") }>> {
        self.0.remediation.clone().map(|text| Pii(Written::new(text, None)))
    }
    /// Who leads.
    async fn lead(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.lead_id)).await
    }
    /// The customers whose data it is about, as far as they are known here; `affectedCount` may be more.
    async fn affected_customers(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Result<Connection<Customer>> {
        Box::pin(async {
            let (page, seal) = paging!(ctx, "SecurityIncident", first, after, last, before);
            let of = incident_customer::Column::IncidentId.eq(self.0.id);
            let of = Condition::all().add(of);
            connection::led_to::<_, incident_customer::Entity>(ctx, &page, seal, of).await
        })
        .await
    }
    /// What the authority is told under a law, or under each that applies, in Markdown: what is on record here, and what
    /// somebody has to fill in. None of what is no breach under it.
    async fn notification_draft(
        &self,
        ctx: &Context<'_>,
        regime: Option<Choice<PrivacyRegime>>,
    ) -> Maybe<String> {
        maybe(draft::of(ctx, &self.0, regime.map(|regime| regime.0))).await
    }
}

impl SecurityIncident {
    async fn clocks(&self, ctx: &Context<'_>) -> Result<Vec<NotificationDeadline>> {
        let operation = ctx.operation()?;
        let told = load(ctx, operation, NotificationsOf(self.0.id)).await?.unwrap_or_default();
        let done: Vec<_> = told
            .iter()
            .map(|row| Notification { regime: row.regime, duty: row.duty, notified_at: row.notified_at })
            .collect();
        let of = |deadline: super::deadlines::Deadline| {
            let told = told.iter().filter(|row| (row.regime, row.duty) == (deadline.regime, deadline.duty));
            let first = told.min_by_key(|row| row.notified_at);
            NotificationDeadline {
                regime: Choice(deadline.regime),
                duty: Choice(deadline.duty),
                recipient: Choice(deadline.recipient),
                due_at: deadline.due_at.map(DateTime),
                citation: deadline.citation,
                notified_at: deadline.notified_at.map(DateTime),
                is_overdue: deadline.is_overdue,
                delay_reason: first
                    .and_then(|row| row.delay_reason.clone())
                    .map(|text| Pii(Written::new(text, None))),
            }
        };
        let now = operation.clock.now();
        Ok(deadlines(&facts(&self.0), &done, now).into_iter().map(of).collect())
    }
}

/// What was notified of an incident.
#[derive(Clone, PartialEq, Eq, Hash)]
struct NotificationsOf(SecurityIncidentId);

impl Batch for NotificationsOf {
    type Value = Vec<incident_notification::Model>;

    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, Self::Value>> {
        let of = incident_notification::Column::IncidentId.is_in(keys.iter().map(|key| key.0));
        let rows = Scoped::<incident_notification::Entity>::of(operation)
            .opening([incident_notification::Column::DelayReason])
            .all(|rows| rows.filter(of))
            .await?;
        let mut found: HashMap<Self, Self::Value> = HashMap::new();
        for row in rows {
            found.entry(Self(row.incident_id)).or_default().push(row);
        }
        Ok(found)
    }
}
