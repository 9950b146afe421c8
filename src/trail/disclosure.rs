//! `Disclosure`

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::Scope;
use custodian_entity::disclosure::Model;
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::{api_client, audit_event, disclosed_customer, disclosed_list, disclosed_set};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;

use super::event::{AuditEvent, names};
use crate::authz::{InOperation, Operation, Rows, Scoped, Withheld, field};
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
            let first = first.and_then(|first| usize::try_from(first).ok());
            let first = first.ok_or_else(|| Error::bad_input(format!("first: from 1 to {most}")))?;
            let Model { chain, sequence, .. } = self.0;
            let key = CustomersOf { chain, sequence, first, after: after.map(|after| after.0) };
            let found = load(ctx, ctx.operation()?, key).await?.unwrap_or_default();
            Ok(Withheld(found.into_iter().map(id).collect()))
        })
        .await
    }
}

/// The customers an entry is about, some of them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CustomersOf {
    chain: Uuid,
    sequence: i64,
    first: usize,
    after: Option<CustomerId>,
}

/// A set of customers: its chain, and what it is known by.
type Set = (Uuid, Vec<u8>);

impl Batch for CustomersOf {
    type Value = Vec<CustomerId>;

    /// Two statements for any number of entries.
    async fn load(operation: &Arc<Operation>, keys: Vec<Self>) -> Result<HashMap<Self, Self::Value>> {
        use disclosed_list::Column::{Chain, Sequence};
        let entries = keys.iter().map(|key| (key.chain, key.sequence));
        let entries = of_chains(entries, Chain, Sequence);
        let lists = Scoped::<disclosed_list::Entity>::of(operation).unnoted();
        let lists = lists.all(|rows| rows.filter(entries)).await?;
        let sets: HashMap<(Uuid, i64), Set> =
            lists.into_iter().map(|list| ((list.chain, list.sequence), (list.chain, list.digest))).collect();
        let customers = customers(operation, sets.values().cloned().collect()).await?;
        let some = |key: Self| {
            let all = sets.get(&(key.chain, key.sequence)).and_then(|set| customers.get(set));
            let behind = all?.iter().filter(|id| key.after.is_none_or(|after| after.uuid() < id.uuid()));
            let some = behind.take(key.first).copied().collect();
            Some((key, some))
        };
        Ok(keys.into_iter().filter_map(some).collect())
    }
}

/// The customers of these sets that the viewer reaches, in the order of their ids. Whoever reaches all of a provider's reads
/// the sets; who reaches some has no sets to read, and finds his customers in them.
#[expect(
    clippy::disallowed_methods,
    reason = "sets that lists within reach name, of who reaches all of them"
)]
async fn customers(operation: &Arc<Operation>, sets: HashSet<Set>) -> Result<HashMap<Set, Vec<CustomerId>>> {
    let mut found: HashMap<Set, Vec<CustomerId>> = HashMap::new();
    if matches!(operation.reach(disclosed_list::Entity::TYPE), Some(Scope::All | Scope::Tenant)) {
        use disclosed_set::Column::{Chain, Digest};
        let transaction = operation.transaction().await?;
        let sets = disclosed_set::Entity::find().filter(of_chains(sets, Chain, Digest));
        for set in sets.all(&*transaction).await? {
            let ids = set.customers.chunks(16).filter_map(|id| Uuid::from_slice(id).ok());
            found.insert((set.chain, set.digest), ids.map(CustomerId::from_uuid).collect());
        }
        return Ok(found);
    }
    use disclosed_customer::Column::{CustomerId as Id, Digest, TenantId};
    let scoped = Scoped::<disclosed_customer::Entity>::of(operation).unnoted();
    let of = of_chains(sets, TenantId, Digest);
    for row in scoped.all(|rows| rows.filter(of).order_by_asc(Id)).await? {
        found.entry((row.tenant_id.uuid(), row.digest)).or_default().push(row.customer_id);
    }
    Ok(found)
}

/// Rows that are known by their chain and something else.
fn of_chains<C: ColumnTrait, T: Into<sea_orm::Value>>(
    keys: impl IntoIterator<Item = (Uuid, T)>,
    chain: C,
    key: C,
) -> Condition {
    let mut chains: HashMap<Uuid, Vec<T>> = HashMap::new();
    for (chain, key) in keys {
        chains.entry(chain).or_default().push(key);
    }
    let of = |(id, keys)| Condition::all().add(chain.eq(id)).add(key.is_in::<T, Vec<T>>(keys));
    chains.into_iter().map(of).fold(Condition::any(), Condition::add)
}
