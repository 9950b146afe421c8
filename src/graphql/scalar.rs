//! The custom scalars. Those of personal data can be given by a client, and are returned only through
//! [`crate::authz::Pii`]: the types here have no output of their own.

use std::borrow::Cow;

use async_graphql::registry::{MetaType, MetaTypeId, Registry};
use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use chrono::{Datelike, NaiveDate, Utc};
use custodian_entity::personal;

/// Dates and times outside these years are mistakes.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A point in time: RFC 3339, shown in UTC, years 1900 to 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub chrono::DateTime<Utc>);

/// A point in time: RFC 3339, shown in UTC, years 1900 to 2200.
#[Scalar(name = "DateTime", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::custom("expected a time in RFC 3339"));
        };
        match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(time) if YEARS.contains(&time.year()) => Ok(Self(time.with_timezone(&Utc))),
            Ok(_) => Err(InputValueError::custom("a time lies between the years 1900 and 2200")),
            Err(_) => Err(InputValueError::custom("expected a time in RFC 3339")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
}

/// A calendar date: `YYYY-MM-DD`, years 1900 to 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub NaiveDate);

fn parse_date(value: Value) -> InputValueResult<Date> {
    let Value::String(text) = value else {
        return Err(InputValueError::custom("expected a date as YYYY-MM-DD"));
    };
    match NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        Ok(date) if YEARS.contains(&date.year()) => Ok(Date(date)),
        Ok(_) => Err(InputValueError::custom("a date lies between the years 1900 and 2200")),
        Err(_) => Err(InputValueError::custom("expected a date as YYYY-MM-DD")),
    }
}

/// A calendar date: `YYYY-MM-DD`, years 1900 to 2200.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse_date(value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// A whole number of up to 64 bits, exact in JSON between -(2^53-1) and 2^53-1; larger ones are refused as input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BigInt(pub i64);

const SAFE: i64 = (1 << 53) - 1;

/// A whole number of up to 64 bits, exact in JSON between -(2^53-1) and 2^53-1; larger ones are refused as input.
#[Scalar(name = "BigInt")]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Number(number) => match number.as_i64() {
                Some(number) if (-SAFE..=SAFE).contains(&number) => Ok(Self(number)),
                _ => Err(InputValueError::custom("expected a whole number within ±(2^53-1)")),
            },
            _ => Err(InputValueError::custom("expected a whole number")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// An amount of money.
#[derive(Clone, Debug, SimpleObject)]
pub struct Money {
    /// In minor units of the currency: cents, pence.
    pub amount: BigInt,
    /// ISO 4217.
    pub currency: CurrencyCode,
}

/// An amount in minor units.
pub fn money(amount: i64, currency: &str) -> Money {
    Money { amount: BigInt(amount), currency: CurrencyCode(currency.to_owned()) }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $test:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub String);

        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) if ($test)(&text) => Ok(Self(text)),
                    _ => Err(InputValueError::custom($expected)),
                }
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    )*};
}

fn upper(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_scope(text: &str) -> bool {
    let is_plain = |byte: u8| byte == b'!' || (b'#'..=b'[').contains(&byte) || (b']'..=b'~').contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && text.len() <= 35
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

codes! {
    /// A country: ISO 3166-1 alpha-2, such as `ES`.
    CountryCode, |text: &str| upper(text, 2), "expected a country of two capital letters (ISO 3166-1)";
    /// A currency: ISO 4217, such as `EUR`.
    CurrencyCode, |text: &str| upper(text, 3), "expected a currency of three capital letters (ISO 4217)";
    /// What a token is limited to: a scope of OAuth 2 (RFC 6749, 3.3), such as `customers:read`.
    TokenScope, is_scope, "expected a scope such as customers:read";
    /// A language: BCP 47, such as `en` or `pt-BR`.
    LanguageCode, is_language, "expected a language tag (BCP 47)";
}

/// Scalars of personal data: name, the entity's type, what is accepted, and the description.
macro_rules! personal_scalars {
    ($($name:ident as $graphql:literal holds $inner:ty, parsed by $parse:path, $description:literal;)*) => {$(
        #[doc = $description]
        #[derive(Clone, Debug)]
        pub struct $name(pub $inner);

        impl InputType for $name {
            type RawValueType = Self;

            fn type_name() -> Cow<'static, str> {
                $graphql.into()
            }

            fn create_type_info(registry: &mut Registry) -> String {
                registry.create_input_type::<Self, _>(MetaTypeId::Scalar, |_| MetaType::Scalar {
                    name: $graphql.to_owned(),
                    description: Some($description.to_owned()),
                    is_valid: None,
                    visible: None,
                    inaccessible: false,
                    tags: Vec::new(),
                    specified_by_url: None,
                    directive_invocations: Vec::new(),
                    requires_scopes: Vec::new(),
                })
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                match value {
                    Some(Value::String(text)) => $parse(&text).map(Self).map_err(InputValueError::custom),
                    _ => Err(InputValueError::custom("expected a text")),
                }
            }

            // Asked only for default values in introspection; no personal datum is one.
            fn to_value(&self) -> Value {
                Value::Null
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }
    )*};
}

personal_scalars! {
    EmailAddress as "EmailAddress" holds String, parsed by short_text,
        "An e-mail address (RFC 5321). A masked viewer gets its mask, such as `j**n@provider.example`.";
    PhoneNumber as "PhoneNumber" holds String, parsed by short_text,
        "A telephone number, shown in E.164; read in the region of the tenant. A masked viewer gets its mask, such as `+44 ******0958`.";
    PartialDate as "PartialDate" holds personal::BirthDate, parsed by birth_date,
        "A date as `YYYY-MM-DD`. A masked viewer gets the year alone, or `****`.";
    IpAddress as "IpAddress" holds personal::IpAddress, parsed by ip_address,
        "An IPv4 or IPv6 address. A masked viewer gets its network, such as `203.0.113.***`.";
    Cidr as "Cidr" holds personal::IpPrefix, parsed by ip_prefix,
        "A network prefix in CIDR notation (RFC 4632). A masked viewer gets a wider one.";
    MacAddress as "MacAddress" holds String, parsed by short_text,
        "A hardware address. A masked viewer gets the maker's part alone.";
}

/// Checked where the tenant is known; here only that it can be anything at all.
fn short_text(text: &str) -> Result<String, &'static str> {
    if text.len() > 320 { Err("longer than 320 bytes") } else { Ok(text.to_owned()) }
}

fn birth_date(text: &str) -> Result<personal::BirthDate, &'static str> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) if YEARS.contains(&date.year()) => Ok(personal::BirthDate::new(date)),
        _ => Err("expected a date as YYYY-MM-DD"),
    }
}

fn ip_address(text: &str) -> Result<personal::IpAddress, &'static str> {
    match text.parse::<std::net::IpAddr>() {
        Ok(address) => Ok(personal::IpAddress::new(address.to_string())),
        Err(_) => Err("expected an IPv4 or IPv6 address"),
    }
}

fn ip_prefix(text: &str) -> Result<personal::IpPrefix, &'static str> {
    match text.parse::<ipnet::IpNet>() {
        Ok(prefix) => Ok(personal::IpPrefix::new(prefix.to_string())),
        Err(_) => Err("expected a network prefix such as 2001:db8::/48"),
    }
}
