//! Why a call of a plugin failed.

use std::time::Duration;

use crate::logs::{Logs, cut};

/// A call that failed: why, what was logged until then, and after how long. It leaves nothing in the
/// job's store.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// What the plugin logged and printed.
    pub logs: Logs,
    /// How long the call took.
    pub took: Duration,
}

/// Why a call failed. Paths are JSON pointers; the empty one is the whole value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The input does not fit the manifest's schema. The plugin was not called.
    #[error("the input is not what the plugin takes: {}{message}", at(path))]
    Input {
        /// Where in the input.
        path: String,
        /// What is wrong there.
        message: String,
    },
    /// The metric is not what the manifest declares.
    #[error("the metric is not what the manifest declares: {}{message}", at(path))]
    Metric {
        /// Where in the metric.
        path: String,
        /// What is wrong there.
        message: String,
    },
    /// What it left is nested too deep to be kept.
    #[error("the {what} is nested deeper than {limit} levels at {path}")]
    Depth {
        /// Of what it left: the metric, the output, the summary, an entry of the store.
        what: String,
        /// Where in it.
        path: String,
        /// How many levels it may have.
        limit: usize,
    },
    /// The plugin itself says that it failed.
    #[error("{message}")]
    Reported {
        /// Its words.
        message: String,
    },
    /// The answer is not one.
    #[error("{}{message}", line.map(|line| format!("line {line} of the answer: ")).unwrap_or_default())]
    Protocol {
        /// The line of a process's output, from 1 on.
        line: Option<u64>,
        /// What is wrong with it.
        message: String,
    },
    /// The component broke off.
    #[error("the plugin trapped: {message}")]
    Trap {
        /// What happened, and where.
        message: String,
    },
    /// The process ended with another code than 0.
    #[error("the plugin exited with code {code}")]
    Exit {
        /// The code.
        code: i32,
    },
    /// The process was ended by a signal.
    #[error("the plugin was ended by signal {signal}")]
    Signal {
        /// The signal's number.
        signal: i32,
    },
    /// It took too long.
    #[error("the plugin took longer than {} ms", after.as_millis())]
    Timeout {
        /// How long it was allowed to take.
        after: Duration,
    },
    /// It wanted more memory.
    #[error("the plugin wanted more than {limit} bytes of memory")]
    Memory {
        /// How much it was allowed.
        limit: u64,
    },
    /// It computed more.
    #[error("the plugin used up its fuel of {limit}")]
    Fuel {
        /// How much it was allowed.
        limit: u64,
    },
    /// It printed or answered more.
    #[error("the plugin put out more than {limit} bytes")]
    Output {
        /// How much it was allowed.
        limit: u64,
    },
    /// It left more in the job's store.
    #[error("the plugin left more than {limit} bytes in the job's store")]
    Storage {
        /// How much it was allowed.
        limit: u64,
    },
    /// The caller cancelled the call.
    #[error("the call was cancelled")]
    Cancelled,
    /// The host could not make the call. Not the plugin's fault.
    #[error("the plugin could not be called: {message}")]
    Host {
        /// Why not.
        message: String,
    },
}

impl Cause {
    /// A word for the kind, such as `timeout`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input { .. } => "input",
            Self::Metric { .. } => "metric",
            Self::Depth { .. } => "depth",
            Self::Reported { .. } => "reported",
            Self::Protocol { .. } => "protocol",
            Self::Trap { .. } => "trap",
            Self::Exit { .. } => "exit",
            Self::Signal { .. } => "signal",
            Self::Timeout { .. } => "timeout",
            Self::Memory { .. } => "memory",
            Self::Fuel { .. } => "fuel",
            Self::Output { .. } => "output",
            Self::Storage { .. } => "storage",
            Self::Cancelled => "cancelled",
            Self::Host { .. } => "host",
        }
    }

    /// False where the same call again would fail alike, or is not wanted.
    #[must_use]
    pub fn may_pass_next_time(&self) -> bool {
        !matches!(
            self,
            Self::Input { .. } | Self::Cancelled | Self::Fuel { .. }
        )
    }

    pub(crate) fn with(self, logs: Logs, took: Duration) -> Failure {
        Failure {
            cause: self,
            logs,
            took,
        }
    }

    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        Self::Protocol {
            line: None,
            message: message.into(),
        }
    }

    pub(crate) fn reported(message: &str) -> Self {
        Self::Reported {
            message: String::from(cut(message, 16 << 10)),
        }
    }

    pub(crate) fn host(error: impl std::fmt::Display) -> Self {
        Self::Host {
            message: error.to_string(),
        }
    }
}

fn at(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}
