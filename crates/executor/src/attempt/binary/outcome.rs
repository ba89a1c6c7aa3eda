//! How a program's end becomes the attempt's.

use std::io;

use wire::executors::JobInput;

use super::{AttemptEnd, PerformOutcome, Stop};
use crate::shim::{End, Report};

/// What is told of a program whose end is no result of the job.
pub(super) fn without_result(
    report: &io::Result<Report>,
    stop: Option<Stop>,
) -> Option<PerformOutcome> {
    match (report, stop) {
        (_, Some(Stop::Lost)) => Some(PerformOutcome::Lost),
        (_, Some(Stop::Drained)) => Some(PerformOutcome::Released),
        // One that was cancelled, or whose time was over, ends so even if its lease ended meanwhile.
        (Ok(report), None) if report.lease_expired => Some(PerformOutcome::LeaseExpired),
        (
            Ok(Report {
                end: End::NotPrepared(reason),
                ..
            }),
            None,
        ) => Some(PerformOutcome::Abandoned(reason.clone())),
        _ => None,
    }
}

/// The ending, without what the program printed.
pub(super) fn outcome(
    report: &io::Result<Report>,
    stop: Option<Stop>,
    job: &JobInput,
    out_of_memory: Option<u64>,
) -> AttemptEnd {
    let (exit_code, message, own_words) = match report {
        Ok(Report {
            end: End::Exited(code),
            ..
        }) => {
            let memory = out_of_memory.map_or_else(String::new, |limit| {
                format!("; the memory limit of {limit} bytes killed processes of it")
            });
            let message = format!("exited with code {code}{memory}");
            (i64::from(*code), message, false)
        }
        Ok(Report {
            end: End::Signalled(signal),
            ..
        }) => {
            let memory = out_of_memory.map_or_else(String::new, |limit| {
                format!(": out of memory, the limit is {limit} bytes")
            });
            let name = signal_name(*signal);
            let message = format!("killed by signal {signal}{name}{memory}");
            (128 + i64::from(*signal), message, false)
        }
        Ok(Report {
            end: End::NotStarted(reason) | End::NotPrepared(reason),
            ..
        }) => (-1, reason.clone(), true),
        Ok(Report {
            end: End::Ready { .. },
            ..
        }) => (-1, "the shim ran nothing".to_owned(), true),
        Err(error) => (-1, error.to_string(), true),
    };
    let completed = stop.is_none()
        && matches!(
            report,
            Ok(Report {
                end: End::Exited(0),
                ..
            })
        );
    let error_message = match stop {
        Some(Stop::Cancelled) => Some("cancelled".to_owned()),
        Some(Stop::TimedOut) => Some(timed_out(job)),
        _ if completed => None,
        _ => Some(message.clone()),
    };
    let stderr = if own_words {
        format!("{message}\n")
    } else {
        String::new()
    };
    AttemptEnd {
        completed,
        exit_code: Some(exit_code),
        error_message,
        timed_out: stop == Some(Stop::TimedOut),
        stdout: String::new(),
        stderr,
    }
}

/// That a job's time was over.
pub(super) fn timed_out(job: &JobInput) -> String {
    format!(
        "timed out after {} s",
        job.timeout_seconds.unwrap_or_default()
    )
}

/// ` (SIGSEGV)`, or nothing for a signal without a name.
fn signal_name(signal: i32) -> String {
    let named = nix::sys::signal::Signal::try_from(signal);
    named.map_or_else(|_| String::new(), |signal| format!(" ({signal})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_that_killed_a_child_is_told_with_the_exit_code() {
        let job = json!({"binary_url": "", "binary_sha256": ""});
        let job: JobInput = serde_json::from_value(job).expect("a job");
        let report = |code| {
            Ok(Report {
                end: End::Exited(code),
                lease_expired: false,
            })
        };
        let told = |code, limit| outcome(&report(code), None, &job, limit).error_message;
        assert_eq!(told(137, None).as_deref(), Some("exited with code 137"));
        let message = told(137, Some(100)).expect("it failed");
        assert_eq!(
            message,
            "exited with code 137; the memory limit of 100 bytes killed processes of it"
        );
        assert_eq!(told(0, Some(100)), None, "it got by without the child");
    }
}
