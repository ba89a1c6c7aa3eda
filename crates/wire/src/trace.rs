//! A run is one trace of which server and executors write parts: the trace has the run's id, and spans
//! have numbers that both compute, so nothing has to be passed between them.

use std::{fmt, sync::Arc, time::SystemTime};

use engine::RunId;

/// Which part of a run a span is about.
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

/// Takes spans and sends them on.
pub trait SpanExporter: Send + Sync {
    /// Takes a part that has ended. It must not wait: a span that cannot be sent in time is dropped.
    fn export(&self, span: Span);

    /// Sends what is left, as far as the collector takes it. It waits, so it must not be called on a
    /// thread of an asynchronous runtime.
    fn stop(&self);
}

/// Where spans go. Cheap to clone.
#[derive(Clone, Default)]
pub struct Spans(Option<Arc<dyn SpanExporter>>);

impl Spans {
    /// Nowhere.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// To this exporter.
    pub fn to(exporter: impl SpanExporter + 'static) -> Self {
        Self(Some(Arc::new(exporter)))
    }

    /// Whether spans go anywhere.
    #[must_use]
    pub fn wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Exports a part that has ended.
    pub fn ended(&self, span: Span) {
        if let Some(exporter) = &self.0 {
            exporter.export(span);
        }
    }

    /// As [`SpanExporter::stop`].
    pub fn stop(&self) {
        if let Some(exporter) = &self.0 {
            exporter.stop();
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Spans").field(&self.wanted()).finish()
    }
}

impl Part {
    /// Name of its span.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Queue => "queue",
            Self::Attempt(_) => "attempt",
            Self::Prepare(_) => "prepare",
            Self::Program(_) => "program",
        }
    }

    /// The part that it belongs to.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Run => None,
            Self::Queue | Self::Attempt(_) => Some(Self::Run),
            Self::Prepare(attempt) | Self::Program(attempt) => Some(Self::Attempt(attempt)),
        }
    }

    /// Id of its span, unique within the trace.
    #[must_use]
    pub fn number(self, run: RunId) -> u64 {
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
        random ^ (attempt << 3) ^ form | (1 << 63)
    }
}

/// The W3C `traceparent` under which the program of an attempt, and what it calls, goes on with the
/// run's trace.
#[must_use]
pub fn parent_header(run: RunId, attempt: i64) -> String {
    let trace = u128::from_be_bytes(*run.as_bytes());
    let span = Part::Program(attempt).number(run);
    format!("00-{trace:032x}-{span:016x}-01")
}
