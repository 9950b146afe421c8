//! Types of personal data. Each prints redacted, has no `Display` and no `Serialize`, and gives its content only to
//! `expose`, which clippy forbids outside the few places named in `clippy.toml`.
//!
//! Values are stored as given here. (Sealing them at rest replaces the stored form of these types, not their users.)

use std::fmt;

use sea_orm::DeriveValueType;
use sea_orm::prelude::Date;

macro_rules! personal {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, DeriveValueType)]
        pub struct $name($inner);

        impl $name {
            /// Wraps a validated value.
            pub fn new(value: impl Into<$inner>) -> Self {
                Self(value.into())
            }

            /// The value itself. Only masking, validation and storage may look.
            pub fn expose(&self) -> &$inner {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
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
    /// A line of a postal address.
    AddressLine(String);
    /// A postal code.
    PostalCode(String);
    /// A latitude or longitude in degrees.
    Coordinate(f64);
    /// An IPv4 or IPv6 address.
    IpAddress(String);
    /// A network prefix in CIDR notation.
    IpPrefix(String);
    /// Hardware addresses, comma-separated.
    MacAddresses(String);
    /// Text somebody wrote: subjects, descriptions, messages. May name people.
    FreeText(String);
    /// A short confidential text without a partial form: a job title, a legal name, how to get in.
    Confidential(String);
    /// An amount in minor units that is withheld from most roles.
    ConfidentialAmount(i64);
    /// A number that is withheld from most roles.
    ConfidentialNumber(i32);
}
