//! What goes on on a connection of HTTP/2, where many requests share it: whether anything does, and whether its client takes
//! what it asked for. The protocol lets a client take nothing of an answer while the connection itself looks well.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// What goes on.
pub(super) struct Activity(Mutex<Going>);

struct Going {
    /// Requests that are worked on.
    worked_on: usize,
    /// Answers that are not taken to their end, and since when nothing was taken of each.
    answers: HashMap<u64, Instant>,
    next: u64,
    /// When something was asked or taken last.
    latest: Instant,
}

impl Activity {
    /// Nothing was asked yet.
    pub(super) fn new() -> Arc<Self> {
        let (answers, latest) = (HashMap::new(), Instant::now());
        Arc::new(Self(Mutex::new(Going { worked_on: 0, answers, next: 0, latest })))
    }

    /// A request, until it is answered.
    pub(super) fn request(self: &Arc<Self>) -> Working {
        self.going().worked_on += 1;
        Working(Arc::clone(self))
    }

    /// Whether nothing was asked for so long, and nothing is under way.
    pub(super) fn is_silent(&self, since: Duration) -> bool {
        let going = self.going();
        going.worked_on == 0 && going.answers.is_empty() && going.latest.elapsed() >= since
    }

    /// Whether nothing was taken of some answer for so long.
    pub(super) fn is_stuck(&self, since: Duration) -> bool {
        self.going().answers.values().any(|taken| taken.elapsed() >= since)
    }

    fn going(&self) -> MutexGuard<'_, Going> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is worked on.
pub(super) struct Working(Arc<Activity>);

impl Working {
    /// Its answer, watched until it was taken.
    pub(super) fn answered(self, response: Response<Body>) -> Response<Body> {
        let activity = Arc::clone(&self.0);
        let mut going = activity.going();
        let number = going.next;
        going.next += 1;
        going.answers.insert(number, Instant::now());
        drop(going);
        response.map(|body| Body::new(Answer { body, activity, number }))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let mut going = self.0.going();
        going.worked_on = going.worked_on.saturating_sub(1);
        going.latest = Instant::now();
    }
}

/// The body of an answer. It is asked for more only where there is room for it.
struct Answer {
    body: Body,
    activity: Arc<Activity>,
    number: u64,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(taken) = self.activity.going().answers.get_mut(&self.number) {
            *taken = Instant::now();
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut going = self.activity.going();
        going.answers.remove(&self.number);
        going.latest = Instant::now();
    }
}
