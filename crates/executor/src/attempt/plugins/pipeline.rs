//! The way through a plugin job: which plugin is next, how often it is tried, what it leaves.

use std::{sync::Arc, time::Duration};

use plugin::{CancellationToken, Catalogue, Context, Failure, Logs, Plugin, PluginOutcome};
use serde_json::Value;
use tokio::time::sleep;
use wire::{
    executors::{CurrentPlugin, EndedPlugin, LogLine, Progress, Stage},
    plugin_jobs::Config,
};

use super::{
    IsolatedSpawner, ProgressReporter,
    backoff::backoff,
    bounds::{self, NOTE_BYTES},
    logs,
    progress_reporter::Halt,
};

pub(super) struct Pipeline<'a> {
    id: &'a str,
    job: &'a Config,
    catalogue: Arc<Catalogue>,
    spawner: &'a IsolatedSpawner,
    progress_reporter: ProgressReporter<'a>,
    progress: Progress,
}

impl<'a> Pipeline<'a> {
    pub(super) fn new(
        (id, job, progress): (&'a str, &'a Config, Progress),
        catalogue: Arc<Catalogue>,
        spawner: &'a IsolatedSpawner,
        progress_reporter: ProgressReporter<'a>,
    ) -> Self {
        Self {
            id,
            job,
            progress,
            catalogue,
            spawner,
            progress_reporter,
        }
    }

    /// The plugin that runs.
    pub(super) fn current(&self) -> Option<&str> {
        let current = self.progress.current.as_ref();
        current.map(|current| current.plugin.as_str())
    }

    /// Goes on after the last plugin that ended, to the end. Answers why the job failed, if it did.
    pub(super) async fn run(&mut self) -> Result<Option<String>, Halt> {
        let job = self.job;
        let missing = |name: &&String| self.catalogue.get(name).is_none();
        if let Some(name) = job.plugins.iter().find(missing) {
            return Err(gone(name));
        }
        for name in &job.plugins {
            if !self.progress.ended.iter().any(|one| one.plugin == *name) {
                self.pass(name).await?;
            }
        }
        self.summarize().await?;
        Ok(self.failures())
    }

    /// Runs one plugin until it has ended, and notes that.
    async fn pass(&mut self, name: &str) -> Result<(), Halt> {
        if let Some(reason) = self.unfit(name).await {
            return self
                .end(EndedPlugin {
                    skipped: Some(reason),
                    ..self.blank(name, 0)
                })
                .await;
        }
        let before = self.progress.current.take();
        let before = before.filter(|current| current.plugin == name);
        let mut current = before.unwrap_or_else(|| CurrentPlugin {
            plugin: name.to_owned(),
            failed_tries: 0,
        });
        self.progress.current = Some(current.clone());
        self.note(Some((Stage::Started, name))).await?;
        let ended = loop {
            let Some(plugin) = self.catalogue.get(name).cloned() else {
                return Err(gone(name));
            };
            match self.call(&plugin).await {
                Ok(outcome) => break self.completed(name, current.failed_tries, outcome),
                Err(failure) => {
                    if let Some(what) = self.spawner.fault() {
                        return Err(Halt::Abandoned(what));
                    }
                    current.failed_tries = current.failed_tries.saturating_add(1);
                    let again = current.failed_tries <= self.job.retries;
                    if !again || !failure.cause.may_pass_next_time() {
                        break self.failed(name, current.failed_tries, &failure);
                    }
                    tracing::debug!(run_id = self.id, plugin = name, %failure, "a try failed");
                    self.progress.current = Some(current.clone());
                    self.note(None).await?;
                    sleep(backoff(current.failed_tries)).await;
                }
            }
        };
        self.end(ended).await
    }

    /// Why a plugin is to be skipped, if it is: nobody asked for this one, and the input is for others.
    async fn unfit(&self, name: &str) -> Option<String> {
        let plugin = self.catalogue.get(name).filter(|_| self.job.skip_unfit)?;
        let taken = plugin.takes(&self.job.input, self.output());
        taken.await.err().map(|cause| cause.to_string())
    }

    /// What the last plugin that completed left.
    fn output(&self) -> Option<&Value> {
        let mut ended = self.progress.ended.iter().rev();
        let last = ended.find(|one| one.stage() == Stage::Completed);
        last.and_then(|one| one.output.as_ref())
    }

    async fn call(&self, plugin: &Plugin) -> Result<PluginOutcome, Failure> {
        let context = Context {
            job_id: self.id.to_owned(),
            input: self.job.input.clone(),
            output: self.output().cloned(),
            storage: self.progress.storage.clone(),
            debug: self.job.debug,
        };
        let limits = &plugin.manifest().limits;
        // Dropping the call ends it: nobody cancels it in another way.
        let cancel = CancellationToken::new();
        plugin
            .execute(&context, limits, self.spawner, &cancel)
            .await
    }

    fn blank(&self, name: &str, failed_tries: u32) -> EndedPlugin {
        EndedPlugin {
            plugin: name.to_owned(),
            failed_tries,
            ..EndedPlugin::default()
        }
    }

