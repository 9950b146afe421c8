//! `Disclosure`

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use custodian_entity::disclosed_customer::{Column, Entity};
use custodian_entity::id::{AuditEventId, CustomerId};
use custodian_entity::{api_client, audit_event};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, WindowStatement};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde_json::Value;

use super::event::{AuditEvent, names};
use crate::authz::{InOperation, Operation, Scoped, Withheld, field};
use crate::clients::ApiClient;
use crate::error::{Error, Result};
use crate::graphql::batch::{Batch, load};
use crate::graphql::link::one;
use crate::graphql::page::MaxPageSize;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Gid, Maybe, certain, id, maybe};
use crate::history::Actor;

crate::nodes! {
    /// That sensitive data were shown in clear, unmasked or sent, and whose.
    Disclosure of disclosure;
}

/// How many customers are named where nothing else is asked for.
const FIRST: i64 = 25;

/// That sensitive data were shown in clear, unmasked or sent, and whose.
#[Object]
impl Disclosure {
    /// When.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }
    /// The operations, such as `customers`.
    async fn action(&self) -> &str {
        &self.0.action
    }
    /// The fields, such as `Customer.email`.
    async fn fields(&self) -> Vec<String> {
        self.0.fields_read.as_ref().map(names).unwrap_or_default()
    }
    /// What for, where that had to be said.
    async fn purpose(&self) -> Option<&str> {
        self.0.purpose.as_deref()
    }
    /// The entry of the audit log, where the viewer reaches it: one about many customers is none of theirs.
    async fn event(&self, ctx: &Context<'_>) -> Maybe<AuditEvent> {
        maybe(one::<audit_event::Entity>(ctx, Some(self.0.id))).await
    }
    /// To whom.
    async fn actor(&self, ctx: &Context<'_>) -> Maybe<Actor> {
        maybe(Actor::of_account(ctx, self.0.actor_id, self.0.api_client_id)).await
    }
    /// The role acted in.
    async fn actor_role(&self) -> Option<Withheld<&str, { field("Disclosure.actorRole") }>> {
        self.0.actor_role.as_deref().map(Withheld)
    }
    /// The API client they were shown through.
    async fn api_client(&self, ctx: &Context<'_>) -> Maybe<ApiClient> {
        maybe(one::<api_client::Entity>(ctx, self.0.api_client_id)).await
    }
    /// How many customers' data they were.
    async fn customer_count(&self) -> Option<Withheld<u64, { field("Disclosure.customerCount") }>> {
        // What is about one row says no number.
        self.0.details.get("customers").map_or(Some(1), Value::as_u64).map(Withheld)
    }
    /// Whose data they were, in the order of their ids: the first so many behind this one.
    async fn customer_ids(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "FIRST")] first: i64,
        after: Option<Gid<CustomerId>>,
    ) -> Maybe<Withheld<Vec<ID>, { field("Disclosure.customerIds") }>> {
        certain(async {
            let most = ctx.data_opt::<MaxPageSize>().map_or(0, |most| most.0);
            let first = u64::try_from(first).ok().filter(|first| (1..=most).contains(first));
            let first = first.ok_or_else(|| Error::bad_input(format!("first: from 1 to {most}")))?;
            let key = CustomersOf { event: self.0.id, first, after: after.map(|after| after.0) };
            let found = load(ctx, ctx.operation()?, key).await?.unwrap_or_default();
            Ok(Withheld(found.into_iter().map(id).collect()))
        })
        .await
    }
}

/// The customers an entry is about, some of them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CustomersOf {
    event: AuditEventId,
    first: u64,
    after: Option<CustomerId>,
}

impl Batch for CustomersOf {
    type Value = Vec<CustomerId>;

    /// One statement for all entries of which as many are asked for: they are numbered within each.
    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, Self::Value>> {
        let mut alike: HashMap<(u64, Option<CustomerId>), Vec<AuditEventId>> = HashMap::new();
        for key in keys {
            alike.entry((key.first, key.after)).or_default().push(key.event);
        }
        let mut found: HashMap<Self, Self::Value> = HashMap::new();
        for ((first, after), events) in alike {
            let scoped = Scoped::<Entity>::of(operation).unnoted();
            let mut behind = scoped.select().filter(Column::EventId.is_in(events));
            if let Some(after) = after {
                behind = behind.filter(Column::CustomerId.gt(after));
            }
            let columns = [Column::EventId, Column::CustomerId];
            let mut numbered = behind.select_only().columns(columns).into_query();
            numbered.expr_window_as(
                Expr::cust("ROW_NUMBER()"),
                WindowStatement::partition_by(Column::EventId)
                    .order_by(Column::CustomerId, Order::Asc)
                    .to_owned(),
                Alias::new("place"),
            );
            let wanted = Query::select()
                .columns(["event_id", "customer_id"])
                .from_subquery(numbered, "numbered")
                .and_where(Expr::col("place").lte(first))
                .to_owned();
            let is_wanted = Expr::tuple(columns.map(Expr::col)).in_subquery(wanted);
            let rows = scoped
                .all(|rows| {
                    rows.filter(is_wanted).order_by_asc(Column::EventId).order_by_asc(Column::CustomerId)
                })
                .await?;
            for row in rows {
                let key = Self { event: row.event_id, first, after };
                found.entry(key).or_default().push(row.customer_id);
            }
        }
        Ok(found)
    }
}
