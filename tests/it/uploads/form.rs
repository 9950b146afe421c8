//! Bodies of multipart/form-data as clients write them.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::body::Bytes;
use futures_util::stream::{self, Stream};

/// The boundary of these bodies.
pub const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

/// A body that is being written.
#[derive(Clone, Default)]
pub struct Form(Vec<u8>);

impl Form {
    /// With the two fields every request begins with.
    pub fn of(operations: &str, map: &str) -> Self {
        Self::default().text("operations", operations).text("map", map)
    }

    /// A part with these lines in its head.
    pub fn part(mut self, head: &str, content: &[u8]) -> Self {
        self.0.extend_from_slice(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// A field of text.
    pub fn text(self, name: &str, content: &str) -> Self {
        self.part(&format!("Content-Disposition: form-data; name=\"{name}\""), content.as_bytes())
    }

    /// A file.
    pub fn file(self, name: &str, file_name: &str, content: &[u8]) -> Self {
        let head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: image/png"
        );
        self.part(&head, content)
    }

    /// What was written so far, without an end.
    pub fn open(self) -> Vec<u8> {
        self.0
    }

    /// The whole body.
    pub fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }
}

/// A body that comes in pieces of this size.
pub fn in_pieces(body: Vec<u8>, size: usize) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + Unpin {
    let pieces: VecDeque<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    stream::iter(pieces.into_iter().map(Ok))
}
