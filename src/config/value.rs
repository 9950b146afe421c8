//! How the values of single keys are read. What a message expects is written for the person who configures.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use lettre::Address;
use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use tracing_subscriber::EnvFilter;

/// A whole number from `MIN` to `MAX`.
pub(super) fn whole<'de, D, T, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    struct Within<const MIN: u64, const MAX: u64>;

    impl<const MIN: u64, const MAX: u64> Visitor<'_> for Within<MIN, MAX> {
        type Value = u64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "a whole number from {MIN} to {MAX}")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
            if (MIN..=MAX).contains(&number) {
                return Ok(number);
            }
            Err(E::invalid_value(Unexpected::Unsigned(number), &self))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
            match u64::try_from(number) {
                Ok(number) => self.visit_u64(number),
                Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
            }
        }
    }

    let number = deserializer.deserialize_u64(Within::<MIN, MAX>)?;
    T::try_from(number)
        .map_err(|_| D::Error::invalid_value(Unexpected::Unsigned(number), &Within::<MIN, MAX>))
}

/// A text that `read` understands.
pub(super) fn text<'de, D, T>(
    deserializer: D,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    struct Text(&'static str);

    impl Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }

    let text = deserializer.deserialize_str(Text(expected))?;
    read(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &expected))
}

const ADDRESS: &str = "an address and port such as 127.0.0.1:8080 or [::1]:8080";

/// An address to listen on.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    text(deserializer, ADDRESS, |text| text.parse().ok())
}

/// An address to listen on, or none.
pub(super) fn optional_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    text(deserializer, ADDRESS, |text| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) })
}

/// An address of e-mail.
pub(super) fn mail_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
    text(deserializer, "an address such as no-reply@isp.example", |text| text.parse().ok())
}

/// A folder.
pub(super) fn folder<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    text(deserializer, "a folder", |text| {
        (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
    })
}

/// A folder, or none.
pub(super) fn optional_folder<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    text(deserializer, "a folder", |text| {
        (!text.contains('\0')).then(|| (!text.is_empty()).then(|| PathBuf::from(text)))
    })
}

/// A file, or none.
pub(super) fn optional_file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    text(deserializer, "a file", |text| {
        (!text.contains('\0')).then(|| (!text.is_empty()).then(|| PathBuf::from(text)))
    })
}

/// A secret text, or none.
pub(super) fn optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    text(deserializer, "a text", |text| Some((!text.is_empty()).then(|| SecretString::from(text))))
}

/// A secret text.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    text(deserializer, "a text", |text| (!text.is_empty()).then(|| SecretString::from(text)))
}

/// The name of an index: narrower than what servers take, with nothing that is special in a path or a pattern.
pub(super) fn index<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    text(deserializer, "the name of an index such as custodian-audit", |name| {
        let begins = name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
        (begins && name.len() <= 200 && name.bytes().all(is_plain)).then(|| name.to_owned())
    })
}

/// A user as HTTP takes one: his name ends at a colon (RFC 7617, 2).
pub(super) fn user<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, "a name without a colon", |name| (!name.contains(':')).then(|| name.to_owned()))
}

/// A filter of log events.
pub(super) fn log_filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, "a log filter such as info or warn,custodian=debug", |text| {
        EnvFilter::try_new(text).is_ok().then(|| text.to_owned())
    })
}

/// Origins.
pub(super) fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Origin(String);

    impl<'de> Deserialize<'de> for Origin {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            text(deserializer, "an origin such as https://dashboard.example", |text| {
                is_origin(text).then(|| Self(text.to_owned()))
            })
        }
    }

    Ok(Vec::<Origin>::deserialize(deserializer)?.into_iter().map(|origin| origin.0).collect())
}

/// Networks, or single addresses.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    struct Network(IpNet);

    impl<'de> Deserialize<'de> for Network {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            text(deserializer, "an address or a network such as 10.0.0.0/8", |text| {
                let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
                text.parse().ok().or_else(single).map(Self)
            })
        }
    }

    Ok(Vec::<Network>::deserialize(deserializer)?.into_iter().map(|network| network.0).collect())
}

/// Whether the text is an origin as browsers send it (RFC 6454, 6.2): scheme, host and perhaps a port, in lower case.
/// `*` and `null` are not: neither names who is allowed.
pub(super) fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    matches!(scheme, "http" | "https")
        && !rest.contains(['/', '@', '*'])
        && !rest.contains(|c: char| c.is_ascii_uppercase())
        && rest.parse::<axum::http::uri::Authority>().is_ok_and(|authority| !authority.host().is_empty())
}
