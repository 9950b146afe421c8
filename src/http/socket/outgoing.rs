//! What waits for a client: so many messages, and so many bytes of them.

use std::sync::Arc;

use axum::extract::ws::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::protocol::Said;
use crate::config::WebSocket;

/// Nobody takes anything any more: the socket is about to end.
#[derive(Debug)]
pub(super) struct Gone;

/// Where a client's messages are given to.
#[derive(Clone)]
pub(super) struct Outgoing {
    queue: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    most: usize,
}

/// A message, and the room that it takes until it was sent.
pub(super) struct Waiting {
    message: Message,
    room: OwnedSemaphorePermit,
}

impl Outgoing {
    /// The two ends of a socket's queue.
    pub(super) fn new(settings: WebSocket) -> (Self, mpsc::Receiver<Waiting>) {
        let (queue, waiting) = mpsc::channel(settings.waiting);
        let most = settings.waiting_bytes;
        (Self { queue, room: Arc::new(Semaphore::new(most)), most }, waiting)
    }

    /// Waits until there is room for it.
    pub(super) async fn say(&self, said: Said) -> Result<(), Gone> {
        let message = said.message();
        let size = match &message {
            Message::Text(text) => text.as_str().len(),
            _ => 0,
        };
        // What is longer than all there is waits alone.
        let size = u32::try_from(size.clamp(1, self.most)).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(size).await.map_err(|_| Gone)?;
        self.queue.send(Waiting { message, room }).await.map_err(|_| Gone)
    }
}

impl Waiting {
    /// The message, and what is to be dropped once it was sent.
    pub(super) fn taken(self) -> (Message, OwnedSemaphorePermit) {
        (self.message, self.room)
    }
}
