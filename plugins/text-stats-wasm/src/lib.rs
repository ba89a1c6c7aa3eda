//! `text-stats` as a component: the same numbers as those of the plugin that our own program serves.

use analysis::text_stats;
use serde_json::Value;

wit_bindgen::generate!({ path: "../../crates/plugin/wit", world: "plugin" });

const DESCRIPTION: &str = "Counts, readability and language of a text.";

struct TextStats;

export!(TextStats);

impl Guest for TextStats {
    fn describe() -> Description {
        Description {
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: DESCRIPTION.into(),
        }
    }

    fn execute(context: Context) -> Result<Outcome, String> {
        let input = read(&context.input)?;
        let before = context.output.as_deref().map(read).transpose()?;
        let left =
            text_stats::execute(&input, before.as_ref()).map_err(|error| error.to_string())?;
        Ok(Outcome {
            metric: left.metric.to_string(),
            output: left.output.map(|output| output.to_string()),
        })
    }

    fn summarize(metrics: Vec<String>) -> Result<Option<String>, String> {
        let metrics: Result<Vec<Value>, String> =
            metrics.iter().map(|metric| read(metric)).collect();
        Ok(Some(text_stats::summarize(&metrics?).to_string()))
    }
}

/// Every value that a host passes is a JSON text.
fn read(json: &str) -> Result<Value, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}
