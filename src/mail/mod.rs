//! Letters to people: queued in the transaction of the change that causes them, sent afterwards, each once.
//!
//! A letter is written when it is queued, down to its Message-ID, and kept sealed until it is settled: sent, or given up.
//! Whoever sends it holds it for a while (`delivery`); who was cut off in between leaves it to the next, who sends the
//! same letter by letter, so that where only an answer was lost the receiving server knows that it has it. What a program is
//! told (`webhook`) waits among them and leaves the same way.

mod carrier;
mod delivery;
mod letter;
mod notice;
mod webhook;

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_graphql::Context;
use chrono::TimeDelta;
use custodian_entity::choice::LetterStatus;
use custodian_entity::id::{LetterId, TenantId, TypedId};
use custodian_entity::letter::{ActiveModel, Entity};
use custodian_entity::personal::Email;
use custodian_entity::tenant;
use lettre::Address;
use sea_orm::{EntityTrait, Set};

use self::carrier::Carrier;
pub use self::delivery::{FAILED, SENT, WAITING};
pub use self::letter::Letter;
pub use self::notice::{Found, Link, Notice};
use self::webhook::Webhook;
use crate::authz::Operation;
use crate::config::{Config, PublicUrl};
use crate::crypto::{KeyError, Keys, Sealer};
use crate::error::{Error, Result};

/// Where letters wait, and the way they leave by. It is part of the schema's data.
pub struct Outbox {
    from: Address,
    portal_url: PublicUrl,
    /// What waits is sealed with.
    seal: Sealer,
    carrier: ArcSwap<Carrier>,
    webhook: Option<ArcSwap<Webhook>>,
}

/// Nothing can leave.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// What waits cannot be sealed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The webhook has no TLS.
    #[error("alert_webhook_url: no TLS: {0}")]
    Webhook(#[source] reqwest::Error),
}

impl Outbox {
    /// By this configuration, with these keys.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn new(config: &Config, keys: &Keys) -> Result<Self, OutboxError> {
        Ok(Self {
            from: config.mail_from.clone(),
            portal_url: config.portal_url.clone(),
            seal: keys.sealer("mail")?,
            carrier: ArcSwap::from_pointee(Carrier::new(config)),
            webhook: Webhook::from_config(config).map_err(OutboxError::Webhook)?.map(ArcSwap::from_pointee),
        })
    }

    /// Gives letters to the server with these credentials from now on, if it takes them. One that is under way is finished as
    /// it began.
    ///
    /// # Errors
    /// Why not.
    pub async fn renew_carrier(&self, config: &Config) -> Result<(), String> {
        let carrier = Carrier::new(config);
        carrier.check().await.map_err(|trouble| trouble.to_string())?;
        self.carrier.store(Arc::new(carrier));
        Ok(())
    }

    /// Calls the webhook by this address, and signs with this key, from the next call on.
    ///
    /// # Errors
    /// When there was none at the start, or there is no TLS.
    pub fn renew_webhook(&self, config: &Config) -> Result<(), String> {
        let webhook = Webhook::from_config(config).map_err(|_| "no TLS".to_owned())?;
        let (Some(place), Some(webhook)) = (&self.webhook, webhook) else {
            return Err("there was no webhook at the start".to_owned());
        };
        place.store(Arc::new(webhook));
        Ok(())
    }

    /// From inside a resolver.
    ///
    /// # Errors
    /// [`Error::Internal`] when the schema is executed without it.
    pub fn of<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Self>> {
        ctx.data_opt().ok_or_else(|| Error::bug("the schema lacks its data"))
    }

    /// Queues a letter within the running transaction: it is sent once that is permanent, and not at all otherwise. To an
    /// address that e-mail knows no way to there is none.
    ///
    /// # Errors
    /// When the database is away, or the transaction does not reach the provider.
    #[expect(clippy::disallowed_methods, reason = "a letter needs an address, and the name of whose it is")]
    pub async fn queue(
        &self,
        operation: &Operation,
        tenant: TenantId,
        to: &Email,
        notice: Notice<'_>,
    ) -> Result<()> {
        let (id, now) = (LetterId::from_uuid(operation.clock.new_uuid()), operation.clock.now());
        let to = to.expose().ok_or_else(|| Error::bug("a letter to an address that is sealed"))?;
        let Ok(to) = to.parse::<Address>() else {
            tracing::warn!(notice = notice.name(), "a letter has no address that e-mail could go to");
            return Ok(());
        };
        let transaction = operation.transaction().await?;
        let provider = tenant::Entity::find_by_id(tenant).one(&*transaction).await?;
        let provider = provider.ok_or_else(|| Error::bug("a letter of no provider"))?.display_name;
        drop(transaction);
        let letter = Letter::write(id, now, &self.from, &provider, to, &notice, &self.portal_url)?;
        self.keep(operation, id, tenant, notice.name(), notice.worth_sending(), &letter.to_bytes()).await
    }

    /// Queues a call of the webhook within the running transaction, if there is one.
    ///
    /// # Errors
    /// As [`Self::queue`].
    pub async fn call(&self, operation: &Operation, tenant: TenantId, found: Found<'_>) -> Result<()> {
        if self.webhook.is_none() {
            return Ok(());
        }
        let id = LetterId::from_uuid(operation.clock.new_uuid());
        let body = webhook::body(&found, &tenant.encode(), operation.clock.now()).map_err(Error::internal)?;
        let worth_sending = Notice::SecurityAlert(found).worth_sending();
        self.keep(operation, id, tenant, webhook::NOTICE, worth_sending, &body).await
    }

    #[expect(clippy::disallowed_methods, reason = "a letter is nobody's row")]
    async fn keep(
        &self,
        operation: &Operation,
        id: LetterId,
        tenant: TenantId,
        notice: &str,
        worth_sending: TimeDelta,
        content: &[u8],
    ) -> Result<()> {
        let content = self.seal.seal(&place(id, tenant), content);
        let now = operation.clock.now();
        let row = ActiveModel {
            id: Set(id),
            tenant_id: Set(tenant),
            notice: Set(notice.to_owned()),
            status: Set(LetterStatus::Pending),
            content: Set(Some(content.ok_or(KeyError::Provider).map_err(Error::internal)?)),
            attempts: Set(0),
            due_at: Set(Some(now)),
            give_up_at: Set(now + worth_sending),
            created_at: Set(now),
            settled_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(&*operation.transaction().await?).await?;
        Ok(())
    }
}

/// What the content of a row is bound to.
fn place(id: LetterId, tenant: TenantId) -> Vec<u8> {
    [b"letter".as_slice(), id.uuid().as_bytes(), tenant.uuid().as_bytes()].concat()
}
