//! Random runs, and what happens to them.

use engine::{AttemptOutcome, Backoff, Kind, NewRun, OnTimeout, Signal, Stage, Wait, WaitFor};
use proptest::{option, prelude::*, sample::select};

use super::world::EXECUTORS;
use crate::sample::new_run;

/// What happens next. Numbers pick from what exists.
#[derive(Clone, Debug)]
pub(super) enum Move {
    Unhold,
    Due,
    Claim { executor: usize },
    Heartbeat(Caller),
    Advance(Caller, Stage, Look),
    Park(Caller, Wait, Look),
    Finish(Caller, AttemptOutcome),
    Release(Caller),
    Abandon(Caller),
    Signal(Signal),
    Wake(WaitFor),
    StartChild,
    EndChild,
    WaitOver,
    Expire,
    CancelPending,
    Retry,
    Pass { ms: i64 },
}

/// The caller: a holder of an earlier token or the newest one, an invented token, or a name only.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Token { pick: usize },
    Newest,
    Invented { token: i64 },
    Name { executor: usize },
}

/// Which generation of signals the caller looked at.
#[derive(Clone, Debug)]
pub(super) enum Look {
    Newest,
    Before { generations: i64 },
}

fn caller() -> impl Strategy<Value = Caller> {
    prop_oneof![
        3 => any::<usize>().prop_map(|pick| Caller::Token { pick }),
        6 => Just(Caller::Newest),
        1 => (-2..6_i64).prop_map(|token| Caller::Invented { token }),
        2 => (0..EXECUTORS.len()).prop_map(|executor| Caller::Name { executor }),
    ]
}

fn look() -> impl Strategy<Value = Look> {
    prop_oneof![
        3 => Just(Look::Newest),
        1 => (1..4_i64).prop_map(|generations| Look::Before { generations }),
    ]
}

fn wait() -> impl Strategy<Value = Wait> {
    let timeout = (9_000..200_000_i64, select(OnTimeout::ALL));
    (
        select(WaitFor::ALL),
        option::of(timeout),
        option::of(0..9_i64),
    )
        .prop_map(|(reason, timeout, due_at)| Wait {
            reason,
            timeout,
            due_at,
        })
}

pub(super) fn moves() -> impl Strategy<Value = Move> {
    let outcomes = [
        AttemptOutcome::Completed,
        AttemptOutcome::Failed,
        AttemptOutcome::TimedOut,
    ];
    let of_executors = prop_oneof![
        8 => (0..EXECUTORS.len()).prop_map(|executor| Move::Claim { executor }),
        3 => caller().prop_map(Move::Heartbeat),
        3 => (caller(), select(Stage::ALL), look())
            .prop_map(|(caller, stage, look)| Move::Advance(caller, stage, look)),
        5 => (caller(), wait(), look()).prop_map(|(caller, wait, look)| Move::Park(caller, wait, look)),
        3 => (caller(), select(outcomes.to_vec()))
            .prop_map(|(caller, outcome)| Move::Finish(caller, outcome)),
        2 => caller().prop_map(Move::Release),
        1 => caller().prop_map(Move::Abandon),
    ];
    let of_operators = prop_oneof![
        2 => Just(Move::Unhold),
        1 => Just(Move::CancelPending),
        2 => Just(Move::Retry),
        1 => Just(Move::Signal(Signal::Cancel)),
        9 => select(&[Signal::Pause, Signal::Resume, Signal::Skip][..]).prop_map(Move::Signal),
    ];
    let of_the_rest = prop_oneof![
        2 => Just(Move::Due),
        3 => Just(Move::Expire),
        2 => Just(Move::WaitOver),
        2 => select(WaitFor::ALL).prop_map(Move::Wake),
        2 => Just(Move::StartChild),
        2 => Just(Move::EndChild),
        5 => (0..90_000_i64).prop_map(|ms| Move::Pass { ms }),
    ];
    prop_oneof![5 => of_executors, 3 => of_operators, 3 => of_the_rest]
}

pub(super) fn new_runs() -> impl Strategy<Value = NewRun> {
    let retry = option::of(
        (0..5_000_i64, 0.5..4.0_f64).prop_map(|(initial_ms, factor)| Backoff {
            initial_ms,
            factor,
            max_ms: 60_000,
            jitter: 0.5,
        }),
    );
    let limits = (option::of(1..200_000_i64), option::of(1..400_000_i64));
    let start = (any::<bool>(), option::of(0..50_000_i64));
    let kind = (select(Kind::ALL), any::<bool>());
    (start, 0..4_i64, retry, limits, kind).prop_map(
        |(start, max_attempts, retry, (timeout_ms, whole_timeout_ms), (kind, cleans_up))| NewRun {
            kind,
            cleans_up,
            held: start.0,
            not_before: start.1,
            max_attempts,
            retry,
            timeout_ms,
            whole_timeout_ms,
            ..new_run()
        },
    )
}
