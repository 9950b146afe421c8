//! What creating and changing a customer have in common.

use async_graphql::MaybeUndefined;
use chrono::NaiveDate;
use custodian_entity::choice::GovernmentIdType;
use custodian_entity::customer::ActiveModel;
use custodian_entity::personal::{
    BirthDate, ConfidentialAmount, ConfidentialNumber, GovernmentId, Name, TaxId,
};
use custodian_entity::tenant;
use sea_orm::ActiveValue;

use crate::graphql::scalar::{BigInt, CountryCode, EmailAddress, LanguageCode, PartialDate, PhoneNumber};
use crate::graphql::validate::{self, Given};
use crate::graphql::{Choice, Outcome, UserError, UserErrorCode};

/// What both can give.
pub(super) struct Common {
    pub(super) first_name: MaybeUndefined<String>,
    pub(super) last_name: MaybeUndefined<String>,
    pub(super) company_name: MaybeUndefined<String>,
    pub(super) billing_email: MaybeUndefined<EmailAddress>,
    pub(super) phone: MaybeUndefined<PhoneNumber>,
    pub(super) date_of_birth: MaybeUndefined<PartialDate>,
    pub(super) government_id_type: MaybeUndefined<Choice<GovernmentIdType>>,
    pub(super) government_id_country: MaybeUndefined<CountryCode>,
    pub(super) government_id_number: MaybeUndefined<String>,
    pub(super) tax_id: MaybeUndefined<String>,
    pub(super) language: MaybeUndefined<LanguageCode>,
    pub(super) external_reference: MaybeUndefined<String>,
    pub(super) credit_limit: MaybeUndefined<BigInt>,
    pub(super) risk_score: MaybeUndefined<i32>,
}

#[expect(clippy::disallowed_methods, reason = "compares a date of birth with the day")]
fn born_before(date: BirthDate, today: NaiveDate) -> Outcome<BirthDate> {
    if date.expose().is_some_and(|date| *date > today) {
        return Err(vec![UserError::on("dateOfBirth", UserErrorCode::Invalid, "lies in the future")]);
    }
    Ok(date)
}

/// Puts what was given into the row, and notes what was and what is wrong with it.
pub(super) fn fill_common(
    given: &mut Given,
    row: &mut ActiveModel,
    input: Common,
    tenant: &tenant::Model,
    today: NaiveDate,
) {
    let mut name = |field, column: &mut ActiveValue<Option<Name>>, value: MaybeUndefined<String>| {
        given.set_or_clear(field, column, value.map_value(|text| Name::new(text.trim())));
    };
    name("firstName", &mut row.first_name, input.first_name);
    name("lastName", &mut row.last_name, input.last_name);
    given.set_or_clear("companyName", &mut row.company_name, input.company_name);
    let billing =
        given.read(input.billing_email, |EmailAddress(text)| validate::email("billingEmail", &text));
    given.set_or_clear("billingEmail", &mut row.billing_email, billing);
    let phone =
        given.read(input.phone, |PhoneNumber(text)| validate::phone("phone", &text, &tenant.country_code));
    given.set_or_clear("phone", &mut row.phone, phone);
    let born = given.read(input.date_of_birth, |PartialDate(date)| born_before(date, today));
    given.set_or_clear("dateOfBirth", &mut row.date_of_birth, born);
    let id_type = input.government_id_type.map_value(|kind| kind.0);
    given.set_or_clear("governmentIdType", &mut row.government_id_type, id_type);
    let id_country = input.government_id_country.map_value(|country| country.0);
    given.set_or_clear("governmentIdCountry", &mut row.government_id_country, id_country);
    let id_number = given.read(input.government_id_number, |text| {
        validate::number("governmentIdNumber", &text).map(GovernmentId::new)
    });
    given.set_or_clear("governmentIdNumber", &mut row.government_id_number, id_number);
    let tax_id = given.read(input.tax_id, |text| validate::number("taxId", &text).map(TaxId::new));
    given.set_or_clear("taxId", &mut row.tax_id, tax_id);
    given.set_or_clear("language", &mut row.language, input.language.map_value(|language| language.0));
    given.set_or_clear("externalReference", &mut row.external_reference, input.external_reference);
    let limit = given.read(input.credit_limit, |BigInt(amount)| match amount {
        0.. => Ok(ConfidentialAmount::new(amount)),
        _ => Err(vec![UserError::on("creditLimit", UserErrorCode::Invalid, "is below zero")]),
    });
    given.set_or_clear("creditLimit", &mut row.credit_limit, limit);
    let score = given.read(input.risk_score, |score| match score {
        0..=100 => Ok(ConfidentialNumber::new(score)),
        _ => Err(vec![UserError::on("riskScore", UserErrorCode::Invalid, "lies between 0 and 100")]),
    });
    given.set_or_clear("riskScore", &mut row.risk_score, score);
}
