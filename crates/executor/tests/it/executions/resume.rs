//! Executions that go on after an attempt that was lost.

use serde_json::json;
use wire::{executors::Stage, runs::RunPart};

use super::{Executions, playbook, reported, server::ExecutionServer};

/// Parts that an earlier attempt left.
fn left(server: &ExecutionServer, id: &str, parts: &[(&str, Stage)]) {
    let mut runs = server.runs();
    let run = runs.get_mut(id).expect("it was submitted");
    for (number, (name, stage)) in (1..).zip(parts) {
        let part = json!({"number": number, "name": name, "path": "", "stage": stage, "attempt": 0,
            "tries": 1, "started_at": "2024-01-01T12:00:00Z", "body": {"name": name, "type": "t", "began": 2 * number, "ended": 2 * number + 1}});
        let part: RunPart = serde_json::from_value(part).expect("a part");
        run.parts.insert(number, part);
    }
}

/// Submits an execution that an executor began and lost.
fn lost(server: &ExecutionServer, steps: &str, parts: &[(&str, Stage)], more: usize) {
    server.submit("one", &[("test.yaml", &playbook(steps))], &json!({}));
    let first = server.jobs.state().queue.pop_front();
    assert!(first.is_some(), "an executor had it");
    left(server, "one", parts);
    server
        .runs()
        .get_mut("one")
        .expect("it is there")
        .parts_in_claim = Some(parts.len() - more);
    server.queue("one");
}

const STEPS: &str = r#"
  - {id: a, name: A, type: utility.log, parameters: {message: a}}
  - {id: b, name: B, type: utility.log, parameters: {message: b}}
  - {id: c, name: C, type: utility.log, parameters: {message: c}, idempotent: IDEMPOTENT}
  - {id: d, name: D, type: utility.log, parameters: {message: d}}
"#;
const ENDED: [(&str, Stage); 3] = [
    ("a", Stage::Completed),
    ("b", Stage::Completed),
    ("c", Stage::Interrupted),
];

#[tokio::test]
async fn steps_that_have_ended_do_not_run_again_however_many_there_are() {
    for more in [0, 1, 3] {
        let server = ExecutionServer::default();
        lost(&server, &STEPS.replace("IDEMPOTENT", "true"), &ENDED, more);
        let executions = Executions::on(server, |_| {});
        assert!(executions.result("one").await.completed());
        assert_eq!(
            reported(&executions.server, "one"),
            ["+c", "c", "+d", "d"],
            "{more}"
        );
        assert_eq!(executions.log("one", "stdout"), "info: c\ninfo: d\n");
        executions.end().await;
    }
}

#[tokio::test]
async fn an_operator_decides_about_a_step_that_must_not_run_twice() {
    for (skip, words) in [
        (false, ["+c", "c", "+d", "d"]),
        (true, ["+c", "-c", "+d", "d"]),
    ] {
        let server = ExecutionServer::default();
        lost(&server, &STEPS.replace("IDEMPOTENT", "false"), &ENDED, 0);
        let executions = Executions::on(server, |_| {});
        assert_eq!(
            executions.parked("one", 1).await,
            ("operator".to_owned(), None)
        );
        assert_eq!(executions.log("one", "stdout"), "", "it did not run");
        let part = &executions.parts("one")[2];
        let error = part.body["error"].as_str().unwrap_or_default();
        assert!(error.contains("interrupted"), "{part:?}");
        if skip {
            executions
                .server
                .signal("one", |signals, now| signals.skip = now);
        }
        executions.server.queue("one");
        assert!(executions.result("one").await.completed());
        assert_eq!(reported(&executions.server, "one"), words);
        executions.end().await;
    }
}
