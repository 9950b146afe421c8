//! `auditEvents`, `disclosures`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::choice::Outcome;
use custodian_entity::id::{CustomerId, UserId};
use custodian_entity::{audit_event, customer, disclosed_customer, disclosed_list, disclosure};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Query};
use sea_orm::{ColumnTrait, Condition};

use super::{AuditEvent, Disclosure};
use crate::audit::EventType;
use crate::authz::{InOperation, Scoped, tells_of};
use crate::error::{Error, Result};
use crate::graphql::filter::{ChoiceFilter, DateTimeFilter, IdFilter, StringFilter, wanted};
use crate::graphql::scalar::DateTime;
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::filters! {
    /// Which entries of the audit log; every condition given must hold.
    AuditEventFilter of audit_event {
        occurred_at: DateTimeFilter => Column::OccurredAt,
        event_type: ChoiceFilter<EventType> => Column::EventType,
        outcome: ChoiceFilter<Outcome> => Column::Outcome,
        /// By the account that did it.
        actor_id: IdFilter => Column::ActorId,
        /// By the customer it is about.
        customer_id: IdFilter => Column::CustomerId,
        /// By the reseller of that customer then.
        reseller_id: IdFilter => Column::ResellerId,
        resource_type: StringFilter => Column::ResourceType,
        resource_id: StringFilter => Column::ResourceId,
        /// By the API client it was done through.
        api_client_id: IdFilter => Column::ApiClientId,
        correlation_id: StringFilter => Column::RequestId,
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct Period {
    /// From this time on.
    from: DateTime,
    /// To before this time.
    to: DateTime,
}

impl Period {
    fn holds(self, column: impl ColumnTrait) -> Result<Condition> {
        if self.from >= self.to {
            return Err(Error::bad_input("between: from has to lie before to"));
        }
        Ok(Condition::all().add(column.gte(self.from.0)).add(column.lt(self.to.0)))
    }

    /// That the entry that is about a set is of this time.
    fn of_entries(self) -> Result<Condition> {
        let entry = Expr::col((audit_event::Entity, audit_event::Column::Id));
        let one = Query::select()
            .expr(Expr::val(1))
            .from(audit_event::Entity)
            .and_where(entry.equals((disclosed_list::Entity, disclosed_list::Column::EventId)))
            .cond_where(self.holds(audit_event::Column::OccurredAt)?)
            .to_owned();
        Ok(Expr::exists(one).into_condition())
    }
}

/// What can be asked about what happened.
#[derive(Default)]
pub struct TrailQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside what is asked for"
)]
impl TrailQuery {
    /// The entries of the audit log that the viewer reaches, newest first.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditEventFilter>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<AuditEvent>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            let newest_first = Some((audit_event::Column::OccurredAt, OrderDirection::Desc));
            connection::list(ctx, &page, seal, filter, newest_first).await
        })
        .await
    }

    /// What was shown of a customer, or what an account was shown, newest first. One of the two is given, not both. Whose
    /// data were shown is listed within a second.
    async fn disclosures(
        &self,
        ctx: &Context<'_>,
        customer_id: Option<Gid<CustomerId>>,
        actor_id: Option<Gid<UserId>>,
        between: Option<Period>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Disclosure>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let operation = ctx.operation()?;
            match (customer_id, actor_id) {
                (Some(Gid(customer)), None) => {
                    use disclosed_customer::Column::CustomerId;
                    Scoped::<customer::Entity>::of(operation).unnoted().get(customer).await?;
                    let within = between.map(|period| period.of_entries()).transpose()?;
                    let of = tells_of(CustomerId.eq(customer).into_condition());
                    let of = Condition::all().add(of).add_option(within);
                    connection::led_to::<_, disclosed_list::Entity>(ctx, &page, seal, of).await
                }
                (None, Some(Gid(actor))) => {
                    use disclosure::Column::{ActorId, OccurredAt};
                    let of = Condition::all()
                        .add(ActorId.eq(actor))
                        .add_option(between.map(|period| period.holds(OccurredAt)).transpose()?);
                    let newest_first = Some((OccurredAt, OrderDirection::Desc));
                    connection::list(ctx, &page, seal, of, newest_first).await
                }
                _ => Err(Error::bad_input("give customerId or actorId, one of the two")),
            }
        })
        .await
    }
}
