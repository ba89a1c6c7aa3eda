//! How the router ends: what runs, and when it is to stop.

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Shared by listeners, connections and tunnels.
#[derive(Clone, Default)]
pub(crate) struct Lifecycle {
    /// Connections and tunnels.
    pub(crate) tasks: TaskTracker,
    /// No new connection; open ones close after their response.
    pub(crate) closing: CancellationToken,
    /// Open ones are cut.
    pub(crate) cut: CancellationToken,
}
