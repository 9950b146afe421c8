//! `users`, `user`, `roles`

use async_graphql::{Context, Enum, InputObject, Object};
use custodian_entity::choice::{UserKind, UserStatus};
use custodian_entity::id::UserId;
use custodian_entity::user::{Column, Entity};
use sea_orm::Condition;

use super::{Role, User};
use crate::authz::{InOperation, Scoped};
use crate::graphql::filter::{ChoiceFilter, DateTimeFilter, wanted};
use crate::graphql::{Connection, Gid, Maybe, OrderDirection, certain, connection};
use crate::paging;

crate::filters! {
    /// Which users; every condition given must hold.
    UserFilter of user {
        kind: ChoiceFilter<UserKind> => Column::Kind,
        status: ChoiceFilter<UserStatus> => Column::Status,
        created_at: DateTimeFilter => Column::CreatedAt,
        last_login_at: DateTimeFilter => Column::LastLoginAt,
    }
}

/// What users can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UserOrderField {
    /// `displayName`
    DisplayName,
    /// `createdAt`
    CreatedAt,
}

/// An order of users; without one, the order of creation.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct UserOrder {
    field: UserOrderField,
    #[graphql(default)]
    direction: OrderDirection,
}

impl UserOrder {
    fn column(self) -> (Column, OrderDirection) {
        let column = match self.field {
            UserOrderField::DisplayName => Column::DisplayName,
            UserOrderField::CreatedAt => Column::CreatedAt,
        };
        (column, self.direction)
    }
}

/// What can be asked about accounts and roles.
#[derive(Default)]
pub struct UserQuery;

#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "the four paging arguments of Relay stand beside filter and order"
)]
impl UserQuery {
    /// The users the viewer reaches.
    async fn users(
        &self,
        ctx: &Context<'_>,
        filter: Option<UserFilter>,
        order_by: Option<UserOrder>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<User>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            let filter = wanted(ctx.operation()?, filter).await?;
            connection::list(ctx, &page, seal, filter, order_by.map(UserOrder::column)).await
        })
        .await
    }

    /// One user.
    async fn user(&self, ctx: &Context<'_>, id: Gid<UserId>) -> Maybe<User> {
        certain(async { Scoped::<Entity>::of(ctx.operation()?).get(id.0).await }).await
    }

    /// The roles that exist.
    async fn roles(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<Role>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Query", first, after, last, before);
            connection::list(ctx, &page, seal, Condition::all(), None).await
        })
        .await
    }
}
