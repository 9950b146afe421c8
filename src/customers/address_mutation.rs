//! `addressCreate`, `addressUpdate`, `addressDelete`

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use custodian_entity::address::{ActiveModel, Column, Entity, Model};
use custodian_entity::choice::AddressType;
use custodian_entity::customer;
use custodian_entity::id::{AddressId, CustomerId, TypedId};
use custodian_entity::personal::{AddressLine, Confidential, Coordinate, PostalCode};
use garde::Validate;
use sea_orm::Set;

use super::Address;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::table::Level;
use crate::authz::{InOperation, Rights, Scoped, mask};
use crate::error::{Error, Result};
use crate::graphql::scalar::CountryCode;
use crate::graphql::validate::{self, Given, line, optional, optional_line, optional_lines};
use crate::graphql::{Choice, Gid, Maybe, Outcome, certain};

/// A new address.
#[derive(InputObject, Validate)]
pub struct AddressCreateInput {
    /// Whose.
    #[garde(skip)]
    customer_id: Gid<CustomerId>,
    /// What it is used for.
    #[garde(skip)]
    #[graphql(name = "type")]
    kind: Choice<AddressType>,
    /// Street and number.
    #[garde(custom(line), length(chars, max = 200))]
    line1: String,
    /// Floor, flat, building.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    line2: Option<String>,
    /// Postal code.
    #[garde(inner(custom(line), length(chars, max = 16)))]
    postal_code: Option<String>,
    /// Town.
    #[garde(inner(custom(line), length(chars, max = 100)))]
    city: Option<String>,
    /// State, province or region.
    #[garde(inner(custom(line), length(chars, max = 100)))]
    subdivision: Option<String>,
    /// Country.
    #[garde(skip)]
    country_code: CountryCode,
    /// Whether it is the first of its kind to use.
    #[garde(skip)]
    #[graphql(default)]
    is_primary: bool,
    /// Degrees north.
    #[garde(inner(range(min = -90.0, max = 90.0)))]
    latitude: Option<f64>,
    /// Degrees east.
    #[garde(inner(range(min = -180.0, max = 180.0)))]
    longitude: Option<f64>,
    /// How to get in.
    #[garde(inner(custom(validate::lines), length(chars, max = 1000)))]
    access_instructions: Option<String>,
}

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct AddressUpdateInput {
    /// Which address.
    #[garde(skip)]
    id: Gid<AddressId>,
    /// What it is used for.
    #[garde(skip)]
    #[graphql(name = "type")]
    kind: Option<Choice<AddressType>>,
    /// Street and number.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    line1: Option<String>,
    /// Floor, flat, building.
    #[garde(custom(optional_line::<200>))]
    line2: MaybeUndefined<String>,
    /// Postal code.
    #[garde(custom(optional_line::<16>))]
    postal_code: MaybeUndefined<String>,
    /// Town.
    #[garde(custom(optional_line::<100>))]
    city: MaybeUndefined<String>,
    /// State, province or region.
    #[garde(custom(optional_line::<100>))]
    subdivision: MaybeUndefined<String>,
    /// Country.
    #[garde(skip)]
    country_code: Option<CountryCode>,
    /// Whether it is the first of its kind to use.
    #[garde(skip)]
    is_primary: Option<bool>,
    /// Degrees north.
    #[garde(skip)]
    latitude: MaybeUndefined<f64>,
    /// Degrees east.
    #[garde(skip)]
    longitude: MaybeUndefined<f64>,
    /// How to get in.
    #[garde(custom(optional_lines::<1000>))]
    access_instructions: MaybeUndefined<String>,
}

/// Which address.
#[derive(InputObject)]
pub struct AddressDeleteInput {
    /// Its id.
    id: Gid<AddressId>,
}

crate::payloads! {
    AddressCreatePayload { address: Address }
    AddressUpdatePayload { address: Address }
    AddressDeletePayload { address: Address }
}

