//! What kind of work a run is.

use std::{fmt, str::FromStr};

use crate::names::{UnknownName, names};

/// What kind of work a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A plain binary.
    Job,
    /// Plugins over an input.
    PluginJob,
    /// A playbook.
    Execution,
    /// A change of a playground.
    Operation,
}

impl Kind {
    /// What a part of such a run's work is called, if its work has parts, which the store keeps as rows.
    #[must_use]
    pub fn part(self) -> Option<&'static str> {
        match self {
            Self::Job => None,
            Self::PluginJob => Some("plugin"),
            Self::Execution => Some("step"),
            Self::Operation => Some("phase"),
        }
    }

    /// Whether the work of such a run has parts.
    #[must_use]
    pub fn has_parts(self) -> bool {
        self.part().is_some()
    }
}

names!(Kind {
    Job = "job",
    PluginJob = "plugin_job",
    Execution = "execution",
    Operation = "operation",
});
