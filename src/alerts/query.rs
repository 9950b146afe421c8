//! `securityAlerts`

use async_graphql::{Context, Object};
use custodian_entity::choice::{AlertStatus, Severity};

use super::SecurityAlert;
use crate::authz::InOperation;
use crate::graphql::filter::{ChoiceFilter, DateTimeFilter, StringFilter, wanted};
use crate::graphql::{Connection, Maybe, certain, connection};
use crate::paging;

crate::filters! {
    /// Which alerts; every condition given must hold.
    SecurityAlertFilter of security_alert {
        status: ChoiceFilter<AlertStatus> => Column::Status,
        rule: StringFilter => Column::Rule,
        severity: ChoiceFilter<Severity> => Column::Severity,
        last_seen_at: DateTimeFilter => Column::LastSeenAt,
    }
}

/// What can be asked about alerts.
#[derive(Default)]
pub struct AlertQuery;

#[Object]
impl AlertQuery {
    /// The alerts the viewer reaches, in the order in which they were raised.
    async fn security_alerts(
        &self,
        ctx: &Context<'_>,
        filter: Option<SecurityAlertFilter>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<SecurityAlert>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, None).await
        })
        .await
    }
}
