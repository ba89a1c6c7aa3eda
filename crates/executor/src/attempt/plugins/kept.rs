//! What a plugin job keeps, and what it has room for.

use std::collections::BTreeMap;

use plugin::{Context, Storage};
use wire::{
    JsonText,
    executors::{ClaimedRun, EndedPlugin, Level, LogLine, PluginState, Stage},
    plugin_jobs::Config,
};

/// What a job keeps at most, in bytes: it is read whole. The server takes a little more in one request: the
/// errors of plugins that failed when there was no room.
const KEPT_BYTES: usize = 15 << 20;

/// How much of an error is kept when there is no room.
const ERROR_BYTES: usize = 1 << 10;

/// What the plugins of a job left.
pub(super) struct Kept {
    /// By place in the job.
    pub(super) ended: BTreeMap<usize, EndedPlugin>,
    pub(super) state: PluginState,
    /// How long `ended` is.
    bytes: usize,
    state_changed: bool,
}

impl Kept {
    /// What the next plugin of the job works on.
    pub(super) fn context(&self, id: &str, job: &Config) -> Context {
        Context {
            job_id: id.to_owned(),
            input: job.input.clone(),
            output: self.state.output.clone(),
            storage: self.state.storage.clone(),
            debug: job.debug,
        }
    }

    /// What earlier attempts left, and the failed tries of plugins that did not end in them.
    pub(super) fn of_earlier(run: &ClaimedRun) -> serde_json::Result<(Self, BTreeMap<usize, u32>)> {
        let (mut ended, mut tried) = (BTreeMap::new(), BTreeMap::new());
        for part in &run.parts {
            let place = usize::try_from(part.number - 1).unwrap_or(usize::MAX);
            match part.stage {
                Stage::Started | Stage::Interrupted | Stage::Cancelled => {
                    let failed = part.tries.saturating_sub(1);
                    tried.insert(place, u32::try_from(failed).unwrap_or(0));
                }
                Stage::Completed | Stage::Failed | Stage::Skipped => {
                    ended.insert(place, serde_json::from_value(part.body.clone())?);
                }
            }
        }
        let state = run.state.as_ref();
        let state = state.map(|state| serde_json::from_str(state.get()));
        let state = state.transpose()?.unwrap_or_default();
        Ok((Self::new(ended, state), tried))
    }

    fn new(ended: BTreeMap<usize, EndedPlugin>, state: PluginState) -> Self {
        Self {
            bytes: ended.values().map(length).sum(),
            ended,
            state,
            state_changed: false,
        }
    }

    /// What a plugin left that completed, with what it left for the next one and the store after it. What
    /// the job has no room for fails it.
    pub(super) fn completed(
        &mut self,
        mut ended: EndedPlugin,
        output: Option<JsonText>,
        storage: Storage,
    ) -> EndedPlugin {
        let state = PluginState {
            output,
            storage,
            summary: self.state.summary.clone(),
        };
        let rest = self.bytes + length(&state);
        if rest + length(&ended) > KEPT_BYTES {
            drop_logs(&mut ended);
        }
        let size = rest + length(&ended);
        if size > KEPT_BYTES {
            let reason = format!(
                "what it left makes the job's progress {size} bytes long, more than {KEPT_BYTES}"
            );
            return EndedPlugin {
                error: Some(reason),
                took_ms: ended.took_ms,
                ..EndedPlugin::default()
            };
        }
        self.state = state;
        self.state_changed = true;
        ended
    }

    /// What is kept of a plugin that failed: less where there is no room.
    pub(super) fn failed(&self, mut ended: EndedPlugin) -> EndedPlugin {
        let room = KEPT_BYTES.saturating_sub(self.bytes + length(&self.state));
        if length(&ended) > room {
            drop_logs(&mut ended);
        }
        if length(&ended) > room
            && let Some(error) = &mut ended.error
        {
            error.truncate(error.floor_char_boundary(ERROR_BYTES));
        }
        ended
    }

    /// A plugin ended.
    pub(super) fn end(&mut self, place: usize, ended: EndedPlugin) {
        self.bytes += length(&ended);
        self.ended.insert(place, ended);
    }

