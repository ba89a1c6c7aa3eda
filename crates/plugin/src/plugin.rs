//! A plugin that can be called, whichever host performs it.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    JsonText,
    answered::Answered,
    depth,
    failure::{Cause, Failure},
    limits::Limits,
    logs::Logs,
    manifest::Manifest,
    metrics,
    process::{Program, Spawner},
    protocol::{Call, Context, Description},
    storage::Changes,
    wasm::Component,
};

/// Checks of inputs at once, in this process.
static CHECKS: Semaphore = Semaphore::const_new(32);

/// A plugin that can be called. Calls are independent of each other and may overlap.
#[derive(Debug)]
pub struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) digest: String,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) host: Host,
}

/// Who performs the calls.
#[derive(Debug)]
pub(crate) enum Host {
    Wasm(Component),
    Process(Program),
}

/// What a call of `execute` leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginOutcome {
    /// An object with the fields that the manifest declares.
    pub metric: JsonText,
    /// For the next plugin.
    pub output: Option<JsonText>,
    /// What it changes in the job's store; see [`crate::apply`].
    pub storage: Changes,
    /// What it logged and printed.
    pub logs: Logs,
    /// How long it took.
    pub took: Duration,
}

/// What a call of `summarize` leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// None when the plugin makes none.
    pub summary: Option<JsonText>,
    /// What it logged and printed.
    pub logs: Logs,
    /// How long it took.
    pub took: Duration,
}

impl Plugin {
    /// What its folder says about it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of its content, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where it is; none for a shipped one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether it takes a job with this input: the input fits its schema, or what the plugin before it
    /// left fits the schema that its manifest has for that. To find out may take as long as a call.
    ///
    /// # Errors
    /// [`Cause::Input`]: what does not fit, or that the check took too long.
    pub async fn takes(&self, input: &JsonText, output: Option<&JsonText>) -> Result<(), Cause> {
        let Some(schema) = self.manifest.schema.clone() else {
            return Ok(());
        };
        let chained = self.manifest.output_schema.clone().zip(output.cloned());
        let input = input.clone();
        // A thread of its own: nothing bounds what a schema makes of an input. And few of them: one that
        // is given up goes on until it ends.
        let checked = async {
            let place = CHECKS.acquire().await.map_err(Cause::host)?;
            let check = move || {
                let _place = place;
                if chained.is_some_and(|(schema, output)| schema.check(&output.value()).is_ok()) {
                    return Ok(());
                }
                schema.check(&input.value())
            };
            spawn_blocking(check).await.map_err(Cause::host).flatten()
        };
        let after = self.manifest.limits.timeout;
        match timeout(after, checked).await {
            Ok(done) => done,
            Err(_) => Err(Cause::Input {
                path: String::new(),
                message: format!("its check took longer than {} ms", after.as_millis()),
            }),
        }
    }

    /// Does the work over one input. Dropping the future ends the call as a cancel does.
    ///
    /// # Errors
    /// See [`Failure`]. A failed call leaves nothing in the job's store.
    pub async fn execute<S: Spawner>(
        &self,
        context: &Context,
        limits: &Limits,
        spawner: &S,
        cancel: &CancellationToken,
    ) -> Result<PluginOutcome, Failure> {
        let began = Instant::now();
        let taken = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Cause::Cancelled),
            taken = self.takes(&context.input, context.output.as_ref()) => taken,
        };
        taken.map_err(|cause| cause.with(Logs::default(), began.elapsed()))?;
        let call = Call::Execute {
            context: Cow::Borrowed(context),
        };
        let (answered, logs) = self.call(&call, limits, spawner, cancel, began).await?;
        let took = began.elapsed();
        let metric = answered.metric.unwrap_or_default();
        if let Err(cause) = metrics::check(&self.manifest.metrics, &metric.value()) {
            return Err(cause.with(logs, took));
        }
        Ok(PluginOutcome {
            metric,
            output: answered.output.filter(|output| !output.is_null()),
            storage: answered.changes,
            logs,
            took,
        })
    }

    /// Sums up metrics that this plugin made.
    pub async fn summarize<S: Spawner>(
        &self,
        metrics: &[JsonText],
        limits: &Limits,
        spawner: &S,
        cancel: &CancellationToken,
    ) -> Result<Summary, Failure> {
        let began = Instant::now();
        let call = Call::Summarize {
            metrics: Cow::Borrowed(metrics),
        };
        let (answered, logs) = self.call(&call, limits, spawner, cancel, began).await?;
        Ok(Summary {
            summary: answered.summary.filter(|summary| !summary.is_null()),
            logs,
            took: began.elapsed(),
        })
    }

    /// Asks the plugin itself who it is.
    pub async fn describe<S: Spawner>(
        &self,
        limits: &Limits,
        spawner: &S,
        cancel: &CancellationToken,
    ) -> Result<Description, Failure> {
        let began = Instant::now();
        let called = self.call(&Call::Describe, limits, spawner, cancel, began);
        let (answered, logs) = called.await?;
        answered
            .description
            .ok_or_else(|| Cause::protocol("there is no description").with(logs, began.elapsed()))
    }

    async fn call<S: Spawner>(
        &self,
        call: &Call<'_>,
        limits: &Limits,
        spawner: &S,
        cancel: &CancellationToken,
        began: Instant,
    ) -> Result<(Answered, Logs), Failure> {
        let mut logs = Logs::default();
        let answered = match &self.host {
            Host::Wasm(component) => component.call(call, limits, cancel, &mut logs).await,
            Host::Process(program) => program.call(call, limits, spawner, cancel, &mut logs).await,
        };
        let kept = answered.and_then(|answered| depth::check(&answered).map(|()| answered));
        match kept {
            Ok(answered) => Ok((answered, logs)),
            Err(cause) => Err(cause.with(logs, began.elapsed())),
        }
    }
}
