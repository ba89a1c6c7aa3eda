//! A run is one trace, the caller who writes its parts: the trace has the run's id, and the spans have
//! numbers that server and executors find without telling each other.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use engine::RunId;
use opentelemetry::{
    InstrumentationScope, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, SpanKind, Status, TraceState},
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor},
};

/// A collector that does not answer by then is given up on.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);
/// What is still unsent at the end is given this long.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// Which part of a run a span is about. Names that are taken apart by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it, from its submit to its end.
    Run,
    /// From when it could start until its last attempt did.
    Queue,
    /// The attempt with this number.
    Attempt(i64),
    /// Getting the program of that attempt and a place to run it.
    Prepare(i64),
    /// The program of that attempt.
    Program(i64),
}

/// A part of a run that has ended.
#[derive(Clone, Debug)]
pub struct Span {
    /// The run.
    pub run: RunId,
    /// The part.
    pub part: Part,
    /// When it began.
    pub start: SystemTime,
    /// When it ended.
    pub end: SystemTime,
    /// Why it went wrong, if it did.
    pub error: Option<String>,
    /// Facts about it; never what a program was given or printed.
    pub attributes: Vec<(&'static str, String)>,
}

/// Where spans go. Cheap to clone; spans that cannot be sent in time are dropped, and nothing waits
/// for a collector.
#[derive(Clone, Default)]
pub struct Spans {
    processor: Option<Arc<BatchSpanProcessor>>,
}

impl Spans {
    /// Nowhere.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// To a collector that speaks OTLP over HTTP at `endpoint`, such as `http://localhost:4318`, as
    /// the service `name`. Must be called in a runtime: it is where the calls are made.
    ///
    /// # Errors
    /// When the endpoint is no URL, or the sender cannot be started.
    pub fn to(endpoint: &str, name: &'static str) -> Result<Self, String> {
        crate::client::tls_ready();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        let caller = Caller {
            client,
            runtime: tokio::runtime::Handle::current(),
        };
        let exporter = SpanExporter::builder()
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
        Ok(Self {
            processor: Some(Arc::new(processor)),
        })
    }

    /// Whether anybody wants them.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.processor.is_some()
    }

    /// Hands over a part that has ended.
    pub fn ended(&self, span: Span) {
        if let Some(processor) = &self.processor {
            processor.on_end(data(span));
        }
    }

    /// Sends what is left, as far as the collector takes it. It waits, so it must not be called on a
    /// thread of an asynchronous runtime.
    pub fn stop(&self) {
        if let Some(processor) = &self.processor {
            // The runs are what matters; their traces are a convenience.
            let _ = processor.shutdown_with_timeout(LAST_EXPORT);
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans")
            .field("wanted", &self.wanted())
            .finish()
    }
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Queue => "queue",
            Self::Attempt(_) => "attempt",
            Self::Prepare(_) => "prepare",
            Self::Program(_) => "program",
        }
    }

    fn parent(self) -> Option<Self> {
        match self {
            Self::Run => None,
            Self::Queue | Self::Attempt(_) => Some(Self::Run),
            Self::Prepare(attempt) | Self::Program(attempt) => Some(Self::Attempt(attempt)),
        }
    }

    /// Whoever performs a part finds the number of its parent by this alone. It is unique within
    /// the trace, which is all that a span's number has to be.
    fn number(self, run: RunId) -> SpanId {
        let (form, attempt) = match self {
            Self::Run => (1, 0),
            Self::Queue => (2, 0),
            Self::Attempt(attempt) => (3, attempt),
            Self::Prepare(attempt) => (4, attempt),
            Self::Program(attempt) => (5, attempt),
        };
        let bytes = run.as_bytes();
        let random = u64::from_be_bytes(std::array::from_fn(|place| bytes[place + 8]));
        let attempt = u64::try_from(attempt).unwrap_or_default();
        // Only the low bits change, and never to zero, which means no span.
        SpanId::from(random ^ (attempt << 3) ^ form | (1 << 63))
    }
}

/// The W3C `traceparent` under which the program of an attempt, and what it calls, goes on with the
/// run's trace.
#[must_use]
pub fn parent_header(run: RunId, attempt: i64) -> String {
    let trace = TraceId::from_bytes(*run.as_bytes());
    let span = Part::Program(attempt).number(run);
    format!("00-{trace}-{span}-01")
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
            span.part.number(span.run),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: parent.map_or(SpanId::INVALID, |parent| parent.number(span.run)),
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
