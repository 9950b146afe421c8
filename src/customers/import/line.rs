//! What a line says, held to what `customerCreate` and `addressCreate` hold their inputs to.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_graphql::{InputType, Name, Number, Value};
use chrono::NaiveDate;
use custodian_entity::choice::{AddressType, CustomerStatus};
use custodian_entity::id::{CustomerId, TypedId};
use custodian_entity::personal::Email;
use custodian_entity::{address, customer, tenant};
use sea_orm::ActiveEnum;
use sea_orm::prelude::Uuid;

use crate::authn::password::is_hash;
use crate::authn::username::normalised;
use crate::customers::account;
use crate::customers::address_mutation::{self, AddressCreateInput};
use crate::customers::mutation::{self, CustomerCreateInput};
use crate::graphql::{Outcome, UserError, UserErrorCode};

/// What a line says, by column; what is empty is not there.
pub type Line = BTreeMap<String, String>;

/// The columns that are fields of the customer.
const CUSTOMER: [&str; 17] = [
    "externalReference",
    "type",
    "displayName",
    "firstName",
    "lastName",
    "companyName",
    "email",
    "billingEmail",
    "phone",
    "dateOfBirth",
    "governmentIdType",
    "governmentIdCountry",
    "governmentIdNumber",
    "taxId",
    "language",
    "creditLimit",
    "riskScore",
];
/// The fields of an address; their columns are `serviceLine1`, `billingLine1` and so on.
const ADDRESS: [&str; 6] = ["line1", "line2", "postalCode", "city", "subdivision", "countryCode"];
/// What is taken of a customer that is not there yet, and never changed by an import.
const FIRST: [&str; 3] = ["status", "username", "passwordHash"];
/// The addresses, by how their columns begin.
const KINDS: [(&str, AddressType); 2] =
    [("service", AddressType::Service), ("billing", AddressType::Billing)];

/// Every column there may be.
pub static COLUMNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let of_addresses = KINDS.iter().flat_map(|(kind, _)| ADDRESS.map(|field| address_column(kind, field)));
    CUSTOMER.into_iter().chain(FIRST).map(str::to_owned).chain(of_addresses).collect()
});

/// The column of an address's field.
fn address_column(kind: &str, field: &str) -> String {
    let (initial, rest) = field.split_at_checked(1).unwrap_or((field, ""));
    format!("{kind}{}{rest}", initial.to_ascii_uppercase())
}

/// An account as it was in the other system.
pub(super) struct Account {
    /// In its one spelling.
    pub(super) username: String,
    pub(super) password_hash: String,
    pub(super) email: Email,
}

/// What a line asks for.
pub(super) struct Wanted {
    /// What the customer is known by.
    pub(super) reference: String,
    pub(super) row: customer::ActiveModel,
    pub(super) status: Option<CustomerStatus>,
    /// Whose they are stands with the customer.
    pub(super) addresses: Vec<address::ActiveModel>,
    pub(super) account: Option<Account>,
}

impl Wanted {
    /// Reads a line, or tells everything that is wrong with it.
    pub(super) fn read(line: &Line, tenant: &tenant::Model, today: NaiveDate) -> Outcome<Self> {
        let mut reasons = Vec::new();
        let row = noted(&mut reasons, customer(line, tenant, today));
        let status = noted(&mut reasons, status(line));
        let addresses: Vec<_> =
            KINDS.into_iter().filter_map(|kind| noted(&mut reasons, address(line, kind))).flatten().collect();
        let email = row.as_ref().and_then(mutation::email_of);
        let account = noted(&mut reasons, account(line, tenant, email));
        match (row, status, account, line.get("externalReference")) {
            (Some(row), Some(status), Some(account), Some(reference)) if reasons.is_empty() => {
                Ok(Self { reference: reference.clone(), row, status, addresses, account })
            }
            _ => Err(reasons),
        }
    }
}

/// Notes what is wrong.
fn noted<T>(reasons: &mut Vec<UserError>, read: Outcome<T>) -> Option<T> {
    read.map_err(|errors| reasons.extend(errors)).ok()
}

fn customer(line: &Line, tenant: &tenant::Model, today: NaiveDate) -> Outcome<customer::ActiveModel> {
    let given = CUSTOMER.into_iter().filter_map(|column| Some((column, line.get(column)?.as_str())));
    let least = [("externalReference", "-"), ("type", "INDIVIDUAL"), ("displayName", "-")];
    let input: CustomerCreateInput = input(given.collect(), &[], &least)?;
    mutation::new_row(input, tenant, today).map(|(row, _)| row)
}

