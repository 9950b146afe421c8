//! A GraphQL request as it comes in: from a JSON body or from the parameters of a URL.
//!
//! Invariant: no message repeats what was sent.

use async_graphql::Variables;
use axum::extract::Query;
use axum::http::Uri;
use custodian_entity::id::ApiClientId;
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::answer::Refusal;
use crate::app::App;
use crate::error::Error;

/// Strings that the GraphQL library takes for a reference to an uploaded file, panicking when there is none.
const FILE_MARKER: &str = "#__graphql_file__:";

/// A well-formed request.
#[derive(Debug)]
pub(super) struct Incoming {
    document: Document,
    operation_name: Option<String>,
    variables: Map<String, Value>,
}

/// What is to be run.
#[derive(Debug)]
enum Document {
    Text(String),
    /// A trusted document, by its id (GraphQL over HTTP, appendix A: persisted documents).
    Id(String),
}

/// A request whose document is known.
#[derive(Debug)]
pub(super) struct Asked {
    /// The document.
    pub(super) query: String,
    /// Which of its operations is meant.
    pub(super) operation_name: Option<String>,
    variables: Map<String, Value>,
}

/// The members of a request; others are ignored, as the specification asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Members {
    query: Option<Value>,
    #[serde(rename = "documentId")]
    document_id: Option<Value>,
    #[serde(rename = "operationName")]
    operation_name: Option<Value>,
    variables: Option<Value>,
    extensions: Option<Value>,
}

impl Incoming {
    /// Reads a JSON body.
    ///
    /// # Errors
    /// 400 for anything but one JSON object whose members have the right types.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, Refusal> {
        // The derived reader would take an array as the members in order.
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => {}
            Some(b'[') => {
                return Err(Refusal::malformed("send one operation at a time: batches are not accepted"));
            }
            _ => return Err(Refusal::malformed("the body must be a JSON object")),
        }
        let members = serde_json::from_slice(body).map_err(|error| {
            Refusal::malformed(match error.classify() {
                Category::Data => "the body names a member twice".to_owned(),
                _ => {
                    format!("the body is not valid JSON at line {}, column {}", error.line(), error.column())
                }
            })
        })?;
        Self::from_members(members)
    }

    /// Reads what a message holds.
    ///
    /// # Errors
    /// 400, as for a body.
    pub(super) fn from_value(value: Value) -> Result<Self, Refusal> {
        let Value::Object(_) = value else {
            return Err(Refusal::malformed("a request must be a JSON object"));
        };
        let members = serde_json::from_value(value);
        Self::from_members(members.map_err(|_| Refusal::malformed("the request cannot be read"))?)
    }

    /// Reads the parameters of a URL, of which `variables` and `extensions` are JSON.
    ///
    /// # Errors
    /// 400, as for a body.
    pub(super) fn from_parameters(uri: &Uri) -> Result<Self, Refusal> {
        let parameters: Query<Vec<(String, String)>> =
            Query::try_from_uri(uri).map_err(|_| Refusal::malformed("the parameters cannot be read"))?;
        let mut members = Members::default();
        for (name, text) in parameters.0 {
            let (member, value) = match name.as_str() {
                "query" => (&mut members.query, Some(Value::String(text))),
                "documentId" => (&mut members.document_id, Some(Value::String(text))),
                "operationName" => (&mut members.operation_name, Some(Value::String(text))),
                "variables" => (&mut members.variables, serde_json::from_str(&text).ok()),
                "extensions" => (&mut members.extensions, serde_json::from_str(&text).ok()),
                _ => continue,
            };
            if value.is_none() {
                return Err(Refusal::malformed("variables and extensions must be JSON"));
            }
            if member.is_some() {
                return Err(Refusal::malformed("a parameter is given twice"));
            }
            *member = value;
        }
        Self::from_members(members)
    }

    fn from_members(members: Members) -> Result<Self, Refusal> {
        let document = match (members.query, members.document_id) {
            (Some(Value::String(query)), None | Some(Value::Null)) => Document::Text(query),
            (None | Some(Value::Null), Some(Value::String(id))) => Document::Id(id),
            (Some(_), Some(_)) => return Err(Refusal::malformed("send query or documentId, not both")),
            // Words that clients know: they send the document then.
            (None, None) if asks_for_registered(members.extensions.as_ref()) => {
                return Err(Refusal::malformed("PersistedQueryNotSupported"));
            }
            _ => return Err(Refusal::malformed("query must be a string holding a GraphQL document")),
        };
        let operation_name = match members.operation_name {
            // Clients that have no name send any of these.
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return Err(Refusal::malformed("operationName must be a string")),
        };
        let variables = object(members.variables, "variables must be an object")?;
        // Known to the specification, used by nothing here.
        object(members.extensions, "extensions must be an object")?;
        if variables.values().any(names_a_file) {
            return Err(Refusal::malformed("variables must not hold references to files"));
        }
        Ok(Self { document, operation_name, variables })
    }

    /// With the text of its document, of the trusted ones of this API client where an id was sent.
    ///
    /// # Errors
    /// When there is none of the id.
    pub(super) fn known(self, app: &App, client: Option<ApiClientId>) -> Result<Asked, Error> {
        let Self { document, operation_name, variables } = self;
        let query = match document {
            Document::Text(query) => query,
            Document::Id(id) => app.trusted.document(client, &id)?,
        };
        Ok(Asked { query, operation_name, variables })
    }
}

impl Asked {
    /// As the library takes it.
    pub(super) fn into_request(self) -> async_graphql::Request {
        let mut request = async_graphql::Request::new(self.query)
            .variables(Variables::from_json(Value::Object(self.variables)));
        request.operation_name = self.operation_name;
        request
    }
}

/// Whether a document is asked for that a client would have sent before (automatic persisted queries), which is not done here:
/// whoever can send one could add to what is trusted.
fn asks_for_registered(extensions: Option<&Value>) -> bool {
    extensions.is_some_and(|extensions| extensions.get("persistedQuery").is_some())
}

fn object(value: Option<Value>, message: &'static str) -> Result<Map<String, Value>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(Refusal::malformed(message)),
    }
}

/// Recursion is bounded by the JSON reader, which stops at a depth of 128.
fn names_a_file(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(FILE_MARKER),
        Value::Array(items) => items.iter().any(names_a_file),
        Value::Object(members) => members.values().any(names_a_file),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
