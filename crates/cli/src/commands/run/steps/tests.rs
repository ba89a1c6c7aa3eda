//! The list without a terminal.

use serde_json::json;
use wire::events::Event;

use super::progress::{Look, Steps, took};

fn event(stage: &str, path: &str, id: &str, name: &str, ms: i64) -> Event {
    let at = format!("2026-01-01T00:00:{:02}.{:03}Z", ms / 1_000, ms % 1_000);
    serde_json::from_value(json!({
        "seq": 1, "at": at, "type": format!("execution.step_{stage}"), "kind": "execution", "run_id": "r",
        "data": {"step_id": id, "step_name": name, "path": path, "error": (stage == "failed").then_some("no")},
    }))
    .expect("an event")
}

fn told(steps: &mut Steps, events: &[Event]) -> Vec<(Look, usize, String)> {
    let lines = events.iter().flat_map(|event| steps.event(event));
    lines
        .map(|line| (line.look, line.depth, line.text))
        .collect()
}

#[test]
fn a_loop_is_a_heading_with_its_steps_and_their_output_folded() {
    let mut steps = Steps::default();
    let begun = told(
        &mut steps,
        &[
            event("started", "", "rounds", "Go round", 0),
            event("started", "rounds", "0", "Go round", 0),
            event("started", "rounds/0", "greet", "Greet", 100),
        ],
    );
    assert_eq!(begun, [(Look::Heading, 0, "Go round".to_owned())]);
    assert_eq!(
        steps.running().map(|(key, _)| key).collect::<Vec<_>>(),
        ["rounds/0/greet"]
    );
    steps.output("one\ntwo\nthree\nfour\n");
    assert_eq!(
        steps.last_output(),
        ["(1 line above)", "two", "three", "four"]
    );
    let ended = told(
        &mut steps,
        &[
            event("completed", "rounds/0", "greet", "Greet", 1_600),
            event("completed", "rounds", "0", "Go round", 1_600),
            event("completed", "", "rounds", "Go round", 1_700),
        ],
    );
    let greet = "Greet [0]  1.5 s".to_owned();
    let rounds = "Go round  1.7 s".to_owned();
    assert_eq!(ended, [(Look::Done, 1, greet), (Look::Done, 0, rounds)]);
    assert_eq!(steps.running().count(), 0);
}

#[test]
fn a_step_that_fails_shows_why_and_the_end_of_its_output() {
    let mut steps = Steps::default();
    told(&mut steps, &[event("started", "", "bad", "Bad", 0)]);
    steps.output("a\x1b[2Jb\n");
    let ended = told(&mut steps, &[event("failed", "", "bad", "Bad", 61)]);
    let expected = [
        (Look::Failed, 0, "Bad  0.0 s".to_owned()),
        (Look::Aside, 1, "no".to_owned()),
        (Look::Aside, 1, "| a\\u{1b}[2Jb".to_owned()),
    ];
    assert_eq!(ended, expected);
}

#[test]
fn times_are_short() {
    let times = [
        (1_260, "1.2 s"),
        (61_000, "1 min 1 s"),
        (7_260_000, "2 h 1 min"),
    ];
    for (ms, text) in times {
        assert_eq!(took(ms), text);
    }
}
