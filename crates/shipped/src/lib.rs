//! The plugins that our own program serves over the process protocol: they are there at the first run,
//! and are started, confined and killed like anybody's.

mod http_probe;
mod json_schema;
mod serve;

use serde_json::Value;

use analysis::{Analysis, Unusable, log_lint, text_stats, web_page};

pub use serve::{COMMAND, main};

/// One of them.
#[derive(Debug)]
pub struct Shipped {
    /// As in its manifest.
    pub name: &'static str,
    /// The text of its `plugin.toml`, without an entry.
    pub manifest: &'static str,
    execute: Execute,
    summarize: fn(&[Value]) -> Value,
}

/// From the job's input, and what the plugin before it left.
type Execute = fn(&Value, Option<&Value>) -> Result<Analysis, Unusable>;

/// All of them, in the order in which they run.
pub const PLUGINS: [Shipped; 5] = [
    Shipped {
        name: "text-stats",
        manifest: include_str!("manifests/text-stats.toml"),
        execute: text_stats::execute,
        summarize: text_stats::summarize,
    },
    Shipped {
        name: "web-page",
        manifest: include_str!("manifests/web-page.toml"),
        execute: web_page::execute,
        summarize: web_page::summarize,
    },
    Shipped {
        name: "log-lint",
        manifest: include_str!("manifests/log-lint.toml"),
        execute: log_lint::execute,
        summarize: log_lint::summarize,
    },
    Shipped {
        name: "json-schema",
        manifest: include_str!("manifests/json-schema.toml"),
        execute: json_schema::execute,
        summarize: json_schema::summarize,
    },
    Shipped {
        name: "http-probe",
        manifest: include_str!("manifests/http-probe.toml"),
        execute: http_probe::execute,
        summarize: http_probe::summarize,
    },
];

impl Shipped {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PLUGINS.iter().find(|plugin| plugin.name == name)
    }

    /// How `program`, the absolute path of our own, is started to serve it.
    #[must_use]
    pub fn argv(&self, program: &str) -> Vec<String> {
        [program, COMMAND, self.name].map(String::from).into()
    }
}
