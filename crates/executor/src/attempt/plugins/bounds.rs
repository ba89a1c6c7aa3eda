//! What a job's note has room for. The server refuses a longer one, and that would be the end of the job.

use plugin::Storage;
use wire::executors::{EndedPlugin, Level, LogLine, Progress};

/// The largest note; the server takes a little more: the errors of plugins that failed when it was full.
pub(super) const NOTE_BYTES: usize = 15 << 20;

/// How much of an error is kept when the note is full.
const ERROR_BYTES: usize = 1 << 10;

/// How long the note is when this plugin has ended and left this store. Outputs before it are dropped then.
pub(super) fn completed(progress: &mut Progress, ended: &EndedPlugin, storage: &Storage) -> usize {
    let outputs: Vec<_> = progress
        .ended
        .iter_mut()
        .map(|one| one.output.take())
        .collect();
    let bytes =
        length(ended) + length(storage) + length(&progress.ended) + length(&progress.summary);
    for (one, output) in progress.ended.iter_mut().zip(outputs) {
        one.output = output;
    }
    bytes
}

/// Leaves out of what is told of a plugin that failed what the note has no room for.
pub(super) fn fit_failed(progress: &Progress, ended: &mut EndedPlugin) {
    let room = NOTE_BYTES.saturating_sub(length(progress));
    if length(ended) > room && !ended.logs.is_empty() {
        drop_logs(ended);
    }
    if length(ended) > room
        && let Some(error) = &mut ended.error
    {
        error.truncate(error.floor_char_boundary(ERROR_BYTES));
    }
}

/// Says that there is no room for the log.
pub(super) fn drop_logs(ended: &mut EndedPlugin) {
    ended.logs = vec![LogLine {
        level: Level::Warn,
        message: "[... the job's note has no room for this log ...]".to_owned(),
    }];
}

/// Takes a summary that the note has room for; false when it has not.
pub(super) fn take_summary(
    progress: &mut Progress,
    plugin: &str,
    summary: serde_json::Value,
) -> bool {
    progress.summary.insert(plugin.to_owned(), summary);
    let fits = length(progress) <= NOTE_BYTES;
    if !fits {
        progress.summary.remove(plugin);
    }
    fits
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

    fn ended(mebibytes: usize) -> EndedPlugin {
        EndedPlugin {
            metric: Some(json!("m".repeat(mebibytes * MIB))),
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
    fn an_output_that_goes_does_not_count() {
        let mut progress = Progress::default();
        progress.ended.push(EndedPlugin {
            output: Some(json!("o".repeat(4 * MIB))),
            ..ended(1)
        });
        let before = progress.clone();
        let bytes = completed(&mut progress, &ended(2), &Storage::new());
        assert!((3 * MIB..4 * MIB).contains(&bytes), "{bytes}");
        assert_eq!(progress, before);
    }

    #[test]
    fn of_a_failure_first_the_log_goes_and_then_most_of_the_error() {
        let mut progress = Progress::default();
        progress.ended.push(ended(12));
        let (small, mut large) = (failed(2), failed(4));
        let mut same = small.clone();
        fit_failed(&progress, &mut same);
        assert_eq!(same, small);
        fit_failed(&progress, &mut large);
        assert!(large.logs[0].message.contains("no room"));
        assert_eq!(large.error, small.error);
        progress.ended.push(ended(3));
        for _ in 0..32 {
            let mut one = failed(4);
            fit_failed(&progress, &mut one);
            progress.ended.push(one);
        }
        let bytes = length(&progress);
        assert!(bytes < 16 * MIB - (100 << 10), "{bytes}");
    }

    #[test]
    fn a_summary_that_does_not_fit_is_left_out_alone() {
        let mut progress = Progress::default();
        let summary = |mebibytes: usize| json!("s".repeat(mebibytes * MIB));
        assert!(take_summary(&mut progress, "a", summary(8)));
        assert!(!take_summary(&mut progress, "b", summary(8)));
        assert!(take_summary(&mut progress, "c", summary(4)));
        let kept: Vec<&String> = progress.summary.keys().collect();
        assert_eq!(kept, ["a", "c"]);
    }
}
