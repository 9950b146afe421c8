//! How each type of personal data is shown: its scalar, and which mask of [`crate::authz::mask`] is its partial form.

#![expect(
    clippy::disallowed_methods,
    reason = "this is where personal data turn into answers, for Pii to choose from"
)]

use async_graphql::Value;
use chrono::NaiveDate;
use custodian_entity::choice::{CustomerType, DocumentType};
use custodian_entity::personal;
use sea_orm::ActiveEnum;

use super::scalar::{Cidr, EmailAddress, IpAddress, MacAddress, PartialDate, PhoneNumber};
use crate::authz::{Personal, mask};

/// What is shown of a text. Of one that was erased there is nothing to show.
fn text(shown: Option<String>) -> Value {
    Value::String(shown.unwrap_or_else(|| mask::HIDDEN.to_owned()))
}

macro_rules! text_with_mask {
    ($($type:ty, $scalar:ty, $mask:expr;)*) => {$(
        impl Personal for $type {
            type Scalar = $scalar;
            fn clear(&self) -> Value {
                text(self.expose().cloned())
            }
            fn masked(&self) -> Value {
                text(self.expose().map(|raw| ($mask)(raw)))
            }
        }
    )*};
}

text_with_mask! {
    personal::Email, EmailAddress, |raw: &str| mask::email(raw, false);
    personal::Phone, PhoneNumber, |raw: &str| mask::phone(raw, None);
    personal::Name, String, mask::name;
    personal::Username, String, mask::username;
    personal::GovernmentId, String, mask::id_number;
    personal::TaxId, String, mask::id_number;
    personal::Iban, String, mask::iban;
    personal::AddressLine, String, mask::address_line;
    personal::LineAddress, IpAddress, |raw: &str| mask::ip(raw);
    personal::IpPrefix, Cidr, mask::ip;
    personal::Confidential, String, |_: &str| mask::HIDDEN.to_owned();
}

impl Personal for personal::IpAddress {
    type Scalar = IpAddress;
    fn clear(&self) -> Value {
        Value::from(self.expose())
    }
    fn masked(&self) -> Value {
        Value::String(mask::ip(self.expose()))
    }
}

impl Personal for personal::Coordinate {
    type Scalar = f64;
    fn clear(&self) -> Value {
        self.expose().copied().map_or(Value::Null, Value::from)
    }
    fn masked(&self) -> Value {
        self.expose().map_or(Value::Null, |degrees| Value::from(mask::coordinate(*degrees)))
    }
}

/// The name of a customer: a company's is public, a person's is not (DOMAIN, Masks).
pub struct CustomerName(pub personal::Name, pub CustomerType);

impl Personal for CustomerName {
    type Scalar = String;
    fn clear(&self) -> Value {
        self.0.clear()
    }
    fn masked(&self) -> Value {
        match self.1 {
            CustomerType::Company => self.0.clear(),
            CustomerType::Individual | CustomerType::SoleTrader => self.0.masked(),
        }
    }
}

/// A date of birth, with the day on which it is masked: the very young and very old show no year.
pub struct Born(pub personal::BirthDate, pub NaiveDate);

impl Personal for Born {
    type Scalar = PartialDate;
    fn clear(&self) -> Value {
        text(self.0.expose().map(|date| date.format("%Y-%m-%d").to_string()))
    }
    fn masked(&self) -> Value {
        text(self.0.expose().map(|date| mask::birth_date(*date, self.1)))
    }
}

/// A postal code, with the country whose rule masks it.
pub struct PostalCodeOf(pub personal::PostalCode, pub String);

impl Personal for PostalCodeOf {
    type Scalar = String;
    fn clear(&self) -> Value {
        text(self.0.expose().cloned())
    }
    fn masked(&self) -> Value {
        text(self.0.expose().map(|code| mask::postal_code(code, Some(&self.1))))
    }
}

/// The name of a file, with what it shows and its media type, which its mask is made of.
pub struct FileNameOf(pub personal::FileName, pub DocumentType, pub String);

impl Personal for FileNameOf {
    type Scalar = String;
    fn clear(&self) -> Value {
        text(self.0.expose().cloned())
    }
    fn masked(&self) -> Value {
        Value::String(mask::file_name(&self.1.to_value(), &self.2))
    }
}

/// One hardware address of a list.
pub struct Mac(String);

impl Mac {
    /// The addresses of a stored list.
    pub fn list(stored: &personal::MacAddresses) -> Vec<Self> {
        let texts = stored.expose().map(String::as_str).unwrap_or_default().split(',');
        texts.filter(|one| !one.is_empty()).map(|one| Self(one.to_owned())).collect()
    }
}

impl Personal for Mac {
    type Scalar = MacAddress;
    fn clear(&self) -> Value {
        Value::String(self.0.clone())
    }
    fn masked(&self) -> Value {
        Value::String(mask::mac(&self.0))
    }
}

/// Text somebody wrote, with what is known of the people it may name.
pub struct Written {
    text: personal::FreeText,
    known: Option<Vec<(&'static str, String)>>,
}

impl Written {
    /// Text whose mask also finds these values: a kind such as `NAME`, and the value. Where nothing is known of whom it
    /// may name, its mask hides it whole.
    pub fn new(text: personal::FreeText, known: Option<Vec<(&'static str, String)>>) -> Self {
        Self { text, known }
    }
}

impl Personal for Written {
    type Scalar = String;
    fn clear(&self) -> Value {
        text(self.text.expose().cloned())
    }
    fn masked(&self) -> Value {
        let (Some(known), Some(written)) = (&self.known, self.text.expose()) else { return text(None) };
        let known: Vec<_> = known.iter().map(|(kind, value)| mask::Known { kind, value }).collect();
        Value::String(mask::free_text(written, &known))
    }
}
