//! What a route needs, and who asks.

/// What a caller must be allowed to do to use a route: the contracts' `noun:verb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Whoever reaches the server: health and metrics.
    Open,
    /// Look at jobs and their output.
    JobsRead,
    /// Submit jobs and their programs, and start them anew.
    JobsWrite,
    /// Call jobs off.
    JobsCancel,
    /// Perform runs.
    RunsPerform,
    /// Follow the event log.
    EventsRead,
    /// Look at counts and executors.
    StatsRead,
}

impl Scope {
    /// As the documentation names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::JobsCancel => "jobs:cancel",
            Self::RunsPerform => "runs:perform",
            Self::EventsRead => "events:read",
            Self::StatsRead => "stats:read",
        }
    }
}

/// Who asks. The process attaches it to a request; no header can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The process itself: the built-in executor and the seeded demo.
    Builtin,
    /// Somebody on this machine. Without keys the server serves loopback only.
    Loopback,
}
