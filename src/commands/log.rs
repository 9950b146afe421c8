//! Logging to standard error.

use std::io::IsTerminal;

use custodian::config::{Config, LogFormat, Profile};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Starts logging, once per process.
pub(super) fn start(config: &Config) {
    // The filter has been tried when the configuration was read.
    let filter = EnvFilter::new(&config.log).and(filter_fn(is_ours_or_plain));
    let format = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match config.log_format {
        LogFormat::Text => format.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => format.json().flatten_event(true).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry().with(layer).init();
    if config.profile == Profile::Production {
        // A panic's message may hold data; its place does not.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "panic");
        }));
    }
}

/// Libraries write statements and values into their detailed events: from them only INFO and above is taken.
fn is_ours_or_plain(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || metadata.target().split("::").next() == Some("custodian")
}
