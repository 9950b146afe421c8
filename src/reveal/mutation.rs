//! `fieldReveal`

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use custodian_entity::choice::RevealPurpose;
use custodian_entity::id::TicketId;
use sea_orm::ActiveEnum;

use super::{Reader, ground, quota};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::catalog::FieldId;
use crate::authz::{InOperation, Verb};
use crate::config::Reveal;
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
    /// Unmasks up to five fields of one row. Each time is counted and recorded, with purpose and ticket.
    async fn field_reveal(&self, ctx: &Context<'_>, input: FieldRevealInput) -> Maybe<FieldRevealPayload> {
        certain(async { reveal(ctx, input).await }).await
    }
}

async fn reveal(ctx: &Context<'_>, input: FieldRevealInput) -> Result<Outcome<Vec<RevealedField>>> {
    let (operation, missing) = (ctx.operation()?, || Error::bug("the schema lacks its data"));
    let (reader, quota) = (ctx.data_opt::<Reader>().ok_or_else(missing)?, ctx.data_opt::<Reveal>());
    let per_hour = quota.ok_or_else(missing)?.per_hour;
    let fields = decide(ctx, &input)?;
    let name = |field: &FieldId| operation.rights.catalog().field_name(*field).to_owned();
    recorded(operation, "fieldReveal", async || {
        quota::check(operation, per_hour).await?;
        let subject = node::any(ctx, &input.id).await?.subject();
        let ticket = input.ticket_id.map(|id| id.0);
        let ground = accept!(ground::find(operation, &fields, subject.customer(), ticket).await?);
        let values = reader.read(ctx, &input.id, &fields).await?;
        let event = Event::done(EventType::FieldRevealed, subject);
        let names: Vec<String> = fields.iter().map(name).collect();
        let event = event.reveal(names.clone(), input.purpose.0.to_value(), ground.ticket, ground.check);
        let values = names.into_iter().zip(values).map(|(field, value)| RevealedField { field, value });
        Ok(Change::Done(values.collect::<Vec<_>>(), event))
    })
    .await
}

/// The fields asked for, each once. Nothing is looked up for it: their type follows from the id.
///
/// # Errors
/// [`Error::NotRevealable`] for each that the role may not unmask or the type does not have.
fn decide(ctx: &Context<'_>, input: &FieldRevealInput) -> Result<Vec<FieldId>> {
    let rights = &ctx.operation()?.rights;
    let owner = node::type_of(&input.id)?;
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    for given in &input.fields {
        let name = if given.contains('.') { given.clone() } else { format!("{owner}.{given}") };
        let is_of_row = name.split_once('.').is_some_and(|(of, _)| of == owner);
        let field = rights.catalog().field(&name);
        match field.filter(|field| is_of_row && rights.allows(Verb::Reveal, *field)) {
            Some(field) if fields.contains(&field) => {}
            Some(field) => fields.push(field),
            None => refused.push(Error::NotRevealable(name)),
        }
    }
    let Some(last) = refused.pop() else { return Ok(fields) };
    for error in refused {
        let error = async_graphql::Error::from(error).into_server_error(ctx.item.pos);
        ctx.add_error(ctx.set_error_path(error));
    }
    Err(last)
}
