//! What outlives a table: targets with their connections and requests, counters of routes, activity of
//! owners.

mod activity;
mod counters;
mod drain;
mod registry;
mod upstream;

pub use self::{
    activity::Activity,
    counters::{LATENCY_BUCKETS_SECONDS, RouteMetrics, RouterMetrics},
    drain::{DrainLimits, Drained},
};
pub(crate) use self::{
    activity::{OpenRequest, OwnerActivity},
    counters::RouteCounters,
    registry::Registry,
    upstream::{InFlight, Upstream},
};

/// What an open exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// A request, until the last byte of its response.
    Request,
    /// A response that is an event stream, until it ends.
    EventStream,
    /// An upgraded connection, such as a WebSocket.
    Socket,
}
