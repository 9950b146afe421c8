//! `ChangeRecord`, `Actor`

use async_graphql::{Context, ID, Object, SimpleObject};
use custodian_entity::choice::{AuthorKind, UserKind};
use custodian_entity::id::{ApiClientId, UserId};
use custodian_entity::{api_client, user};

use crate::authz::history::source_id;
use crate::authz::{Past, field};
use crate::error::{Error, Result};
use crate::graphql::link::one;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, id};

crate::nodes! {
    /// What a field of a customer's row held, and what took its place.
    ChangeRecord of change_record;
}

/// Who did something. A customer is not named here: who may know its name reads it from the customer.
#[derive(SimpleObject)]
pub struct Actor {
    /// On whose behalf.
    kind: Choice<AuthorKind>,
    /// The name shown to colleagues; none for customers, and where the viewer does not reach the account.
    display_name: Option<String>,
    /// The account, where the viewer reaches it. A change of a customer's row does not name the customer's own.
    user_id: Option<ID>,
    /// The API client it was done through, where the viewer reaches it.
    api_client_id: Option<ID>,
}

impl Actor {
    /// Who did something by an account that may be anybody's; none where nobody was signed in.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn of_account(
        ctx: &Context<'_>,
        user: Option<UserId>,
        client: Option<ApiClientId>,
    ) -> Result<Option<Self>> {
        let Some(by) = user else { return Ok(None) };
        let account = one::<user::Entity>(ctx, Some(by)).await?;
        let client = one::<api_client::Entity>(ctx, client).await?;
        // Of other providers' people only staff does anything here.
        let kind = account.as_ref().map_or(AuthorKind::Staff, |account| match account.kind {
            UserKind::Staff => AuthorKind::Staff,
            UserKind::Reseller => AuthorKind::Reseller,
            UserKind::Customer => AuthorKind::Customer,
        });
        let user_id = account.as_ref().map(|account| id(account.id));
        let named = account.filter(|account| account.kind != UserKind::Customer);
        Ok(Some(Self {
            kind: Choice(kind),
            display_name: named.map(|account| account.display_name),
            user_id,
            api_client_id: client.map(|client| id(client.id)),
        }))
    }
}

/// What a field of a customer's row held, and what took its place.
#[Object]
impl ChangeRecord {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// The type of the row that was changed.
    async fn entity_type(&self) -> &str {
        &self.0.entity_type
    }
    /// The id of the row. It may be gone.
    async fn entity_id(&self) -> Result<ID> {
        let source = source_id(&self.0.entity_type, self.0.entity_id);
        source.map(ID).ok_or_else(|| Error::bug("a change of a type without history"))
    }
    /// The field that was changed. Where its values are withheld, this is all that is told.
    async fn field(&self) -> &str {
        &self.0.field
    }
    /// When.
    async fn changed_at(&self) -> DateTime {
        DateTime(self.0.changed_at)
    }
    /// By whom.
    async fn changed_by(&self, ctx: &Context<'_>) -> Result<Actor> {
        let account = match self.0.actor_kind {
            AuthorKind::Customer | AuthorKind::System => None,
            AuthorKind::Reseller | AuthorKind::Staff => one::<user::Entity>(ctx, self.0.changed_by).await?,
        };
        let client = one::<api_client::Entity>(ctx, self.0.api_client_id).await?;
        Ok(Actor {
            kind: Choice(self.0.actor_kind),
            user_id: account.as_ref().map(|account| id(account.id)),
            display_name: account.map(|account| account.display_name),
            api_client_id: client.map(|client| id(client.id)),
        })
    }
    /// Why.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
    /// The version of the row since this change; of a row that carries none, how often it was changed.
    async fn version(&self) -> i32 {
        self.0.version
    }
    /// What the field held, as text: shown as the field itself is to the viewer, so masked here where it is masked there,
    /// and null where it is denied; null also where it was empty.
    async fn old_value(&self) -> Option<Past<{ field("ChangeRecord.oldValue") }>> {
        let value = self.0.old_value.clone()?;
        Some(Past::new(value, &self.0.entity_type, &self.0.field))
    }
    /// What it has held since: as `oldValue`.
    async fn new_value(&self) -> Option<Past<{ field("ChangeRecord.newValue") }>> {
        let value = self.0.new_value.clone()?;
        Some(Past::new(value, &self.0.entity_type, &self.0.field))
    }
}
