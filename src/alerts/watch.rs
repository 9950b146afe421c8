//! Watching the audit log: each chain is read on in order, and what a rule finds in an entry is written in the transaction
//! that notes how far it was read.
//!
//! Whoever reads a chain on has locked its cursor until his transaction is over: so of several instances one does, each
//! entry is judged once, and who is killed leaves the entry to the next. What is counted is in the log itself.

#![expect(clippy::disallowed_methods, reason = "the log is watched whosever entries are in it")]

use std::collections::HashMap;
use std::sync::Arc;

use custodian_entity::choice::{AlertStatus, ContainmentKind, Severity};
use custodian_entity::id::{SecurityAlertId, TypedId};
use custodian_entity::personal::Email;
use custodian_entity::{alert_cursor, audit_event, audit_head, security_alert, tenant};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use super::contain::contain;
use super::count::count;
use super::rule::{Key, RULES, Rule, Setting, judge};
use crate::audit::{Event, EventType, Subject, noted};
use crate::authn::ANONYMOUS;
use crate::authz::Operation;
use crate::config::Alerts;
use crate::database::{Settings, unless_gone};
use crate::error::{Error, Result};
use crate::mail::{Found, Notice, Outbox};

/// Counts alerts that were raised, by rule.
pub const RAISED: &str = "custodian_security_alerts_total";

/// How many entries that some rule looks at are read in one transaction: others that write wait for it on SQLite.
const AT_ONCE: u64 = 50;

/// What watches the log.
pub struct Watcher {
    alerts: Alerts,
    outbox: Arc<Outbox>,
}

impl Watcher {
    /// By these rules; letters go out by this outbox.
    pub fn new(alerts: Alerts, outbox: Arc<Outbox>) -> Self {
        Self { alerts, outbox }
    }

