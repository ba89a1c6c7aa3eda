//! Random commands from many executors, delayed and repeated: old tokens are kept and sent again.
//! Whatever comes in whatever order, the promises hold.

use engine::{
    Attempt, AttemptEnd, AttemptOutcome, Backoff, Change, Command, Holder, NewRun, Run, Signal,
    Stage, State, Status, step, submit,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::sample::{holder, new_run, part};

const EXECUTORS: [&str; 4] = ["a", "b", "c", "d"];
const AGING_STEP_MS: i64 = 600_000;

/// What happens next. Numbers pick from what there is.
#[derive(Clone, Debug)]
enum Move {
    Unhold,
    Due,
    Claim { executor: usize },
    Heartbeat(Who),
    Advance(Who, Stage),
    Finish(Who, u8),
    Release(Who),
    Abandon(Who),
    Expire,
    CancelPending,
    Cancel,
    Retry,
    Wait { ms: i64 },
}

/// Who speaks: somebody with a token that was once given out, maybe a made-up one, or with his
/// name only.
#[derive(Clone, Debug)]
enum Who {
    Token { pick: usize },
    Newest,
    MadeUp { token: i64 },
    Name { executor: usize },
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        3 => any::<usize>().prop_map(|pick| Who::Token { pick }),
        4 => Just(Who::Newest),
        1 => (-2..6_i64).prop_map(|token| Who::MadeUp { token }),
        2 => (0..EXECUTORS.len()).prop_map(|executor| Who::Name { executor }),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        1 => Just(Move::Unhold),
        2 => Just(Move::Due),
        6 => (0..EXECUTORS.len()).prop_map(|executor| Move::Claim { executor }),
        3 => who().prop_map(Move::Heartbeat),
        3 => (who(), select(Stage::ALL)).prop_map(|(who, stage)| Move::Advance(who, stage)),
        4 => (who(), 0..3_u8).prop_map(|(who, outcome)| Move::Finish(who, outcome)),
        2 => who().prop_map(Move::Release),
        1 => who().prop_map(Move::Abandon),
        3 => Just(Move::Expire),
        1 => Just(Move::CancelPending),
        1 => Just(Move::Cancel),
        1 => Just(Move::Retry),
        4 => (0..90_000_i64).prop_map(|ms| Move::Wait { ms }),
    ]
}

fn new_runs() -> impl Strategy<Value = NewRun> {
    let retry = option::of(
        (0..5_000_i64, 0.5..4.0_f64).prop_map(|(initial_ms, factor)| Backoff {
            initial_ms,
            factor,
            max_ms: 60_000,
            jitter: 0.5,
        }),
    );
    let timeout_ms = (option::of(1..200_000_i64), option::of(1..400_000_i64));
    (
        any::<bool>(),
        option::of(0..50_000_i64),
        0..4_i64,
        retry,
        timeout_ms,
    )
        .prop_map(
            |(held, not_before, max_attempts, retry, (timeout_ms, whole_timeout_ms))| NewRun {
                held,
                not_before,
                max_attempts,
                retry,
                timeout_ms,
                whole_timeout_ms,
                ..new_run()
            },
        )
}

/// A run with what the world has seen of it.
struct World {
    run: Run,
    now: i64,
    lease_ms: i64,
    given: Vec<Holder>,
    claims: i64,
    /// Attempts lost or failed since the submit or the last retry.
    bad_ends: i64,
    /// Parts of the work that ended in the attempt that is open.
    parts: i64,
    /// Attempts that were lost.
    lost: i64,
    /// Parts of the work that ended, and a cap for each submit or retry: no more may be lost.
    allowed: i64,
    finished: Vec<i64>,
}

impl World {
    fn holder(&self, who: &Who) -> Holder {
        match who {
            Who::Token { pick } if !self.given.is_empty() => {
                self.given[pick % self.given.len()].clone()
            }
            Who::Newest if !self.given.is_empty() => self.given[self.given.len() - 1].clone(),
            Who::Token { .. } | Who::Newest => holder("a", Some(1)),
            Who::MadeUp { token } => holder("a", Some(*token)),
            Who::Name { executor } => holder(EXECUTORS[*executor], None),
        }
    }

