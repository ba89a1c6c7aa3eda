//! `plugins.run`.

use engine::Kind;
use serde_json::{Value, json};
use wire::executors::{JobSecrets, PluginJobOutcome};

use super::child::{self, ChildRequest};
use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd, text};

/// The longest time of a plugin job, in milliseconds: a week.
const LONGEST_MS: u64 = 7 * 24 * 3_600 * 1_000;

pub(super) async fn run(call: &StepCall<'_>) -> Done {
    let parameters = &call.parameters;
    parameters.required("plugins")?;
    let plugins = parameters.list("plugins")?.into_iter().flatten();
    let plugins: Vec<String> = plugins.map(text).collect();
    let time = u64::try_from(call.timeout.as_millis()).unwrap_or(u64::MAX);
    let submission = json!({
        "input": parameters.get("input").unwrap_or(&Value::Null),
        "plugins": plugins,
        "retries": parameters.number("retries")?,
        "timeout": time.clamp(1, LONGEST_MS),
    });
    let request = ChildRequest {
        kind: Kind::PluginJob,
        submission: whole(submission),
        playground: None,
        contents: std::collections::BTreeMap::new(),
        secrets: JobSecrets::default(),
    };
    let child = child::ended(call, request).await?;
    let left: PluginJobOutcome = child::outcome(&child)?;
    if child.status != "completed" {
        let why = left.error.unwrap_or_else(|| format!("it {}", child.status));
        return Err(StepEnd::failed(format!("plugin job {}: {why}", child.id)));
    }
    Ok(Left::output(json!({
        "job_id": child.id,
        "metrics": left.metrics,
        "summary": left.summary,
        "output": left.output,
    })))
}

/// Numbers of parameters are read as fractions; the contract has whole ones.
fn whole(mut submission: Value) -> Value {
    let retries = submission["retries"].as_f64().map(|number| number as u32);
    submission["retries"] = json!(retries);
    submission
}