    /// Reads every chain on, up to a limit, and says whether one was read. What is wrong with one chain is logged, and does
    /// not keep the others.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn watch(&self, operation: &Operation) -> Result<bool> {
        let operation = &operation.told(Settings::of_alerts());
        let behind = unless_gone(behind(operation)).await?;
        let mut was_read = false;
        for chain in behind {
            let reading = noted(operation, "alerts", async || self.read_on(operation, chain).await);
            match unless_gone(reading).await {
                Ok((has_read, raised)) => {
                    was_read |= has_read;
                    for rule in raised {
                        metrics::counter!(RAISED, "rule" => rule).increment(1);
                    }
                }
                Err(error) => error.log(),
            }
        }
        Ok(was_read)
    }

    /// Reads a chain on in the running transaction, and says which rules raised alerts.
    async fn read_on(
        &self,
        operation: &Arc<Operation>,
        chain: Uuid,
    ) -> Result<((bool, Vec<&'static str>), Vec<Event>)> {
        let db = operation.transaction().await?;
        let (mut raised, mut events) = (Vec::new(), Vec::new());
        let cursor = locked(&db, chain).await?;
        let Some(head) = audit_head::Entity::find_by_id(chain).one(&*db).await? else {
            return Ok(((false, raised), events));
        };
        let end = head.sequence;
        if end <= cursor.sequence {
            return Ok(((false, raised), events));
        }
        let entries = following(&db, &cursor, end).await?;
        // Where there are fewer than were asked for, no rule looks at what is behind them.
        let is_all = u64::try_from(entries.len()).is_ok_and(|read| read < AT_ONCE);
        let last = entries.last().map(|entry| entry.sequence);
        for entry in &entries {
            for rule in &RULES {
                let setting = rule.setting(&self.alerts);
                let key = setting.enabled.then(|| rule.key(entry)).flatten();
                let Some(key) = key else { continue };
                let found = self.judged(operation, &db, rule, setting, entry, &key).await?;
                if !found.is_empty() {
                    raised.push(rule.name);
                }
                events.extend(found);
            }
        }
        let read = if is_all { end } else { last.unwrap_or(end) };
        alert_cursor::Entity::update(alert_cursor::ActiveModel {
            chain: sea_orm::ActiveValue::Unchanged(chain),
            sequence: Set(read),
        })
        .exec(&*db)
        .await?;
        Ok(((true, raised), events))
    }

    /// Judges an entry by a rule: an alert that is open is prolonged, another is raised, and what the rule does about whom it is
    /// about is done.
    async fn judged(
        &self,
        operation: &Arc<Operation>,
        db: &DatabaseTransaction,
        rule: &'static Rule,
        setting: Setting,
        entry: &audit_event::Model,
        key: &Key,
    ) -> Result<Vec<Event>> {
        let latest = latest(db, rule, entry.chain, key).await?;
        let mut since = entry.occurred_at.checked_sub_signed(setting.window).unwrap_or(entry.occurred_at);
        // What somebody took note of is not told of again.
        if let Some(known) = latest.as_ref().and_then(|alert| alert.acknowledged_at) {
            since = since.max(known);
        }
        let count = count(db, rule, entry, key, since, setting).await?;
        let Some(severity) = judge(setting, rule.severity, count) else { return Ok(Vec::new()) };
        // What nobody looked at for so long does not swallow what is new.
        let goes_on = |alert: &security_alert::Model| {
            alert.status == AlertStatus::Open && alert.last_seen_at + setting.window >= entry.occurred_at
        };
        let alert = match latest.filter(goes_on) {
            Some(open) => {
                let looks_worse = severity > open.severity;
                let alert = prolong(db, rule, setting, open, entry, key, severity, count).await?;
                if !looks_worse {
                    return Ok(Vec::new());
                }
                alert
            }
            None => raise(operation, db, rule, setting, entry, key, severity, count).await?,
        };
        let contained = contain(operation, db, setting.contain, &alert, entry).await?;
        let done = contained.as_ref().map(|(kind, _)| *kind);
        self.tell(operation, db, &alert, count, done).await?;
        let resource = ("SecurityAlert", alert.id.encode());
        let event = Event::done(
            EventType::SecurityAlertRaised,
            Subject::owned(resource, alert.tenant_id, None, None),
        );
        let raised = event.alert(rule.name, severity, count).in_role(ANONYMOUS);
        Ok([Some(raised), contained.map(|(_, event)| event)].into_iter().flatten().collect())
    }

    /// Queues a letter to whom the provider named, if it named somebody, and a call of the webhook, if there is one.
    async fn tell(
        &self,
        operation: &Arc<Operation>,
        db: &DatabaseTransaction,
        alert: &security_alert::Model,
        count: u64,
        contained: Option<ContainmentKind>,
    ) -> Result<()> {
        let Some(tenant) = alert.tenant_id else { return Ok(()) };
        let (severity, id) = (alert.severity.to_value(), alert.id.encode());
        let principal = alert.principal_id.map(TypedId::encode);
        let client = alert.api_client_id.map(TypedId::encode);
        let contained = contained.map(|kind| kind.to_value());
        let found = Found {
            rule: &alert.rule,
            severity: &severity,
            count,
            at: alert.last_seen_at,
            alert: &id,
            principal: principal.as_deref(),
            client: client.as_deref(),
            contained: contained.as_deref(),
        };
        self.outbox.call(operation, tenant, found).await?;
        let provider = tenant::Entity::find_by_id(tenant).one(db).await?;
        let Some(contact) = provider.and_then(|provider| provider.security_contact) else { return Ok(()) };
        self.outbox.queue(operation, tenant, &Email::new(contact), Notice::SecurityAlert(found)).await
    }
}

/// The chains that went on since they were read.
async fn behind(operation: &Arc<Operation>) -> Result<Vec<Uuid>> {
    let db = operation.transaction().await?;
    let cursors = alert_cursor::Entity::find().all(&*db).await?;
    let read: HashMap<Uuid, i64> =
        cursors.into_iter().map(|cursor| (cursor.chain, cursor.sequence)).collect();
    let heads = audit_head::Entity::find().order_by_asc(audit_head::Column::Chain).all(&*db).await?;
    drop(db);
    operation.end().await?;
    let goes_on =
        |head: &audit_head::Model| head.sequence > read.get(&head.chain).copied().unwrap_or_default();
    Ok(heads.into_iter().filter(goes_on).map(|head| head.chain).collect())
}

/// How far a chain was read, which nobody else reads on before this transaction is over.
async fn locked(db: &DatabaseTransaction, chain: Uuid) -> Result<alert_cursor::Model> {
    let first = alert_cursor::ActiveModel { chain: Set(chain), sequence: Set(0) };
    let begun = alert_cursor::Entity::insert(first)
        .on_conflict(OnConflict::column(alert_cursor::Column::Chain).do_nothing().to_owned());
    begun.exec_without_returning(db).await?;
    let cursor = alert_cursor::Entity::find_by_id(chain);
    // SQLite has one writer at a time anyway.
    let cursor = match db.get_database_backend() {
        DbBackend::Postgres => cursor.lock_exclusive(),
        _ => cursor,
    };
    cursor.one(db).await?.ok_or_else(|| Error::bug("a chain that was never read"))
}

