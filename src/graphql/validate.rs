//! What an input must be before anything is done with it: texts without control characters and within their lengths,
//! e-mail addresses and telephone numbers that are some.

use async_graphql::MaybeUndefined;
use custodian_entity::personal::{Email, Iban, Phone};
use sea_orm::ActiveValue;

use super::payload::{UserError, UserErrorCode};
use crate::authz::mask;
use crate::error::Error;

/// garde: one line of text, without control characters (NUL among them) and numbers of payment cards.
///
/// # Errors
/// When there are any, or nothing but white space.
pub fn line(text: &str, context: &()) -> garde::Result {
    reference(text, context)?;
    no_card(text)
}

/// garde: as [`line()`], but with whatever digits another system calls something by.
///
/// # Errors
/// When there are control characters, or nothing but white space.
pub fn reference(text: &str, _: &()) -> garde::Result {
    if text.chars().any(char::is_control) {
        return Err(garde::Error::new("holds control characters"));
    }
    if text.trim().is_empty() {
        return Err(garde::Error::new("is blank"));
    }
    Ok(())
}

/// No number of a payment card is stored (PCI DSS 3.3.1, 3.5.1; DOMAIN, law 28), least of all where anybody may read it.
fn no_card(text: &str) -> garde::Result {
    if mask::holds_card_number(text) {
        return Err(garde::Error::new("holds what may be the number of a payment card"));
    }
    Ok(())
}

/// garde: text of several lines; of the control characters only tabs and line ends, and no numbers of payment cards.
///
/// # Errors
/// When there are others, or nothing but white space.
pub fn lines(text: &str, _: &()) -> garde::Result {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(garde::Error::new("holds control characters"));
    }
    if text.trim().is_empty() {
        return Err(garde::Error::new("is blank"));
    }
    no_card(text)
}

/// Checks an input by its rules.
///
/// # Errors
/// An error for each rule that is broken, its path in the names of the schema.
pub fn check<T: garde::Validate<Context = ()>>(input: &T) -> Result<(), Vec<UserError>> {
    let Err(report) = input.validate() else { return Ok(()) };
    let errors = report.iter().map(|(path, error)| {
        let text = error.message().to_owned();
        let code = if text.starts_with("length is greater") {
            UserErrorCode::TooLong
        } else {
            UserErrorCode::Invalid
        };
        UserError::on(&camel_case(&path.to_string()), code, text)
    });
    Err(errors.collect())
}

fn camel_case(path: &str) -> String {
    let mut camel = String::with_capacity(path.len());
    let mut raise = false;
    for c in path.chars() {
        if c == '_' {
            raise = true;
        } else if raise {
            camel.extend(c.to_uppercase());
            raise = false;
        } else {
            camel.push(c);
        }
    }
    camel
}

/// An e-mail address (RFC 5321, RFC 5322), its domain in lower case.
///
/// # Errors
/// When it is none.
pub fn email(path: &str, text: &str) -> Result<Email, Vec<UserError>> {
    let invalid = || vec![UserError::on(path, UserErrorCode::Invalid, "is not an e-mail address")];
    let options = email_address::Options::default().without_display_text().without_domain_literal();
    let parsed =
        email_address::EmailAddress::parse_with_options(text.trim(), options).map_err(|_| invalid())?;
    let (local, domain) = (parsed.local_part(), parsed.domain());
    if local.starts_with('"') || !domain.contains('.') {
        return Err(invalid());
    }
    Ok(Email::new(format!("{local}@{}", domain.to_lowercase())))
}

/// A telephone number as E.164, read in a region (ISO 3166-1) where it has no country code.
///
/// # Errors
/// When it is none.
pub fn phone(path: &str, text: &str, region: &str) -> Result<Phone, Vec<UserError>> {
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
    let invalid = || vec![UserError::on(path, UserErrorCode::Invalid, "is not a telephone number")];
    // The library reads RFC 3966 too, and panics on some malformed parameters of it: it gets digits, and a leading plus.
    let is_written_so = |c: char| c.is_ascii_digit() || "+ -./()\u{a0}".contains(c);
    let text = text.trim();
    if text.len() > 40 || !text.chars().all(is_written_so) || text.rfind('+').is_some_and(|at| at > 0) {
        return Err(invalid());
    }
    let dialled: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let region = region.parse::<Region>().ok();
    let parsed = PHONE_NUMBER_UTIL.parse(&dialled, region).map_err(|_| invalid())?;
    if !PHONE_NUMBER_UTIL.is_valid_number(&parsed) {
        return Err(invalid());
    }
    let text = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
    Ok(Phone::new(text.into_owned()))
}

/// An international bank account number (ISO 13616-1), without separators and in capitals.
///
/// # Errors
/// When it is none, or its check digits are wrong.
pub fn iban(path: &str, text: &str) -> Result<Iban, Vec<UserError>> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let plain = plain.to_ascii_uppercase();
    if mask::is_iban(&plain) {
        return Ok(Iban::new(plain));
    }
    Err(vec![UserError::on(path, UserErrorCode::Invalid, "is not an international bank account number")])
}

