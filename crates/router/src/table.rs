//! The table that the router is given: which host and path lead where. Plain data, so that its
//! owner can keep it in a file.

use std::{net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::auth::BasicAuth;

/// Every route of the router. A new table replaces the old one as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// In any order: the host and the longest path rule decide.
    #[serde(default)]
    pub routes: Vec<RouteEntry>,
}

/// One service under one host and path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteEntry {
    /// Names the route in metrics; unique in the table. A route that keeps its id keeps its counters.
    pub id: String,
    /// What the route belongs to, such as the id of a playground; opaque to the router.
    pub owner: String,
    /// The host without port. Case and a dot at the end do not matter.
    pub host: String,
    /// Which paths of the host; all of them without a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathRule>,
    /// What answers its requests.
    pub state: RouteState,
    /// Where the service listens, one address for each replica.
    #[serde(default)]
    pub targets: Vec<SocketAddr>,
    /// The credentials that a caller has to send; `None` for a public service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<BasicAuth>,
    /// How requests wait while no target can take them.
    #[serde(default)]
    pub hold: HoldLimit,
    /// How long a target may take until its response begins, after the last byte of an upload; in
    /// milliseconds.
    #[serde(default = "default_response_timeout")]
    pub response_timeout_ms: u64,
}

/// Which paths a route takes. Of several rules that match, the one with the longest text wins.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PathRule {
    /// Exactly this path.
    Path(String),
    /// Every path that begins with this text.
    PathPrefix(String),
    /// Every path in which this regular expression is found.
    PathRegexp(String),
}

/// What answers the requests of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteState {
    /// Its targets; requests are held while it has none.
    Serving,
    /// Nothing yet: requests are held until it serves.
    Starting,
    /// A page that says that the service is under maintenance.
    Maintenance,
    /// Nothing: the first request wakes the owner, and all are held until it serves.
    Asleep,
}

/// How requests wait while no target can take them. Beyond the limit they get a 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldLimit {
    /// How long one request waits, in milliseconds.
    pub wait_ms: u64,
    /// How many requests of the route wait at once.
    pub requests: u64,
}

impl Default for HoldLimit {
    fn default() -> Self {
        Self {
            wait_ms: 30_000,
            requests: 1000,
        }
    }
}

impl HoldLimit {
    pub(crate) fn wait(self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }
}

fn default_response_timeout() -> u64 {
    60_000
}
