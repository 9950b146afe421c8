//! `Ticket`, `TicketMessage`, `Author`

use async_graphql::{Context, ID, Object, SimpleObject};
use custodian_entity::choice::{AuthorKind, Channel, Priority, Severity, TicketCategory, TicketStatus};
use custodian_entity::{customer, subscription, user};

use super::known::known;
use crate::authz::{Level, Pii, Rights, field};
use crate::customers::Customer;
use crate::error::Result;
use crate::graphql::link::one;
use crate::graphql::personal::Written;
use crate::graphql::scalar::DateTime;
use crate::graphql::{Choice, Connection, Maybe, certain, connection, id, maybe};
use crate::paging;
use crate::services::Subscription;
use crate::users::User;

crate::nodes! {
    /// A trouble ticket.
    Ticket of ticket;
    /// A message on a ticket.
    TicketMessage of ticket_message;
}

/// A trouble ticket.
#[Object]
impl Ticket {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// Unique within the provider.
    async fn number(&self) -> &str {
        &self.0.number
    }
    /// Who works on it.
    async fn category(&self) -> Choice<TicketCategory> {
        Choice(self.0.category)
    }
    /// The service it is about.
    async fn subscription(&self, ctx: &Context<'_>) -> Maybe<Subscription> {
        maybe(one::<subscription::Entity>(ctx, self.0.subscription_id)).await
    }
    /// How much is affected.
    async fn severity(&self) -> Choice<Severity> {
        Choice(self.0.severity)
    }
    /// How soon it is worked on.
    async fn priority(&self) -> Choice<Priority> {
        Choice(self.0.priority)
    }
    /// Until when it should be resolved.
    async fn due_at(&self) -> Option<DateTime> {
        self.0.due_at.map(DateTime)
    }
    /// Where it stands in its lifecycle.
    async fn status(&self) -> Choice<TicketStatus> {
        Choice(self.0.status)
    }
    /// How it reached us.
    async fn channel(&self) -> Choice<Channel> {
        Choice(self.0.channel)
    }
    /// When it was opened.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
    /// When it was resolved.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolved_at.map(DateTime)
    }
    /// When it was closed.
    async fn closed_at(&self) -> Option<DateTime> {
        self.0.closed_at.map(DateTime)
    }
    /// Whose it is.
    async fn customer(&self, ctx: &Context<'_>) -> Maybe<Customer> {
        maybe(one::<customer::Entity>(ctx, Some(self.0.customer_id))).await
    }
    /// In a few words.
    async fn subject(&self) -> Pii<Written, { field("Ticket.subject") }> {
        Pii(Written::new(self.0.subject.clone(), None))
    }
    /// In full.
    async fn description(&self) -> Pii<Written, { field("Ticket.description") }> {
        Pii(Written::new(self.0.description.clone(), None))
    }
    /// Who works on it.
    async fn assignee(&self, ctx: &Context<'_>) -> Maybe<User> {
        maybe(one::<user::Entity>(ctx, self.0.assignee_id)).await
    }
    /// Whether the reseller may read it.
    async fn shared_with_reseller(&self) -> Option<bool> {
        Some(self.0.shared_with_reseller)
    }
    /// What was written on it, oldest first.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        first: Option<i64>,
        after: Option<String>,
        last: Option<i64>,
        before: Option<String>,
    ) -> Maybe<Connection<TicketMessage>> {
        certain(async {
            let (page, seal) = paging!(ctx, "Ticket", first, after, last, before);
            connection::children(ctx, page, seal, "ticket_id", self.0.id).await
        })
        .await
    }
}

/// Who wrote a message. A customer is not named here: who may know its name reads it from the ticket's customer.
#[derive(SimpleObject)]
pub struct Author {
    /// On whose behalf.
    kind: Choice<AuthorKind>,
    /// The name shown to colleagues; none for customers, and where the viewer does not reach the account.
    display_name: Option<String>,
}

impl TicketMessage {
    /// What is known of the people a message may name: looked up only where the message is masked.
    async fn known(&self, ctx: &Context<'_>) -> Result<Option<Vec<(&'static str, String)>>> {
        let is_masked = ctx
            .data_opt::<std::sync::Arc<Rights>>()
            .is_none_or(|rights| rights.level_by_name("TicketMessage.body") != Level::Clear);
        if !is_masked {
            return Ok(None);
        }
        known(ctx, self.0.customer_id).await
    }
}

/// A message on a ticket.
#[Object]
impl TicketMessage {
    /// Its id.
    pub async fn id(&self) -> ID {
        id(self.0.id)
    }
    /// What was written. A masked viewer gets it without the personal data in it.
    async fn body(&self, ctx: &Context<'_>) -> Result<Pii<Written, { field("TicketMessage.body") }>> {
        Ok(Pii(Written::new(self.0.body.clone(), self.known(ctx).await?)))
    }
    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Result<Author> {
        let display_name = match self.0.author_kind {
            AuthorKind::Customer | AuthorKind::System => None,
            AuthorKind::Reseller | AuthorKind::Staff => {
                one::<user::Entity>(ctx, self.0.author_id).await?.map(|user| user.display_name)
            }
        };
        Ok(Author { kind: Choice(self.0.author_kind), display_name })
    }
    /// When it was sent.
    async fn sent_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.sent_at))
    }
    /// What staff wrote among themselves.
    async fn internal_body(&self) -> Option<Pii<Written, { field("TicketMessage.internalBody") }>> {
        self.0.internal_body.clone().map(|text| Pii(Written::new(text, None)))
    }
}
