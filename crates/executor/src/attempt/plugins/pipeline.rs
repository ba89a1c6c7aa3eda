//! The way through a plugin job: which plugin is next, how often it is tried, what it leaves.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use engine::Backoff;
use plugin::{CancellationToken, Catalogue, Failure, Plugin, PluginOutcome};
use tokio::time::sleep;
use wire::{
    JsonText,
    executors::{ClaimedRun, EndedPlugin, PartReport, Stage},
    plugin_jobs::Config,
};

use super::{kept::Kept, logs, spawner::IsolatedSpawner};
use crate::attempt::{
    artifacts::{ArtifactUploader, LeaseLost},
    outcome::Stop,
    progress_reporter::{Halt, ProgressReporter},
};

/// The waits between the tries of a plugin.
const RETRY: Backoff = Backoff {
    initial_ms: 200,
    factor: 2.0,
    max_ms: 20_000,
    jitter: 0.5,
};

pub(super) struct Pipeline<'a> {
    id: &'a str,
    job: &'a Config,
    catalogue: Arc<Catalogue>,
    spawner: &'a IsolatedSpawner,
    progress_reporter: ProgressReporter<'a>,
    artifacts: ArtifactUploader<'a>,
    kept: Kept,
    /// Failed tries of plugins that did not end in an earlier attempt.
    tried: BTreeMap<usize, u32>,
    /// The plugin that runs.
    current: Option<usize>,
    /// The end of a plugin, which is reported with the begin of the next one.
    ends: Vec<PartReport>,
}

impl<'a> Pipeline<'a> {
    /// A job that goes on after what earlier attempts left.
    pub(super) fn new(
        (run, job): (&'a ClaimedRun, &'a Config),
        catalogue: Arc<Catalogue>,
        spawner: &'a IsolatedSpawner,
        progress_reporter: ProgressReporter<'a>,
        artifacts: ArtifactUploader<'a>,
    ) -> serde_json::Result<Self> {
        let (kept, tried) = Kept::of_earlier(run)?;
        Ok(Self {
            id: &run.id,
            job,
            catalogue,
            spawner,
            progress_reporter,
            artifacts,
            kept,
            tried,
            current: None,
            ends: Vec::new(),
        })
    }

