//! One command for each column of the table.

use engine::{AttemptOutcome, Command, Holder, OnTimeout, Signal, Stage, Wait, WaitFor};

use super::{AGING_STEP_MS, LEASE_MS, NOW};
use crate::sample::{holder, part};

/// A command with its name.
type Named = (&'static str, Command);

/// The callers: name and token in each combination.
pub(super) fn callers() -> Vec<(&'static str, Holder)> {
    vec![
        ("token", holder("a", Some(2))),
        ("token with other name", holder("b", Some(2))),
        ("old token", holder("a", Some(1))),
        ("token 0", holder("a", Some(0))),
        ("name", holder("a", None)),
        ("other name", holder("b", None)),
    ]
}

/// The commands, with the caller where that matters.
pub(super) fn commands() -> Vec<(Named, &'static str)> {
    let mut commands: Vec<(Named, &str)> = unowned().into_iter().map(|named| (named, "")).collect();
    let current = holder("a", Some(2));
    let alone = advances(&current).into_iter().chain(parks(&current));
    commands.extend(alone.map(|named| (named, "")));
    let by_caller: Vec<_> = callers()
        .into_iter()
        .map(|(caller, holder)| owned(&holder).map(|named| (named, caller)))
        .collect();
    // All callers of one command stand together.
    for index in 0..by_caller[0].len() {
        commands.extend(by_caller.iter().map(|of_caller| of_caller[index].clone()));
    }
    commands
}

/// Commands that no holder gives.
fn unowned() -> Vec<Named> {
    let (aging_step_ms, lease_ms, jitter) = (AGING_STEP_MS, LEASE_MS, 0.0);
    let signal = |signal| Command::Signal {
        signal,
        aging_step_ms,
    };
    let wake = |reason, live_children| Command::Wake {
        reason,
        live_children,
        aging_step_ms,
    };
    let claim = Command::Claim {
        executor: "c".to_owned(),
        lease_ms,
    };
    let expire = Command::Expire {
        jitter,
        aging_step_ms,
        lease_ms,
    };
    vec![
        ("unhold", Command::Unhold { aging_step_ms }),
        ("due", Command::Due),
        ("claim", claim),
        ("expire", expire),
        ("wake operator", wake(WaitFor::Operator, 1)),
        ("wake approval", wake(WaitFor::Approval, 1)),
        ("wake time", wake(WaitFor::Time, 1)),
        ("wake child", wake(WaitFor::Child, 1)),
        ("wake last child", wake(WaitFor::Child, 0)),
        ("wake children", wake(WaitFor::Children, 0)),
        ("wait over", Command::WaitOver { aging_step_ms }),
        ("pause", signal(Signal::Pause)),
        ("resume", signal(Signal::Resume)),
        ("skip", signal(Signal::Skip)),
        ("cancel", signal(Signal::Cancel)),
        ("cancel pending", Command::CancelPending),
        ("retry", Command::Retry { aging_step_ms }),
    ]
}

/// Commands of a holder.
fn owned(holder: &Holder) -> [Named; 8] {
    let holder = || holder.clone();
    let finish = |outcome, error: Option<&str>| Command::Finish {
        holder: holder(),
        outcome,
        error: error.map(str::to_owned),
        jitter: 0.0,
        aging_step_ms: AGING_STEP_MS,
    };
    let heartbeat = Command::Heartbeat {
        holder: holder(),
        lease_ms: LEASE_MS,
    };
    let advance = Command::Advance {
        holder: holder(),
        parts: Vec::new(),
        state: false,
        acknowledged: 0,
    };
    let abandon = Command::Abandon {
        holder: holder(),
        error: "its disk is full".to_owned(),
    };
    let timed_out = finish(AttemptOutcome::TimedOut, Some("too slow"));
    [
        ("heartbeat", heartbeat),
        ("advance", advance),
        ("park", park(holder(), Wait::new(WaitFor::Approval), 3, 0)),
        (
            "release",
            Command::Release {
                holder: holder(),
                reason: None,
            },
        ),
        ("abandon", abandon),
        ("finish completed", finish(AttemptOutcome::Completed, None)),
        (
            "finish failed",
            finish(AttemptOutcome::Failed, Some("exit code 1")),
        ),
        ("finish timed out", timed_out),
    ]
}

fn advances(holder: &Holder) -> Vec<Named> {
    let advance = |parts, acknowledged| Command::Advance {
        holder: holder.clone(),
        parts,
        state: false,
        acknowledged,
    };
    let with_state = |parts| Command::Advance {
        holder: holder.clone(),
        parts,
        state: true,
        acknowledged: 0,
    };
    let mut again = part(Stage::Started);
    again.again = true;
    let next = vec![part(Stage::Completed), part(Stage::Started)];
    vec![
        ("part started", advance(vec![part(Stage::Started)], 0)),
        ("part started again", advance(vec![again], 0)),
        ("part completed and next started", advance(next, 0)),
        ("part failed", advance(vec![part(Stage::Failed)], 0)),
        ("part skipped", advance(vec![part(Stage::Skipped)], 1)),
        ("part cancelled", advance(vec![part(Stage::Cancelled)], 0)),
        (
            "part interrupted",
            advance(vec![part(Stage::Interrupted)], 0),
        ),
        ("state", with_state(Vec::new())),
        (
            "part completed and state",
            with_state(vec![part(Stage::Completed)]),
        ),
    ]
}

fn parks(holder: &Holder) -> Vec<Named> {
    let timed = |reason| Wait {
        timeout: Some((NOW + 9, OnTimeout::Fail)),
        due_at: Some(NOW),
        ..Wait::new(reason)
    };
    let park = |wait, seen, live_children| park(holder.clone(), wait, seen, live_children);
    vec![
        ("park outdated", park(timed(WaitFor::Time), 0, 0)),
        ("park for a time", park(timed(WaitFor::Time), 3, 0)),
        ("park for a child", park(timed(WaitFor::Child), 3, 1)),
        (
            "park for all children",
            park(timed(WaitFor::Children), 3, 1),
        ),
        ("park for an ended child", park(timed(WaitFor::Child), 3, 0)),
        (
            "park for ended children",
            park(timed(WaitFor::Children), 3, 0),
        ),
    ]
}

fn park(holder: Holder, wait: Wait, seen: i64, live_children: u64) -> Command {
    Command::Park {
        holder,
        wait,
        seen,
        live_children,
    }
}