/// An identity or tax number without separators, in capitals.
///
/// # Errors
/// When it holds anything but letters and digits, or is not 4 to 32 of them.
pub fn number(path: &str, text: &str) -> Result<String, Vec<UserError>> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/')).collect();
    if (4..=32).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(plain.to_ascii_uppercase());
    }
    Err(vec![UserError::on(path, UserErrorCode::Invalid, "is not 4 to 32 letters and digits")])
}

/// garde: as [`line()`] of at most so many characters, where something is given.
///
/// # Errors
/// As [`line()`], or when it is longer.
pub fn optional_line<const MAX: usize>(text: &MaybeUndefined<String>, context: &()) -> garde::Result {
    optional_text(text, MAX, |text| line(text, context))
}

/// garde: as [`reference()`] of at most so many characters, where something is given.
///
/// # Errors
/// As [`reference()`], or when it is longer.
pub fn optional_reference<const MAX: usize>(text: &MaybeUndefined<String>, context: &()) -> garde::Result {
    optional_text(text, MAX, |text| reference(text, context))
}

/// garde: as [`lines`] of at most so many characters, where something is given.
///
/// # Errors
/// As [`lines`], or when it is longer.
pub fn optional_lines<const MAX: usize>(text: &MaybeUndefined<String>, context: &()) -> garde::Result {
    optional_text(text, MAX, |text| lines(text, context))
}

fn optional_text(
    text: &MaybeUndefined<String>,
    max: usize,
    check: impl FnOnce(&str) -> garde::Result,
) -> garde::Result {
    let MaybeUndefined::Value(text) = text else { return Ok(()) };
    if text.chars().count() > max {
        return Err(garde::Error::new(format!("length is greater than {max}")));
    }
    check(text)
}

/// What a client gave of an input, on its way into a row: which fields, and what is wrong with them.
#[derive(Default)]
pub struct Given {
    names: Vec<&'static str>,
    errors: Vec<UserError>,
}

impl Given {
    /// Checks the rules of an input and starts with what they say.
    pub fn checked<T: garde::Validate<Context = ()>>(input: &T) -> Self {
        Self { names: Vec::new(), errors: check(input).err().unwrap_or_default() }
    }

    /// A value that cannot be absent.
    pub fn set<T: Into<sea_orm::Value>>(
        &mut self,
        name: &'static str,
        column: &mut ActiveValue<T>,
        value: Option<T>,
    ) {
        if let Some(value) = value {
            self.names.push(name);
            *column = ActiveValue::Set(value);
        }
    }

    /// A value that can be absent: null removes it.
    pub fn set_or_clear<T>(
        &mut self,
        name: &'static str,
        column: &mut ActiveValue<Option<T>>,
        value: MaybeUndefined<T>,
    ) where
        Option<T>: Into<sea_orm::Value>,
    {
        match value {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => {
                self.names.push(name);
                *column = ActiveValue::Set(None);
            }
            MaybeUndefined::Value(value) => {
                self.names.push(name);
                *column = ActiveValue::Set(Some(value));
            }
        }
    }

    /// Turns a value into another; what does not turn is noted.
    pub fn read<T, U>(
        &mut self,
        value: MaybeUndefined<T>,
        read: impl FnOnce(T) -> Result<U, Vec<UserError>>,
    ) -> MaybeUndefined<U> {
        match value {
            MaybeUndefined::Undefined => MaybeUndefined::Undefined,
            MaybeUndefined::Null => MaybeUndefined::Null,
            MaybeUndefined::Value(value) => match read(value) {
                Ok(value) => MaybeUndefined::Value(value),
                Err(errors) => {
                    self.errors.extend(errors);
                    MaybeUndefined::Undefined
                }
            },
        }
    }

    /// Notes what is wrong.
    pub fn refuse(&mut self, error: UserError) {
        self.errors.push(error);
    }

    /// Notes a field that is written elsewhere, if it was given.
    pub fn note(&mut self, name: &'static str, is_given: bool) {
        if is_given {
            self.names.push(name);
        }
    }

    /// The names of the fields that were given.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn finish(self) -> Result<Vec<&'static str>, Vec<UserError>> {
        if self.errors.is_empty() { Ok(self.names) } else { Err(self.errors) }
    }
}

/// An optional value as one that may be undefined: absence and null are the same when creating.
pub fn optional<T>(value: Option<T>) -> MaybeUndefined<T> {
    value.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value)
}

/// Turns a value in use into a refusal of its field: `fields` pairs a part of the constraint's text with the field.
///
/// # Errors
/// Any other error.
pub fn taken<T>(
    result: Result<T, Error>,
    fields: &[(&str, &str)],
) -> Result<Result<T, Vec<UserError>>, Error> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Error::Taken(constraint)) => {
            match fields.iter().find(|(column, _)| constraint.contains(column)) {
                Some((_, field)) => {
                    Ok(Err(vec![UserError::on(field, UserErrorCode::Taken, "is in use already")]))
                }
                None => Err(Error::Taken(constraint)),
            }
        }
        Err(other) => Err(other),
    }
}