    /// The plugin that runs.
    pub(super) fn current(&self) -> Option<&'a str> {
        Some(&self.job.plugins[self.current?])
    }

    /// It ends here; what it left may still be uploaded.
    pub(super) fn into_artifacts(self) -> ArtifactUploader<'a> {
        self.artifacts
    }

    /// Goes on after the last plugin that ended, to the end. Answers why the job failed, if it did.
    pub(super) async fn run(&mut self) -> Result<Option<String>, Halt> {
        let job = self.job;
        let missing = |name: &&String| self.catalogue.get(name).is_none();
        if let Some(name) = job.plugins.iter().find(missing) {
            return Err(gone(name));
        }
        for (place, name) in job.plugins.iter().enumerate() {
            if !self.kept.ended.contains_key(&place) {
                self.pass(place, name).await?;
            }
        }
        self.report(None).await?;
        self.summarize().await?;
        Ok(self.kept.failures(&job.plugins))
    }

    /// Runs one plugin until it has ended.
    async fn pass(&mut self, place: usize, name: &str) -> Result<(), Halt> {
        if self.job.skip_unfit {
            // To look at the input may take a while.
            self.report(None).await?;
            if let Some(reason) = self.unfit(name).await {
                let skipped = EndedPlugin {
                    skipped: Some(reason),
                    ..EndedPlugin::default()
                };
                self.end(place, 0, skipped);
                return Ok(());
            }
        }
        self.current = Some(place);
        let mut failed_tries = self.tried.get(&place).copied().unwrap_or(0);
        self.start(place, failed_tries).await?;
        let (ended, tries) = loop {
            let Some(plugin) = self.catalogue.get(name).cloned() else {
                return Err(gone(name));
            };
            match self.call(&plugin).await {
                Ok(outcome) => {
                    let ended = self.completed(outcome);
                    break (ended, failed_tries.saturating_add(1));
                }
                Err(failure) => {
                    if let Some(what) = self.spawner.fault() {
                        return Err(Halt::Abandoned(what));
                    }
                    failed_tries = failed_tries.saturating_add(1);
                    let again = failed_tries <= self.job.retries;
                    if !again || !failure.cause.may_pass_next_time() {
                        break (self.failed(&failure), failed_tries);
                    }
                    tracing::debug!(run_id = self.id, plugin = name, %failure, "a try failed");
                    self.start(place, failed_tries).await?;
                    let wait_ms = RETRY.wait_ms(failed_tries.into(), rand::random());
                    sleep(Duration::from_millis(wait_ms.unsigned_abs())).await;
                }
            }
        };
        self.upload(name).await?;
        self.end(place, tries, ended);
        Ok(())
    }

    /// Uploads what the last try of a plugin left, before its end is reported: no later attempt does it.
    async fn upload(&mut self, name: &str) -> Result<(), Halt> {
        let Some(dir) = self.spawner.last_dir().await else {
            return Ok(());
        };
        let uploaded = self.artifacts.upload(dir.output(), folder(name), None);
        let uploaded = uploaded.await;
        drop(dir);
        self.spawner.discard();
        uploaded.map_err(|LeaseLost| Halt::Stop(Stop::Lost))
    }

    /// Why a plugin is to be skipped, if it is: the job does not name it, and the input is for others.
    async fn unfit(&self, name: &str) -> Option<String> {
        let plugin = self.catalogue.get(name)?;
        let seen = self.kept.context(self.id, self.job);
        let taken = plugin.takes(&seen.input, seen.output.as_ref());
        taken.await.err().map(|cause| cause.to_string())
    }

    async fn call(&self, plugin: &Plugin) -> Result<PluginOutcome, Failure> {
        let context = self.kept.context(self.id, self.job);
        let limits = &plugin.manifest().limits;
        // Dropping the call ends it: nothing else cancels it.
        let cancel = CancellationToken::new();
        plugin
            .execute(&context, limits, self.spawner, &cancel)
            .await
    }

    fn completed(&mut self, outcome: PluginOutcome) -> EndedPlugin {
        let ended = EndedPlugin {
            metric: Some(outcome.metric),
            took_ms: millis(outcome.took),
            logs: logs::kept(&outcome.logs, self.job.debug),
            ..EndedPlugin::default()
        };
        let mut storage = self.kept.state.storage.clone();
        plugin::apply(&mut storage, outcome.storage);
        self.kept.completed(ended, outcome.output, storage)
    }

    fn failed(&self, failure: &Failure) -> EndedPlugin {
        self.kept.failed(EndedPlugin {
            error: Some(failure.to_string()),
            took_ms: millis(failure.took),
            logs: logs::kept(&failure.logs, self.job.debug),
            ..EndedPlugin::default()
        })
    }

    /// Reports that a try of a plugin begins, before it does.
    async fn start(&mut self, place: usize, failed_tries: u32) -> Result<(), Halt> {
        let tries = failed_tries.saturating_add(1);
        let start = self.part(place, Stage::Started, tries);
        self.report(Some(start)).await
    }

    /// A plugin ended.
    fn end(&mut self, place: usize, tries: u32, ended: EndedPlugin) {
        let end = PartReport {
            body: Some(JsonText::of(&ended)),
            ..self.part(place, ended.stage(), tries)
        };
        self.ends.push(end);
        self.current = None;
        self.kept.end(place, ended);
    }

    fn part(&self, place: usize, stage: Stage, tries: u32) -> PartReport {
        PartReport {
            number: i64::try_from(place).unwrap_or(i64::MAX).saturating_add(1),
            name: self.job.plugins[place].clone(),
            path: String::new(),
            stage,
            tries,
            body: None,
            event: None,
            abandons: false,
        }
    }

    /// Reports what has not been reported, and that a plugin starts.
    async fn report(&mut self, start: Option<PartReport>) -> Result<(), Halt> {
        let mut parts = std::mem::take(&mut self.ends);
        parts.extend(start);
        let state = self.kept.changed_state();
        if parts.is_empty() && state.is_none() {
            return Ok(());
        }
        let signals = self.progress_reporter.advance(parts, state, 0).await?;
        if signals.cancel > 0 {
            return Err(Halt::Stop(Stop::Cancelled));
        }
        Ok(())
    }

    /// Has each plugin that completed sum up, and reports what they said. A summary that fails fails
    /// nothing: the metrics are there.
    async fn summarize(&mut self) -> Result<(), Halt> {
        let completed: Vec<_> = self
            .kept
            .ended
            .iter()
            .filter_map(|(place, ended)| {
                let metric = ended.metric.clone()?;
                let plugin = self.catalogue.get(&self.job.plugins[*place])?;
                Some((Arc::clone(plugin), metric))
            })
            .collect();
        for (plugin, metric) in completed {
            let (manifest, cancel) = (plugin.manifest(), CancellationToken::new());
            if self.kept.state.summary.contains_key(&manifest.name) {
                continue;
            }
            let metrics = [metric];
            let call = plugin.summarize(&metrics, &manifest.limits, self.spawner, &cancel);
            let (run_id, plugin) = (self.id, &manifest.name);
            match call.await {
                Ok(summed) => {
                    if let Some(summary) = summed.summary
                        && !self.kept.take_summary(plugin, summary)
                    {
                        tracing::warn!(run_id, plugin, "the job has no room for its summary");
                    }
                }
                Err(failure) => {
                    if let Some(what) = self.spawner.fault() {
                        return Err(Halt::Abandoned(what));
                    }
                    tracing::warn!(run_id, plugin, %failure, "no summary");
                }
            }
        }
        self.report(None).await
    }
}

/// Artefacts of a plugin are in a folder of its name: plugins do not know each other's.
pub(super) fn folder(plugin: &str) -> String {
    format!("{plugin}/")
}

/// A plugin was removed after the claim: another executor may have it.
fn gone(name: &str) -> Halt {
    Halt::Abandoned(format!("it has no plugin `{name}` any more"))
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
