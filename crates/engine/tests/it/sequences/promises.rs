//! The promises that a run keeps through every change.

use engine::{
    Attempt, AttemptEnd, Change, Command, EventType, Holder, Run, Signal, Signals, Stage, State,
    Status, Wait, WaitFor,
};

use super::world::World;

impl World {
    pub(super) fn check(&mut self, before: &Run, command: &Command, change: &Change) {
        let after = &change.run;
        if after.version == before.version {
            assert_eq!(after, before, "unchanged version, changed run");
            assert!(change.events.is_empty() && change.attempt.is_none());
            assert!(change.error.is_none() && change.for_children.is_none());
            return;
        }
        assert_eq!(after.version, before.version + 1);
        check_holder(before, command);
        check_end(before, command);
        self.check_attempt(before, command, change);
        self.check_signals(before, command, change);
        let status = after.state.status();
        assert!(after.failure_count <= after.max_attempts && after.max_attempts >= 1);
        assert_eq!(after.failure_count, self.bad_ends);
        if !status.is_terminal() {
            assert!(
                after.failure_count < after.max_attempts,
                "it would start beyond its cap"
            );
        }
        assert_eq!(after.starts, self.claims);
        for event in &change.events {
            assert_eq!(event.attempt, after.starts);
        }
        self.check_whole_time(before, command, change);
        if after.kind.has_parts() && matches!(status, Status::Failed | Status::Cancelled) {
            let down = change.for_children.as_ref().map(Command::name);
            assert_eq!(down, Some("cancel"), "what it started goes on");
        }
        if let State::Running(lease) = &after.state {
            assert_eq!(lease.token, after.token);
            assert_eq!(Some(lease.started_at), after.started_at);
            assert_eq!(Some(&lease.executor), after.executor.as_ref());
        }
    }

    /// A wait for children is over when what it waits for has happened, however that raced with the park.
    pub(super) fn check_wait(&self) {
        if let State::Waiting(wait) = &self.run.state {
            let for_children = matches!(wait.reason, WaitFor::Child | WaitFor::Children);
            assert!(!for_children || self.live_children > 0, "it waits forever");
        }
    }

    /// Signals are delivered by a rising generation, and stay open until they took effect.
    fn check_signals(&mut self, before: &Run, command: &Command, change: &Change) {
        let (old, new) = (before.signals, change.run.signals);
        let happened = match command {
            Command::Wake { .. } => matches!(before.state, State::Running(_)),
            Command::Signal { signal, .. } => *signal != Signal::Cancel || is_asked_to_stop(before),
            _ => false,
        };
        assert_eq!(new.generation, old.generation + i64::from(happened));
        match command {
            Command::Signal { signal, .. } => self.check_signal(before, *signal, change),
            Command::Wake { reason, .. } => check_wake(before, *reason, change),
            Command::Advance { acknowledged, .. } => {
                let kept = if old.skip > *acknowledged {
                    old.skip
                } else {
                    0
                };
                assert_eq!(new, Signals { skip: kept, ..old });
            }
            Command::Park { wait, seen, .. } => check_park(before, *wait, *seen, change),
            Command::Retry { .. } => self.cancelled = false,
            _ => {}
        }
        let status = change.run.state.status();
        if status.is_terminal() {
            assert_eq!((new.pause, new.skip, new.cancel), (0, 0, 0));
        }
        if new.pause > 0 && status != Status::Running {
            let wait = waited(&change.run).expect("a paused run that may be claimed");
            assert_eq!((wait.reason, wait.timeout), (WaitFor::Operator, None));
        }
        if self.cancelled {
            let cleans_up = change.run.cleans_up && change.run.starts > 0;
            let stops = matches!(
                status,
                Status::Running | Status::Cancelled | Status::Completed
            ) || (cleans_up && status == Status::Queued);
            assert!(stops, "a cancelled run is {status}");
            assert_eq!(new.cancel > 0, !status.is_terminal(), "a cancel was lost");
            if !cleans_up {
                assert_eq!(change.run.starts, before.starts, "a cancelled run started");
            }
        }
    }