    /// What a plugin left that completed. What would make the note too large for the server fails it.
    fn completed(&mut self, name: &str, failed_tries: u32, outcome: PluginOutcome) -> EndedPlugin {
        let mut storage = self.progress.storage.clone();
        plugin::apply(&mut storage, outcome.storage);
        let mut ended = EndedPlugin {
            metric: Some(outcome.metric),
            output: outcome.output,
            took_ms: millis(outcome.took),
            logs: self.logs(&outcome.logs),
            ..self.blank(name, failed_tries)
        };
        let mut size = bounds::completed(&mut self.progress, &ended, &storage);
        if size > NOTE_BYTES && !ended.logs.is_empty() {
            bounds::drop_logs(&mut ended);
            size = bounds::completed(&mut self.progress, &ended, &storage);
        }
        if size > NOTE_BYTES {
            let reason = format!(
                "what it left makes the job's progress {size} bytes long, more than {NOTE_BYTES}"
            );
            return EndedPlugin {
                error: Some(reason),
                metric: None,
                output: None,
                logs: Vec::new(),
                failed_tries: failed_tries.saturating_add(1),
                ..ended
            };
        }
        self.progress.storage = storage;
        ended
    }

    fn failed(&self, name: &str, failed_tries: u32, failure: &Failure) -> EndedPlugin {
        let mut ended = EndedPlugin {
            error: Some(failure.to_string()),
            took_ms: millis(failure.took),
            logs: self.logs(&failure.logs),
            ..self.blank(name, failed_tries)
        };
        bounds::fit_failed(&self.progress, &mut ended);
        ended
    }

    /// Notes that a plugin ended.
    async fn end(&mut self, ended: EndedPlugin) -> Result<(), Halt> {
        let name = ended.plugin.clone();
        let stage = ended.stage();
        if stage == Stage::Completed {
            // Only the next plugin wants an output.
            for one in &mut self.progress.ended {
                one.output = None;
            }
        }
        self.progress.current = None;
        self.progress.ended.push(ended);
        self.note(Some((stage, &name))).await
    }

    /// Has each plugin that completed sum up, and notes what they said. A summary that fails fails
    /// nothing: the metrics are there.
    async fn summarize(&mut self) -> Result<(), Halt> {
        let mut any = false;
        let completed: Vec<_> = self
            .progress
            .ended
            .iter()
            .filter_map(|one| {
                let metric = one.metric.clone()?;
                let plugin = self.catalogue.get(&one.plugin)?;
                Some((Arc::clone(plugin), metric))
            })
            .collect();
        for (plugin, metric) in completed {
            let (manifest, cancel) = (plugin.manifest(), CancellationToken::new());
            if self.progress.summary.contains_key(&manifest.name) {
                continue;
            }
            let metrics = [metric];
            let call = plugin.summarize(&metrics, &manifest.limits, self.spawner, &cancel);
            match call.await {
                Ok(summed) => {
                    let Some(summary) = summed.summary else {
                        continue;
                    };
                    let (run_id, plugin) = (self.id, &manifest.name);
                    let fits = bounds::take_summary(&mut self.progress, plugin, summary);
                    any |= fits;
                    if !fits {
                        tracing::warn!(
                            run_id,
                            plugin,
                            "the job's note has no room for its summary"
                        );
                    }
                }
                Err(failure) => {
                    if let Some(what) = self.spawner.fault() {
                        return Err(Halt::Abandoned(what));
                    }
                    let (run_id, plugin) = (self.id, &manifest.name);
                    tracing::warn!(run_id, plugin, %failure, "no summary");
                }
            }
        }
        if any {
            self.note(None).await?;
        }
        Ok(())
    }

    async fn note(&self, fact: Option<(Stage, &str)>) -> Result<(), Halt> {
        self.progress_reporter.note(&self.progress, fact).await
    }

    /// What is kept of a log: nothing unless the job asks for it.
    fn logs(&self, logs: &Logs) -> Vec<LogLine> {
        match self.job.debug {
            true => logs::kept(logs),
            false => Vec::new(),
        }
    }

    /// Which plugins failed, and why; and where all were skipped, that nothing was done.
    fn failures(&self) -> Option<String> {
        let ended = &self.progress.ended;
        let failed = ended.iter().filter_map(|one| {
            let error = one.error.as_ref()?;
            Some(format!("plugin `{}` failed: {error}", one.plugin))
        });
        let failed: Vec<String> = failed.collect();
        if !failed.is_empty() {
            return Some(failed.join("; "));
        }
        let skipped = ended
            .iter()
            .map(|one| Some((&one.plugin, one.skipped.as_ref()?)));
        let skipped: Vec<(&String, &String)> = skipped.collect::<Option<_>>()?;
        let skipped = skipped
            .iter()
            .map(|(plugin, reason)| format!("`{plugin}`: {reason}"));
        let skipped: Vec<String> = skipped.collect();
        Some(format!("no plugin takes the input: {}", skipped.join("; ")))
    }
}

/// A plugin was removed after the claim: another executor may have it.
fn gone(name: &str) -> Halt {
    Halt::Abandoned(format!("it has no plugin `{name}` any more"))
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
