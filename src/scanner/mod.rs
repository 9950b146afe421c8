//! The scanner of documents: clamd, which is given a file while it comes in.
//!
//! Invariant: [`Verdict::Clean`] is one exact reply to a file that was given whole. Whatever else comes, or does not, is
//! [`Verdict::Unavailable`]: nobody listens, an answer takes too long, the connection is cut, the file is too large for
//! clamd, a reply is not known.
//!
//! The protocol (`clamd(8)`, INSTREAM) is written out here: the crate for it reads the file by itself, waits for as long
//! as it takes, and is content with "OK" anywhere in the reply.

mod connection;
mod version;

use std::mem;
use std::time::Duration;

use self::connection::Connection;
pub use self::version::Version;
use crate::config::{ClamdUrl, Config};

/// What clamd says of a file in which nothing was found.
const CLEAN: &[u8] = b"stream: OK\0";

/// What is around the name of a signature that was found.
const FOUND: (&[u8], &[u8]) = (b"stream: ", b" FOUND\0");

/// How much is kept of what clamd says, in characters.
const KEPT: usize = 128;

/// How long it may take to say which version it is, at a start and for the doctor.
const VERSION_TIME: Duration = Duration::from_secs(2);

/// The configured clamd, or none.
#[derive(Clone, Debug)]
pub struct Scanner {
    clamd: Option<ClamdUrl>,
    patience: Duration,
}

/// A file on its way to the scanner. Dropped unfinished, it was never scanned.
pub struct Scan {
    state: State,
    /// How long an upload still waits for the scanner.
    patience: Duration,
}

enum State {
    /// Nobody has been called yet.
    Due(ClamdUrl),
    Fed(Connection),
    Over(Verdict),
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found in it.
    Clean,
    /// A signature of this name was.
    Infected(String),
    /// Nothing: the scanner did not get it whole, or gave no answer that says so. To be asked again.
    Unavailable,
    /// Nothing: there is no scanner.
    Skipped,
}

/// Why clamd did not answer. It holds nothing of the file.
#[derive(Debug, thiserror::Error)]
pub enum ScannerError {
    /// There is no conversation.
    #[error("{0}")]
    Connection(#[from] std::io::Error),
    /// It takes too long.
    #[error("no answer in time")]
    Slow,
    /// It said something else: the printable part of that.
    #[error("it said {0:?}")]
    Said(String),
}

impl Scanner {
    /// The configured scanner.
    pub fn from_config(config: &Config) -> Self {
        let patience = Duration::from_secs(config.clamd_timeout_seconds.into());
        Self { clamd: config.clamd_url.clone(), patience }
    }

    /// Begins with a file. Nothing is sent before there is something of it.
    pub fn begin(&self) -> Scan {
        let state = match &self.clamd {
            Some(url) => State::Due(url.clone()),
            None => State::Over(Verdict::Skipped),
        };
        Scan { state, patience: self.patience }
    }

    /// Asks clamd which version it is; none where there is no scanner.
    ///
    /// # Errors
    /// [`ScannerError`] when it does not say.
    pub async fn ping(&self) -> Option<Result<Version, ScannerError>> {
        Some(version(self.clamd.as_ref()?).await)
    }
}

async fn version(url: &ClamdUrl) -> Result<Version, ScannerError> {
    let mut left = VERSION_TIME;
    let mut connection = Connection::open(url, b"zVERSION\0", &mut left).await?;
    let said = connection.reply(&mut left).await?;
    Version::read(&said).ok_or_else(|| ScannerError::Said(printable(&said)))
}

impl Scan {
    /// Gives the scanner what comes next. It never fails, and in all it waits no longer than the configured time: a scan that
    /// has gone wrong takes the rest without doing anything.
    pub async fn feed(&mut self, chunk: &[u8]) {
        // An empty chunk would end the file.
        if chunk.is_empty() {
            return;
        }
        // Given up in the middle, the scan is over.
        let state = mem::replace(&mut self.state, State::Over(Verdict::Unavailable));
        self.state = match send(state, chunk, &mut self.patience).await {
            Ok(connection) => State::Fed(connection),
            Err(verdict) => State::Over(verdict),
        };
    }

    /// Ends the file, and waits for what the scanner says of it.
    pub async fn finish(mut self) -> Verdict {
        let left = &mut self.patience;
        match send(self.state, &[], left).await {
            Ok(mut connection) => {
                let reply = connection.reply(left).await.and_then(|said| verdict(&said));
                reply.unwrap_or_else(|error| unavailable(&error))
            }
            Err(verdict) => verdict,
        }
    }
}

/// Sends one chunk, or says how the scan ended.
async fn send(state: State, chunk: &[u8], left: &mut Duration) -> Result<Connection, Verdict> {
    let opened = match state {
        State::Due(url) => Connection::open(&url, b"zINSTREAM\0", left).await,
        State::Fed(connection) => Ok(connection),
        State::Over(verdict) => return Err(verdict),
    };
    let sent = match opened {
        Ok(connection) => connection.send_chunk(chunk, left).await,
        Err(error) => Err(error),
    };
    sent.map_err(|error| unavailable(&error))
}

/// What a reply means.
fn verdict(said: &[u8]) -> Result<Verdict, ScannerError> {
    if said == CLEAN {
        return Ok(Verdict::Clean);
    }
    let name = said.strip_prefix(FOUND.0).and_then(|rest| rest.strip_suffix(FOUND.1));
    let name = name.filter(|name| !name.contains(&0));
    name.map(|name| Verdict::Infected(printable(name))).ok_or_else(|| ScannerError::Said(printable(said)))
}

fn printable(said: &[u8]) -> String {
    let shown = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '?' };
    said.strip_suffix(b"\0").unwrap_or(said).iter().take(KEPT).map(shown).collect()
}

fn unavailable(error: &ScannerError) -> Verdict {
    tracing::warn!(%error, "a document could not be scanned");
    Verdict::Unavailable
}
