//! `Containment`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::ContainmentKind;
use custodian_entity::{security_alert, user};

use super::target;
use crate::alerts::SecurityAlert;
use crate::graphql::link::one;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::users::User;

crate::nodes! {
    /// What was done about an account or an API client at once.
    Containment of containment;
}

/// What was done about an account or an API client at once.
#[Object]
impl Containment {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What was done.
    async fn kind(&self) -> Choice<ContainmentKind> {
        Choice(self.0.kind)
    }
    /// The account, API client or reseller.
    async fn target_id(&self) -> ID {
        target(&self.0).into()
    }
    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    /// When.
    async fn applied_at(&self) -> DateTime {
        DateTime(self.0.applied_at)
    }
    /// By whom; null where the rule of `alert` did it.
    async fn applied_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.applied_by)).await
    }
    /// When it was lifted; as long as it was not, it is in force.
    async fn lifted_at(&self) -> Option<DateTime> {
        self.0.lifted_at.map(DateTime)
    }
    /// By whom.
    async fn lifted_by(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.lifted_by)).await
    }
    /// Why.
    async fn lift_reason(&self) -> Option<&str> {
        self.0.lift_reason.as_deref()
    }
    /// The alert that it answers.
    async fn alert(&self, ctx: &Context<'_>) -> Maybe<SecurityAlert> {
        maybe(one::<security_alert::Entity>(ctx, self.0.alert_id)).await
    }
}
