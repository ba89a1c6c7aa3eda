//! What our executors say beyond the bare contract: who they are and what they can do, claims of
//! every kind, one call that renews all leases and waits for signals, progress, results in batches.
//! Every route stands under `/api/v1`.

mod claims;
mod leases;
mod output;
mod progress;
mod registration;
mod results;

pub use claims::{ClaimRuns, ClaimedRun, ClaimedRuns, LeasedPluginJob};
pub use leases::{HeldLease, LeaseNews, Renew, Renewed};
pub use output::{FrameOf, LogChunk};
pub use progress::{
    CurrentPlugin, EndedPlugin, Fact, Level, LogLine, Progress, ProgressReport, Stage,
};
pub use registration::{Direction, MetricInfo, PluginHost, PluginInfo, Registration};
pub use results::{ResultAnswer, Results, ResultsAnswer, RunResult};

/// What the name of an executor inside a server begins with. It needs no key, and no key is bound to such a
/// name.
pub const BUILT_IN: &str = "built-in-";
