//! A conversation with clamd: a command, perhaps a file, and one reply, after which it hangs up (`clamd(8)`).
//!
//! Every step is taken out of the time that is left, so that all of them together take no longer.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{ScannerError, printable};
use crate::config::ClamdUrl;

/// How long somebody may take to pick up.
const CONNECT: Duration = Duration::from_secs(2);

/// The longest reply, in bytes. What is longer is cut, and then no reply that is known.
const LONGEST: u64 = 1024;

/// A connection to clamd.
pub(super) struct Connection(Box<dyn Socket>);

trait Socket: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Socket for S {}

impl Connection {
    /// Connects, and says a command.
    pub(super) async fn open(
        url: &ClamdUrl,
        command: &[u8],
        left: &mut Duration,
    ) -> Result<Self, ScannerError> {
        let connected = async {
            timeout(CONNECT, connect(url)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        };
        let mut connection = Self(within(left, connected).await?);
        within(left, connection.0.write_all(command)).await?;
        Ok(connection)
    }

    /// Sends one chunk of a file: its length in four bytes, most significant first, and its bytes. An empty one ends the file.
    pub(super) async fn send_chunk(
        mut self,
        chunk: &[u8],
        left: &mut Duration,
    ) -> Result<Self, ScannerError> {
        let length = u32::try_from(chunk.len()).map_err(io::Error::other)?;
        let sent = within(left, async {
            self.0.write_all(&length.to_be_bytes()).await?;
            self.0.write_all(chunk).await?;
            self.0.flush().await
        });
        match sent.await {
            Ok(()) => Ok(self),
            Err(error @ ScannerError::Connection(_)) => {
                // It may have said why, "INSTREAM size limit exceeded. ERROR", and hung up on what was under way.
                let mut said = Vec::new();
                let _ = self.listen(&mut said, left).await;
                Err(if said.is_empty() { error } else { ScannerError::Said(printable(&said)) })
            }
            Err(error) => Err(error),
        }
    }

    /// All that it says until it hangs up.
    pub(super) async fn reply(&mut self, left: &mut Duration) -> Result<Vec<u8>, ScannerError> {
        let mut said = Vec::new();
        self.listen(&mut said, left).await?;
        Ok(said)
    }

    async fn listen(&mut self, said: &mut Vec<u8>, left: &mut Duration) -> Result<(), ScannerError> {
        within(left, (&mut self.0).take(LONGEST).read_to_end(said)).await.map(drop)
    }
}

async fn connect(url: &ClamdUrl) -> io::Result<Box<dyn Socket>> {
    match url {
        ClamdUrl::Tcp(address) => {
            let socket = TcpStream::connect(address).await?;
            // A length of four bytes does not wait for what was sent before it.
            socket.set_nodelay(true)?;
            Ok(Box::new(socket))
        }
        #[cfg(unix)]
        ClamdUrl::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        ClamdUrl::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Waits no longer than is left, and takes off what it took.
async fn within<T>(
    left: &mut Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, ScannerError> {
    let began = Instant::now();
    let done = timeout(*left, work).await;
    *left = left.saturating_sub(began.elapsed());
    Ok(done.map_err(|_| ScannerError::Slow)??)
}
