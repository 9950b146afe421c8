//! Which account somebody signs in to whom another issuer knows by `sub`: said by the operator.

use std::sync::Arc;

use custodian_entity::external_identity::{ActiveModel, Entity};
use custodian_entity::id::{TenantId, UserId};
use custodian_entity::user;
use sea_orm::{EntityTrait, QueryFilter, Set};

use crate::accounts;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authn::username::normalised;
use crate::authz::Operation;
use crate::error::Result;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// As asked.
    Done,
    /// No account has this name.
    NoAccount,
    /// Whom the issuer means is linked to an account already.
    Taken,
    /// There is no such link.
    None,
}

fn event(user: UserId, tenant: TenantId, issuer: &str, is_linked: bool) -> Event {
    let event = Event::done(EventType::IdentityLinked, Subject::row("User", user, tenant));
    event.identity(issuer.to_owned(), is_linked)
}

/// Links somebody whom an issuer knows to the account of this name.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
pub async fn link_identity(
    operation: &Arc<Operation>,
    issuer: &str,
    subject: &str,
    username: &str,
) -> Result<Link> {
    let done = recorded(operation, "identity link", async || {
        let transaction = operation.transaction().await?;
        let named = accounts::named(operation, &normalised(username)).await?;
        let account = user::Entity::find().filter(named).one(&*transaction).await?;
        let Some(account) = account else { return Ok(Change::Refused(Link::NoAccount)) };
        let key = (issuer.to_owned(), subject.to_owned());
        if Entity::find_by_id(key).one(&*transaction).await?.is_some() {
            return Ok(Change::Refused(Link::Taken));
        }
        let row = ActiveModel {
            issuer: Set(issuer.to_owned()),
            subject: Set(subject.to_owned()),
            tenant_id: Set(account.tenant_id),
            user_id: Set(account.id),
            created_at: Set(operation.clock.now()),
        };
        Entity::insert(row).exec_without_returning(&*transaction).await?;
        let event = event(account.id, account.tenant_id, issuer, true);
        Ok(Change::Done(Link::Done, event))
    });
    Ok(done.await?.unwrap_or_else(|refused| refused))
}

/// Takes a link away.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
pub async fn unlink_identity(operation: &Arc<Operation>, issuer: &str, subject: &str) -> Result<Link> {
    let done = recorded(operation, "identity unlink", async || {
        let transaction = operation.transaction().await?;
        let key = (issuer.to_owned(), subject.to_owned());
        let found = Entity::find_by_id(key.clone()).one(&*transaction).await?;
        let Some(found) = found else { return Ok(Change::Refused(Link::None)) };
        Entity::delete_by_id(key).exec(&*transaction).await?;
        let event = event(found.user_id, found.tenant_id, issuer, false);
        Ok(Change::Done(Link::Done, event))
    });
    Ok(done.await?.unwrap_or_else(|refused| refused))
}
