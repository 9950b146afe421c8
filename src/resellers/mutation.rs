//! `resellerCreate`, `resellerUpdate`

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use custodian_entity::choice::{ResellerDataRole, ResellerStatus};
use custodian_entity::id::{ResellerId, TypedId};
use custodian_entity::personal::{Confidential, Name, TaxId};
use custodian_entity::reseller::{ActiveModel, Entity, Model};
use custodian_entity::tenant;
use garde::Validate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sea_orm::Set;

use super::Reseller;
use crate::accept;
use crate::audit::{Change, Event, EventType, Subject, recorded};
use crate::authz::{InOperation, Scoped};
use crate::error::Result;
use crate::graphql::scalar::{EmailAddress, PhoneNumber};
use crate::graphql::validate::{self, Given, line, optional, optional_line};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain};

/// A new reseller.
#[derive(InputObject, Validate)]
pub struct ResellerCreateInput {
    /// Unique within the provider.
    #[garde(custom(line), length(chars, max = 64))]
    code: String,
    /// The name shown to people.
    #[garde(custom(line), length(chars, max = 200))]
    name: String,
    /// Its part in the processing (GDPR Art. 4, 26, 28).
    #[garde(skip)]
    data_role: Choice<ResellerDataRole>,
    /// The name in the register of companies.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    legal_name: Option<String>,
    /// Whom to ask.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    contact_name: Option<String>,
    /// Where to write to him.
    #[garde(skip)]
    contact_email: Option<EmailAddress>,
    /// Where to call him.
    #[garde(skip)]
    contact_phone: Option<PhoneNumber>,
    /// Its tax number.
    #[garde(skip)]
    tax_id: Option<String>,
    /// Its share, as a fraction: `0.05` is five percent. Four decimal places.
    #[garde(skip)]
    commission_rate: Option<Decimal>,
}

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct ResellerUpdateInput {
    /// Which reseller.
    #[garde(skip)]
    id: Gid<ResellerId>,
    /// Unique within the provider.
    #[garde(inner(custom(line), length(chars, max = 64)))]
    code: Option<String>,
    /// The name shown to people.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    name: Option<String>,
    /// Its part in the processing (GDPR Art. 4, 26, 28).
    #[garde(skip)]
    data_role: Option<Choice<ResellerDataRole>>,
    /// The name in the register of companies.
    #[garde(custom(optional_line::<200>))]
    legal_name: MaybeUndefined<String>,
    /// Whom to ask.
    #[garde(custom(optional_line::<200>))]
    contact_name: MaybeUndefined<String>,
    /// Where to write to him.
    #[garde(skip)]
    contact_email: MaybeUndefined<EmailAddress>,
    /// Where to call him.
    #[garde(skip)]
    contact_phone: MaybeUndefined<PhoneNumber>,
    /// Its tax number.
    #[garde(skip)]
    tax_id: MaybeUndefined<String>,
    /// Its share, as a fraction: `0.05` is five percent. Four decimal places.
    #[garde(skip)]
    commission_rate: MaybeUndefined<Decimal>,
}

crate::payloads! {
    ResellerCreatePayload { reseller: Reseller }
    ResellerUpdatePayload { reseller: Reseller }
}

/// What must be unique, by the column in the constraint.
const UNIQUE: [(&str, &str); 1] = [("code", "code")];

/// What can be changed about resellers.
#[derive(Default)]
pub struct ResellerMutation;

#[Object]
impl ResellerMutation {
    /// Adds a reseller, who may use the service at once: `userInvite` gives it people.
    async fn reseller_create(
        &self,
        ctx: &Context<'_>,
        input: ResellerCreateInput,
    ) -> Maybe<ResellerCreatePayload> {
        certain(create(ctx, input)).await
    }

    /// Changes a reseller's data. Its own people change whom to ask, and where.
    async fn reseller_update(
        &self,
        ctx: &Context<'_>,
        input: ResellerUpdateInput,
    ) -> Maybe<ResellerUpdatePayload> {
        certain(update(ctx, input)).await
    }
}

/// What an event about a reseller is about.
pub(super) fn subject(row: &Model) -> Subject {
    Subject::owned(("Reseller", row.id.encode()), Some(row.tenant_id), Some(row.id), None)
}

async fn create(ctx: &Context<'_>, input: ResellerCreateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "resellerCreate", async || {
        let tenant = Scoped::<tenant::Entity>::of(operation).get(operation.identity()?.tenant).await?;
        let mut row = ActiveModel {
            id: Set(ResellerId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(tenant.id),
            status: Set(ResellerStatus::Active),
            created_at: Set(operation.clock.now()),
            ..Default::default()
        };
        let given = Given::checked(&input);
        let names = accept!(fill(given, &mut row, input.into(), &tenant));
        let added = Scoped::<Entity>::of(operation).insert(row).await;
        let added = accept!(validate::taken(added, &UNIQUE)?);
        let event = Event::done(EventType::ResellerCreated, subject(&added)).fields(names);
        Ok(Change::Done(added, event))
    })
    .await
}

