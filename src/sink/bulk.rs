//! A request of the bulk API, and what its answer means for each document
//! (<https://docs.opensearch.org/latest/api-reference/document-apis/bulk/>,
//! <https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk>).
//!
//! Documents are sent with `create`, under the entry's own id: whoever ships needs no right to change or delete, and what
//! is there is never replaced, not even by the same. One that is there already was sent before: done. An `index` with an
//! external version would answer with the same conflict, and overwrite where the number is higher. Chain and number are no
//! id: a database that was put back from a backup gives the same numbers to other entries.
//!
//! A document that the server finds fault with (400) is passed over for good only when another one of the same call went
//! in. When none does, the fault may be the index's, such as a mapping that is not ours or an alias without an index to
//! write to, which answer with the same status: then nothing is passed over, and the log waits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SinkError;

/// The most documents of a request.
const DOCUMENTS: usize = 500;

/// The most bytes of a request, unless one document alone has more. Some hosted servers take no more than 10 MiB.
const BYTES: usize = 5 * 1024 * 1024;

/// An entry of the log as it is shipped.
#[derive(Clone)]
pub struct Document {
    /// The entry's id, and its own in the index: sent again, it is the same document.
    pub id: String,
    /// The chain it is a link of.
    pub chain: Uuid,
    /// Its number there.
    pub sequence: i64,
    /// All of it.
    pub body: Value,
}

/// Without what is in it.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.id)
    }
}

/// What became of documents.
#[derive(Debug, Default)]
pub struct Answer {
    /// For each chain the last number up to which all are done: in the index, or passed over.
    pub done: BTreeMap<Uuid, i64>,
    /// How many of them are in the index.
    pub taken: usize,
    /// Those of them that were passed over.
    pub rejected: Vec<Rejected>,
    /// Why the others are not done.
    pub trouble: Option<SinkError>,
}

/// A document that the server will never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The entry's id.
    pub id: String,
    /// The type of error, such as `mapper_parsing_exception`; reasons may repeat what is in the document.
    pub kind: String,
}

/// What a server says of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is in the index.
    Done,
    /// Not now.
    Again(String),
    /// Something is wrong with it, or with the index.
    Refused(String),
}

/// As many documents as fit into a request, one at least, and its body.
pub(super) fn request(documents: &[Document], most: usize) -> (&[Document], String) {
    let mut body = String::new();
    let mut fitting = 0;
    for document in documents.iter().take(most.clamp(1, DOCUMENTS)) {
        // Neither has a line break in it: JSON escapes them.
        let lines = format!("{}\n{}\n", json!({ "create": { "_id": document.id } }), document.body);
        if fitting > 0 && body.len() + lines.len() > BYTES {
            break;
        }
        body.push_str(&lines);
        fitting += 1;
    }
    (documents.get(..fitting).unwrap_or(documents), body)
}

/// The members of an answer that are asked for: no reasons, which may repeat what is in a document.
pub(super) const MEMBERS: &str = "items.*._id,items.*.status,items.*.error.type";

#[derive(Deserialize)]
struct Items {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    create: Created,
}

#[derive(Deserialize)]
struct Created {
    #[serde(rename = "_id")]
    id: String,
    status: u16,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(rename = "type")]
    kind: String,
}

/// A verdict for each of these documents; none if this is no answer to them, in their order.
pub(super) fn verdicts(answer: &[u8], documents: &[Document]) -> Option<Vec<Verdict>> {
    let Items { items } = serde_json::from_slice(answer).ok()?;
    let is_theirs = items.len() == documents.len()
        && items.iter().zip(documents).all(|(item, document)| item.create.id == document.id);
    is_theirs.then(|| items.into_iter().map(|item| verdict(item.create)).collect())
}

fn verdict(created: Created) -> Verdict {
    let kind = created.error.map_or_else(String::new, |error| error.kind);
    match created.status {
        200 | 201 => Verdict::Done,
        409 if kind == "version_conflict_engine_exception" => Verdict::Done,
        400 => Verdict::Refused(name(kind)),
        // Also 401, 403 and 404: rights and indices can be put right.
        _ => Verdict::Again(name(kind)),
    }
}

/// A type of error, if it looks like one.
fn name(kind: String) -> String {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if (1..=64).contains(&kind.len()) && kind.bytes().all(is_name) { kind } else { "unknown".to_owned() }
}

/// What became of documents, of which the first have a verdict.
pub(super) fn settle(
    host: &str,
    documents: &[Document],
    verdicts: Vec<Verdict>,
    trouble: Option<SinkError>,
) -> Answer {
    let mut answer = Answer { trouble, ..Answer::default() };
    let goes_in = verdicts.contains(&Verdict::Done);
    let mut stalled = BTreeSet::new();
    let mut why = None;
    for (document, verdict) in documents.iter().zip(verdicts) {
        if stalled.contains(&document.chain) {
            continue;
        }
        match verdict {
            Verdict::Done => answer.taken += 1,
            Verdict::Refused(kind) if goes_in => {
                answer.rejected.push(Rejected { id: document.id.clone(), kind });
            }
            Verdict::Again(kind) | Verdict::Refused(kind) => {
                why.get_or_insert(kind);
                stalled.insert(document.chain);
                continue;
            }
        }
        answer.done.insert(document.chain, document.sequence);
    }
    if answer.trouble.is_none() {
        answer.trouble = why.map(|kind| SinkError::Refused { host: host.to_owned(), kind });
    }
    answer
}
