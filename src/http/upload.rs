//! `POST /graphql` as `multipart/form-data`: an operation with files (GraphQL multipart request specification).
//!
//! ```text
//! preflight header ─ credentials ─ size ─ a place ─ `operations`, `map` ─ App::execute, which takes the files as they come
//! ```
//!
//! Invariants: nothing of a body is read of whom the service does not know, or who has enough under way; another site's page
//! cannot post here, since it would have to ask first (Fetch, 4.8); what an operation does not take is read past and kept
//! nowhere; of names and variables nothing is logged.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Request as Operation, Response, Value, Variables};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use custodian_entity::id::ApiClientId;
use tokio::time::timeout;

use super::answer::Refusal;
use super::edge::RequestId;
use super::gate::Gate;
use super::graphql::{announced_length, authenticate, client_of, origin};
use super::incoming::Incoming;
use crate::app::App;
use crate::config::{Config, Uploads};
use crate::error::Error;
use crate::graphql::upload::{Files, Part, Parts, Upload};

/// Headers that no page sends to another site without asking first. One of them is required.
const PREFLIGHT: [&str; 3] = ["graphql-require-preflight", "apollo-require-preflight", "x-requested-with"];

/// How large the map of files may be, in bytes.
const MAP_BYTES: usize = 16 * 1024;

/// How much a part takes besides its content, in bytes.
const AROUND_PART: usize = 16 * 1024;

/// Runs one operation with files.
///
/// # Errors
/// A [`Refusal`] when nothing of it was run.
pub(super) async fn run(
    app: &App,
    gate: &Arc<Gate>,
    id: &RequestId,
    request: Request,
    boundary: Result<String, Refusal>,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    if !PREFLIGHT.iter().any(|name| head.headers.contains_key(*name)) {
        return Err(Refusal::malformed("multipart/form-data takes the header GraphQL-Require-Preflight"));
    }
    let boundary = boundary?;
    let late = |_| Refusal::from(Error::Timeout);
    let time = app.config.request_timeout();
    let origin = origin(app, id, &head);
    let viewer = timeout(time, authenticate(app, &head, &origin)).await.map_err(late)??;
    let user = viewer.identity().ok_or(Error::Unauthenticated)?.user;
    let most = most_bytes(&app.config);
    if announced_length(&head.headers).is_some_and(|length| length > most as u64) {
        return Err(Refusal::too_large(most));
    }
    let limits = &app.config.uploads;
    let _place = gate.enter(user, limits.per_user, limits.at_once)?;

    let mut parts = Parts::new(body.into_data_stream(), &boundary, most, limits);
    let (operation, files) = match read_head(&mut parts, app, client_of(&viewer)).await {
        Ok(head) => head,
        Err(refusal) => {
            // Who still sends hears no refusal.
            parts.drain().await;
            return Err(refusal);
        }
    };
    let files = Arc::new(Files::new(parts, files, limits.file_bytes as u64));
    let operation = operation.data(files.clone());
    let running = app.execute(viewer, origin, operation);
    let mut response = timeout(limits.timeout() + time, running).await.map_err(late)?;
    if !files.drain().await {
        response.http_headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// The largest body.
fn most_bytes(config: &Config) -> usize {
    let Uploads { files, file_bytes, .. } = config.uploads;
    config.limits.body_bytes + MAP_BYTES + usize::from(files) * (file_bytes + AROUND_PART)
}

/// What is to be run, with each file in its place among the variables, and the files by the names of their parts.
async fn read_head(
    parts: &mut Parts,
    app: &App,
    client: Option<ApiClientId>,
) -> Result<(Operation, HashMap<String, Upload>), Refusal> {
    let operations = field(parts, "operations", app.config.limits.body_bytes).await?;
    let asked = Incoming::from_json(&operations)?.known(app, client)?;
    let mut operation = asked.into_request();
    let map = field(parts, "map", MAP_BYTES).await?;
    let map: HashMap<String, [String; 1]> = serde_json::from_slice(&map).map_err(|_| {
        Refusal::malformed("map must be a JSON object of lists, each with the one place of a file")
    })?;
    let most = app.config.uploads.files;
    if map.is_empty() || map.len() > usize::from(most) {
        return Err(Refusal::malformed(format!("a request of multipart/form-data has 1 to {most} files")));
    }
    let mut files = HashMap::new();
    for (number, (name, [path])) in (0..most).zip(map) {
        let upload = Upload::numbered(number);
        let place = file_at(&mut operation.variables, &path);
        *place.ok_or_else(|| Refusal::malformed("map names a variable that is not null"))? =
            upload.into_value();
        files.insert(name, upload);
    }
    Ok((operation, files))
}

/// One of the two fields before the files, which hold JSON.
async fn field(parts: &mut Parts, name: &'static str, most: usize) -> Result<Vec<u8>, Refusal> {
    let part = parts.next().await.map_err(refusal)?.filter(|part| part.name == name);
    let is_json =
        |part: &Part| matches!(part.media_type.as_deref(), None | Some("application/json" | "text/plain"));
    match part.is_some_and(|part| is_json(&part)) {
        true => parts.whole(most).await.map_err(refusal),
        false => Err(Refusal::malformed(
            "the parts of a request are operations, map, and its files, in this order",
        )),
    }
}

/// The variable at a path such as `variables.input.files.0`, if it is waiting for a file.
fn file_at<'v>(variables: &'v mut Variables, path: &str) -> Option<&'v mut Value> {
    let mut steps = path.strip_prefix("variables.")?.split('.');
    let first = variables.get_mut(steps.next()?)?;
    let place = steps.try_fold(first, |value, step| match value {
        Value::List(items) => items.get_mut(step.parse::<usize>().ok()?),
        Value::Object(members) => members.get_mut(step),
        _ => None,
    });
    place.filter(|value| **value == Value::Null)
}

/// What is wrong with a body before anything is run.
fn refusal(error: Error) -> Refusal {
    match error {
        Error::Timeout => Refusal::slow_body(),
        Error::PayloadTooLarge(most) => Refusal::too_large(most),
        other => Refusal::from(other),
    }
}
