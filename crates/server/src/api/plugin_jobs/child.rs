//! Plugin jobs that steps of executions start.

use futures_util::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};
use store::{
    Read,
    runs::{Details, Submission},
};
use wire::{JsonText, executors::PluginJobOutcome, plugin_jobs::NewPluginJob};

use super::{check, loaded, view};
use crate::{app::App, http::json, refusal::Refusal};

/// Checks what a step wants and makes it a run, which need not be started.
pub(crate) fn submission(
    app: App,
    wanted: Value,
) -> BoxFuture<'static, Result<Submission, Refusal>> {
    let work = async move {
        let job: NewPluginJob = json::parse_field("submission", &wanted)?;
        let plugins = app.plugins.read(&app.store, app.active_since()).await?;
        let mut submission = check::submission(&app, &plugins, job)?;
        submission.run.held = false;
        Ok(submission)
    };
    work.boxed()
}

/// What a plugin job that has ended left.
pub(crate) fn outcome(read: &mut Read<'_, '_>, details: Details) -> Result<Value, store::Error> {
    let Details { run, .. } = details;
    let loaded = loaded::find(read, run.id)?;
    let job = view::job(&loaded);
    let left = job.result.unwrap_or_default();
    // Templates compute with it.
    let value = |(name, text): (String, JsonText)| (name, text.value());
    Ok(json!(PluginJobOutcome {
        error: job.progress.error,
        metrics: left.metrics.into_iter().flatten().map(value).collect(),
        summary: left.summary.into_iter().map(value).collect(),
        output: loaded.state.output.map(|output| output.value()),
    }))
}