/// What can be changed about addresses.
#[derive(Default)]
pub struct AddressMutation;

#[Object]
impl AddressMutation {
    /// Adds an address.
    async fn address_create(
        &self,
        ctx: &Context<'_>,
        input: AddressCreateInput,
    ) -> Maybe<AddressCreatePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "addressCreate", async || {
                let customer = Scoped::<customer::Entity>::of(operation).get(input.customer_id.0).await?;
                let mut row = ActiveModel {
                    id: Set(AddressId::from_uuid(operation.clock.new_uuid())),
                    tenant_id: Set(customer.tenant_id),
                    reseller_id: Set(customer.reseller_id),
                    customer_id: Set(customer.id),
                    created_at: Set(operation.clock.now()),
                    ..Default::default()
                };
                let mut given = Given::checked(&input);
                fill(&mut given, &mut row, input.into());
                let names = accept!(given.finish());
                let added = Scoped::<Entity>::of(operation).insert(row).await?;
                let event = Event::done(EventType::AddressCreated, subject(&added)).fields(names);
                Ok(Change::Done(added, event))
            })
            .await
        })
        .await
    }

    /// Changes an address.
    async fn address_update(
        &self,
        ctx: &Context<'_>,
        input: AddressUpdateInput,
    ) -> Maybe<AddressUpdatePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "addressUpdate", async || {
                let rows = Scoped::<Entity>::of(operation).opening(MASKED);
                let before = rows.get(input.id.0).await?;
                refuse_masks(&operation.rights, &input, &before)?;
                let mut row = ActiveModel::default();
                let mut given = Given::checked(&input);
                fill(&mut given, &mut row, input.into());
                let names = accept!(given.finish());
                let changed = match names.is_empty() {
                    true => before,
                    false => rows.change(before.id, row, |update| update).await?,
                };
                let event = Event::done(EventType::AddressUpdated, subject(&changed)).fields(names);
                Ok(Change::Done(changed, event))
            })
            .await
        })
        .await
    }

    /// Removes an address that no subscription is delivered to.
    async fn address_delete(
        &self,
        ctx: &Context<'_>,
        input: AddressDeleteInput,
    ) -> Maybe<AddressDeletePayload> {
        certain(async { delete(ctx, input).await }).await
    }
}

async fn delete(ctx: &Context<'_>, input: AddressDeleteInput) -> Result<Outcome<Model>> {
    use custodian_entity::subscription;
    use sea_orm::{ColumnTrait, QueryFilter};

    let operation = ctx.operation()?;
    recorded(operation, "addressDelete", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        let used = Scoped::<subscription::Entity>::of(operation)
            .one(|all| all.filter(subscription::Column::ServiceAddressId.eq(before.id)))
            .await?;
        if used.is_some() {
            return Err(Error::Conflict);
        }
        rows.delete(before.id).await?;
        let event = Event::done(EventType::AddressDeleted, subject(&before));
        Ok(Change::Done(before, event))
    })
    .await
}

fn subject(row: &Model) -> Subject {
    Subject::row("Address", row.id, row.tenant_id).of_customer(row.customer_id, row.reseller_id)
}

/// Columns whose mask a client could send back.
const MASKED: [Column; 3] = [Column::Line1, Column::Line2, Column::PostalCode];

/// Texts whose mask a client could send back unknowingly, because the viewer writes them and sees them masked.
#[expect(clippy::disallowed_methods, reason = "compares what is written with the mask of what is there")]
fn refuse_masks(rights: &Rights, input: &AddressUpdateInput, before: &Model) -> Result<()> {
    let is_mask = |name: &'static str, given: Option<&String>, masked: Option<String>| {
        let is_seen_masked = rights.level_by_name(name) == Level::Masked;
        if is_seen_masked && given.is_some() && given == masked.as_ref() {
            return Err(Error::MaskedRoundtrip(name));
        }
        Ok(())
    };
    let line = |line: &AddressLine| line.expose().map(|line| mask::address_line(line));
    let code = before.postal_code.as_ref().and_then(PostalCode::expose);
    is_mask("Address.line1", input.line1.as_ref(), line(&before.line1))?;
    is_mask("Address.line2", input.line2.value(), before.line2.as_ref().and_then(line))?;
    let masked = code.map(|code| mask::postal_code(code, Some(&before.country_code)));
    is_mask("Address.postalCode", input.postal_code.value(), masked)
}

