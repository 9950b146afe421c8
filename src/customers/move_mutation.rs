//! `customerMoveReseller`

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use custodian_entity::choice::{CustomerStatus, ResellerStatus};
use custodian_entity::customer::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{CustomerId, ResellerId};
use custodian_entity::reseller;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Set};

use super::Customer;
use super::mutation::{UNIQUE, change_version, subject};
use crate::accept;
use crate::audit::{Change, Event, EventType, recorded};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::{Gid, Maybe, Outcome, UserError, UserErrorCode, certain, validate};

/// Whose customer it is to be.
#[derive(InputObject)]
pub struct CustomerMoveResellerInput {
    /// Which customer.
    id: Gid<CustomerId>,
    /// The version that was read; if there is a newer one, nothing is changed and the answer is `CONFLICT`.
    version: i32,
    /// The partner it comes through from now on; null makes it a direct customer.
    reseller_id: MaybeUndefined<Gid<ResellerId>>,
}

crate::payloads! { CustomerMoveResellerPayload { customer: Customer } }

/// The way from one reseller to another.
#[derive(Default)]
pub struct MoveMutation;

#[Object]
impl MoveMutation {
    /// Moves a customer, its account and everything stored about it to another partner, or to none; its former partner sees
    /// nothing of it any more. Where the new one has a customer with this e-mail address or external reference, nothing is
    /// moved.
    async fn customer_move_reseller(
        &self,
        ctx: &Context<'_>,
        input: CustomerMoveResellerInput,
    ) -> Maybe<CustomerMoveResellerPayload> {
        certain(go(ctx, input)).await
    }
}

async fn go(ctx: &Context<'_>, input: CustomerMoveResellerInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "customerMoveReseller", async || {
        // Whoever is about to add something to this customer is waited for, and waits: the database lets all that carries
        // its reseller follow the row, and nothing is left behind.
        let of_it = Column::Id.eq(input.id.0);
        let before = Scoped::<Entity>::of(operation).one(|rows| rows.filter(of_it).lock_exclusive()).await?;
        let before = before.ok_or(Error::NotFound)?;
        let to = accept!(destination(operation, &before, input.reseller_id).await?);
        let row = ActiveModel { reseller_id: Set(to), ..Default::default() };
        let moved = change_version(operation, before.id, input.version, row).await;
        let moved = accept!(validate::taken(moved, &UNIQUE)?);
        let event = Event::done(EventType::CustomerMoved, subject(&moved)).moved(before.reseller_id, to);
        Ok(Change::Done(moved, event))
    })
    .await
}

/// The reseller that the customer can go to, if it is to have one: another of its provider, who may use the service.
async fn destination(
    operation: &Arc<Operation>,
    customer: &Model,
    given: MaybeUndefined<Gid<ResellerId>>,
) -> Result<Outcome<Option<ResellerId>>> {
    let refused = |code, message: &str| Ok(Err(vec![UserError::on("resellerId", code, message)]));
    let (to, is_active) = match given {
        MaybeUndefined::Undefined => {
            return refused(UserErrorCode::Required, "null makes it a direct customer");
        }
        MaybeUndefined::Null => (None, true),
        MaybeUndefined::Value(id) => {
            let found = Scoped::<reseller::Entity>::of(operation).get(id.0).await?;
            if found.tenant_id != customer.tenant_id {
                return Err(Error::NotFound);
            }
            (Some(found.id), found.status == ResellerStatus::Active)
        }
    };
    if customer.status == CustomerStatus::Anonymized {
        return refused(UserErrorCode::Invalid, "the customer's data were erased");
    }
    if to == customer.reseller_id {
        return refused(UserErrorCode::Invalid, "it is this one's customer already");
    }
    if !is_active {
        return refused(UserErrorCode::Invalid, "this reseller is suspended");
    }
    Ok(Ok(to))
}