    fn check_signal(&mut self, before: &Run, signal: Signal, change: &Change) {
        let after = &change.run;
        let ran = matches!(before.state, State::Running(_));
        let newest = after.signals.generation;
        match signal {
            Signal::Pause => {
                assert_eq!(after.signals.pause, newest);
                assert_eq!(
                    waited(after).is_some(),
                    !ran,
                    "a pause takes effect at once"
                );
            }
            Signal::Resume => {
                assert_eq!(after.signals.pause, 0);
                assert!(waited(after).is_none());
            }
            Signal::Skip => {
                assert_eq!(after.signals.skip, newest);
                let stays = waited(before).is_none() || before.signals.pause > 0;
                assert_eq!(after.state == before.state, stays);
            }
            Signal::Cancel => {
                self.cancelled = true;
                assert_eq!(after.signals.cancel > 0, is_asked_to_stop(before));
                assert_eq!(ran, matches!(after.state, State::Running(_)));
            }
        }
        let goes_down = match signal {
            Signal::Pause | Signal::Cancel => true,
            Signal::Resume => before.signals.pause > 0,
            Signal::Skip => false,
        };
        let down = change.for_children.as_ref().map(Command::name);
        assert_eq!(down, goes_down.then_some(signal.as_str()));
    }

    /// The time of all attempts together begins with the first of them and is never extended.
    fn check_whole_time(&self, before: &Run, command: &Command, change: &Change) {
        let after = &change.run;
        let whole = after.whole_timeout_ms;
        match command {
            Command::Claim { .. } => {
                let fresh = whole.map(|whole| self.now + whole);
                assert_eq!(after.deadline, before.deadline.or(fresh));
            }
            Command::Retry { .. } => assert_eq!(after.deadline, None),
            _ => assert_eq!(after.deadline, before.deadline),
        }
        let Some(deadline) = after.deadline else {
            return;
        };
        if let State::Running(lease) = &after.state
            && !matches!(command, Command::Claim { .. })
        {
            let before = match &before.state {
                State::Running(lease) => lease.until,
                _ => i64::MIN,
            };
            let last = deadline + engine::OVERTIME_LEASES * self.lease_ms;
            assert!(lease.until <= last.max(before), "beyond its time");
        }
        if let (State::Scheduled { due_at }, Command::Finish { .. }) = (&after.state, command) {
            assert!(*due_at < deadline, "a retry beyond its time");
        }
        if change.attempt.is_none() && matches!(command, Command::Expire { .. }) {
            let ended = if self.cancelled {
                Status::Cancelled
            } else {
                Status::Failed
            };
            assert!(deadline <= self.now && after.state.status() == ended);
        }
    }

    /// Attempts open and close in turn, each open one is a running run, tokens rise.
    fn check_attempt(&mut self, before: &Run, command: &Command, change: &Change) {
        let after = &change.run;
        let ran = matches!(before.state, State::Running(_));
        let runs = matches!(after.state, State::Running(_));
        match &change.attempt {
            Some(Attempt::Opened) => {
                assert!(!ran && runs && after.token > before.token);
                assert!(matches!(command, Command::Claim { .. }));
                self.claims += 1;
                self.parts = 0;
                let executor = after.executor.clone().unwrap_or_default();
                self.given.push(Holder {
                    executor,
                    token: Some(after.token),
                });
            }
            Some(Attempt::Closed(end)) => {
                assert!(ran && !runs && after.token == before.token);
                self.check_closed(before, command, change, *end);
            }
            None => assert!(ran == runs && after.token == before.token),
        }
        let closed =
            matches!(&change.attempt, Some(Attempt::Closed(end)) if *end != AttemptEnd::Parked);
        let ends_parts = closed || after.state.status().is_terminal();
        assert_eq!(
            change.end_parts.is_some(),
            ends_parts && after.kind.has_parts()
        );
        if after.state.status() == Status::Cancelled && after.kind.has_parts() {
            assert_eq!(change.end_parts, Some(Stage::Cancelled));
        }
        if let Command::Advance { parts, .. } = command {
            let ended = matches!(parts[0].stage, Stage::Completed | Stage::Failed);
            self.parts += i64::from(ended);
            self.allowed += i64::from(ended);
            assert_eq!(change.events[0].part.as_ref(), Some(&parts[0]));
        }
        if matches!(command, Command::Retry { .. }) {
            self.bad_ends = 0;
            self.allowed += after.max_attempts;
        }
    }

