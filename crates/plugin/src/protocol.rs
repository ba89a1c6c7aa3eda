//! The process protocol: what the host writes to a plugin and what a plugin answers, one JSON value
//! a line. The host reads it in `process/`, a plugin's side speaks it with `serve`.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::JsonText;

/// The key-value store of a job: what its plugins leave for each other.
pub type Storage = BTreeMap<String, JsonText>;

/// The one line that a plugin reads from its standard input.
///
/// A plugin ignores fields that it does not know, and ends with 0 and no line of its own after a call
/// that it does not know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "call", rename_all = "lowercase")]
pub enum Call<'a> {
    /// Do the work; the answer has exactly one `metric`.
    Execute {
        /// What there is to work on.
        context: Cow<'a, Context>,
    },
    /// Sum up what earlier calls measured; the answer has at most one `summary`.
    Summarize {
        /// The plugin's own metrics, in the order in which they were made.
        metrics: Cow<'a, [JsonText]>,
    },
    /// Say who you are; the answer has one `description`.
    Describe,
}

impl Call<'_> {
    /// The word that names the call.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Execute { .. } => "execute",
            Self::Summarize { .. } => "summarize",
            Self::Describe => "describe",
        }
    }
}

/// What a plugin works on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Context {
    /// The id of the plugin job.
    pub job_id: String,
    /// The job's input.
    pub input: JsonText,
    /// What the plugin before this one left.
    #[serde(default)]
    pub output: Option<JsonText>,
    /// The job's store as the plugins before this one left it.
    #[serde(default)]
    pub storage: Storage,
    /// Whether the job was submitted with `debug`.
    #[serde(default)]
    pub debug: bool,
}

/// One line that a plugin writes to its standard output: an object with exactly one of these fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Line {
    /// Goes into the job's log.
    Log(Log),
    /// Changes the job's store.
    Store {
        /// Which entry.
        key: String,
        /// Its new value; `null` deletes it.
        value: JsonText,
    },
    /// For the next plugin; `null` is the same as none.
    Output(JsonText),
    /// An object with the fields that the manifest declares.
    Metric(JsonText),
    /// The answer to `summarize`; `null` is the same as none.
    Summary(JsonText),
    /// The answer to `describe`.
    Description(Description),
    /// The call failed.
    Error {
        /// Why.
        message: String,
    },
}

impl Line {
    /// The fields that name lines.
    pub(crate) const NAMES: [&str; 7] = [
        "log",
        "store",
        "output",
        "metric",
        "summary",
        "description",
        "error",
    ];

    /// The field that names the line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Log(_) => "log",
            Self::Store { .. } => "store",
            Self::Output(_) => "output",
            Self::Metric(_) => "metric",
            Self::Summary(_) => "summary",
            Self::Description(_) => "description",
            Self::Error { .. } => "error",
        }
    }
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub message: String,
}

/// How much a line of a log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// What a program prints.
    Info,
    /// Something is odd.
    Warn,
    /// Something went wrong.
    Error,
}

/// Who a plugin says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// As in its manifest.
    pub name: String,
    /// As in its manifest.
    pub version: String,
    /// What it does, in a sentence.
    pub description: String,
}
