//! What this process logs, kept as text for tests to search.
//!
//! Invariants: every event and span of every target is recorded with all its fields (`custodian` at TRACE, the
//! libraries at DEBUG), whichever test or thread caused it, so a test searches for values only it plants. Memory is
//! bounded; a reader whose beginning was overwritten fails rather than miss something.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How many bytes are kept.
const KEPT: usize = 64 * 1024 * 1024;

/// The last [`KEPT`] bytes, and how many came before them.
struct Ring {
    bytes: VecDeque<u8>,
    overwritten: usize,
}

static RING: Mutex<Ring> = Mutex::new(Ring { bytes: VecDeque::new(), overwritten: 0 });

/// A place in the log.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Starts recording. To be called once.
pub fn record() {
    let all = Targets::new().with_default(LevelFilter::DEBUG).with_target("custodian", LevelFilter::TRACE);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        // A span's fields are shown with its events; a span without any is shown by its end.
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_writer(|| Recorder)
        .with_filter(all);
    tracing_subscriber::registry().with(layer).init();
}

/// The present end of the log.
pub fn mark() -> Mark {
    let ring = ring();
    Mark(ring.overwritten + ring.bytes.len())
}

/// Everything logged since the mark, one event a line.
///
/// # Panics
/// When part of it is no longer kept: a search would prove nothing.
pub fn since(mark: Mark) -> String {
    let mut ring = ring();
    let Some(from) = mark.0.checked_sub(ring.overwritten) else {
        panic!("more than {KEPT} bytes were logged since the mark: read it earlier, or keep more (logs.rs)");
    };
    String::from_utf8_lossy(&ring.bytes.make_contiguous()[from..]).into_owned()
}

/// A writer cannot leave the ring half changed, so a panic elsewhere does not spoil it.
fn ring() -> MutexGuard<'static, Ring> {
    RING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends to the ring; the formatter writes each event at once.
struct Recorder;

impl io::Write for Recorder {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut ring = ring();
        ring.bytes.extend(event);
        let surplus = ring.bytes.len().saturating_sub(KEPT);
        ring.bytes.drain(..surplus);
        ring.overwritten += surplus;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
