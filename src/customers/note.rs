//! `CustomerNote`

use async_graphql::{Context, ID, Object};
use custodian_entity::choice::NoteCategory;
use custodian_entity::user;

use crate::authz::{Pii, field};
use crate::graphql::link::one;
use crate::graphql::personal::Written;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Maybe, id, maybe};
use crate::users::User;

crate::nodes! {
    /// What staff noted about a customer, for staff alone.
    CustomerNote of customer_note;
}

/// What staff noted about a customer, for staff alone.
#[Object]
impl CustomerNote {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What it is about.
    async fn category(&self) -> Choice<NoteCategory> {
        Choice(self.0.category)
    }
    /// What was noted.
    async fn body(&self) -> Pii<Written, { field("CustomerNote.body") }> {
        Pii(Written::new(self.0.body.clone(), None))
    }
    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, Some(self.0.author_id))).await
    }
    /// Whether it stands before the others.
    async fn is_pinned(&self) -> bool {
        self.0.is_pinned
    }
    /// When it was written.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