    fn check_closed(&mut self, before: &Run, command: &Command, change: &Change, end: AttemptEnd) {
        let after = &change.run;
        let cancelled = after.state.status() == Status::Cancelled;
        let bad = matches!(
            end,
            AttemptEnd::Lost | AttemptEnd::Failed | AttemptEnd::TimedOut | AttemptEnd::Overtime
        );
        let forgiven = end == AttemptEnd::Lost && self.parts > 0;
        self.bad_ends += i64::from(bad && !cancelled && !forgiven);
        self.lost += i64::from(end == AttemptEnd::Lost);
        assert!(self.lost <= self.allowed, "it is lost without end");
        if matches!(end, AttemptEnd::Lost | AttemptEnd::Released) && before.signals.cancel > 0 {
            assert!(cancelled || before.cleans_up, "a cancelled run goes on");
        }
        if end == AttemptEnd::Lost && !cancelled {
            let failed = after.state.status() == Status::Failed;
            assert_eq!(failed, after.failure_count == after.max_attempts);
        }
        match command {
            Command::Release { .. } => {
                assert_eq!(end, AttemptEnd::Released);
                let ends = before.signals.cancel > 0 && !before.cleans_up;
                assert_eq!(cancelled, ends, "a cancel was lost");
            }
            Command::Abandon { .. } => assert_eq!(end, AttemptEnd::Lost),
            Command::Park { .. } => assert_eq!(end, AttemptEnd::Parked),
            _ => {}
        }
        if matches!(end, AttemptEnd::Released | AttemptEnd::Parked) {
            assert_eq!(after.failure_count, before.failure_count, "it counted");
        }
        if matches!(command, Command::Finish { .. }) {
            assert_eq!(after.last_finished_token, before.token);
            assert!(
                !self.finished.contains(&before.token),
                "a lease finished twice"
            );
            self.finished.push(before.token);
        } else {
            assert_eq!(after.last_finished_token, before.last_finished_token);
        }
    }
}

/// Whether a cancel waits for an executor that stops or cleans up.
fn is_asked_to_stop(run: &Run) -> bool {
    let has_cleanup = run.cleans_up && run.starts > 0 && run.state != State::Held;
    matches!(run.state, State::Running(_)) || has_cleanup
}

fn waited(run: &Run) -> Option<Wait> {
    match run.state {
        State::Waiting(wait) => Some(wait),
        _ => None,
    }
}

/// What happened after the holder looked is never lost: then it may not park. A cancelled run never waits.
fn check_park(before: &Run, wait: Wait, seen: i64, change: &Change) {
    assert!(seen >= before.signals.generation, "an event was lost");
    assert_eq!(before.signals.cancel, 0, "a cancel waits");
    let after = waited(&change.run).expect("it waits");
    if before.signals.pause == 0 {
        assert_eq!((after.reason, after.timeout), (wait.reason, wait.timeout));
        assert_eq!(change.run.signals.skip, 0);
    } else {
        assert_eq!(change.run.signals, before.signals);
    }
}

/// A wake queues a run once, and only one that waits for it.
fn check_wake(before: &Run, reason: WaitFor, change: &Change) {
    let after = &change.run;
    let Some(wait) = waited(before) else {
        assert_eq!((&after.state, change.events.len()), (&before.state, 0));
        return;
    };
    assert_eq!(after.state, State::Queued);
    let types: Vec<EventType> = change.events.iter().map(|event| event.event_type).collect();
    assert_eq!(types, [EventType::Ready]);
    let child = |reason| matches!(reason, WaitFor::Child | WaitFor::Children);
    // Who waits for an approval or a playground may wait for children beside.
    let beside = matches!(wait.reason, WaitFor::Approval | WaitFor::Playground);
    let either = beside || child(wait.reason);
    let news = wait.reason == WaitFor::Approval && reason == WaitFor::Playground;
    assert!(wait.reason == reason || (either && child(reason)) || news);
}

/// Only the current lease extends, reports, parks, finishes and releases.
fn check_holder(before: &Run, command: &Command) {
    let (Command::Heartbeat { holder, .. }
    | Command::Advance { holder, .. }
    | Command::Park { holder, .. }
    | Command::Finish { holder, .. }
    | Command::Release { holder, .. }
    | Command::Abandon { holder, .. }) = command
    else {
        return;
    };
    let State::Running(lease) = &before.state else {
        panic!("{} changed a run without a lease", command.name());
    };
    assert_eq!(holder.executor, lease.executor);
    if let Some(token) = holder.token {
        assert_eq!(token, lease.token, "fencing");
    }
}

/// An end is final, except for an explicit retry.
fn check_end(before: &Run, command: &Command) {
    if before.state.status().is_terminal() {
        assert!(
            matches!(command, Command::Retry { .. }),
            "{} left an end",
            command.name()
        );
    }
}
