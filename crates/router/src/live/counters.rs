//! What is counted of each route, and how Prometheus reads it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// The upper bounds of the latency buckets, in seconds; one more bucket has what took longer.
pub const LATENCY_BUCKETS_SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];

const BUCKETS: usize = LATENCY_BUCKETS_SECONDS.len() + 1;

/// The counters of every route in the table, by id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouterMetrics {
    /// A route that leaves the table leaves the metrics.
    pub routes: BTreeMap<String, RouteMetrics>,
}

/// The counters of one route since it came into the table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouteMetrics {
    /// Responses by the first digit of their status: 1xx, 2xx, 3xx, 4xx, 5xx.
    pub responses: [u64; 5],
    /// How many responses began within each bound of [`LATENCY_BUCKETS_SECONDS`] and not within the bound
    /// before; the last number is for those that took longer. Time in a hold counts.
    pub latency: [u64; BUCKETS],
    /// The sum of the times until responses began.
    pub latency_seconds: f64,
    /// Requests that were held.
    pub held: u64,
    /// Requests that got a 503 because too many were held, or the hold took too long.
    pub hold_refused: u64,
    /// Connections that targets refused or did not accept in time.
    pub connect_failed: u64,
    /// Requests that were sent again, to another target or over another connection.
    pub repeated: u64,
}

/// The counters while they count.
#[derive(Default)]
pub(crate) struct RouteCounters {
    responses: [AtomicU64; 5],
    latency: [AtomicU64; BUCKETS],
    latency_micros: AtomicU64,
    /// Requests that are held now.
    pub(crate) holding: AtomicU64,
    pub(crate) held: AtomicU64,
    pub(crate) hold_refused: AtomicU64,
    pub(crate) connect_failed: AtomicU64,
    pub(crate) repeated: AtomicU64,
}

impl RouteCounters {
    /// Notes a response that begins now.
    pub(crate) fn responded(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.responses[class].fetch_add(1, Relaxed);
        let seconds = took.as_secs_f64();
        let bucket = LATENCY_BUCKETS_SECONDS.partition_point(|bound| *bound < seconds);
        self.latency[bucket].fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latency_micros.fetch_add(micros, Relaxed);
    }

    pub(super) fn read(&self) -> RouteMetrics {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        RouteMetrics {
            responses: self.responses.each_ref().map(load),
            latency: self.latency.each_ref().map(load),
            latency_seconds: Duration::from_micros(load(&self.latency_micros)).as_secs_f64(),
            held: load(&self.held),
            hold_refused: load(&self.hold_refused),
            connect_failed: load(&self.connect_failed),
            repeated: load(&self.repeated),
        }
    }
}

/// One of the plain counters: its name, what it counts, its value.
type Plain = (&'static str, &'static str, fn(&RouteMetrics) -> u64);

const PLAIN: [Plain; 4] = [
    ("held", "Requests that were held", |route| route.held),
    (
        "hold_refused",
        "Requests that were refused because of the limits of a hold",
        |route| route.hold_refused,
    ),
    (
        "connect_failed",
        "Connections that targets did not accept",
        |route| route.connect_failed,
    ),
    ("repeated", "Requests that were sent again", |route| {
        route.repeated
    }),
];

impl RouterMetrics {
    /// The metrics in the text format of Prometheus.
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_responses(&mut text);
        let _ = self.write_latency(&mut text);
        for plain in PLAIN {
            let _ = self.write_plain(&mut text, plain);
        }
        text
    }

    fn write_responses(&self, text: &mut String) -> std::fmt::Result {
        const NAME: &str = "router_responses_total";
        writeln!(
            text,
            "# HELP {NAME} Responses, by the class of their status"
        )?;
        writeln!(text, "# TYPE {NAME} counter")?;
        for (id, route) in &self.routes {
            let id = escape(id);
            for (class, count) in route.responses.iter().enumerate() {
                let class = class + 1;
                writeln!(
                    text,
                    "{NAME}{{route=\"{id}\",status=\"{class}xx\"}} {count}"
                )?;
            }
        }
        Ok(())
    }

    fn write_latency(&self, text: &mut String) -> std::fmt::Result {
        const NAME: &str = "router_latency_seconds";
        writeln!(
            text,
            "# HELP {NAME} Time until the response began, holds included"
        )?;
        writeln!(text, "# TYPE {NAME} histogram")?;
        for (id, route) in &self.routes {
            let id = escape(id);
            let bounds = LATENCY_BUCKETS_SECONDS.iter().map(ToString::to_string);
            let mut sum = 0;
            for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(route.latency) {
                sum += count;
                writeln!(text, "{NAME}_bucket{{route=\"{id}\",le=\"{bound}\"}} {sum}")?;
            }
            writeln!(
                text,
                "{NAME}_sum{{route=\"{id}\"}} {}",
                route.latency_seconds
            )?;
            writeln!(text, "{NAME}_count{{route=\"{id}\"}} {sum}")?;
        }
        Ok(())
    }

    fn write_plain(&self, text: &mut String, (name, help, value): Plain) -> std::fmt::Result {
        writeln!(text, "# HELP router_{name}_total {help}")?;
        writeln!(text, "# TYPE router_{name}_total counter")?;
        for (id, route) in &self.routes {
            let (id, value) = (escape(id), value(route));
            writeln!(text, "router_{name}_total{{route=\"{id}\"}} {value}")?;
        }
        Ok(())
    }
}

fn escape(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
