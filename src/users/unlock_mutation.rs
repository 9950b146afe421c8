//! `userUnlock`

use async_graphql::{Context, InputObject, Object};
use custodian_entity::id::UserId;
use custodian_entity::user;
use sea_orm::Set;

use super::User;
use crate::accounts::Accounts;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::{Gid, Maybe, Outcome, certain};

/// Whose failed sign-ins are to be forgotten.
#[derive(InputObject)]
pub struct UserUnlockInput {
    /// The account's id.
    id: Gid<UserId>,
}

crate::payloads! { UserUnlockPayload { user: User } }

/// What can be changed about accounts that are locked.
#[derive(Default)]
pub struct UnlockMutation;

#[Object]
impl UnlockMutation {
    /// Lets an account sign in at once that would have to wait after failed sign-ins.
    async fn user_unlock(&self, ctx: &Context<'_>, input: UserUnlockInput) -> Maybe<UserUnlockPayload> {
        certain(async { unlock(ctx, input.id.0).await }).await
    }
}

#[expect(clippy::disallowed_methods, reason = "failed sign-ins are counted by the user name")]
async fn unlock(ctx: &Context<'_>, id: UserId) -> Result<Outcome<user::Model>> {
    let (operation, accounts) = (ctx.operation()?, Accounts::of(ctx)?);
    recorded(operation, "userUnlock", async || {
        let row =
            user::ActiveModel { failed_login_count: Set(0), locked_until: Set(None), ..Default::default() };
        let users = Scoped::<user::Entity>::of(operation).opening([user::Column::Username]);
        let found = users.get(id).await?;
        if let Some(name) = found.username.expose() {
            accounts.unlock(operation, name).await?;
        }
        let changed = users.change(id, row, |update| update).await?;
        let event = Event::done(EventType::UserUnlocked, Subject::row("User", id, changed.tenant_id));
        Ok(Change::Done(changed, event))
    })
    .await
}