    fn command(&self, next: &Move) -> Option<Command> {
        let (aging_step_ms, lease_ms, jitter) = (AGING_STEP_MS, self.lease_ms, 0.5);
        Some(match next {
            Move::Wait { .. } => return None,
            Move::Unhold => Command::Unhold { aging_step_ms },
            Move::Due => Command::Due,
            Move::Claim { executor } => Command::Claim {
                executor: EXECUTORS[*executor].to_owned(),
                lease_ms,
            },
            Move::Heartbeat(who) => Command::Heartbeat {
                holder: self.holder(who),
                lease_ms,
            },
            Move::Advance(who, stage) => Command::Advance {
                holder: self.holder(who),
                parts: vec![part(*stage)],
                acknowledged: 0,
            },
            Move::Release(who) => Command::Release {
                holder: self.holder(who),
            },
            Move::Abandon(who) => Command::Abandon {
                holder: self.holder(who),
                error: "its disk is full".to_owned(),
            },
            Move::Finish(who, outcome) => Command::Finish {
                holder: self.holder(who),
                outcome: [
                    AttemptOutcome::Completed,
                    AttemptOutcome::Failed,
                    AttemptOutcome::TimedOut,
                ][usize::from(*outcome)],
                error: None,
                jitter,
                aging_step_ms,
            },
            Move::Expire => Command::Expire {
                jitter,
                aging_step_ms,
                lease_ms,
            },
            Move::CancelPending => Command::CancelPending,
            Move::Cancel => Command::signal(Signal::Cancel),
            Move::Retry => Command::Retry { aging_step_ms },
        })
    }

    fn make(&mut self, next: &Move) {
        if let Move::Wait { ms } = next {
            self.now += ms;
        }
        let Some(command) = self.command(next) else {
            return;
        };
        let before = self.run.clone();
        match step(&before, &command, self.now) {
            Ok(change) => {
                self.check(&before, &command, &change);
                self.run = change.run;
            }
            Err(rejected) => {
                assert_eq!(rejected.status, before.state.status());
                assert_eq!(
                    rejected.command,
                    command.name().trim_end_matches("_pending")
                );
            }
        }
    }

