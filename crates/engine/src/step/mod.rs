//! Decides a command. One file for each command; this one only dispatches.

mod abandon;
mod advance;
mod cancel;
mod claim;
mod due;
mod expire;
mod finish;
mod heartbeat;
mod park;
mod pause;
mod release;
mod requeue;
mod retry;
mod skip;
mod submit;
mod unhold;
mod wait_over;
mod wake;

use crate::{
    Change, Command, Event, EventType, Holder, Lease, OVERTIME_LEASES, Rejected, Run, Signal, State,
};

pub use submit::submit;

/// What `command` does to `run` at `now` (epoch milliseconds).
///
/// # Errors
/// [`Rejected`] when the command is not legal in the run's state.
pub fn step(run: &Run, command: &Command, now: i64) -> Result<Change, Rejected> {
    match command {
        Command::Unhold { aging_step_ms } => unhold::step(run, *aging_step_ms, now),
        Command::Due => due::step(run, now),
        Command::Claim { executor, lease_ms } => claim::step(run, executor, *lease_ms, now),
        Command::Heartbeat { holder, lease_ms } => heartbeat::step(run, holder, *lease_ms, now),
        Command::Advance {
            holder,
            parts,
            state,
            acknowledged,
        } => advance::step(run, holder, parts, *state, *acknowledged),
        Command::Park {
            holder,
            wait,
            seen,
            live_children,
        } => park::step(run, holder, *wait, *seen, *live_children),
        Command::Wake {
            reason,
            live_children,
            aging_step_ms,
        } => Ok(wake::step(
            run,
            *reason,
            *live_children,
            *aging_step_ms,
            now,
        )),
        Command::WaitOver { aging_step_ms } => wait_over::step(run, *aging_step_ms, now),
        Command::Signal {
            signal,
            aging_step_ms,
        } => match signal {
            Signal::Pause => pause::pause(run),
            Signal::Resume => pause::resume(run, *aging_step_ms, now),
            Signal::Skip => skip::step(run, *aging_step_ms, now),
            Signal::Cancel => cancel::anywhere(run, *aging_step_ms, now),
        },
        Command::Finish {
            holder,
            outcome,
            error,
            jitter,
            aging_step_ms,
        } => {
            let retry = retry_inputs(*jitter, *aging_step_ms);
            finish::step(run, holder, *outcome, error.clone(), &retry, now)
        }
        Command::Release { holder, reason } => release::step(run, holder, reason.as_deref(), now),
        Command::Abandon { holder, error } => abandon::step(run, holder, error, now),
        Command::Expire {
            jitter,
            aging_step_ms,
            lease_ms,
        } => expire::step(run, *lease_ms, &retry_inputs(*jitter, *aging_step_ms), now),
        Command::CancelPending => cancel::pending(run, now),
        Command::Retry { aging_step_ms } => retry::step(run, *aging_step_ms, now),
    }
}

fn retry_inputs(jitter: f64, aging_step_ms: i64) -> requeue::RetryInputs {
    requeue::RetryInputs {
        jitter,
        aging_step_ms,
    }
}

/// The run with the next version, in another state.
fn moved(run: &Run, state: State) -> Run {
    Run {
        state,
        version: run.version + 1,
        ..run.clone()
    }
}

/// A change of the run alone.
fn changed(run: Run) -> Change {
    Change {
        run,
        attempt: None,
        events: Vec::new(),
        error: None,
        for_children: None,
        end_parts: None,
    }
}

/// An event of the run in its new state.
fn event(run: &Run, event_type: EventType) -> Event {
    let executor = match &run.state {
        State::Running(lease) => Some(lease.executor.clone()),
        _ => None,
    };
    Event {
        event_type,
        attempt: run.starts,
        executor,
        reason: None,
        due_at: None,
        part: None,
    }
}

fn rejected(run: &Run, command: &'static str) -> Rejected {
    Rejected {
        run: run.id,
        status: run.state.status(),
        command,
        not_holder: false,
    }
}

/// The current lease, if `holder` owns it: the name is the lease's, and so is the token if one is given.
///
/// # Errors
/// [`Rejected`], as of a command of the given name.
pub fn owned<'run>(
    run: &'run Run,
    holder: &Holder,
    command: &'static str,
) -> Result<&'run Lease, Rejected> {
    let State::Running(lease) = &run.state else {
        return Err(rejected(run, command));
    };
    let token_fits = holder.token.is_none_or(|token| token == lease.token);
    if holder.executor == lease.executor && token_fits {
        Ok(lease)
    } else {
        Err(Rejected {
            not_holder: true,
            ..rejected(run, command)
        })
    }
}

/// When a lease ends at the latest, however often it is extended, of a run with a time limit.
fn last_end(run: &Run, lease: &Lease, lease_ms: i64) -> Option<i64> {
    let of_attempt = run
        .timeout_ms
        .map(|timeout_ms| lease.started_at.saturating_add(timeout_ms));
    let limit = [of_attempt, run.deadline].into_iter().flatten().min()?;
    Some(limit.saturating_add(OVERTIME_LEASES.saturating_mul(lease_ms)))
}
