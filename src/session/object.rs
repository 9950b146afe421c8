//! `Session`, `sessions`

use async_graphql::{Context, ID, Object};
use custodian_entity::personal::IpAddress;
use custodian_entity::user;

use crate::authz::{InOperation, Pii, field};
use crate::graphql::filter::{LinkFilter, wanted};
use crate::graphql::link::one;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Connection, Maybe, certain, connection, id, maybe};
use crate::paging;
use crate::users::{User, UserFilter};

crate::nodes! {
    /// A sign-in, until it ends.
    Session of session;
}

/// A sign-in, until it ends.
#[Object]
impl Session {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Who signed in.
    async fn user(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, Some(self.0.user_id))).await
    }
    /// The role chosen then.
    async fn role(&self) -> &str {
        &self.0.role
    }
    /// When it began.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    /// When it began or was last prolonged.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.last_used_at)
    }
    /// Until when it can be prolonged.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
    /// From where it was begun; of the address only the mask is kept.
    async fn ip(&self) -> Pii<IpAddress, { field("Session.ip") }> {
        Pii(self.0.ip.clone())
    }
    /// What the client said of itself, shortened.
    async fn user_agent(&self) -> &str {
        &self.0.user_agent
    }
    /// Whether it is the session of this request.
    async fn is_current(&self, ctx: &Context<'_>) -> bool {
        let identity = ctx.operation().ok().and_then(|operation| operation.viewer.identity());
        identity.is_some_and(|who| who.session == Some(self.0.id))
    }
    /// When it was ended before its time.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }
}

crate::filters! {
    /// Which sessions; every condition given must hold.
    SessionFilter of session {
        user: LinkFilter<UserFilter> => Column::UserId,
    }
}

/// What can be asked about sessions.
#[derive(Default)]
pub struct SessionsQuery;

#[Object]
impl SessionsQuery {
    /// The sessions the viewer reaches, oldest first: his own; for administrators, everybody's.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SessionFilter>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Session>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, None).await
        })
        .await
    }
}
