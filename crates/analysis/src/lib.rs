//! What the shipped plugins compute. Pure: text in, numbers out, no IO, no clock, no randomness; and
//! it compiles to wasm, so that a component gives the same numbers as our own program.
//!
//! Each plugin has a module with `execute`, which reads a job's input, and `summarize`, which sums up
//! metrics that `execute` made. The measurements themselves can be called without JSON.

mod input;
pub mod log_lint;
mod summary;
pub mod text_stats;
pub mod web_page;

use std::fmt;

use serde_json::Value;

pub use summary::{Numbers, Tally};

/// What one call leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// An object with the fields that the plugin's manifest declares.
    pub metric: Value,
    /// For the next plugin.
    pub output: Option<Value>,
}

/// The input is nothing that the plugin can work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Two decimals: what is read by people, and nothing that depends on the last bit of a division.
pub(crate) fn rounded(number: f64) -> f64 {
    let rounded = (number * 100.0).round() / 100.0;
    // There is no minus zero for people.
    if rounded == 0.0 { 0.0 } else { rounded }
}
