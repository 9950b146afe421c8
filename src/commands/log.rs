//! Logging to standard error.

use std::io::IsTerminal;

use custodian::config::{Config, LogFormat, Profile};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::Failure;

/// What sends traces, as long as the process runs.
#[cfg(feature = "otel")]
static TRACES: std::sync::OnceLock<opentelemetry_sdk::trace::SdkTracerProvider> = std::sync::OnceLock::new();

/// Starts logging, and sending traces where that is configured, once per process.
pub(super) fn start(config: &Config) -> Result<(), Failure> {
    // The filter has been tried when the configuration was read.
    let filter = EnvFilter::new(&config.log).and(filter_fn(is_ours_or_plain));
    let format = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match config.log_format {
        LogFormat::Text => format.with_ansi(std::io::stderr().is_terminal()).with_filter(filter).boxed(),
        LogFormat::Json => format.json().flatten_event(true).with_filter(filter).boxed(),
    };
    #[cfg(feature = "otel")]
    let traces = {
        let provider = super::traces::provider(config);
        let provider = provider.map_err(|error| Failure::refused(format!("tracing.endpoint: {error}")))?;
        provider.map(|provider| super::traces::layer(TRACES.get_or_init(|| provider)))
    };
    #[cfg(not(feature = "otel"))]
    let traces = None::<tracing_subscriber::layer::Identity>;
    tracing_subscriber::registry().with(traces).with(layer).init();
    if config.profile == Profile::Production {
        // A panic's message may hold data; its place does not.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "panic");
        }));
    }
    Ok(())
}

/// Sends what is left to be sent. Who does not take it in time keeps nobody.
pub(super) fn finish() {
    #[cfg(feature = "otel")]
    if let Some(provider) = TRACES.get()
        && let Err(error) = provider.shutdown()
    {
        tracing::warn!(%error, "traces were left unsent");
    }
}

/// Libraries write statements and values into their detailed events: from them only INFO and above is taken.
fn is_ours_or_plain(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || metadata.target().split("::").next() == Some("custodian")
}
