//! What a plugin job must look like.

use engine::{Kind, NewRun};
use store::runs::Submission;
use wire::plugin_jobs::{Config, NewPluginJob};

use crate::plugin_directory::Known;
use crate::{app::App, hooks::check::run_hook, kinds, refusal::Refusal};

const TIMEOUT_DEFAULT_MS: u64 = 5 * 60 * 1_000;
/// A week.
const TIMEOUT_LIMIT_MS: u64 = 7 * 24 * 3_600 * 1_000;
const RETRIES_DEFAULT: u32 = 3;
const RETRIES_LIMIT: u32 = 100;

/// Checks a job and makes it a run, which is held until it is started.
pub(super) fn submission(
    app: &App,
    plugin_directory: &Known,
    job: NewPluginJob,
) -> Result<Submission, Refusal> {
    let timeout = job.timeout.unwrap_or(TIMEOUT_DEFAULT_MS);
    if timeout == 0 || timeout > TIMEOUT_LIMIT_MS {
        let message = format!("timeout must be from 1 to {TIMEOUT_LIMIT_MS} milliseconds");
        return Err(Refusal::bad_request(message));
    }
    let retries = job.retries.unwrap_or(RETRIES_DEFAULT);
    if retries > RETRIES_LIMIT {
        return Err(Refusal::bad_request(format!(
            "retries must be at most {RETRIES_LIMIT}"
        )));
    }
    let hook = job
        .webhook
        .map(|hook| run_hook(&app.ssrf_filter, Kind::PluginJob, hook))
        .transpose()?;
    let skip_unfit = job.plugins.is_none();
    let config = Config {
        input: job.input,
        timeout,
        retries,
        plugins: plugin_directory.choose(job.plugins)?,
        debug: job.debug.unwrap_or_default(),
        skip_unfit,
    };
    let mut run = NewRun::new(
        app.clock.run_id(),
        Kind::PluginJob,
        &config.plugins.join(" "),
        &kinds::of(Kind::PluginJob).queues.queue(&config.plugins),
    );
    run.held = true;
    run.whole_timeout_ms = i64::try_from(timeout).ok();
    // It was JSON before: it has a JSON form.
    let input = serde_json::to_vec(&config).unwrap_or_default();
    Ok(Submission {
        hook,
        ..Submission::new(run, input)
    })
}
