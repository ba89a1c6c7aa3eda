//! What a cancel leaves of what operators asked for before.

use engine::{Command, Run, Signal, Signals, State, Wait, WaitFor, step, submit};

use crate::sample::new_run;

#[test]
fn a_run_that_cleans_up_is_neither_paused_nor_skips() {
    let wait = Wait {
        reason: WaitFor::Operator,
        timeout: None,
        due_at: None,
    };
    let paused = Run {
        state: State::Waiting(wait),
        signals: Signals::default().with(Signal::Pause).with(Signal::Skip),
        starts: 1,
        cleans_up: true,
        ..submit(new_run(), 0, 0).run
    };
    let cancel = Command::signal(Signal::Cancel);
    let run = step(&paused, &cancel, 1).unwrap().run;
    let expected = Signals {
        generation: 3,
        cancel: 3,
        ..Signals::default()
    };
    assert_eq!((run.state, run.signals), (State::Queued, expected));
}