    fn check(&mut self, before: &Run, command: &Command, change: &Change) {
        let after = &change.run;
        if after.version == before.version {
            assert_eq!(after, before, "unchanged version, changed run");
            assert!(change.events.is_empty() && change.attempt.is_none() && change.error.is_none());
            return;
        }
        assert_eq!(after.version, before.version + 1);
        check_holder(before, command);
        check_end(before, command);
        self.check_attempt(before, command, change);
        let status = after.state.status();
        assert!(after.failure_count <= after.max_attempts && after.max_attempts >= 1);
        assert_eq!(after.failure_count, self.bad_ends);
        if matches!(status, Status::Queued | Status::Scheduled | Status::Running) {
            assert!(
                after.failure_count < after.max_attempts,
                "it would start beyond its cap"
            );
        }
        assert_eq!(after.starts, self.claims);
        for event in &change.events {
            assert_eq!(event.attempt, after.starts);
        }
        assert!(
            after.signals.cancel == 0 || status == Status::Running,
            "a signal without a holder"
        );
        self.check_whole_time(before, command, change);
        if let State::Running(lease) = &after.state {
            assert_eq!(lease.token, after.token);
            assert_eq!(Some(lease.started_at), after.started_at);
            assert_eq!(Some(&lease.executor), after.executor.as_ref());
        }
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
            assert!(deadline <= self.now && after.state.status() == Status::Failed);
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
                let cancelled = after.state.status() == Status::Cancelled;
                let bad = matches!(
                    end,
                    AttemptEnd::Lost
                        | AttemptEnd::Failed
                        | AttemptEnd::TimedOut
                        | AttemptEnd::Overtime
                );
                let forgiven = *end == AttemptEnd::Lost && self.parts > 0;
                self.bad_ends += i64::from(bad && !cancelled && !forgiven);
                self.lost += i64::from(*end == AttemptEnd::Lost);
                assert!(self.lost <= self.allowed, "it is lost without end");
                if matches!(command, Command::Release { .. }) {
                    assert_eq!(*end, AttemptEnd::Released);
                    assert_eq!(cancelled, before.signals.cancel > 0, "a wish was lost");
                    assert_eq!(after.failure_count, before.failure_count, "a drain counted");
                }
                if matches!(command, Command::Abandon { .. }) {
                    assert_eq!(*end, AttemptEnd::Lost);
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
            None => assert!(ran == runs && after.token == before.token),
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
}

/// Only the current lease extends, notes, finishes and releases.
fn check_holder(before: &Run, command: &Command) {
    let (Command::Heartbeat { holder, .. }
    | Command::Advance { holder, .. }
    | Command::Finish { holder, .. }
    | Command::Release { holder }
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

/// An end is final, but for an explicit retry.
fn check_end(before: &Run, command: &Command) {
    if before.state.status().is_terminal() {
        assert!(
            matches!(command, Command::Retry { .. }),
            "{} left an end",
            command.name()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_in_any_order(
        new in new_runs(),
        lease_ms in 1..40_000_i64,
        moves in vec(moves(), 1..120),
    ) {
        let run = submit(new, AGING_STEP_MS, 10_000).run;
        let mut world = World {
            allowed: run.max_attempts, run, now: 10_000, lease_ms, given: Vec::new(), claims: 0,
            bad_ends: 0, parts: 0, lost: 0, finished: Vec::new(),
        };
        for next in &moves {
            world.make(next);
        }
    }

    /// A run whose executors all die ends failed after as many attempts as it may have.
    #[test]
    fn a_run_that_kills_its_executors_ends(max_attempts in 1..20_i64, drains in vec(any::<bool>(), 60)) {
        let mut run = submit(NewRun { max_attempts, ..new_run() }, 0, 0).run;
        let (mut now, mut lost) = (0, 0);
        for drained in drains {
            let Ok(change) = step(&run, &Command::Claim { executor: "a".to_owned(), lease_ms: 10 }, now)
            else { break };
            now += 10;
            let command = if drained {
                Command::Release { holder: holder("a", Some(change.run.token)) }
            } else {
                lost += 1;
                Command::Expire { jitter: 0.0, aging_step_ms: 0, lease_ms: 10 }
            };
            run = step(&change.run, &command, now).unwrap().run;
        }
        prop_assert_eq!(run.failure_count, lost.min(max_attempts));
        prop_assert_eq!(run.state.status() == Status::Failed, lost == max_attempts);
    }
    /// The same of one whose executors get somewhere first: each part that ended forgives one loss.
    #[test]
    fn a_run_that_gets_somewhere_and_kills_its_executors_ends(
        max_attempts in 1..20_i64, ended in vec(any::<bool>(), 60),
    ) {
        let mut run = submit(NewRun { max_attempts, ..new_run() }, 0, 0).run;
        let (mut now, mut lost, mut parts) = (0, 0, 0);
        for ended in ended {
            let Ok(change) = step(&run, &Command::Claim { executor: "a".to_owned(), lease_ms: 10 }, now)
            else { break };
            run = change.run;
            let holder = holder("a", Some(run.token));
            let changes = vec![part(if ended { Stage::Completed } else { Stage::Started })];
            run = step(&run, &Command::Advance { holder, parts: changes, acknowledged: 0 }, now).unwrap().run;
            now += 10;
            parts += i64::from(ended);
            lost += 1;
            let expire = Command::Expire { jitter: 0.0, aging_step_ms: 0, lease_ms: 10 };
            run = step(&run, &expire, now).unwrap().run;
        }
        prop_assert_eq!(run.failure_count, lost - parts);
        prop_assert!(lost <= max_attempts + parts);
        prop_assert_eq!(run.state.status() == Status::Failed, lost - parts == max_attempts);
    }
}
