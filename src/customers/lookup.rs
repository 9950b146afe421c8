//! `customerLookup`

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, Object, OneofObject};
use custodian_entity::customer::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Customer;
use super::mutation::own_tenant;
use super::query::malformed;
use crate::audit::{Change, Event, EventType, Quotas, Subject, counted};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::{EmailAddress, PhoneNumber};
use crate::graphql::{Maybe, certain, validate};
use crate::vault::Index;

/// The name of the operation: a query that leaves a record.
pub const LOOKUP: &str = "customerLookup";

/// At most this many customers are found.
const MOST: u64 = 5;

/// Exactly one thing that a customer is known by.
#[derive(OneofObject)]
pub enum CustomerLookupInput {
    /// Its e-mail address.
    Email(EmailAddress),
    /// Its telephone number; without a country code it is one of the provider's country.
    Phone(PhoneNumber),
    /// Its number at the provider.
    #[graphql(validator(max_length = 64))]
    CustomerNumber(String),
    /// The number of its identity document.
    GovernmentId(String),
}

impl CustomerLookupInput {
    /// What kind of key it is, and the condition that a customer has it, in the form in which it is written.
    #[expect(clippy::disallowed_methods, reason = "what is asked for, on its way into a tag")]
    async fn condition(self, operation: &Arc<Operation>) -> Result<(&'static str, Expr)> {
        let by = async |index, column: Column, value: Option<&String>| {
            let value = value.ok_or_else(|| Error::bug("a value that was just given is sealed"))?;
            operation.tag(vec![(index, value.clone())]).await?;
            Ok::<Expr, Error>(column.is_in(operation.tags(index, value)))
        };
        Ok(match self {
            Self::Email(EmailAddress(text)) => {
                let email = validate::email("email", &text).map_err(malformed)?;
                ("email", by(Index::Email, Column::EmailIndex, email.expose()).await?)
            }
            Self::Phone(PhoneNumber(text)) => {
                let region = own_tenant(operation).await?.country_code;
                let phone = validate::phone("phone", &text, &region).map_err(malformed)?;
                ("phone", by(Index::Phone, Column::PhoneIndex, phone.expose()).await?)
            }
            Self::CustomerNumber(text) => ("customerNumber", Column::CustomerNumber.eq(text)),
            Self::GovernmentId(text) => {
                let number = validate::number("governmentId", &text).map_err(malformed)?;
                ("governmentId", by(Index::GovernmentId, Column::GovernmentIdIndex, Some(&number)).await?)
            }
        })
    }
}

/// How customers are found by what they say.
#[derive(Default)]
pub struct LookupQuery;

#[Object]
impl LookupQuery {
    /// The customers within reach that are known by exactly this, at most five. Each look-up is counted, and on record
    /// before it is answered: by which kind of key and with how many hits, not by which value. Not by GET.
    async fn customer_lookup(&self, ctx: &Context<'_>, by: CustomerLookupInput) -> Maybe<Vec<Customer>> {
        certain(async {
            let (quota, kind) = (Quotas::of(ctx)?.lookup, EventType::CustomerLookedUp);
            let found = ctx.operation()?.aside(async |operation| {
                counted(operation, LOOKUP, kind, quota, async || {
                    let (key, is_known_by_it) = by.condition(operation).await?;
                    let rows = Scoped::<Entity>::of(operation)
                        .all(|rows| rows.filter(is_known_by_it).order_by_asc(Column::Id).limit(MOST))
                        .await?;
                    let event = Event::done(kind, Subject::default()).lookup(key, rows.len());
                    Ok(Change::<_, Infallible>::Done(rows, event))
                })
                .await
            });
            let Ok(rows) = found.await?;
            Ok::<Vec<Customer>, Error>(rows.into_iter().map(Customer).collect())
        })
        .await
    }
}
