//! Media types of GraphQL over HTTP: what an answer may be, and what a request body must be.

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::answer::Refusal;
use crate::error::code;

/// The longest boundary between parts, in bytes (RFC 2046, 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: status 200 for every well-formed request.
    Json,
    /// `application/graphql-response+json`: the status tells what happened.
    GraphqlResponse,
}

impl MediaType {
    /// As a header's value.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::GraphqlResponse => "graphql-response+json",
        }
    }

    /// The type a client prefers (RFC 9110, 12.5.1). At equal weight `application/graphql-response+json` wins if it is
    /// named; who names neither gets `application/json`.
    ///
    /// # Errors
    /// 406 when the client takes neither.
    pub(super) fn negotiated(headers: &HeaderMap) -> Result<Self, Refusal> {
        let ranges: Vec<Range> =
            elements(headers, &ACCEPT).filter_map(|range| Range::parse(&range)).collect();
        if !headers.contains_key(ACCEPT) {
            return Ok(Self::Json);
        }
        let json = Range::best(&ranges, Self::Json);
        let response = Range::best(&ranges, Self::GraphqlResponse);
        let (json, response) =
            (json.map_or(0, |range| range.weight), response.map_or((0, false), Range::named));
        match (json, response) {
            (0, (0, _)) => Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                code::BAD_USER_INPUT,
                "answers are application/graphql-response+json or application/json",
            )),
            (json, (response, named)) if response > json || (response == json && named) => {
                Ok(Self::GraphqlResponse)
            }
            _ => Ok(Self::Json),
        }
    }
}

/// One element of an `Accept` header.
#[derive(Debug)]
struct Range {
    main: String,
    subtype: String,
    /// In thousandths.
    weight: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (main, subtype) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))
        });
        Some(Self { main: main.to_owned(), subtype: subtype.to_owned(), weight: weight.unwrap_or(1000) })
    }

    /// How closely the range describes the type; none when it does not.
    fn precision(&self, media_type: MediaType) -> Option<u8> {
        match (self.main.as_str(), self.subtype.as_str()) {
            ("application", subtype) if subtype == media_type.subtype() => Some(2),
            ("application", "*") => Some(1),
            ("*", "*") => Some(0),
            _ => None,
        }
    }

    fn best(ranges: &[Self], media_type: MediaType) -> Option<&Self> {
        let matching = ranges.iter().filter_map(|range| Some((range.precision(media_type)?, range)));
        matching.max_by_key(|(precision, _)| *precision).map(|(_, range)| range)
    }

    /// The weight, and whether a subtype is named.
    fn named(&self) -> (u16, bool) {
        (self.weight, self.subtype != "*")
    }
}

/// A weight (RFC 9110, 12.4.2) in thousandths; what is none counts as 0.
fn weight(text: &str) -> u16 {
    let weight = text.parse::<f32>().unwrap_or_default();
    (weight.clamp(0.0, 1.0) * 1000.0).round() as u16
}

/// Whether a request's body is plain JSON in UTF-8.
///
/// # Errors
/// Status 415. No type that a web page may send without asking first is accepted, so other sites' pages cannot post
/// here.
pub(super) fn check_body_type(headers: &HeaderMap) -> Result<(), Refusal> {
    body_type(headers, "application/json")
        .map_err(|message| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_USER_INPUT, message))
}

/// Whether a request's body is a plain form in UTF-8.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    body_type(headers, "application/x-www-form-urlencoded").is_ok()
}

/// The boundary between the parts of a body (RFC 2046, 5.1.1), if it is of `multipart/form-data`.
///
/// # Errors
/// Status 415 when it is compressed or no boundary is given.
pub(super) fn boundary(headers: &HeaderMap) -> Option<Result<String, Refusal>> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else { return None };
    let one = one.to_str().unwrap_or_default();
    if !one.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("multipart/form-data")) {
        return None;
    }
    let refused = |message: &'static str| {
        Some(Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_USER_INPUT, message)))
    };
    if elements(headers, &CONTENT_ENCODING).any(|coding| coding != "identity") {
        return refused("the body must not be compressed");
    }
    match multer::parse_boundary(one) {
        Ok(boundary) if (1..=LONGEST_BOUNDARY).contains(&boundary.len()) => Some(Ok(boundary)),
        _ => refused("multipart/form-data takes a boundary of at most 70 characters"),
    }
}

fn body_type(headers: &HeaderMap, expected: &str) -> Result<(), String> {
    if elements(headers, &CONTENT_ENCODING).any(|coding| coding != "identity") {
        return Err("the body must not be compressed".to_owned());
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let one = match (types.next(), types.next()) {
        (Some(one), None) => one.to_str().unwrap_or_default().to_ascii_lowercase(),
        _ => return Err(format!("the content type must be {expected}")),
    };
    let mut parts = one.split(';').map(str::trim);
    if parts.next() != Some(expected) {
        return Err(format!("the content type must be {expected}"));
    }
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim() == "charset" => value.trim().trim_matches('"') == "utf-8",
        _ => true,
    };
    if parts.all(is_utf8) { Ok(()) } else { Err("the body must be UTF-8".to_owned()) }
}

/// The elements of a list header, in lower case.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + 'a {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    let elements = lines.flat_map(|line| line.split(',')).map(|element| element.trim().to_ascii_lowercase());
    elements.filter(|element| !element.is_empty())
}
