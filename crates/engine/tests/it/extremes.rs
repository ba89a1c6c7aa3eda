//! Any run and any command, also ones that cannot occur, with times at both ends of the range of a
//! number: nothing panics.

use engine::{
    AttemptOutcome, Backoff, Command, Lease, NewRun, OnTimeout, Outcome, Priority, Run, Signal,
    Signals, Stage, State, Wait, WaitFor, sort_key, step, submit,
};
use proptest::{option, prelude::*, sample::select};

use crate::sample::{holder, new_run, part};

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(i64::MIN),
        Just(i64::MAX),
        Just(0),
        Just(-1),
        any::<i64>(),
        1_700_000_000_000..1_800_000_000_000_i64,
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(-1.0),
        0.0..1.0_f64
    ]
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Held),
        time().prop_map(|due_at| State::Scheduled { due_at }),
        Just(State::Queued),
        (time(), time()).prop_map(|(until, started_at)| {
            State::Running(Lease {
                executor: "a".to_owned(),
                token: 1,
                until,
                started_at,
            })
        }),
        wait().prop_map(State::Waiting),
        time().prop_map(|at| State::Done {
            outcome: Outcome::Failed,
            at
        }),
    ]
}

fn wait() -> impl Strategy<Value = Wait> {
    let timeout = option::of((time(), select(OnTimeout::ALL)));
    (select(WaitFor::ALL), timeout, option::of(time())).prop_map(|(reason, timeout, due_at)| Wait {
        reason,
        timeout,
        due_at,
    })
}

fn any_run() -> impl Strategy<Value = Run> {
    let retry = option::of((time(), number(), time(), number()).prop_map(
        |(initial_ms, factor, max_ms, jitter)| Backoff {
            initial_ms,
            factor,
            max_ms,
            jitter,
        },
    ));
    let priority = select(Priority::ALL);
    let counted = (0..5_i64, time());
    let whole = (option::of(time()), option::of(time()), 0..3_i64);
    (
        state(),
        retry,
        option::of(time()),
        select(Signal::ALL),
        priority,
        counted,
        whole,
    )
        .prop_map(
            |(state, retry, timeout_ms, signal, priority, (failure_count, max_attempts), whole)| {
                let new = NewRun {
                    retry,
                    timeout_ms,
                    priority,
                    max_attempts,
                    whole_timeout_ms: whole.0,
                    ..new_run()
                };
                let signals = Signals::default().with(signal);
                Run {
                    state,
                    signals,
                    failure_count,
                    deadline: whole.1,
                    last_progress_token: whole.2,
                    token: 1,
                    starts: 1,
                    ..submit(new, 0, 0).run
                }
            },
        )
}

fn command() -> impl Strategy<Value = Command> {
    let numbers = (time(), time(), number(), 0..3_u64);
    let pick = (0..20_u8, option::of(-1..3_i64), wait(), numbers);
    pick.prop_map(
        |(pick, token, wait, (lease_ms, aging_step_ms, jitter, live_children))| {
            let holder = holder("a", token);
            let finish = |outcome| Command::Finish {
                holder: holder.clone(),
                outcome,
                error: Some("\0".to_owned()),
                jitter,
                aging_step_ms,
            };
            match pick {
                0 => Command::Unhold { aging_step_ms },
                1 => Command::Due,
                2 => Command::Claim {
                    executor: String::new(),
                    lease_ms,
                },
                3 => Command::Heartbeat { holder, lease_ms },
                4 => Command::Advance {
                    holder,
                    parts: vec![part(Stage::ALL[usize::from(jitter < 0.5)])],
                    state: jitter < 0.25,
                    acknowledged: lease_ms,
                },
                5 => finish(AttemptOutcome::Completed),
                6 => finish(AttemptOutcome::Failed),
                7 => finish(AttemptOutcome::TimedOut),
                8 => Command::Release {
                    holder,
                    reason: None,
                },
                9 => Command::Abandon {
                    holder,
                    error: String::new(),
                },
                10 => Command::Expire {
                    jitter,
                    aging_step_ms,
                    lease_ms,
                },
                11 => Command::CancelPending,
                12..=15 => Command::Signal {
                    signal: Signal::ALL[usize::from(pick - 12)],
                    aging_step_ms,
                },
                16 => Command::WaitOver { aging_step_ms },
                17 => Command::Park {
                    holder,
                    wait,
                    seen: lease_ms,
                    live_children,
                },
                18 => Command::Wake {
                    reason: wait.reason,
                    live_children,
                    aging_step_ms,
                },
                _ => Command::Retry { aging_step_ms },
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(run in any_run(), command in command(), now in time()) {
        if let Ok(change) = step(&run, &command, now) {
            prop_assert!(change.run.version - run.version <= 1);
        }
    }

    #[test]
    fn a_submit_never_panics(not_before in option::of(time()), aging_step_ms in time(), now in time()) {
        let change = submit(NewRun { not_before, ..new_run() }, aging_step_ms, now);
        prop_assert_eq!(change.run.version, 1);
    }

    #[test]
    fn sort_keys_order_the_priorities(ready_at in time(), aging_step_ms in 0..i64::MAX) {
        let keys: Vec<i64> =
            Priority::ALL.iter().map(|priority| sort_key(ready_at, *priority, aging_step_ms)).collect();
        prop_assert!(keys.is_sorted());
    }

    #[test]
    fn delays_stay_between_zero_and_the_longest(
        initial_ms in time(), factor in number(), max_ms in time(), share in number(),
        failure_count in time(), jitter in number(),
    ) {
        let delay = Backoff { initial_ms, factor, max_ms, jitter: share }.wait_ms(failure_count, jitter);
        prop_assert!((0..=max_ms.max(0)).contains(&delay));
    }
}
