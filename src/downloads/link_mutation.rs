//! `documentDownloadLink`

use async_graphql::{Context, InputObject, Object};
use chrono::{DateTime, Utc};
use custodian_entity::choice::{DocumentStatus, RevealPurpose};
use custodian_entity::document::{Entity, Model};
use custodian_entity::id::{DocumentId, TicketId};
use sea_orm::ActiveEnum;
use secrecy::{ExposeSecret, SecretString};

use super::content::{FIELD, Right, right};
use super::link;
use crate::accept;
use crate::accounts::Accounts;
use crate::audit::{Change, Event, EventType, Quotas, counted, recorded};
use crate::authz::{InOperation, Scoped};
use crate::documents::{DocumentDownload, content_url, subject};
use crate::error::{Error, Result};
use crate::graphql::scalar;
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};
use crate::reveal::ground;

/// Under which the log has it.
const ACTION: &str = "documentDownloadLink";

/// Which document is to be read, and what for.
#[derive(InputObject)]
pub struct DocumentDownloadLinkInput {
    /// Which.
    id: Gid<DocumentId>,
    /// What for. Who does not see content in clear has to say.
    purpose: Option<Choice<RevealPurpose>>,
    /// The ticket it is about: open, and of the same customer. Support agents name one, or check who is calling first.
    ticket_id: Option<Gid<TicketId>>,
}

crate::payloads! { DocumentDownloadLinkPayload { download: DocumentDownload } }

/// Links to content.
#[derive(Default)]
pub struct DownloadMutation;

#[Object]
impl DownloadMutation {
    /// Makes a link to the content of a document, for a browser: good once, for a minute, as long as the viewer's session and
    /// rights last. Who does not see content in clear says what for, is counted, and verifies his session first if he has a
    /// second factor (`mfaVerify`).
    async fn document_download_link(
        &self,
        ctx: &Context<'_>,
        input: DocumentDownloadLinkInput,
    ) -> Maybe<DocumentDownloadLinkPayload> {
        certain(async {
            let made = make(ctx, &input).await?;
            let download = match made {
                Ok((token, until)) => {
                    let url = format!("{}?link={}", content_url(ctx, input.id.0)?, token.expose_secret());
                    Ok(DocumentDownload { url, expires_at: Some(scalar::DateTime(until)) })
                }
                Err(refused) => Err(refused),
            };
            Ok::<_, Error>(download)
        })
        .await
    }
}

async fn make(
    ctx: &Context<'_>,
    input: &DocumentDownloadLinkInput,
) -> Result<Outcome<(SecretString, DateTime<Utc>)>> {
    let operation = ctx.operation()?;
    let purpose = input.purpose.as_ref().map(|purpose| purpose.0);
    let ticket = input.ticket_id.map(|id| id.0);
    let link = async |row: Model, event: Event| {
        let made = link::make(operation, row.id, purpose).await?;
        Ok(Change::Done(made, event))
    };
    // A link ends with its session: what has none sends its token.
    operation.identity()?.session()?;
    match right(operation)? {
        Right::Clear => {
            recorded(operation, ACTION, async || {
                let row = accept!(readable(ctx, input.id.0).await?);
                let event = Event::done(EventType::DocumentLinkCreated, subject(&row));
                // Nothing has to stand behind it; a ticket that is named does.
                let Some(ticket) = ticket else { return link(row, event).await };
                let ground =
                    accept!(ground::find(operation, &[], Some(row.customer_id), Some(ticket)).await?);
                let purpose = purpose.map(|purpose| purpose.to_value()).unwrap_or_default();
                link(row, event.reveal(vec![FIELD.to_owned()], purpose, ground.ticket, ground.check)).await
            })
            .await
        }
        Right::Reveal => {
            let quota = Quotas::of(ctx)?.reveal;
            counted(operation, ACTION, EventType::DocumentLinkCreated, quota, async || {
                Accounts::require_step_up(ctx).await?;
                let row = accept!(readable(ctx, input.id.0).await?);
                let field = operation.rights.catalog().field(FIELD);
                let fields = Vec::from_iter(field);
                let ground = accept!(ground::find(operation, &fields, Some(row.customer_id), ticket).await?);
                let Some(purpose) = purpose else {
                    let needed = UserError::on("purpose", UserErrorCode::Required, "what is it read for?");
                    return Ok(Change::Refused(vec![needed]));
                };
                let event = Event::done(EventType::DocumentLinkCreated, subject(&row));
                let (ticket, check) = (ground.ticket, ground.check);
                link(row, event.reveal(vec![FIELD.to_owned()], purpose.to_value(), ticket, check)).await
            })
            .await
        }
    }
}

/// The document, if there is something to read.
async fn readable(ctx: &Context<'_>, id: DocumentId) -> Result<Outcome<Model>> {
    let row = Scoped::<Entity>::of(ctx.operation()?).get(id).await?;
    let message = match (row.status, &row.object_name) {
        (DocumentStatus::Scanning, _) => "the scanner has not looked at it yet: try again later",
        (_, None) => "its content was destroyed",
        _ => return Ok(Ok(row)),
    };
    Ok(Err(vec![UserError::on("id", UserErrorCode::Invalid, message)]))
}