fn status(line: &Line) -> Outcome<Option<CustomerStatus>> {
    use CustomerStatus::{Active, Closed, Prospect, Suspended};

    let Some(text) = line.get("status") else { return Ok(None) };
    match CustomerStatus::try_from_value(text) {
        Ok(status @ (Prospect | Active | Suspended | Closed)) => Ok(Some(status)),
        _ => Err(vec![invalid("status", "is not PROSPECT, ACTIVE, SUSPENDED or CLOSED")]),
    }
}

fn address(line: &Line, (kind, of): (&str, AddressType)) -> Outcome<Option<address::ActiveModel>> {
    let given = ADDRESS.into_iter();
    let given = given.filter_map(|field| Some((field, line.get(&address_column(kind, field))?.as_str())));
    let given: Vec<_> = given.collect();
    if given.is_empty() {
        return Ok(None);
    }
    let fixed = [
        ("customerId", Value::from(CustomerId::from_uuid(Uuid::nil()).encode())),
        ("type", Value::from(of.to_value())),
        ("isPrimary", Value::from(true)),
    ];
    let row = input(given, &fixed, &[("line1", "-"), ("countryCode", "ES")]);
    let row = row.and_then(|input: AddressCreateInput| address_mutation::new_row(input));
    let column = |path: Vec<String>| path.iter().map(|field| address_column(kind, field)).collect();
    row.map(Some).map_err(|reasons| {
        reasons.into_iter().map(|reason| UserError { field: reason.field.map(column), ..reason }).collect()
    })
}

fn account(line: &Line, tenant: &tenant::Model, email: Option<Email>) -> Outcome<Option<Account>> {
    let (username, password_hash) = match (line.get("username"), line.get("passwordHash")) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(vec![required("passwordHash")]),
        (None, Some(_)) => return Err(vec![required("username")]),
        (Some(name), Some(hash)) => (normalised(name), hash.clone()),
    };
    if let Some(error) = account::unacceptable(&username, tenant) {
        return Err(vec![error]);
    }
    if !is_hash(&password_hash) {
        return Err(vec![invalid(
            "passwordHash",
            "is no hash of bcrypt or Argon2id, or one that takes too much",
        )]);
    }
    // Wrong is told already; missing is not.
    match (email, line.contains_key("email")) {
        (Some(email), _) => Ok(Some(Account { username, password_hash, email })),
        (None, true) => Ok(None),
        (None, false) => Err(vec![required("email")]),
    }
}

fn required(field: &str) -> UserError {
    UserError::on(field, UserErrorCode::Required, "a value is needed")
}

pub(super) fn invalid(field: &str, message: &str) -> UserError {
    UserError::on(field, UserErrorCode::Invalid, message)
}

/// An input as a client of the API would give it. `least` is what there must be, with a value that is one.
fn input<T: InputType>(
    given: Vec<(&'static str, &str)>,
    fixed: &[(&'static str, Value)],
    least: &[(&'static str, &str)],
) -> Outcome<T> {
    let parse = |given: &[(&'static str, &str)]| {
        let least = least.iter().map(|(name, text)| (Name::new(name), Value::from(*text)));
        let fixed = fixed.iter().map(|(name, value)| (Name::new(name), value.clone()));
        let given = given.iter().map(|(name, text)| (Name::new(name), value(name, text)));
        T::parse(Some(Value::Object(least.chain(fixed).chain(given).collect())))
    };
    let mut reasons: Vec<_> = (least.iter().map(|(name, _)| *name))
        .filter(|name| !given.iter().any(|(field, _)| field == name))
        .map(required)
        .collect();
    match parse(&given) {
        Ok(input) if reasons.is_empty() => Ok(input),
        Ok(_) => Err(reasons),
        Err(_) => {
            let is_bad = |member: &&(&'static str, &str)| parse(&[**member]).is_err();
            let bad = given.iter().filter(is_bad);
            reasons.extend(bad.map(|(name, _)| invalid(name, "is not a value of this kind")));
            Err(reasons)
        }
    }
}

fn value(name: &str, text: &str) -> Value {
    match (name, text.parse::<i64>()) {
        ("creditLimit" | "riskScore", Ok(number)) => Value::Number(Number::from(number)),
        _ => Value::from(text),
    }
}
