//! What a rule does by itself about whom it found: the same that `incidentContain` does, lifted by the same.

#![expect(clippy::disallowed_methods, reason = "rules are about whomever the log is about")]

use std::sync::Arc;

use custodian_entity::choice::ContainmentKind;
use custodian_entity::containment::{ActiveModel, Column, Entity};
use custodian_entity::id::{ContainmentId, TypedId};
use custodian_entity::{api_client, audit_event, role, role_grant, security_alert, user};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QuerySelect,
    QueryTrait, Set,
};

use crate::accounts::{end_account, end_client_tokens};
use crate::audit::{Event, EventType, Subject};
use crate::authn::{ADMINISTRATORS, ANONYMOUS};
use crate::authz::Operation;
use crate::config::RuleContainment;
use crate::error::Result;

/// Does it within the running transaction, and says what was done. Nothing is where it is in force already.
pub(super) async fn contain(
    operation: &Arc<Operation>,
    db: &DatabaseTransaction,
    wanted: RuleContainment,
    alert: &security_alert::Model,
    entry: &audit_event::Model,
) -> Result<Option<(ContainmentKind, Event)>> {
    match wanted {
        RuleContainment::None => Ok(None),
        RuleContainment::LockApiClient => {
            let Some(id) = entry.api_client_id else { return Ok(None) };
            let Some(client) = api_client::Entity::find_by_id(id).one(db).await? else { return Ok(None) };
            let kind = ContainmentKind::LockApiClient;
            apply(operation, db, kind, (id.uuid(), id.encode()), client.tenant_id, alert).await
        }
        RuleContainment::RevokeTokens | RuleContainment::SuspendUser => {
            let Some(id) = alert.principal_id else { return Ok(None) };
            let Some(account) = user::Entity::find_by_id(id).one(db).await? else { return Ok(None) };
            let is_suspended = wanted == RuleContainment::SuspendUser && !administers(db, &account).await?;
            let kind = match is_suspended {
                true => ContainmentKind::SuspendUser,
                false => ContainmentKind::RevokeTokens,
            };
            let done = apply(operation, db, kind, (id.uuid(), id.encode()), account.tenant_id, alert).await?;
            if done.is_some() {
                end_account(operation, &account).await?;
                // Those of who is suspended are refused with him.
                if kind == ContainmentKind::RevokeTokens {
                    end_client_tokens(operation, id).await?;
                }
            }
            Ok(done)
        }
    }
}

async fn apply(
    operation: &Operation,
    db: &DatabaseTransaction,
    kind: ContainmentKind,
    (target, name): (Uuid, String),
    tenant: custodian_entity::id::TenantId,
    alert: &security_alert::Model,
) -> Result<Option<(ContainmentKind, Event)>> {
    let this = Column::Kind.eq(kind).and(Column::TargetId.eq(target)).and(Column::LiftedAt.is_null());
    if Entity::find().filter(this).count(db).await? > 0 {
        return Ok(None);
    }
    let (id, now) = (ContainmentId::from_uuid(operation.clock.new_uuid()), operation.clock.now());
    // Revoking tokens is an act: it is over at once.
    let is_over = kind == ContainmentKind::RevokeTokens;
    let row = ActiveModel {
        id: Set(id),
        tenant_id: Set(tenant),
        kind: Set(kind),
        target_id: Set(target),
        reason: Set(format!("rule {}", alert.rule)),
        applied_at: Set(now),
        applied_by: Set(None),
        lifted_at: Set(is_over.then_some(now)),
        lifted_by: Set(None),
        lift_reason: Set(None),
        alert_id: Set(Some(alert.id)),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    let event = Event::done(EventType::ContainmentApplied, Subject::row("Containment", id, tenant));
    let event = event.containment(kind, name, Some(alert.id)).in_role(ANONYMOUS);
    Ok(Some((kind, event)))
}

/// Whether it is an administrator's account.
async fn administers(db: &DatabaseTransaction, account: &user::Model) -> Result<bool> {
    let roles = role::Entity::find()
        .select_only()
        .column(role::Column::Id)
        .filter(role::Column::IsSystem.eq(true))
        .filter(role::Column::Name.is_in(ADMINISTRATORS));
    let its = role_grant::Entity::find()
        .filter(role_grant::Column::UserId.eq(account.id))
        .filter(role_grant::Column::RoleId.in_subquery(roles.into_query()));
    Ok(its.count(db).await? > 0)
}
