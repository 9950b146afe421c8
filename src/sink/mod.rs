//! Shipping the audit log to OpenSearch or Elasticsearch. The log works without: what is here reads it, and writes nothing
//! to it.
//!
//! At least once: the cursor of a chain moves only after the server has said what became of its entries, and an entry sent
//! again is the same document; so several instances may ship the same log. In order: an entry is done only when all before it in its chain are. Nothing of a document,
//! and no credential, is in an error or in a line of the log.
//!
//! Absent: a clock, a random source and sleep. Time and chance are parameters, and whoever calls does the waiting.

mod backoff;
mod bulk;
mod client;
mod error;
mod retry_after;
mod shipper;
mod template;

pub use self::backoff::Backoff;
pub use self::bulk::{Answer, Document, Rejected};
pub use self::client::OpenSearch;
pub use self::error::{SetupError, SinkError};
pub use self::retry_after::RetryAfter;
pub use self::shipper::{Cursor, Lag, Next, Round, Shipper, Source, Trouble};