/// What creating and changing have in common.
struct Common {
    kind: Option<Choice<AddressType>>,
    line1: Option<String>,
    line2: MaybeUndefined<String>,
    postal_code: MaybeUndefined<String>,
    city: MaybeUndefined<String>,
    subdivision: MaybeUndefined<String>,
    country_code: Option<CountryCode>,
    is_primary: Option<bool>,
    latitude: MaybeUndefined<f64>,
    longitude: MaybeUndefined<f64>,
    access_instructions: MaybeUndefined<String>,
}

impl From<AddressCreateInput> for Common {
    fn from(input: AddressCreateInput) -> Self {
        Self {
            kind: Some(input.kind),
            line1: Some(input.line1),
            line2: optional(input.line2),
            postal_code: optional(input.postal_code),
            city: optional(input.city),
            subdivision: optional(input.subdivision),
            country_code: Some(input.country_code),
            is_primary: Some(input.is_primary),
            latitude: optional(input.latitude),
            longitude: optional(input.longitude),
            access_instructions: optional(input.access_instructions),
        }
    }
}

impl From<AddressUpdateInput> for Common {
    fn from(input: AddressUpdateInput) -> Self {
        Self {
            kind: input.kind,
            line1: input.line1,
            line2: input.line2,
            postal_code: input.postal_code,
            city: input.city,
            subdivision: input.subdivision,
            country_code: input.country_code,
            is_primary: input.is_primary,
            latitude: input.latitude,
            longitude: input.longitude,
            access_instructions: input.access_instructions,
        }
    }
}

/// The row that an input makes, whosever it is to be.
pub(super) fn new_row(input: AddressCreateInput) -> Outcome<ActiveModel> {
    let mut row = ActiveModel::default();
    let mut given = Given::checked(&input);
    fill(&mut given, &mut row, input.into());
    given.finish().map(|_| row)
}

fn fill(given: &mut Given, row: &mut ActiveModel, input: Common) {
    use crate::graphql::{UserError, UserErrorCode};

    let degrees = |field: &'static str, limit: f64| {
        move |value: f64| match value.abs() <= limit {
            true => Ok(Coordinate::new(value)),
            false => Err(vec![UserError::on(field, UserErrorCode::Invalid, "is not a place on Earth")]),
        }
    };
    given.set("type", &mut row.kind, input.kind.map(|kind| kind.0));
    given.set("line1", &mut row.line1, input.line1.map(AddressLine::new));
    given.set_or_clear("line2", &mut row.line2, input.line2.map_value(AddressLine::new));
    given.set_or_clear("postalCode", &mut row.postal_code, input.postal_code.map_value(PostalCode::new));
    given.set_or_clear("city", &mut row.city, input.city);
    given.set_or_clear("subdivision", &mut row.subdivision, input.subdivision);
    given.set("countryCode", &mut row.country_code, input.country_code.map(|country| country.0));
    given.set("isPrimary", &mut row.is_primary, input.is_primary);
    let latitude = given.read(input.latitude, degrees("latitude", 90.0));
    given.set_or_clear("latitude", &mut row.latitude, latitude);
    let longitude = given.read(input.longitude, degrees("longitude", 180.0));
    given.set_or_clear("longitude", &mut row.longitude, longitude);
    let instructions = input.access_instructions.map_value(Confidential::new);
    given.set_or_clear("accessInstructions", &mut row.access_instructions, instructions);
}
