//! What one call of a plugin may use.

use std::time::Duration;

/// What one call of a plugin may use. The manifest sets it within `RANGES`; the end of the job's own time
/// ends the call, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory: the linear memories of a component together, the memory of a process.
    pub memory_bytes: u64,
    /// How long the call may take.
    pub timeout: Duration,
    /// How much a component may compute, in units of wasmtime's fuel; none is no such limit.
    pub fuel: Option<u64>,
    /// What a process may print on each of its two streams; for a component, metric and output
    /// together, and what it prints on each of its two streams.
    pub output_bytes: u64,
    /// What the call may leave in the job's store: keys and values, as JSON.
    pub storage_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            timeout: Duration::from_secs(60),
            fuel: None,
            output_bytes: 4 << 20,
            storage_bytes: 1 << 20,
        }
    }
}
