//! A body of `multipart/form-data` (RFC 7578), read as it comes in.
//!
//! The parser takes whatever its stream has, and searches it for the next boundary. So it is handed one small piece at a time,
//! and not more in a row than the head of a part may have: what it holds is bounded, and so is the time it searches.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use futures_util::Stream;
use multer::{Field, Multipart};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Uploads;
use crate::error::{Error, Result};

/// How much is read at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// How much may come in a row that is no content of a part: the longest head, in bytes.
const LONGEST_HEAD: usize = 2 * PIECE;

/// The parts of a body, one after the other.
pub struct Parts {
    multipart: Multipart<'static>,
    open: Option<Field<'static>>,
    without_content: Arc<AtomicUsize>,
    fault: Option<Error>,
}

/// What a part says about itself.
#[derive(Debug)]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// The name of the file, if it is one.
    pub file_name: Option<String>,
    /// Its media type, without parameters, in lower case.
    pub media_type: Option<String>,
}

impl Parts {
    /// Reads a body of at most so many bytes, within the time that an upload may take from now.
    pub fn new<E>(
        body: impl Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
        boundary: &str,
        most: usize,
        limits: &Uploads,
    ) -> Self {
        let without_content = Arc::new(AtomicUsize::new(0));
        let metered = Metered {
            body,
            held: Bytes::new(),
            paused: true,
            without_content: without_content.clone(),
            most,
            left: most,
            idle: limits.idle(),
            deadline: Instant::now() + limits.timeout(),
            waiting: None,
        };
        Self { multipart: Multipart::new(metered, boundary), open: None, without_content, fault: None }
    }

    /// The next part; what is left of the one before is passed over.
    ///
    /// # Errors
    /// [`Error::BadInput`] for what is malformed, [`Error::PayloadTooLarge`], [`Error::Timeout`]: then nothing more comes.
    pub async fn next(&mut self) -> Result<Option<Part>> {
        while self.chunk().await?.is_some() {}
        let field = self.multipart.next_field().await;
        let Some(field) = self.sound(field)? else { return Ok(None) };
        let nameless = || Error::bad_input("a part has no name");
        let name = field.name().map(str::to_owned).ok_or_else(nameless);
        let media_type = field.headers().get(CONTENT_TYPE).map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            text.split(';').next().unwrap_or_default().trim().to_owned()
        });
        let file_name = field.file_name().map(str::to_owned);
        self.open = Some(field);
        Ok(Some(Part { name: name?, file_name, media_type }))
    }

    /// The next bytes of the part; none at its end.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        while let Some(field) = &mut self.open {
            let chunk = field.chunk().await;
            match self.sound(chunk)? {
                Some(bytes) if bytes.is_empty() => {}
                Some(bytes) => return Ok(Some(bytes)),
                None => self.open = None,
            }
        }
        Ok(None)
    }

    /// The whole part.
    ///
    /// # Errors
    /// As [`Self::next`]; [`Error::PayloadTooLarge`] when it has more than so many bytes.
    pub async fn whole(&mut self, most: usize) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            if whole.len() + bytes.len() > most {
                return Err(Error::PayloadTooLarge(most));
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }

    /// Reads past everything that is left. Whether all of it came.
    pub async fn drain(&mut self) -> bool {
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(_) if self.fault.is_none() => {}
                Err(_) => return false,
            }
        }
    }

    /// What the parser says. A fault of the body stays one: the parser does not recover.
    fn sound<T>(&mut self, said: multer::Result<T>) -> Result<T> {
        self.without_content.store(0, Ordering::Relaxed);
        said.map_err(|error| {
            let malformed = || Error::bad_input("the body is not well-formed multipart/form-data");
            let fault = match error {
                multer::Error::StreamReadFailed(cause) => {
                    cause.downcast().map_or_else(|_| malformed(), |cause| *cause)
                }
                _ => malformed(),
            };
            self.fault.insert(fault).clone()
        })
    }
}

/// A body in small pieces, within its limits.
struct Metered<S> {
    body: S,
    held: Bytes,
    /// Whether the parser has to look at what it was given before there is more.
    paused: bool,
    without_content: Arc<AtomicUsize>,
    most: usize,
    left: usize,
    idle: Duration,
    deadline: Instant,
    /// Until when the next bytes have to come, while they are waited for.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S, E> Stream for Metered<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.paused = !this.paused;
        if this.paused {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if this.held.is_empty() {
            match Pin::new(&mut this.body).poll_next(cx) {
                Poll::Pending => {
                    this.paused = true;
                    let until = || Box::pin(sleep_until(this.deadline.min(Instant::now() + this.idle)));
                    let waiting = this.waiting.get_or_insert_with(until);
                    return waiting.as_mut().poll(cx).map(|()| Some(Err(Error::Timeout)));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(_))) => {
                    return Poll::Ready(Some(Err(Error::bad_input("the body ends too early"))));
                }
                Poll::Ready(Some(Ok(bytes))) => this.held = bytes,
            }
            this.waiting = None;
            match this.left.checked_sub(this.held.len()) {
                Some(left) => this.left = left,
                None => return Poll::Ready(Some(Err(Error::PayloadTooLarge(this.most)))),
            }
        }
        let piece = this.held.split_to(this.held.len().min(PIECE));
        let without_content = this.without_content.fetch_add(piece.len(), Ordering::Relaxed) + piece.len();
        Poll::Ready(Some(match without_content > LONGEST_HEAD {
            true => Err(Error::bad_input("the head of a part is too long")),
            false => Ok(piece),
        }))
    }
}
