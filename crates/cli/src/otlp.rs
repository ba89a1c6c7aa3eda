//! Sends spans to an OpenTelemetry collector.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor},
};
use wire::trace::{Part, Span, SpanExporter, Spans};

use crate::{args::Tracing, exit::Failure};

/// A collector that does not answer by then is given up on.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
/// What is still unsent at the end is given this long.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// Where traces go, as the service `name`.
pub(crate) fn spans(tracing: &Tracing, name: &'static str) -> Result<Spans, Failure> {
    match &tracing.otlp_endpoint {
        Some(endpoint) => {
            let otlp = Otlp::start(endpoint, name).map_err(Failure::usage)?;
            Ok(Spans::to(otlp))
        }
        None => Ok(Spans::none()),
    }
}

/// Exports over OTLP with HTTP. Spans that cannot be sent in time are dropped, and nothing waits for a
/// collector.
struct Otlp(BatchSpanProcessor);

impl Otlp {
    /// To the collector at `endpoint`, such as `http://localhost:4318`, as the service `name`. Must be called
    /// in a runtime, which makes the calls.
    fn start(endpoint: &str, name: &'static str) -> Result<Self, String> {
        wire::client::tls_ready();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        let caller = Caller {
            client,
            runtime: tokio::runtime::Handle::current(),
        };
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(caller)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let resource = Resource::builder_empty()
            .with_service_name(name)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        processor.set_resource(&resource);
        Ok(Self(processor))
    }
}

impl SpanExporter for Otlp {
    fn export(&self, span: Span) {
        self.0.on_end(data(span));
    }

    fn stop(&self) {
        // The runs are what matters; their traces are a convenience.
        let _ = self.0.shutdown_with_timeout(LAST_EXPORT);
    }
}

fn data(span: Span) -> SpanData {
    let trace = TraceId::from_bytes(*span.run.as_bytes());
    let parent = span.part.parent();
    let mut attributes: Vec<KeyValue> = span
        .attributes
        .into_iter()
        .map(|(name, value)| KeyValue::new(name, value))
        .collect();
    attributes.push(KeyValue::new("playhouse.run.id", span.run.to_string()));
    SpanData {
        span_context: SpanContext::new(
            trace,
            SpanId::from(span.part.number(span.run)),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: parent.map_or(SpanId::INVALID, |parent| parent.number(span.run).into()),
        parent_span_is_remote: matches!(span.part, Part::Attempt(_)),
        span_kind: match span.part {
            Part::Run => SpanKind::Server,
            Part::Attempt(_) => SpanKind::Consumer,
            Part::Queue | Part::Prepare(_) | Part::Program(_) => SpanKind::Internal,
        },
        name: span.part.name().into(),
        start_time: span.start,
        end_time: span.end.max(span.start),
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: span.error.map_or(Status::Ok, Status::error),
        instrumentation_scope: InstrumentationScope::builder("playhouse").build(),
    }
}

/// Makes the exporter's calls in the process's own runtime: the exporter has a thread without one.
#[derive(Clone, Debug)]
struct Caller {
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
}

impl HttpClient for Caller {
    fn send_bytes<'this, 'future>(
        &'this self,
        request: http::Request<Bytes>,
    ) -> std::pin::Pin<
        Box<dyn Future<Output = Result<http::Response<Bytes>, HttpError>> + Send + 'future>,
    >
    where
        'this: 'future,
        Self: 'future,
    {
        let client = self.client.clone();
        let call = self.runtime.spawn(async move {
            let answer = client.execute(request.try_into()?).await?;
            let status = answer.status();
            let mut response = http::Response::new(answer.bytes().await?);
            *response.status_mut() = status;
            Ok::<_, HttpError>(response)
        });
        Box::pin(async move { call.await? })
    }
}
