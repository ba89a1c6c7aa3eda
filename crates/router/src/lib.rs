//! The HTTP reverse proxy beside the containers. Given a table of hosts, paths and targets, it sends each request
//! to a target, holds requests while there is none, and drains targets that are to stop. It knows neither containers
//! nor servers.
//!
//! A swap of targets without an error: [`Router::replace`] with a table that has the new targets only, then
//! [`Router::drain`] the old ones, then stop them.

mod auth;
mod deadline;
mod error;
mod lifecycle;
mod lingering;
mod listener;
mod live;
mod proxy;
mod router;
mod routes;
mod scrape;
mod settings;
mod socket;
mod table;
mod tls;
mod tunnel;
mod upstream;

pub use self::{
    auth::BasicAuth,
    error::Error,
    live::{Activity, DrainLimits, Drained, LATENCY_BUCKETS_SECONDS, RouteMetrics, RouterMetrics},
    router::Router,
    settings::{RouterSettings, WakeHook},
    table::{HoldLimit, PathRule, RouteEntry, RouteState, RouteTable},
    tls::Certificate,
};
