//! Finishes an answer: denied keys get their `null`, each denied field its one error, `extensions.access` says what was
//! withheld, and every error its code.

use async_graphql::{ErrorExtensionValues, Name, PathSegment, Response, Value};
use axum::http::header::RETRY_AFTER;

use super::catalog::Catalog;
use super::plan::{Plan, entry};
use crate::error::{Error, code};

/// Where a denied field was first met, and how often.
#[derive(Clone, Debug, Default)]
struct Occurrences {
    first: Option<Vec<PathSegment>>,
    count: u64,
}

/// Completes the response of a guarded document.
pub fn finish(catalog: &Catalog, plan: &Plan, mut response: Response) -> Response {
    if plan.denies() {
        let mut found = vec![Occurrences::default(); plan.denied().len()];
        restore(plan, &mut response.data, None, &mut found);
        for error in &mut response.errors {
            restore_path(plan, &mut error.path);
        }
        for (field, occurrences) in plan.denied().iter().zip(found) {
            let Some(path) = occurrences.first else { continue };
            let name = catalog.field_name(*field);
            let mut error = entry(code::FORBIDDEN, format!("{name} is withheld from this role"), Some(name));
            error.path = path;
            if let Some(extensions) = &mut error.extensions {
                extensions.set("occurrences", occurrences.count);
            }
            response.errors.push(error);
        }
    }
    for error in &mut response.errors {
        complete(error);
    }
    refuse_guesses(&mut response);
    let names = |fields: &mut dyn Iterator<Item = super::catalog::FieldId>| {
        let mut names: Vec<&str> = fields.map(|field| catalog.field_name(field)).collect();
        names.sort_unstable();
        Value::List(names.into_iter().map(Value::from).collect())
    };
    let access = [
        (Name::new("masked"), names(&mut plan.masked())),
        (Name::new("denied"), names(&mut plan.denied().iter().copied())),
    ];
    response.extensions.insert("access".to_owned(), Value::Object(access.into_iter().collect()));
    response
}

/// A guess too many is no answer of a field: the whole request is refused, and the client told when to come back.
fn refuse_guesses(response: &mut Response) {
    let wait = response.errors.iter().find_map(|error| match error.source::<Error>() {
        Some(error @ Error::TooManyGuesses(_)) => error.retry_after(),
        _ => None,
    });
    if let Some(seconds) = wait {
        response.data = Value::Null;
        response.http_headers.insert(RETRY_AFTER, seconds.into());
    }
}

/// Our errors are logged here, once, and give their code. Those of the library itself have none: they are all about what the client sent. Their texts may end in what was
/// found where something else was expected; that part is cut, because it repeats input.
fn complete(error: &mut async_graphql::ServerError) {
    let ours = error.source::<Error>().cloned();
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if let Some(ours) = ours {
        ours.log();
        extensions.set("code", ours.code());
        if let Some(field) = ours.field() {
            extensions.set("field", field);
        }
        if let Some(seconds) = ours.retry_after() {
            extensions.set("retryAfter", seconds);
        }
        if let Some(what) = ours.required() {
            extensions.set(what, "REQUIRED");
        }
    } else if extensions.get("code").is_none() {
        extensions.set("code", code::BAD_USER_INPUT);
        for told in [", found", " does not contain the value", ", unknown field"] {
            if let Some((before, _input)) = error.message.split_once(told) {
                error.message = format!("{before}{}", told.trim_end_matches(", found"));
            }
        }
    }
}

/// The way from the root to a value, without allocating on the way down.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    segment: Segment<'a>,
}

enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

impl Place<'_> {
    fn path(place: Option<&Place<'_>>, key: &str) -> Vec<PathSegment> {
        let mut path = vec![PathSegment::Field(key.to_owned())];
        let mut next = place;
        while let Some(place) = next {
            path.push(match place.segment {
                Segment::Key(key) => PathSegment::Field(key.to_owned()),
                Segment::Index(index) => PathSegment::Index(index),
            });
            next = place.parent;
        }
        path.reverse();
        path
    }
}

fn restore(plan: &Plan, value: &mut Value, place: Option<&Place<'_>>, found: &mut [Occurrences]) {
    match value {
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                restore(plan, item, Some(&Place { parent: place, segment: Segment::Index(index) }), found);
            }
        }
        Value::Object(members) => {
            let mut at = 0;
            while let Some((stand_in, _)) = members.get_index(at) {
                at += 1;
                let Some((number, key)) = plan.stand_in(stand_in) else { continue };
                if let Some(occurrences) = found.get_mut(number) {
                    occurrences.count += 1;
                    occurrences.first.get_or_insert_with(|| Place::path(place, key));
                }
                if members.replace_index(at - 1, key.clone()).is_ok() {
                    members[at - 1] = Value::Null;
                } else {
                    // Another type condition gave the key a value; then this one stood in for nothing.
                    at -= 1;
                    members.shift_remove_index(at);
                }
            }
            for (key, member) in members.iter_mut() {
                if matches!(member, Value::List(_) | Value::Object(_)) {
                    restore(plan, member, Some(&Place { parent: place, segment: Segment::Key(key) }), found);
                }
            }
        }
        _ => {}
    }
}

fn restore_path(plan: &Plan, path: &mut [PathSegment]) {
    for segment in path {
        if let PathSegment::Field(name) = segment
            && let Some((_, key)) = plan.stand_in(name)
        {
            *name = key.to_string();
        }
    }
}