async fn update(ctx: &Context<'_>, input: ResellerUpdateInput) -> Result<Outcome<Model>> {
    let operation = ctx.operation()?;
    recorded(operation, "resellerUpdate", async || {
        let rows = Scoped::<Entity>::of(operation);
        let before = rows.get(input.id.0).await?;
        let tenant = Scoped::<tenant::Entity>::of(operation).get(before.tenant_id).await?;
        let mut row = ActiveModel::default();
        let given = Given::checked(&input);
        let names = accept!(fill(given, &mut row, input.into(), &tenant));
        let changed = match names.is_empty() {
            true => Ok(before),
            false => rows.change(before.id, row, |update| update).await,
        };
        let changed = accept!(validate::taken(changed, &UNIQUE)?);
        let event = Event::done(EventType::ResellerUpdated, subject(&changed)).fields(names);
        Ok(Change::Done(changed, event))
    })
    .await
}

/// What creating and changing have in common.
struct Common {
    code: Option<String>,
    name: Option<String>,
    data_role: Option<Choice<ResellerDataRole>>,
    legal_name: MaybeUndefined<String>,
    contact_name: MaybeUndefined<String>,
    contact_email: MaybeUndefined<EmailAddress>,
    contact_phone: MaybeUndefined<PhoneNumber>,
    tax_id: MaybeUndefined<String>,
    commission_rate: MaybeUndefined<Decimal>,
}

impl From<ResellerCreateInput> for Common {
    fn from(input: ResellerCreateInput) -> Self {
        Self {
            code: Some(input.code),
            name: Some(input.name),
            data_role: Some(input.data_role),
            legal_name: optional(input.legal_name),
            contact_name: optional(input.contact_name),
            contact_email: optional(input.contact_email),
            contact_phone: optional(input.contact_phone),
            tax_id: optional(input.tax_id),
            commission_rate: optional(input.commission_rate),
        }
    }
}

impl From<ResellerUpdateInput> for Common {
    fn from(input: ResellerUpdateInput) -> Self {
        Self {
            code: input.code,
            name: input.name,
            data_role: input.data_role,
            legal_name: input.legal_name,
            contact_name: input.contact_name,
            contact_email: input.contact_email,
            contact_phone: input.contact_phone,
            tax_id: input.tax_id,
            commission_rate: input.commission_rate,
        }
    }
}

/// Puts what was given into the row, and says what was, or what is wrong with it.
fn fill(
    mut given: Given,
    row: &mut ActiveModel,
    input: Common,
    tenant: &tenant::Model,
) -> Outcome<Vec<&'static str>> {
    given.set("code", &mut row.code, input.code.map(|code| code.trim().to_owned()));
    given.set("name", &mut row.name, input.name.map(|name| name.trim().to_owned()));
    given.set("dataRole", &mut row.data_role, input.data_role.map(|role| role.0));
    let legal_name = input.legal_name.map_value(|name| Confidential::new(name.trim()));
    given.set_or_clear("legalName", &mut row.legal_name, legal_name);
    let contact_name = input.contact_name.map_value(|name| Name::new(name.trim()));
    given.set_or_clear("contactName", &mut row.contact_name, contact_name);
    let email = given.read(input.contact_email, |EmailAddress(text)| validate::email("contactEmail", &text));
    given.set_or_clear("contactEmail", &mut row.contact_email, email);
    let phone = given.read(input.contact_phone, |PhoneNumber(text)| {
        validate::phone("contactPhone", &text, &tenant.country_code)
    });
    given.set_or_clear("contactPhone", &mut row.contact_phone, phone);
    let tax_id = given.read(input.tax_id, |text| validate::number("taxId", &text).map(TaxId::new));
    given.set_or_clear("taxId", &mut row.tax_id, tax_id);
    let rate = given.read(input.commission_rate, commission);
    given.set_or_clear("commissionRate", &mut row.commission_rate, rate);
    given.finish()
}

/// A fraction in units of 1/10,000, as it is stored.
fn commission(rate: Decimal) -> Outcome<i64> {
    let units = rate.checked_mul(Decimal::from(10_000)).map(|units| units.normalize());
    let units = units.filter(|units| units.scale() == 0).and_then(|units| units.to_i64());
    units.filter(|units| (0..=10_000).contains(units)).ok_or_else(|| {
        let message = "lies between 0 and 1, with four decimal places";
        vec![UserError::on("commissionRate", UserErrorCode::Invalid, message)]
    })
}