/// The entries that follow on what was read and that some rule looks at, so many at most.
async fn following(
    db: &DatabaseTransaction,
    cursor: &alert_cursor::Model,
    end: i64,
) -> Result<Vec<audit_event::Model>> {
    use audit_event::Column::{Chain, EventType, Sequence};
    let watched = RULES.iter().flat_map(|rule| rule.events).map(|event| event.name());
    let entries = audit_event::Entity::find()
        // Those with 0 are from before there were chains, and not in the index of the others.
        .filter(Chain.eq(cursor.chain))
        .filter(Sequence.gt(0))
        .filter(Sequence.gt(cursor.sequence))
        .filter(Sequence.lte(end))
        .filter(EventType.is_in(watched))
        .order_by_asc(Sequence)
        .limit(AT_ONCE);
    Ok(entries.all(db).await?)
}

/// The latest alert of a rule about somebody.
async fn latest(
    db: &DatabaseTransaction,
    rule: &Rule,
    chain: Uuid,
    key: &Key,
) -> Result<Option<security_alert::Model>> {
    use security_alert::Column;
    let principal = key.principal.map_or(Column::PrincipalId.is_null(), |id| Column::PrincipalId.eq(id));
    let client = key.client.map_or(Column::ApiClientId.is_null(), |id| Column::ApiClientId.eq(id));
    let network = key.network.clone().map_or(Column::Ip.is_null(), |ip| Column::Ip.eq(ip));
    let found = security_alert::Entity::find()
        .filter(Column::Chain.eq(chain))
        .filter(Column::Rule.eq(rule.name))
        .filter(principal)
        .filter(client)
        .filter(network)
        .order_by_desc(Column::LastSeenAt)
        .order_by_desc(Column::Id);
    Ok(found.one(db).await?)
}

#[expect(clippy::too_many_arguments, reason = "what was found, by what, in what")]
async fn raise(
    operation: &Operation,
    db: &DatabaseTransaction,
    rule: &Rule,
    setting: Setting,
    entry: &audit_event::Model,
    key: &Key,
    severity: Severity,
    count: u64,
) -> Result<security_alert::Model> {
    let alert = security_alert::Model {
        id: SecurityAlertId::from_uuid(operation.clock.new_uuid()),
        tenant_id: entry.tenant_id,
        chain: entry.chain,
        rule: rule.name.to_owned(),
        severity,
        status: AlertStatus::Open,
        principal_id: key.principal,
        api_client_id: key.client,
        ip: key.network.clone(),
        summary: summary(rule, setting, key, count),
        first_seen_at: entry.occurred_at,
        last_seen_at: entry.occurred_at,
        count: stored(count),
        acknowledged_by: None,
        acknowledged_at: None,
        incident_id: None,
    };
    let row: security_alert::ActiveModel = alert.clone().into();
    security_alert::Entity::insert(row).exec_without_returning(db).await?;
    Ok(alert)
}

#[expect(clippy::too_many_arguments, reason = "what was found, by what, in what")]
async fn prolong(
    db: &DatabaseTransaction,
    rule: &Rule,
    setting: Setting,
    open: security_alert::Model,
    entry: &audit_event::Model,
    key: &Key,
    severity: Severity,
    counted: u64,
) -> Result<security_alert::Model> {
    let most = counted.max(u64::try_from(open.count).unwrap_or_default());
    let prolonged = security_alert::Model {
        severity: severity.max(open.severity),
        summary: summary(rule, setting, key, most),
        last_seen_at: entry.occurred_at.max(open.last_seen_at),
        count: stored(most),
        ..open
    };
    let row = security_alert::ActiveModel {
        severity: Set(prolonged.severity),
        summary: Set(prolonged.summary.clone()),
        last_seen_at: Set(prolonged.last_seen_at),
        count: Set(prolonged.count),
        ..Default::default()
    };
    let this = security_alert::Column::Id.eq(prolonged.id);
    let still = security_alert::Column::Status.eq(AlertStatus::Open);
    security_alert::Entity::update_many().set(row).filter(this).filter(still).exec(db).await?;
    Ok(prolonged)
}

/// What was found, in a sentence.
fn summary(rule: &Rule, setting: Setting, key: &Key, count: u64) -> String {
    format!("{}: {count} within {} minutes{}", rule.name, setting.window.num_minutes(), key.named())
}

/// What the column holds.
fn stored(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
