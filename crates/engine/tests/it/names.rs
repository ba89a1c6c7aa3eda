//! Names, ids, numbers and questions about a run: what other crates rely on besides `step`.

use std::collections::BTreeSet;

use engine::{
    AttemptEnd, Backoff, Command, EventType, Kind, OnTimeout, Outcome, Priority, Rejected, Run,
    RunId, Signal, Signals, Stage, State, Status, WaitFor, ready_at, sort_key, step, submit,
};

use crate::sample::{holder, new_run};

#[test]
fn every_name_is_read_back_and_stands_once() {
    macro_rules! check {
        ($($type:ty),+) => {$(
            let names: BTreeSet<String> = <$type>::ALL.iter().map(ToString::to_string).collect();
            assert_eq!(names.len(), <$type>::ALL.len());
            for value in <$type>::ALL {
                assert_eq!(value.as_str().parse(), Ok(*value));
            }
            let unknown = "?".parse::<$type>().expect_err("no such name");
            assert_eq!(unknown.to_string(), "unknown name `?`");
        )+};
    }
    check!(
        Kind, Priority, Status, EventType, Signal, Stage, WaitFor, OnTimeout
    );
}

#[test]
fn a_kind_has_its_own_word_for_a_part() {
    for (kind, part) in [
        (Kind::PluginJob, "plugin"),
        (Kind::Execution, "step"),
        (Kind::Operation, "phase"),
        (Kind::Job, "part"),
    ] {
        assert_eq!(kind.has_parts(), kind != Kind::Job);
        for event in EventType::ALL {
            let expected = match event.as_str().strip_prefix("part_") {
                Some(stage) => format!("{part}_{stage}"),
                None => event.as_str().to_owned(),
            };
            assert_eq!(event.of(kind), expected);
        }
    }
}

#[test]
fn a_run_id_has_one_spelling() {
    let text = "07070707-0707-0707-0707-070707070707";
    let id: RunId = text.parse().expect("an id");
    assert_eq!(
        (id.to_string(), format!("{id:?}")),
        (text.to_owned(), text.to_owned())
    );
    assert_eq!((id.as_bytes(), id), (&[7; 16], RunId::from_bytes([7; 16])));
    for other in [
        "07070707070707070707070707070707",
        "{07070707-0707-0707-0707-070707070707}",
        "07070707-0707-0707-0707-07070707070?",
    ] {
        let error = other.parse::<RunId>().expect_err("another spelling");
        assert_eq!(error.to_string(), "not a run id");
    }
}

#[test]
fn only_ends_are_terminal() {
    let terminal = Status::ALL.iter().filter(|status| status.is_terminal());
    let names: Vec<&str> = terminal.map(|status| status.as_str()).collect();
    assert_eq!(names, ["completed", "failed", "cancelled"]);
    let ends = Stage::ALL.iter().filter(|stage| stage.is_end()).count();
    assert_eq!(
        (ends, Stage::Started.is_end()),
        (Stage::ALL.len() - 1, false)
    );
}

#[test]
fn an_end_is_reported_by_its_holder_or_not() {
    let reported = [
        AttemptEnd::Completed,
        AttemptEnd::Failed,
        AttemptEnd::TimedOut,
        AttemptEnd::Cancelled,
    ];
    let other = [
        AttemptEnd::Overtime,
        AttemptEnd::Lost,
        AttemptEnd::Released,
        AttemptEnd::Parked,
    ];
    assert!(
        reported
            .iter()
            .all(|end| AttemptEnd::was_reported(end.as_str()))
    );
    assert!(
        !other
            .iter()
            .any(|end| AttemptEnd::was_reported(end.as_str()))
    );
}

#[test]
fn a_run_is_cancelled_from_the_request_on() {
    let run = submit(new_run(), 0, 0).run;
    assert!(!run.is_cancelled());
    let asked = Signals::default().with(Signal::Cancel);
    assert!(
        Run {
            signals: asked,
            ..run.clone()
        }
        .is_cancelled()
    );
    let done = |outcome| Run {
        state: State::Done { outcome, at: 0 },
        ..run.clone()
    };
    assert!(done(Outcome::Cancelled).is_cancelled());
    assert!(!done(Outcome::Failed).is_cancelled());
}

#[test]
fn a_rejection_names_the_run_and_the_reason() {
    let run = submit(new_run(), 0, 0).run;
    let rejected = step(&run, &Command::Due, 0).expect_err("it is queued");
    let text = "cannot due run 07070707-0707-0707-0707-070707070707: it is queued";
    assert_eq!(rejected.to_string(), text);
    let not_holder = Rejected {
        not_holder: true,
        ..rejected
    };
    let text =
        "cannot due run 07070707-0707-0707-0707-070707070707: the caller does not own its lease";
    assert_eq!(not_holder.to_string(), text);
    let claim = Command::Claim {
        executor: "a".to_owned(),
        lease_ms: 10,
    };
    let running = step(&run, &claim, 0).expect("it is queued").run;
    assert!(engine::owned(&running, &holder("a", Some(1)), "finish").is_ok());
    let refused = engine::owned(&running, &holder("a", Some(2)), "finish");
    assert_eq!(refused.map_err(|refused| refused.command), Err("finish"));
}

#[test]
fn a_sort_key_is_one_aging_step_later_for_each_priority() {
    for (priority, key) in Priority::ALL.iter().zip([1_000, 1_600, 2_200]) {
        assert_eq!(sort_key(1_000, *priority, 600), key);
        assert_eq!(ready_at(key, *priority, 600), 1_000);
    }
}

#[test]
fn delays_double_up_to_the_longest_and_shrink_by_the_jitter() {
    let backoff = Backoff {
        initial_ms: 1_000,
        factor: 2.0,
        max_ms: 5_000,
        jitter: 0.5,
    };
    let delays: Vec<i64> = (1..=4)
        .map(|failures| backoff.wait_ms(failures, 0.0))
        .collect();
    assert_eq!(delays, [1_000, 2_000, 4_000, 5_000]);
    assert_eq!(backoff.wait_ms(1, 1.0), 500);
    assert_eq!(backoff.wait_ms(2, 0.5), 1_500);
    assert_eq!(backoff.wait_ms(i64::MAX, 0.0), 5_000);
}

#[test]
fn an_acknowledged_skip_is_closed_and_a_newer_one_stays_open() {
    let asked = Signals::default().with(Signal::Pause).with(Signal::Skip);
    assert_eq!((asked.generation, asked.pause, asked.skip), (2, 1, 2));
    assert_eq!(asked.acknowledged(1), asked);
    assert_eq!(asked.acknowledged(2), Signals { skip: 0, ..asked });
}
