//! Links to content: good once, for a minute, and no longer than the session they were made in.
//!
//! All this passes by row scope: a link is its maker's own, and who brings one is not known yet.

#![expect(
    clippy::disallowed_methods,
    reason = "there is no viewer whose rows could be scoped, or they are his own"
)]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::choice::RevealPurpose;
use custodian_entity::document_link::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::DocumentId;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set};
use secrecy::SecretString;

use crate::authn::{Identity, resume};
use crate::authz::Operation;
use crate::crypto::{opaque_token, token_hash};
use crate::database::Settings;
use crate::error::{Error, Result};

/// How long a link can be used.
const LIFE: TimeDelta = TimeDelta::seconds(60);

/// A link that can be used, and as whom.
pub(crate) struct Link {
    pub(super) hash: String,
    /// To which document.
    pub(crate) document: DocumentId,
    pub(super) purpose: Option<RevealPurpose>,
    /// Who made it, as he is now.
    pub(crate) identity: Identity,
}

/// Makes a link of the viewer's own, and forgets those of his that are over.
pub(super) async fn make(
    operation: &Arc<Operation>,
    document: DocumentId,
    purpose: Option<RevealPurpose>,
) -> Result<(SecretString, DateTime<Utc>)> {
    let identity = operation.identity()?;
    let (token, now) = (opaque_token().map_err(Error::internal)?, operation.clock.now());
    let row = ActiveModel {
        hash: Set(token_hash(&token)),
        document_id: Set(document),
        user_id: Set(identity.user),
        session_id: Set(identity.session()?),
        role: Set(identity.role.name.clone()),
        purpose: Set(purpose),
        expires_at: Set(now + LIFE),
        used_at: Set(None),
    };
    let transaction = operation.transaction().await?;
    let over = Column::UserId.eq(identity.user).and(Column::ExpiresAt.lt(now));
    Entity::delete_many().filter(over).exec(&*transaction).await?;
    Entity::insert(row).exec_without_returning(&*transaction).await?;
    Ok((token, now + LIFE))
}

/// The link that this is the token of, if it can be used now, and who made it: with the roles he holds now, in the session
/// he made it in.
///
/// # Errors
/// [`Error::NotFound`] when there is none, whyever.
pub(crate) async fn find(doorstep: &Arc<Operation>, token: &SecretString) -> Result<Link> {
    let reading = doorstep.told(Settings::of_sign_in());
    let found = usable(&reading, token).await;
    reading.end().await?;
    found
}

async fn usable(reading: &Arc<Operation>, token: &SecretString) -> Result<Link> {
    let transaction = reading.transaction().await?;
    let link = Entity::find_by_id(token_hash(token)).one(&*transaction).await?;
    let now = reading.clock.now();
    let link = link.filter(|link| link.used_at.is_none() && link.expires_at > now).ok_or(Error::NotFound)?;
    let identity = resume(&*transaction, &reading.clock, link.session_id, &link.role).await;
    let identity = identity.map_err(|error| match error {
        Error::Unauthenticated | Error::RoleRefused { .. } => Error::NotFound,
        other => other,
    })?;
    let Model { hash, document_id: document, purpose, .. } = link;
    Ok(Link { hash, document, purpose, identity })
}

/// Uses a link up.
///
/// # Errors
/// [`Error::NotFound`] when somebody was sooner.
pub(super) async fn consume(operation: &Arc<Operation>, hash: &str) -> Result<()> {
    let transaction = operation.transaction().await?;
    let now = operation.clock.now();
    let used = ActiveModel { used_at: Set(Some(now)), ..Default::default() };
    let unused = Column::Hash.eq(hash).and(Column::UsedAt.is_null()).and(Column::ExpiresAt.gt(now));
    let update = Entity::update_many().set(used).filter(unused).exec(&*transaction).await?;
    if update.rows_affected == 1 { Ok(()) } else { Err(Error::NotFound) }
}