    /// Takes a summary that there is room for; false when there is none.
    pub(super) fn take_summary(&mut self, plugin: &str, summary: JsonText) -> bool {
        self.state.summary.insert(plugin.to_owned(), summary);
        let fits = self.bytes + length(&self.state) <= KEPT_BYTES;
        if fits {
            self.state_changed = true;
        } else {
            self.state.summary.remove(plugin);
        }
        fits
    }

    /// The state, if it is not what it was when this was called last.
    pub(super) fn changed_state(&mut self) -> Option<JsonText> {
        let changed = std::mem::take(&mut self.state_changed);
        changed.then(|| JsonText::of(&self.state))
    }

    /// Which plugins failed, and why; and where all were skipped, that nothing was done.
    pub(super) fn failures(&self, plugins: &[String]) -> Option<String> {
        let ended = || {
            let named =
                |(place, ended): (&usize, &'_ EndedPlugin)| (&plugins[*place], ended.clone());
            self.ended.iter().map(named)
        };
        let failed = ended().filter_map(|(name, one)| {
            let error = one.error?;
            Some(format!("plugin `{name}` failed: {error}"))
        });
        let failed: Vec<String> = failed.collect();
        if !failed.is_empty() {
            return Some(failed.join("; "));
        }
        let skipped = ended().map(|(name, one)| Some(format!("`{name}`: {}", one.skipped?)));
        let skipped: Vec<String> = skipped.collect::<Option<_>>()?;
        Some(format!("no plugin takes the input: {}", skipped.join("; ")))
    }
}

/// Says that there is no room for the log, if there is one.
fn drop_logs(ended: &mut EndedPlugin) {
    if !ended.logs.is_empty() {
        ended.logs = vec![LogLine {
            level: Level::Warn,
            message: "[... the job has no room for this log ...]".to_owned(),
        }];
    }
}

/// How long a value is as JSON.
fn length(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MIB: usize = 1 << 20;

    fn kept() -> Kept {
        Kept::new(BTreeMap::new(), PluginState::default())
    }

    fn ended(mebibytes: usize) -> EndedPlugin {
        EndedPlugin {
            metric: Some(json!("m".repeat(mebibytes * MIB)).into()),
            ..EndedPlugin::default()
        }
    }

    fn failed(log_mebibytes: usize) -> EndedPlugin {
        let line = LogLine {
            level: Level::Info,
            message: "l".repeat(log_mebibytes * MIB),
        };
        EndedPlugin {
            error: Some("\u{1}".repeat(16 << 10)),
            logs: vec![line],
            ..EndedPlugin::default()
        }
    }

    #[test]
    fn an_output_counts_until_the_next_one_and_too_much_fails_a_plugin() {
        let mut kept = kept();
        for place in 0..3 {
            let output = Some(json!("o".repeat(5 * MIB)).into());
            let one = kept.completed(ended(4), output, Storage::new());
            assert_eq!(one.metric.is_some(), place < 2, "plugin {place}");
            assert_eq!(one.error.is_some(), place == 2);
            kept.end(place, one);
        }
        let one = kept.completed(ended(6), None, Storage::new());
        assert!(one.metric.is_some() && kept.state.output.is_none());
    }

    #[test]
    fn of_a_failure_first_the_log_goes_and_then_most_of_the_error() {
        let mut kept = kept();
        kept.end(0, ended(12));
        let (small, large) = (failed(2), failed(4));
        assert_eq!(kept.failed(small.clone()), small);
        let cut = kept.failed(large.clone());
        assert!(cut.logs[0].message.contains("no room"));
        assert_eq!(cut.error, large.error);
        kept.end(1, ended(3));
        for place in 2..34 {
            let one = kept.failed(failed(4));
            kept.end(place, one);
        }
        assert!(kept.bytes < 16 * MIB - (100 << 10), "{}", kept.bytes);
    }

    #[test]
    fn a_summary_that_does_not_fit_is_left_out_alone() {
        let mut kept = kept();
        let summary = |mebibytes: usize| JsonText::from(json!("s".repeat(mebibytes * MIB)));
        assert!(kept.take_summary("a", summary(8)));
        assert!(!kept.take_summary("b", summary(8)));
        assert!(kept.take_summary("c", summary(4)));
        let names: Vec<&String> = kept.state.summary.keys().collect();
        assert_eq!(names, ["a", "c"]);
        assert!(kept.changed_state().is_some() && kept.changed_state().is_none());
    }
}
