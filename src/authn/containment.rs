//! What was done about an account or a program at once ([`custodian_entity::containment`]): asked at each request and each
//! sign-in, so that it counts at once and at every instance.

use custodian_entity::choice::ContainmentKind;
use custodian_entity::containment::{Column, Entity};
use custodian_entity::id::{ApiClientId, ResellerId, TypedId, UserId};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::error::Result;

/// Whether an account is suspended.
///
/// # Errors
/// When the database is away: who asks lets nobody in then.
pub(super) async fn is_suspended(db: &impl ConnectionTrait, user: UserId) -> Result<bool> {
    is_in_force(db, ContainmentKind::SuspendUser, user.uuid()).await
}

/// Whether an API client is locked.
///
/// # Errors
/// When the database is away: who asks lets nobody in then.
pub(super) async fn is_locked(db: &impl ConnectionTrait, client: ApiClientId) -> Result<bool> {
    is_in_force(db, ContainmentKind::LockApiClient, client.uuid()).await
}

/// Whether a reseller is frozen.
///
/// # Errors
/// When the database is away: who asks lets nobody in then.
pub(super) async fn is_frozen(db: &impl ConnectionTrait, reseller: ResellerId) -> Result<bool> {
    is_in_force(db, ContainmentKind::FreezeReseller, reseller.uuid()).await
}

#[expect(clippy::disallowed_methods, reason = "runs before there is a viewer whose rows could be scoped")]
async fn is_in_force(db: &impl ConnectionTrait, kind: ContainmentKind, target: Uuid) -> Result<bool> {
    let found = Entity::find()
        .filter(Column::TargetId.eq(target))
        .filter(Column::Kind.eq(kind))
        .filter(Column::LiftedAt.is_null())
        .limit(1);
    Ok(found.one(db).await?.is_some())
}
