//! A server that knows the two requests of the sink, and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use custodian::config::{Config, PublicUrl};
use custodian::sink::{Document, OpenSearch};
use serde_json::{Value, json};
use uuid::Uuid;

/// How a request is answered. Where nothing is said, documents are kept, and those with `poison` in them refused.
pub enum Reply {
    /// With this status and these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// Documents with these ids are answered with status and type, the others kept.
    Except(Vec<(&'static str, u16, &'static str)>),
    /// Documents are kept, and the answer breaks off in the middle.
    Cut,
    /// Documents are kept, and the answer has more than anybody wants.
    Huge,
    /// With this.
    Text(&'static str),
    /// Never.
    Silence,
}

/// A request that came in.
#[derive(Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    /// The ids of a bulk request, in order.
    pub fn ids(&self) -> Vec<String> {
        let lines = self.body.lines().step_by(2);
        lines
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["create"]["_id"].as_str().unwrap().into()
            })
            .collect()
    }
}

/// What a server holds, has seen, and will say.
#[derive(Default)]
pub struct Inner {
    pub documents: BTreeMap<String, Value>,
    pub seen: Vec<Seen>,
    pub bulk: VecDeque<Reply>,
    pub put: VecDeque<Reply>,
    /// The most documents of a request: others are too large.
    pub most: Option<usize>,
}

/// A server in this process. Clones are the same.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Server {
    pub async fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Self::app(&inner);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, inner }
    }

    fn app(inner: &Arc<Mutex<Inner>>) -> Router {
        Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(inner.clone())
    }

    /// The sink as it is configured for this server.
    pub fn sink(&self) -> OpenSearch {
        sink(&self.url, |_| {})
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap())
    }

    pub fn reply(&self, reply: Reply) {
        self.with(|inner| inner.bulk.push_back(reply));
    }

    pub fn bulks(&self) -> Vec<Seen> {
        self.with(|inner| inner.seen.iter().filter(|seen| seen.method == Method::POST).cloned().collect())
    }

    pub fn keys(&self) -> Vec<String> {
        self.with(|inner| inner.documents.keys().cloned().collect())
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let reply = {
        let mut inner = inner.lock().unwrap();
        let seen = Seen { method: method.clone(), uri: uri.to_string(), headers, body: body.clone() };
        inner.seen.push(seen);
        if method == Method::POST { inner.bulk.pop_front() } else { inner.put.pop_front() }
    };
    let keep = |except: &[(&str, u16, &str)]| keep(&mut inner.lock().unwrap(), &body, except);
    match reply {
        Some(Reply::Status(status, headers)) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from("the document was: SECRET-CONTENT")).unwrap()
        }
        Some(Reply::Except(except)) => keep(&except),
        Some(Reply::Cut) => {
            keep(&[]);
            let parts = [Ok("{\"items\":[{\"create\":{\"_id\":"), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures_util::stream::iter(parts)).into_response()
        }
        Some(Reply::Huge) => {
            keep(&[]);
            let part = || Ok::<_, std::io::Error>(" ".repeat(65_536));
            Body::from_stream(futures_util::stream::iter(std::iter::repeat_with(part))).into_response()
        }
        Some(Reply::Text(text)) => text.into_response(),
        Some(Reply::Silence) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            StatusCode::OK.into_response()
        }
        None if method == Method::POST => keep(&[]),
        None => Json(json!({ "acknowledged": true })).into_response(),
    }
}

fn keep(inner: &mut Inner, body: &str, except: &[(&str, u16, &str)]) -> Response {
    assert!(body.ends_with('\n'));
    let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    if inner.most.is_some_and(|most| lines.len() / 2 > most) || body.contains("gigantic") {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let mut items = Vec::new();
    for pair in lines.chunks(2) {
        let id = pair[0]["create"]["_id"].as_str().unwrap();
        let told = except.iter().find(|(of, ..)| *of == id).map(|(_, status, kind)| (*status, *kind));
        let (status, kind) = match told {
            Some(told) => told,
            None if inner.documents.contains_key(id) => (409, "version_conflict_engine_exception"),
            None if pair[1].get("poison").is_some() => (400, "mapper_parsing_exception"),
            None => {
                inner.documents.insert(id.to_owned(), pair[1].clone());
                (201, "")
            }
        };
        let mut item = json!({ "_index": "custodian-audit", "_id": id, "status": status });
        if status > 299 {
            let reason = format!("failed to parse: {}", pair[1]);
            item["error"] = json!({ "type": kind, "reason": reason, "caused_by": { "reason": reason } });
        }
        items.push(json!({ "create": item }));
    }
    Json(json!({ "took": 1, "errors": true, "items": items })).into_response()
}

/// The sink of a server, with these settings.
pub fn sink(url: &str, change: impl FnOnce(&mut Config)) -> OpenSearch {
    let mut config = Config { opensearch_url: PublicUrl::parse(url), ..Config::default() };
    change(&mut config);
    OpenSearch::from_config(&config).unwrap().unwrap()
}

/// The chain of a name.
pub fn chain(name: &str) -> Uuid {
    Uuid::from_u128(name.bytes().fold(0, |number, byte| number << 8 | u128::from(byte)))
}

/// An entry of a chain.
pub fn document(name: &str, sequence: i64) -> Document {
    let id = format!("{name}-{sequence}");
    let body = json!({ "id": id, "note": "SECRET-CONTENT\nof two lines" });
    Document { id, chain: chain(name), sequence, body }
}

/// One that a server refuses.
pub fn poison(name: &str, sequence: i64) -> Document {
    let body = json!({ "poison": "SECRET-CONTENT" });
    Document { body, ..document(name, sequence) }
}
