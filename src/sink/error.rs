//! What goes wrong, with host and status: never a path, a credential or anything that a server said.

use std::path::PathBuf;

use reqwest::StatusCode;

use super::RetryAfter;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// They cannot stand in a header.
    #[error("the credentials have characters that no header can hold")]
    Credentials,
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is none in it.
    #[error("{}: no certificates in PEM", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// TLS cannot be set up.
    #[error("no TLS: {0}")]
    Client(#[source] reqwest::Error),
}

/// Why a request came to nothing. All of it is to be sent again.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// There was no conversation, or it broke off.
    #[error("{host}: {what}")]
    Connection {
        /// The server.
        host: String,
        /// What of it failed.
        what: &'static str,
    },
    /// The server refused, sent elsewhere or has no time.
    #[error("{host}: answered with {status}")]
    Status {
        /// The server.
        host: String,
        /// What it answered with.
        status: StatusCode,
        /// When it wants to be asked again.
        retry_after: Option<RetryAfter>,
    },
    /// It takes none of the documents, or not some of them for now.
    #[error("{host}: documents are refused: {kind}")]
    Refused {
        /// The server.
        host: String,
        /// The type of the first error.
        kind: String,
    },
    /// The answer does not end.
    #[error("{host}: an answer of more than {limit} bytes")]
    TooLarge {
        /// The server.
        host: String,
        /// As many were read at most.
        limit: usize,
    },
    /// The answer is not one to what was sent.
    #[error("{host}: an answer that is none of the bulk API")]
    Malformed {
        /// The server.
        host: String,
    },
}

impl SinkError {
    /// What a failure of the client is, without the address and the texts in it.
    pub(super) fn connection(host: &str, error: &reqwest::Error) -> Self {
        let what = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection, or no TLS with a certificate that is trusted"
        } else {
            "the conversation broke off"
        };
        Self::Connection { host: host.to_owned(), what }
    }

    /// When the server wants to be asked again, if it says so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
