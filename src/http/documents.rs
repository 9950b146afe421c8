//! `GET /documents/{id}/content`: what a document holds, for a bearer token or once for a link.
//!
//! Invariants: it is a file to be saved, which no browser shows or runs as a page of ours, whatever it is called; a
//! document that is not there is answered as one out of reach is; what cannot be read to its end breaks the connection off, so
//! that no part of it passes for the whole.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, IF_RANGE, RANGE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};
use secrecy::SecretString;
use tokio::time::timeout;

use super::answer::Refusal;
use super::edge::RequestId;
use super::gate::{Gate, Place};
use super::graphql::{authenticate, origin};
use crate::app::App;
use crate::authn::Viewer;
use crate::config::Downloads;
use crate::downloads::Content;
use crate::error::{Error, code};

/// Nothing in it runs, loads or is framed, should a browser show it all the same.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// Sends the content of a document.
pub(super) async fn content(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    id: RequestId,
    document: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // What cannot be an id is not found.
    let document = document.map(|Path(document)| document).unwrap_or_default();
    let (head, _) = request.into_parts();
    let answering = async {
        let (content, place) = open(&app, &gate, &id, &document, &head).await?;
        let read = async |range| begun(&app, &content, range, place).await;
        answer(&head, &content, read).await.map_err(Refusal::from)
    };
    let answered = timeout(app.config.request_timeout(), answering).await;
    answered.unwrap_or_else(|_| Err(Error::Timeout.into())).unwrap_or_else(|refusal| refusal.respond(&id))
}

/// A range of a content, of which the first bytes were read: a store that is away is said to be, in the place of an answer
/// that breaks off.
async fn begun(app: &App, content: &Content, range: Range<u64>, place: Place) -> Result<Body, Error> {
    let mut rest = Box::pin(content.read(&app.store, range));
    let first = rest.try_next().await?;
    let all = stream::iter(first.map(Ok)).chain(rest).inspect_ok(move |_| {
        // It ends with the connection, or with the body.
        let _ = &place;
    });
    Ok(Body::from_stream(all.inspect_err(Error::log)))
}

/// The content, for whoever the request shows to be who may have it.
async fn open(
    app: &App,
    gate: &Arc<Gate>,
    id: &RequestId,
    document: &str,
    head: &Parts,
) -> Result<(Content, Place), Refusal> {
    let origin = origin(app, id, head);
    let is_sent = |size| head.method == Method::GET && wanted(&head.headers, size) != Wanted::Nothing;
    let reader = match link(&head.uri)? {
        None => {
            let viewer = authenticate(app, head, &origin).await?;
            app.admit(&viewer, &origin).await.map_err(Error::from)?;
            app.reader(viewer, origin, document).await
        }
        Some(_) if head.headers.contains_key(AUTHORIZATION) => {
            return Err(Refusal::malformed("send a token or a link, not both"));
        }
        Some(token) => {
            app.admit(&Viewer::anonymous(), &origin).await.map_err(Error::from)?;
            app.reader_by_link(origin, document, &token).await
        }
    };
    let reader = reader.map_err(refusal)?;
    let Downloads { per_user, at_once, .. } = app.config.downloads;
    let place = gate.enter(reader.user()?, per_user, at_once)?;
    Ok((reader.open(is_sent).await.map_err(refusal)?, place))
}

/// What is not there is answered as such by its status too.
fn refusal(error: Error) -> Refusal {
    match error {
        Error::NotFound => Refusal::new(StatusCode::NOT_FOUND, code::NOT_FOUND, error.public_message()),
        other => Refusal::from(other),
    }
}

/// The token of a link.
fn link(uri: &Uri) -> Result<Option<SecretString>, Refusal> {
    let malformed = |_| Refusal::malformed("the parameters cannot be read");
    let Query(parameters) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(malformed)?;
    let mut tokens = parameters.into_iter().filter(|(name, _)| name == "link");
    match (tokens.next(), tokens.next()) {
        (token, None) => Ok(token.map(|(_, token)| SecretString::from(token))),
        (_, Some(_)) => Err(Refusal::malformed("a parameter is given twice")),
    }
}

/// The answer: all of it, or the range that is asked for.
async fn answer(
    head: &Parts,
    content: &Content,
    read: impl AsyncFnOnce(Range<u64>) -> Result<Body, Error>,
) -> Result<Response, Error> {
    let size = content.size;
    let wanted = if head.method == Method::GET { wanted(&head.headers, size) } else { Wanted::Whole };
    let (status, range) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => {
            let headers = [(CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    let mut headers = HeaderMap::new();
    let unknown = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, HeaderValue::try_from(&content.mime_type).unwrap_or(unknown));
    headers.insert(CONTENT_DISPOSITION, attachment(&content.name));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(place) = HeaderValue::try_from(format!("bytes {}-{}/{size}", range.start, range.end - 1))
    {
        headers.insert(CONTENT_RANGE, place);
    }
    let body = match head.method {
        Method::HEAD => Body::empty(),
        _ => read(range).await?,
    };
    Ok((status, headers, body).into_response())
}

/// How much of a content is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// What it does not have.
    Nothing,
}

/// The range that is asked for (RFC 9110, 14.2). Several ranges are answered by the whole, and so is what is none; and
/// `If-Range`, since contents have no validator to compare: a hash would tell what a role may not see.
fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let mut lines = headers.get_all(RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return Wanted::Whole };
    if headers.contains_key(IF_RANGE) {
        return Wanted::Whole;
    }
    let range = line.to_str().ok().and_then(|line| {
        let (unit, range) = line.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        unit.eq_ignore_ascii_case("bytes").then_some((first, last))
    });
    match range.map(|(first, last)| (number(first), number(last), first.is_empty(), last.is_empty())) {
        Some((Some(first), Some(last), ..)) if first > last => Wanted::Whole,
        Some((Some(first), last, _, no_last)) if last.is_some() || no_last => {
            let end = last.map_or(size, |last| size.min(last.saturating_add(1)));
            if first < size { Wanted::Part(first..end) } else { Wanted::Nothing }
        }
        Some((None, Some(length), true, _)) => {
            if length.min(size) > 0 {
                Wanted::Part(size.saturating_sub(length)..size)
            } else {
                Wanted::Nothing
            }
        }
        _ => Wanted::Whole,
    }
}

/// A number of digits; one too large for us is larger than any content.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// `Content-Disposition` (RFC 6266): for clients that do not read the name in UTF-8 (RFC 8187), one of plain letters.
/// Whatever the name is, no character of it ends the text it stands in.
fn attachment(name: &str) -> HeaderValue {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || " -_.()".contains(*c);
    let plain: String = name.chars().map(|c| if is_plain(&c) { c } else { '_' }).collect();
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'-' | b'_' | b'.' => exact.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => exact.push(byte.into()),
            byte => {
                // Writing to a string cannot fail.
                let _ = write!(exact, "%{byte:02X}");
            }
        }
    }
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}");
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("attachment"))
}
