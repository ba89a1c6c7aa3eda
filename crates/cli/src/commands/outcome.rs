//! How a run ended, as an exit code and as a line for people.

use serde::Serialize;

use crate::{exit::Exit, table::plain_lines};

/// How a run ended.
pub(super) struct JobOutcome {
    /// What a command that waited for it ends with.
    pub(super) exit: Exit,
    /// Such as `failed: exit code 3`.
    pub(super) text: String,
}

/// A job of either contract or a run of any kind, as commands on several of them see it.
pub(super) trait AnyJob: Serialize {
    /// Its id.
    fn id(&self) -> &str;

    /// Where it stands, in a word.
    fn standing(&self) -> &str;

    /// How it ended.
    fn outcome(&self) -> JobOutcome;
}

/// How a run ended that has this status, whose newest attempt ended as `last`, with what that one reported.
pub(super) fn ended(
    status: &str,
    last: Option<&str>,
    exit_code: Option<i64>,
    error: Option<&str>,
) -> JobOutcome {
    let (exit, why) = match (status, last) {
        ("completed", _) => (program_exit(exit_code.unwrap_or(0), Exit::FAILED), None),
        ("cancelled", _) => (Exit::JOB_CANCELLED, None),
        (_, Some("timeout" | "overtime")) => {
            (Exit::JOB_TIMED_OUT, Some("its time was up".to_owned()))
        }
        // Another attempt's exit code is not how the run ended.
        (_, Some("lost" | "released")) => (Exit::JOB_FAILED, None),
        _ => match exit_code {
            Some(code) if code != 0 => {
                (program_exit(code, Exit::JOB_FAILED), Some(code_text(code)))
            }
            _ => (Exit::JOB_FAILED, None),
        },
    };
    let reason = match status {
        "failed" => error.map(str::to_owned).or(why),
        _ => None,
    };
    let text = match reason {
        Some(reason) => format!("{status}: {}", plain_lines(&reason)),
        None => status.to_owned(),
    };
    JobOutcome { exit, text }
}

/// The program's exit code; `otherwise` when no program can have ended so (executors say -1 when
/// they have no exit code).
fn program_exit(code: i64, otherwise: Exit) -> Exit {
    u8::try_from(code).map_or(otherwise, Exit)
}

fn code_text(code: i64) -> String {
    match code {
        129..=192 => format!("exit code {code}, which is signal {}", code - 128),
        _ => format!("exit code {code}"),
    }
}
