//! `fieldReveal`

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use custodian_entity::choice::RevealPurpose;
use custodian_entity::id::TicketId;
use sea_orm::ActiveEnum;

use super::{Reader, ground};
use crate::accept;
use crate::accounts::Accounts;
use crate::audit::{Change, Event, EventType, Quotas, Subject, counted};
use crate::authz::catalog::FieldId;
use crate::authz::denial::Denials;
use crate::authz::policy::{Policy, Question};
use crate::authz::{InOperation, Operation, Verb};
use crate::error::{Error, Result};
use crate::graphql::{Choice, Gid, Maybe, Outcome, certain};
use crate::node;

/// Which fields of one row are to be unmasked, and what for.
#[derive(InputObject)]
pub struct FieldRevealInput {
    /// Which row.
    id: ID,
    /// Which of its fields, by their names in the schema: `email` or `Customer.email`. One to five.
    #[graphql(validator(min_items = 1, max_items = 5, max_length = 100, list))]
    fields: Vec<String>,
    /// What for.
    purpose: Choice<RevealPurpose>,
    /// The ticket it is about: open, and of the customer whose row it is. Support agents name one, or check who is calling
    /// first.
    ticket_id: Option<Gid<TicketId>>,
}

/// An unmasked value.
#[derive(SimpleObject)]
pub struct RevealedField {
    /// Its name: `Customer.email`.
    field: String,
    /// The value as text, of a list its items; none where there is none.
    value: Option<String>,
}

crate::payloads! { FieldRevealPayload { values: Vec<RevealedField> } }

/// Unmasking.
#[derive(Default)]
pub struct RevealMutation;

#[Object]
impl RevealMutation {
    /// Unmasks up to five fields of one row. Each time is counted and recorded, with purpose and ticket. Who has a second
    /// factor verifies his session first (`mfaVerify`).
    async fn field_reveal(&self, ctx: &Context<'_>, input: FieldRevealInput) -> Maybe<FieldRevealPayload> {
        certain(async { reveal(ctx, input).await }).await
    }
}

/// Under which the log has it.
const ACTION: &str = "fieldReveal";

async fn reveal(ctx: &Context<'_>, input: FieldRevealInput) -> Result<Outcome<Vec<RevealedField>>> {
    let operation = ctx.operation()?;
    let reader = ctx.data_opt::<Reader>().ok_or_else(|| Error::bug("the schema has no reader"))?;
    let fields = match decide(operation, &input)? {
        Ok(fields) => fields,
        Err(refused) => return refuse(ctx, input.purpose.0, refused).await,
    };
    let (kind, quota) = (EventType::FieldRevealed, Quotas::of(ctx)?.reveal);
    counted(operation, ACTION, kind, quota, async || {
        Accounts::require_step_up(ctx).await?;
        let subject = node::any(ctx, &input.id).await?.subject();
        let ticket = input.ticket_id.map(|id| id.0);
        let ground = accept!(ground::find(operation, &fields, subject.customer(), ticket).await?);
        let values = reader.read(ctx, &input.id, &fields).await?;
        let names = names(operation, &fields);
        let event = Event::done(kind, subject);
        let event = event.reveal(names.clone(), input.purpose.0.to_value(), ground.ticket, ground.check);
        let values = names.into_iter().zip(values).map(|(field, value)| RevealedField { field, value });
        Ok(Change::Done(values.collect::<Vec<_>>(), event))
    })
    .await
}

/// The fields asked for, each once; or those that the role may not unmask or that the row does not have, of which the
/// schema may not know some. Nothing is looked up for it: their type follows from the id.
fn decide(
    operation: &Operation,
    input: &FieldRevealInput,
) -> Result<Result<Vec<FieldId>, Vec<Option<FieldId>>>> {
    let rights = &operation.rights;
    let owner = node::type_of(&input.id)?;
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    for given in &input.fields {
        let name = if given.contains('.') { given.clone() } else { format!("{owner}.{given}") };
        let is_of_row = name.split_once('.').is_some_and(|(of, _)| of == owner);
        let field = rights.catalog().field(&name);
        // What is no value is revealed in a way of its own: content by a link.
        let is_value = |field: FieldId| rights.catalog().is_leaf(field);
        match field.filter(|field| is_of_row && is_value(*field) && rights.allows(Verb::Reveal, *field)) {
            Some(field) if fields.contains(&field) => {}
            Some(field) => fields.push(field),
            None if refused.contains(&field) => {}
            None => refused.push(field),
        }
    }
    Ok(if refused.is_empty() { Ok(fields) } else { Err(refused) })
}

fn names(operation: &Operation, fields: &[FieldId]) -> Vec<String> {
    fields.iter().map(|field| operation.rights.catalog().field_name(*field).to_owned()).collect()
}

/// An error for each field, which is logged, counted, and on record; as often as fields may be unmasked, so that nobody
/// fills the log. What the schema does not know is not repeated.
///
/// # Errors
/// [`Error::NotRevealable`], [`Error::Forbidden`]; [`Error::RateLimited`].
async fn refuse<T>(
    ctx: &Context<'_>,
    purpose: RevealPurpose,
    refused: Vec<Option<FieldId>>,
) -> Result<Outcome<T>> {
    let operation = ctx.operation()?;
    let policy = ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("the operation has no policy"))?;
    let known: Vec<FieldId> = refused.iter().copied().flatten().collect();
    let asked = known.iter().map(|field| (*field, Question::Reveal));
    Denials::of(policy, &operation.rights, asked).report(
        &operation.viewer,
        &operation.origin,
        "reveal refused",
    );
    let error = |field: &Option<FieldId>| match field {
        Some(field) => Error::NotRevealable(operation.rights.catalog().field_name(*field).to_owned()),
        None => Error::Forbidden("a field that does not exist cannot be revealed".to_owned()),
    };
    let mut errors: Vec<Error> = refused.iter().map(error).collect();
    let Some(last) = errors.pop() else { return Err(Error::bug("nothing was refused")) };
    let kind = EventType::RevealDenied;
    counted(operation, ACTION, kind, Quotas::of(ctx)?.reveal, async || {
        for error in errors {
            let error = async_graphql::Error::from(error).into_server_error(ctx.item.pos);
            ctx.add_error(ctx.set_error_path(error));
        }
        let event = Event::denied(kind, Subject::default());
        Ok(Change::Denied(last, event.reveal(names(operation, &known), purpose.to_value(), None, None)))
    })
    .await
}
