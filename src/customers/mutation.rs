//! `customerCreate`, `customerUpdate`

use std::sync::Arc;

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use chrono::NaiveDate;
use custodian_entity::choice::{
    CustomerStatus, CustomerType, GovernmentIdType, KycStatus, UserKind, UserStatus,
};
use custodian_entity::customer::{ActiveModel, Column, Entity, Model};
use custodian_entity::id::{CustomerId, ResellerId, TypedId, UserId};
use custodian_entity::personal::{Email, Name};
use custodian_entity::{reseller, tenant, user};
use garde::Validate;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, QueryFilter, Set};

use super::values::{Common, fill_common};
use super::{Customer, account, verification};
use crate::audit::{Change, Event, EventType, Quotas, Subject, count_refused, counted, recorded, within};
use crate::authz::{InOperation, Operation, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::{BigInt, CountryCode, EmailAddress, LanguageCode, PartialDate, PhoneNumber};
use crate::graphql::validate::{self, Given, line, optional};
use crate::graphql::{Choice, Gid, Maybe, Outcome, UserError, UserErrorCode, certain, is_taken};
use crate::{accept, numbers};

/// A new customer.
#[derive(InputObject, Validate)]
pub struct CustomerCreateInput {
    /// The legal form.
    #[garde(skip)]
    #[graphql(name = "type")]
    kind: Choice<CustomerType>,
    /// The name shown to people.
    #[garde(custom(line), length(chars, max = 200))]
    display_name: String,
    /// Given names.
    #[garde(inner(custom(line), length(chars, max = 100)))]
    first_name: Option<String>,
    /// Family names.
    #[garde(inner(custom(line), length(chars, max = 100)))]
    last_name: Option<String>,
    /// The name in the register of companies; required of a company.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    company_name: Option<String>,
    /// Where it gets mail; unique among the customers of the provider, or of the partner it comes through.
    #[garde(skip)]
    email: Option<EmailAddress>,
    /// Where its invoices go.
    #[garde(skip)]
    billing_email: Option<EmailAddress>,
    /// Where to call.
    #[garde(skip)]
    phone: Option<PhoneNumber>,
    /// Date of birth.
    #[garde(skip)]
    date_of_birth: Option<PartialDate>,
    /// The kind of identity document.
    #[garde(skip)]
    government_id_type: Option<Choice<GovernmentIdType>>,
    /// The country that issued it.
    #[garde(skip)]
    government_id_country: Option<CountryCode>,
    /// Its number.
    #[garde(skip)]
    government_id_number: Option<String>,
    /// Tax number.
    #[garde(skip)]
    tax_id: Option<String>,
    /// The language to write in.
    #[garde(skip)]
    language: Option<LanguageCode>,
    /// The number other systems know it by; as unique as the e-mail address.
    #[garde(inner(custom(validate::reference), length(chars, max = 100)))]
    external_reference: Option<String>,
    /// The partner it comes through. A reseller's own customers are always its own.
    #[garde(skip)]
    reseller_id: Option<Gid<ResellerId>>,
    /// Who looks after it.
    #[garde(skip)]
    account_manager_id: Option<Gid<UserId>>,
    /// What it may owe at most, in minor units of the provider's currency.
    #[garde(skip)]
    credit_limit: Option<BigInt>,
    /// How likely it is not to pay: 0 to 100.
    #[garde(inner(range(min = 0, max = 100)))]
    risk_score: Option<i32>,
    /// `name@domain`, of the provider's domain: the customer gets an account to sign in with. Goes with `password`.
    #[garde(skip)]
    #[graphql(validator(max_length = 320))]
    username: Option<String>,
    /// The first password of that account.
    #[garde(skip)]
    #[graphql(validator(max_length = 512))]
    password: Option<String>,
}

/// What is to be changed; what is not given stays, null removes.
#[derive(InputObject, Validate)]
pub struct CustomerUpdateInput {
    /// Which customer.
    #[garde(skip)]
    id: Gid<CustomerId>,
    /// The version that was read; if there is a newer one, nothing is changed and the answer is `CONFLICT`.
    #[garde(skip)]
    version: i32,
    /// The name shown to people.
    #[garde(inner(custom(line), length(chars, max = 200)))]
    display_name: Option<String>,
    /// Given names.
    #[garde(custom(validate::optional_line::<100>))]
    first_name: MaybeUndefined<String>,
    /// Family names.
    #[garde(custom(validate::optional_line::<100>))]
    last_name: MaybeUndefined<String>,
    /// The name in the register of companies.
    #[garde(custom(validate::optional_line::<200>))]
    company_name: MaybeUndefined<String>,
    /// Where its invoices go.
    #[garde(skip)]
    billing_email: MaybeUndefined<EmailAddress>,
    /// Where to call.
    #[garde(skip)]
    phone: MaybeUndefined<PhoneNumber>,
    /// Date of birth.
    #[garde(skip)]
    date_of_birth: MaybeUndefined<PartialDate>,
    /// The kind of identity document.
    #[garde(skip)]
    government_id_type: MaybeUndefined<Choice<GovernmentIdType>>,
    /// The country that issued it.
    #[garde(skip)]
    government_id_country: MaybeUndefined<CountryCode>,
    /// Its number.
    #[garde(skip)]
    government_id_number: MaybeUndefined<String>,
    /// Tax number.
    #[garde(skip)]
    tax_id: MaybeUndefined<String>,
    /// The language to write in.
    #[garde(skip)]
    language: MaybeUndefined<LanguageCode>,
    /// The number other systems know it by.
    #[garde(custom(validate::optional_reference::<100>))]
    external_reference: MaybeUndefined<String>,
    /// Who looks after it.
    #[garde(skip)]
    account_manager_id: MaybeUndefined<Gid<UserId>>,
    /// What it may owe at most, in minor units of the provider's currency.
    #[garde(skip)]
    credit_limit: MaybeUndefined<BigInt>,
    /// How likely it is not to pay: 0 to 100.
    #[garde(skip)]
    risk_score: MaybeUndefined<i32>,
}

crate::payloads! {
    CustomerCreatePayload { customer: Customer }
    CustomerUpdatePayload { customer: Customer }
}

/// What must be unique, by the column in the constraint.
pub(super) const UNIQUE: [(&str, &str); 2] =
    [("email", "email"), ("external_reference", "externalReference")];

/// Under which the log has new customers, and their number is limited.
const CREATE: &str = "customerCreate";

/// What can be changed about customers.
#[derive(Default)]
pub struct CustomerMutation;

#[Object]
impl CustomerMutation {
    /// Adds a customer, as a prospect; with a user name and a password also the account by which it signs in, and a letter
    /// that asks to confirm its e-mail address, if it has one. At most ten a minute.
    async fn customer_create(
        &self,
        ctx: &Context<'_>,
        input: CustomerCreateInput,
    ) -> Maybe<CustomerCreatePayload> {
        certain(create(ctx, input)).await
    }

    /// Changes a customer's data.
    async fn customer_update(
        &self,
        ctx: &Context<'_>,
        input: CustomerUpdateInput,
    ) -> Maybe<CustomerUpdatePayload> {
        certain(async {
            let operation = ctx.operation()?;
            recorded(operation, "customerUpdate", async || {
                let (id, version) = (input.id.0, input.version);
                let rows = Scoped::<Entity>::of(operation);
                let before = rows.get(id).await?;
                if let MaybeUndefined::Value(manager_id) = input.account_manager_id {
                    manager(operation, manager_id.0).await?;
                }
                let tenant = Scoped::<tenant::Entity>::of(operation).get(before.tenant_id).await?;
                let mut row = ActiveModel::default();
                let names = accept!(fill(&mut row, input, &tenant, &before, operation.clock.today()));
                let changed = change_version(operation, id, version, row).await;
                let changed = accept!(validate::taken(changed, &UNIQUE)?);
                let event = Event::done(EventType::CustomerUpdated, subject(&changed));
                Ok(Change::Done(changed, event.fields(names)))
            })
            .await
        })
        .await
    }
}

async fn create(ctx: &Context<'_>, mut input: CustomerCreateInput) -> Result<Outcome<Model>> {
    let (operation, kind, limit) = (ctx.operation()?, EventType::CustomerCreated, Quotas::of(ctx)?.create);
    let account = (input.username.take(), input.password.take());
    // Nobody has passwords hashed for customers that he may not add, or that are none.
    within(operation, CREATE, kind, limit).await?;
    let tenant = own_tenant(operation).await?;
    let reseller = reseller_of_new(operation, input.reseller_id).await?;
    let manager = match input.account_manager_id {
        Some(id) => Some(manager(operation, id.0).await?),
        None => None,
    };
    let (mut row, mut names) = match new_row(input, &tenant, operation.clock.today()) {
        Ok(row) => row,
        Err(reasons) => return Ok(Err(reasons)),
    };
    let account = match account::prepared(ctx, &tenant, account, email_of(&row)).await? {
        Ok(account) => account,
        Err(reasons) => return Ok(Err(reasons)),
    };
    let added = counted(operation, CREATE, kind, limit, async || {
        let id = CustomerId::from_uuid(operation.clock.new_uuid());
        let now = operation.clock.now();
        row.id = Set(id);
        row.tenant_id = Set(tenant.id);
        row.reseller_id = Set(reseller);
        row.account_manager_id = Set(manager);
        row.created_at = Set(now);
        row.updated_at = Set(now);
        let number = numbers::next(operation, tenant.id, "CUSTOMER").await?;
        row.customer_number = Set(format!("C-{number:06}"));
        let added = Scoped::<Entity>::of(operation).insert(row).await;
        let added = accept!(validate::taken(added, &UNIQUE)?);
        if let Some(account) = account {
            let email = account.email.clone();
            accept!(account.add(operation, &added).await?);
            names.push("username");
            verification::ask(ctx, &added, email).await?;
        }
        Ok(Change::Done(added.clone(), Event::done(kind, subject(&added)).fields(names)))
    })
    .await?;
    if is_taken(&added) {
        count_refused(operation, CREATE, kind).await?;
    }
    Ok(added)
}

/// The address that a row is to have.
pub(super) fn email_of(row: &ActiveModel) -> Option<Email> {
    row.email.try_as_ref().cloned().flatten()
}

/// What an event about a customer is about.
pub(super) fn subject(row: &Model) -> Subject {
    Subject::row("Customer", row.id, row.tenant_id).of_customer(row.id, row.reseller_id)
}

/// Changes the row if nobody else has since it was read, and raises its version.
pub(super) async fn change_version(
    operation: &Arc<Operation>,
    id: CustomerId,
    version: i32,
    row: ActiveModel,
) -> Result<Model> {
    let rows = Scoped::<Entity>::of(operation);
    let row = ActiveModel { updated_at: Set(operation.clock.now()), ..row };
    let changed = rows
        .change(id, row, |update| {
            update
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .filter(Column::Version.eq(version))
        })
        .await;
    match changed {
        // The row was there when it was read above: only its version can be another.
        Err(Error::NotFound) => rows.get(id).await.and(Err(Error::Conflict)),
        changed => changed,
    }
}

pub(super) async fn own_tenant(operation: &Arc<Operation>) -> Result<tenant::Model> {
    Scoped::<tenant::Entity>::of(operation).get(operation.identity()?.tenant).await
}

/// A reseller's user adds customers of his reseller, whatever he says; others name one they reach, or none.
async fn reseller_of_new(
    operation: &Arc<Operation>,
    given: Option<Gid<ResellerId>>,
) -> Result<Option<ResellerId>> {
    if let Some(own) = operation.identity()?.reseller {
        return Ok(Some(own));
    }
    match given {
        Some(id) => {
            let found = Scoped::<reseller::Entity>::of(operation).get(id.0).await?;
            if found.tenant_id == operation.identity()?.tenant {
                Ok(Some(found.id))
            } else {
                Err(Error::NotFound)
            }
        }
        None => Ok(None),
    }
}

async fn manager(operation: &Arc<Operation>, id: UserId) -> Result<UserId> {
    let found = Scoped::<user::Entity>::of(operation).get(id).await?;
    let is_ours = found.tenant_id == operation.identity()?.tenant
        && found.kind == UserKind::Staff
        && found.status != UserStatus::Disabled;
    if is_ours { Ok(found.id) } else { Err(Error::NotFound) }
}

/// The row that an input makes, and the fields that it gives.
pub(super) fn new_row(
    input: CustomerCreateInput,
    tenant: &tenant::Model,
    today: NaiveDate,
) -> Outcome<(ActiveModel, Vec<&'static str>)> {
    let mut given = Given::checked(&input);
    let kind = input.kind.0;
    if kind == CustomerType::Company && input.company_name.is_none() {
        given.refuse(UserError::on("companyName", UserErrorCode::Required, "a company has a name"));
    }
    let mut row = ActiveModel {
        kind: Set(kind),
        status: Set(CustomerStatus::Prospect),
        version: Set(1),
        kyc_status: Set(KycStatus::NotStarted),
        balance: Set(0),
        ..Default::default()
    };
    let email = given.read(optional(input.email), |EmailAddress(text)| validate::email("email", &text));
    given.set_or_clear("email", &mut row.email, email);
    given.set("displayName", &mut row.display_name, Some(Name::new(input.display_name.trim())));
    given.note("reseller", input.reseller_id.is_some());
    given.note("accountManager", input.account_manager_id.is_some());
    fill_common(
        &mut given,
        &mut row,
        Common {
            first_name: optional(input.first_name),
            last_name: optional(input.last_name),
            company_name: optional(input.company_name),
            billing_email: optional(input.billing_email),
            phone: optional(input.phone),
            date_of_birth: optional(input.date_of_birth),
            government_id_type: optional(input.government_id_type),
            government_id_country: optional(input.government_id_country),
            government_id_number: optional(input.government_id_number),
            tax_id: optional(input.tax_id),
            language: optional(input.language),
            external_reference: optional(input.external_reference),
            credit_limit: optional(input.credit_limit),
            risk_score: optional(input.risk_score),
        },
        tenant,
        today,
    );
    Ok((row, given.finish()?))
}

fn fill(
    row: &mut ActiveModel,
    input: CustomerUpdateInput,
    tenant: &tenant::Model,
    before: &Model,
    today: NaiveDate,
) -> Outcome<Vec<&'static str>> {
    let mut given = Given::checked(&input);
    if before.kind == CustomerType::Company && input.company_name.is_null() {
        given.refuse(UserError::on("companyName", UserErrorCode::Required, "a company has a name"));
    }
    if before.status == CustomerStatus::Anonymized {
        given.refuse(UserError {
            field: None,
            code: UserErrorCode::Invalid,
            message: "its data were erased".into(),
        });
    }
    given.set("displayName", &mut row.display_name, input.display_name.map(|name| Name::new(name.trim())));
    given.set_or_clear(
        "accountManager",
        &mut row.account_manager_id,
        input.account_manager_id.map_value(|manager| manager.0),
    );
    fill_common(
        &mut given,
        row,
        Common {
            first_name: input.first_name,
            last_name: input.last_name,
            company_name: input.company_name,
            billing_email: input.billing_email,
            phone: input.phone,
            date_of_birth: input.date_of_birth,
            government_id_type: input.government_id_type,
            government_id_country: input.government_id_country,
            government_id_number: input.government_id_number,
            tax_id: input.tax_id,
            language: input.language,
            external_reference: input.external_reference,
            credit_limit: input.credit_limit,
            risk_score: input.risk_score,
        },
        tenant,
        today,
    );
    given.finish()
}
