//! Spans, sent to a collector (OTLP over HTTP).
//!
//! What is sent are our own spans with the fields that they have in the log, names and numbers of ours; never events, whose
//! texts are for the log, and never spans of libraries, which may hold statements. A trace begins here: a client's
//! `traceparent` is not read, and a proxy's neither, as their request ids are not. Who may choose a trace's id may join
//! strangers' requests to his own, and whether it is sampled is ours to say. The request id, in every answer, leads to the trace.

use std::time::Duration;

use custodian::config::Config;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use reqwest::redirect;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum TracesError {
    /// There is no client.
    #[error("no TLS: {0}")]
    Client(#[from] reqwest::Error),
    /// The exporter cannot be made.
    #[error("{0}")]
    Exporter(#[from] ExporterBuildError),
}

/// What sends to the configured collector, if there is one. To be made outside a runtime: it has a thread of its own.
pub(super) fn provider(config: &Config) -> Result<Option<SdkTracerProvider>, TracesError> {
    let Some(endpoint) = &config.tracing.endpoint else { return Ok(None) };
    let client = reqwest::blocking::Client::builder()
        .redirect(redirect::Policy::none())
        .https_only(endpoint.is_encrypted())
        .timeout(PATIENCE)
        .no_proxy()
        .build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint.to_string())
        .with_timeout(PATIENCE)
        .build()?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder_empty().with_service_name("custodian").with_attribute(version).build();
    let ratio = f64::from(config.tracing.sample_per_mille) / 1000.0;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::TraceIdRatioBased(ratio))
        .with_resource(resource)
        .build();
    Ok(Some(provider))
}

/// What hands our spans over.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("custodian"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(is_span_of_ours))
}

fn is_span_of_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().split("::").next() == Some("custodian")
}
