//! Counting what a rule looks at, as the log was at an entry: by statements that have an index, with nothing kept between
//! them, so that whoever counts comes to the same.

#![expect(clippy::disallowed_methods, reason = "the log is watched whosever entries are in it")]

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use custodian_entity::audit_event::{Column, Entity, Model};
use custodian_entity::choice::UserKind;
use custodian_entity::id::AuditEventId;
use custodian_entity::{tenant, user};
use sea_orm::sea_query::{Expr, IntoCondition, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

use super::hours::is_outside;
use super::rule::{Key, Measure, Rule, Setting};
use crate::audit::shown_by;
use crate::authn::ADMINISTRATORS;
use crate::config::HoursRule;
use crate::error::Result;

/// How much a rule counts of somebody since then, up to an entry: at most so much, for more makes no difference, and who
/// does a great deal is not to keep the rules from everybody else.
pub(super) async fn count(
    db: &DatabaseTransaction,
    rule: &Rule,
    entry: &Model,
    key: &Key,
    since: DateTime<Utc>,
    setting: Setting,
) -> Result<u64> {
    let most = setting.most();
    let until = Condition::all().add(watched(rule, entry, key)).add(Column::Sequence.lte(entry.sequence));
    let within = until.clone().add(Column::OccurredAt.gt(since));
    match rule.measure {
        Measure::Entries => entries(db, within, most).await,
        Measure::Misses => entries(db, within.add(found_nobody(db)), most).await,
        Measure::Customers => customers(db, within, most).await,
        Measure::OutsideHours => match setting.hours {
            Some(hours) => outside(db, hours, entry, within, most).await,
            None => Ok(0),
        },
        Measure::NewNetworks => {
            let before = Condition::all().add(Column::Id.ne(entry.id));
            let anywhere = Key { network: None, ..key.clone() };
            let earlier = Condition::all().add(watched(rule, entry, &anywhere)).add(before.clone());
            let earlier = earlier.add(Column::Sequence.lt(entry.sequence));
            // Who never signed in has no network that would be known.
            let is_first = Entity::find().filter(earlier).limit(1).one(db).await?.is_none();
            let is_known = Entity::find().filter(within).filter(before).limit(1).one(db).await?.is_some();
            Ok((!is_first && !is_known).into())
        }
    }
}

/// The entries that the rule looks at of somebody. Those from before there were chains count too.
fn watched(rule: &Rule, entry: &Model, key: &Key) -> Condition {
    Condition::all()
        .add(Column::Chain.eq(entry.chain))
        .add(Column::EventType.is_in(rule.events.iter().map(|event| event.name())))
        .add_option(key.principal.map(|id| Column::ActorId.eq(id)))
        .add_option((rule.measure == Measure::NewNetworks).then(|| Column::ActorRole.is_in(ADMINISTRATORS)))
        .add_option(key.client.map(|id| Column::ApiClientId.eq(id)))
        .add_option(key.network.clone().map(|ip| Column::Ip.eq(ip)))
}

fn found_nobody(db: &DatabaseTransaction) -> Condition {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => "details ->> 'hits' = '0'",
        _ => "json_extract(details, '$.hits') = 0",
    };
    SimpleExpr::from(Expr::cust(sql)).into_condition()
}

async fn entries(db: &DatabaseTransaction, of: Condition, most: u64) -> Result<u64> {
    let ids = Entity::find().select_only().column(Column::Id).filter(of).limit(most);
    let ids: Vec<AuditEventId> = ids.into_tuple().all(db).await?;
    Ok(ids.len() as u64)
}

/// Entries at a time when nobody works; none of those who are no people of the provider, whom nobody tells when.
async fn outside(
    db: &DatabaseTransaction,
    hours: HoursRule,
    entry: &Model,
    of: Condition,
    most: u64,
) -> Result<u64> {
    let (Some(tenant), Some(account)) = (entry.tenant_id, entry.actor_id) else { return Ok(0) };
    let provider = tenant::Entity::find_by_id(tenant).one(db).await?;
    // What is no time zone was written before that was looked at.
    let zone = provider.and_then(|provider| provider.timezone.parse().ok()).unwrap_or(Tz::UTC);
    if !is_outside(hours, zone, entry.occurred_at) {
        return Ok(0);
    }
    let kind = user::Entity::find_by_id(account).select_only().column(user::Column::Kind);
    if kind.into_tuple().one(db).await? != Some(UserKind::Staff) {
        return Ok(0);
    }
    let latest = Entity::find().select_only().column(Column::OccurredAt).filter(of);
    let latest: Vec<DateTime<Utc>> =
        latest.order_by_desc(Column::Sequence).limit(most).into_tuple().all(db).await?;
    Ok(latest.into_iter().filter(|at| is_outside(hours, zone, *at)).count() as u64)
}

async fn customers(db: &DatabaseTransaction, of: Condition, most: u64) -> Result<u64> {
    let backend = db.get_database_backend();
    let (shown, values) = shown_by(backend, of);
    let sql = format!("SELECT DISTINCT customer_id FROM ({shown}) AS shown LIMIT {most}");
    let found = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(found.len() as u64)
}
