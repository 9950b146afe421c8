//! `securityIncidents`, `breachRegister`

use async_graphql::{Context, Object};
use custodian_entity::choice::{IncidentStatus, Severity};
use custodian_entity::security_incident::Column;
use sea_orm::{ColumnTrait, Condition};

use super::SecurityIncident;
use crate::authz::InOperation;
use crate::graphql::filter::{BooleanFilter, ChoiceFilter, DateTimeFilter, wanted};
use crate::graphql::{Connection, Maybe, certain, connection};
use crate::paging;

crate::filters! {
    /// Which incidents; every condition given must hold.
    SecurityIncidentFilter of security_incident {
        status: ChoiceFilter<IncidentStatus> => Column::Status,
        severity: ChoiceFilter<Severity> => Column::Severity,
        detected_at: DateTimeFilter => Column::DetectedAt,
        is_personal_data_breach: BooleanFilter => Column::IsPersonalDataBreach,
        is_drill: BooleanFilter => Column::IsDrill,
    }
}

/// What can be asked about incidents.
#[derive(Default)]
pub struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// The incidents that the viewer reaches, drills among them, in the order in which they were put on record.
    async fn security_incidents(
        &self,
        ctx: &Context<'_>,
        filter: Option<SecurityIncidentFilter>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<SecurityIncident>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, None).await
        })
        .await
    }

    /// The register of breaches of personal data (GDPR Art. 33(5)): every one there was, whether or not it had to be
    /// notified, with its facts, its effects and what was done about it. Nothing leaves it.
    async fn breach_register(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<SecurityIncident>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let breaches =
                Condition::all().add(Column::IsPersonalDataBreach.eq(true)).add(Column::IsDrill.eq(false));
            connection::list(ctx, &page, seal, breaches, None).await
        })
        .await
    }
}
