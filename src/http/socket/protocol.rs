//! Messages of `graphql-transport-ws` (PROTOCOL.md).

use std::sync::Arc;

use async_graphql::ServerError;
use axum::extract::ws::{Message, Utf8Bytes};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::close::Close;
use crate::http::answer::MOST_ERRORS;
use crate::http::credentials::{role_of, token_of};
use crate::http::incoming::Incoming;

/// The longest id of an operation, in bytes.
const LONGEST_ID: usize = 128;

/// What a client said.
pub(super) enum Received {
    /// Whose socket it is.
    Init(Map<String, Value>),
    Ping,
    Pong,
    /// An operation, of whichever kind.
    Subscribe(String, Incoming),
    /// That it wants nothing more of one.
    Complete(String),
}

/// The members of a message; others are ignored.
#[derive(Deserialize)]
struct Members {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    payload: Option<Value>,
}

impl Received {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Close::INVALID`] for anything that is none.
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        // The derived reader would take an array as the members in order.
        if !text.trim_start().starts_with('{') {
            return Err(Close::INVALID);
        }
        let Members { kind, id, payload } = serde_json::from_str(text).map_err(|_| Close::INVALID)?;
        let id = id.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID).ok_or(Close::INVALID);
        match kind.as_str() {
            "connection_init" => Ok(Self::Init(object(payload)?)),
            "ping" => object(payload).map(|_| Self::Ping),
            "pong" => object(payload).map(|_| Self::Pong),
            "subscribe" => {
                let incoming = Incoming::from_value(payload.unwrap_or_default());
                Ok(Self::Subscribe(id?, incoming.map_err(|_| Close::INVALID)?))
            }
            "complete" => Ok(Self::Complete(id?)),
            _ => Err(Close::INVALID),
        }
    }
}

fn object(payload: Option<Value>) -> Result<Map<String, Value>, Close> {
    match payload {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(Close::INVALID),
    }
}

/// The token, and the role to act in, that a socket is opened with: the headers of a request, as members.
///
/// # Errors
/// [`Close::UNAUTHORIZED`] without exactly one well-formed bearer token; [`Close::FORBIDDEN`] for what is no role.
pub(super) fn credentials(members: &Map<String, Value>) -> Result<(SecretString, Option<String>), Close> {
    let token = one(members, "authorization", Close::UNAUTHORIZED)?.and_then(token_of);
    let role = match one(members, "x-custodian-role", Close::FORBIDDEN)? {
        Some(role) => Some(role_of(role).ok_or(Close::FORBIDDEN)?.to_owned()),
        None => None,
    };
    Ok((SecretString::from(token.ok_or(Close::UNAUTHORIZED)?), role))
}

/// The member of this name, however it is written; more than one, or no text, is refused.
fn one<'m>(members: &'m Map<String, Value>, name: &str, otherwise: Close) -> Result<Option<&'m str>, Close> {
    let mut named = members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(Value::String(text)), None) => Ok(Some(text)),
        _ => Err(otherwise),
    }
}

/// What a client is told. Answers are shared by all who are told the same.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Acknowledged,
    Pong,
    Next(String, Arc<str>),
    Error(String, Vec<ServerError>),
    Complete(String),
}

impl Said {
    /// As it is sent.
    pub(super) fn message(self) -> Message {
        let text = match self {
            Self::Acknowledged => json!({ "type": "connection_ack" }).to_string(),
            Self::Pong => json!({ "type": "pong" }).to_string(),
            Self::Next(id, payload) => {
                format!(r#"{{"id":{},"type":"next","payload":{payload}}}"#, Value::String(id))
            }
            Self::Error(id, mut errors) => {
                errors.truncate(MOST_ERRORS);
                json!({ "id": id, "type": "error", "payload": errors }).to_string()
            }
            Self::Complete(id) => json!({ "id": id, "type": "complete" }).to_string(),
        };
        Message::Text(Utf8Bytes::from(text))
    }
}
