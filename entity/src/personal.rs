//! Types of personal data. Each prints redacted, has no `Display` and no `Serialize`, and gives its content only to
//! `expose`, which clippy forbids outside the few places named in `clippy.toml`.
//!
//! All but [`IpAddress`] are stored sealed. A row that was read holds them as they are stored: nothing but the keys that
//! sealed them opens them. A row to be written holds them open, until it is sealed: in clear they are bytes to the
//! database, which takes texts for these columns, and none but sealed ones.

use std::fmt;

use sea_orm::prelude::Date;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{
    ActiveValue, ColIdx, DeriveValueType, IntoActiveValue, QueryResult, TryGetError, TryGetable, Value,
};

/// How a column of sealed values is told from others.
const SEALED: &str = "sealed";

/// Whether a column of this type holds sealed values.
pub fn is_sealed(column: &ColumnType) -> bool {
    matches!(column, ColumnType::Custom(name) if name.to_string() == SEALED)
}

/// A value, or what is stored of it.
#[derive(Clone, PartialEq)]
enum Held<T> {
    Open(T),
    Sealed(String),
}

/// What can be sealed: bytes that read back as what they were.
trait Content: Sized {
    fn bytes(self) -> Vec<u8>;
    fn read(bytes: Vec<u8>) -> Option<Self>;
}

impl Content for String {
    fn bytes(self) -> Vec<u8> {
        self.into_bytes()
    }
    fn read(bytes: Vec<u8>) -> Option<Self> {
        Self::from_utf8(bytes).ok()
    }
}

macro_rules! content {
    ($($type:ty)*) => {$(
        impl Content for $type {
            fn bytes(self) -> Vec<u8> {
                self.to_string().into_bytes()
            }
            fn read(bytes: Vec<u8>) -> Option<Self> {
                std::str::from_utf8(&bytes).ok()?.parse().ok()
            }
        }
    )*};
}

content! { Date f64 i64 i32 }

macro_rules! personal {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $name(Held<$inner>);

        impl $name {
            /// Wraps a validated value.
            pub fn new(value: impl Into<$inner>) -> Self {
                Self(Held::Open(value.into()))
            }

            /// The value itself; none as long as it is sealed, and when its key was destroyed. Only masking, validation
            /// and storage may look.
            pub fn expose(&self) -> Option<&$inner> {
                match &self.0 {
                    Held::Open(value) => Some(value),
                    Held::Sealed(_) => None,
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }

        impl From<$name> for Value {
            fn from(value: $name) -> Self {
                match value.0 {
                    Held::Open(value) => Self::Bytes(Some(value.bytes())),
                    Held::Sealed(text) => Self::String(Some(text)),
                }
            }
        }

        impl ValueType for $name {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                match value {
                    Value::Bytes(Some(bytes)) => {
                        Content::read(bytes).map(|value| Self(Held::Open(value))).ok_or(ValueTypeErr)
                    }
                    Value::String(Some(text)) => Ok(Self(Held::Sealed(text))),
                    _ => Err(ValueTypeErr),
                }
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> ArrayType {
                ArrayType::String
            }

            fn column_type() -> ColumnType {
                ColumnType::custom(SEALED)
            }
        }

        impl Nullable for $name {
            fn null() -> Value {
                Value::String(None)
            }
        }

        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
                String::try_get_by(row, column).map(|text| Self(Held::Sealed(text)))
            }
        }

        impl IntoActiveValue<$name> for $name {
            fn into_active_value(self) -> ActiveValue<Self> {
                ActiveValue::Set(self)
            }
        }
    )*};
}

personal! {
    /// An e-mail address, its domain in lower case.
    Email(String);
    /// A telephone number in E.164.
    Phone(String);
    /// A name of a person, or a part of one; for a company, its trade name.
    Name(String);
    /// A sign-in name.
    Username(String);
    /// A date of birth.
    BirthDate(Date);
    /// The number of an identity document, without separators.
    GovernmentId(String);
    /// A tax number, without separators.
    TaxId(String);
    /// An international bank account number (ISO 13616-1), without separators.
    Iban(String);
    /// Under which a payment processor charges an instrument. It has no mask: nothing turns it into an answer.
    ProcessorToken(String);
    /// The key of a document's content, in base64. Nothing turns it into an answer.
    DocumentKey(String);
    /// The name somebody gave a file.
    FileName(String);
    /// A line of a postal address.
    AddressLine(String);
    /// A postal code.
    PostalCode(String);
    /// A latitude or longitude in degrees.
    Coordinate(f64);
    /// The IPv4 or IPv6 address of a customer's line.
    LineAddress(String);
    /// A network prefix in CIDR notation.
    IpPrefix(String);
    /// Hardware addresses, comma-separated.
    MacAddresses(String);
    /// Text somebody wrote: subjects, descriptions, messages. May name people.
    FreeText(String);
    /// A short confidential text without a partial form: a job title, a legal name, how to get in.
    Confidential(String);
    /// What a field held once, as text: as personal as that field.
    PastValue(String);
    /// An amount in minor units that is withheld from most roles.
    ConfidentialAmount(i64);
    /// A number that is withheld from most roles.
    ConfidentialNumber(i32);
}

/// The IPv4 or IPv6 address that a request came from. Stored as it is: sign-ins and audit events are looked through by it.
#[derive(Clone, PartialEq, DeriveValueType)]
pub struct IpAddress(String);

impl IpAddress {
    /// Wraps a validated value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself. Only masking, validation and storage may look.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IpAddress(***)")
    }
}
