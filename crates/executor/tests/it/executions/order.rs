//! The way through a playbook: order, what parts say, retries, failures, nesting.

use serde_json::json;
use wire::executors::Stage;

use super::{Executions, output, playbook, reported};

const THREE: &str = r#"
  - {id: greet, name: Greet, type: utility.log, parameters: {message: "hello {{ who }}"}}
  - {id: count, name: Count, type: utility.set_variable, parameters: {name: n, value: 3}}
  - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 0.01}}
  - {id: last, name: Last, type: utility.log, parameters: {message: "{{ variable.n }}", level: warning}}
"#;

#[tokio::test]
async fn steps_run_in_their_order_each_on_disk_before_the_next() {
    let executions = Executions::new();
    executions.start_with("one", THREE, &json!({"parameters": {"who": "world"}}));
    let result = executions.result("one").await;
    assert!(result.completed(), "{result:?}");
    let words = [
        "+greet", "greet", "+count", "count", "+nap", "nap", "+last", "last",
    ];
    assert_eq!(reported(&executions.server, "one"), words);
    let notes = executions.server.jobs.notes("one");
    let sizes: Vec<usize> = notes.iter().map(|note| note.parts.len()).collect();
    assert_eq!(
        sizes,
        [1, 2, 2, 2, 1],
        "an end and the next begin are one request"
    );
    let parts = executions.parts("one");
    assert_eq!(
        output(&parts, "greet"),
        &json!({"logged": "hello world", "level": "info"})
    );
    assert_eq!(output(&parts, "nap"), &json!({"slept": 0.01}));
    assert_eq!(parts[1].body["set"], json!({"n": 3}));
    assert_eq!(parts[0].body["name"], "Greet");
    assert_eq!(parts[0].body["type"], "utility.log");
    let event = notes[1].parts[0].event.clone();
    let status = json!({"step_id": "greet", "step_name": "Greet", "status": "completed"});
    assert_eq!(event, Some(status));
    assert_eq!(
        executions.log("one", "stdout"),
        "info: hello world\nwarning: 3\n"
    );
    executions.end().await;
}

#[tokio::test]
async fn a_step_is_tried_again_and_its_last_error_is_the_executions() {
    let executions = Executions::new();
    let steps = r#"
  - {id: bad, name: Bad, type: utility.shell, parameters: {command: "echo n=1; echo why >&2; exit 3"},
     retry_count: 2, retry_delay: 0.01}
  - {id: after, name: After, type: utility.log, parameters: {message: no}}
"#;
    let (error, parts) = executions.run("one", steps).await;
    assert_eq!(
        error.as_deref(),
        Some("Step 'bad' failed: exited with code 3: why")
    );
    let bad: Vec<_> = parts
        .iter()
        .map(|part| (part.name.as_str(), part.stage, part.tries))
        .collect();
    assert_eq!(bad, [("bad", Stage::Failed, 3)]);
    let notes = executions.server.jobs.notes("one");
    let started = notes.iter().flat_map(|note| &note.parts);
    let started = started.filter(|part| part.stage == Stage::Started);
    let tries: Vec<u32> = started.map(|part| part.tries).collect();
    assert_eq!(tries, [1, 2, 3], "each try is on disk before it begins");
    assert_eq!(executions.log("one", "stderr"), "why\nwhy\nwhy\n");
    executions.end().await;
}

#[tokio::test]
async fn a_failure_ends_the_execution_unless_its_step_says_otherwise() {
    let executions = Executions::new();
    let steps = r#"
  - {id: bad, name: Bad, type: utility.assert, parameters: {that: "1 > 2"}, on_failure: continue}
  - {id: good, name: Good, type: utility.assert, parameters: {that: ["2 > 1", "1 < 2"]}}
  - {id: worse, name: Worse, type: utility.assert, parameters: {that: "false", message: it is so}}
  - {id: never, name: Never, type: utility.log, parameters: {message: no}}
"#;
    let (error, parts) = executions.run("one", steps).await;
    assert_eq!(error.as_deref(), Some("Step 'worse' failed: it is so"));
    assert_eq!(parts[0].body["error"], "`1 > 2` does not hold");
    assert_eq!(output(&parts, "good"), &json!({"checked": 2}));
    let stages: Vec<Stage> = parts.iter().map(|part| part.stage).collect();
    assert_eq!(stages, [Stage::Failed, Stage::Completed, Stage::Failed]);
    executions.end().await;
}

#[tokio::test]
async fn a_step_whose_time_is_over_fails_and_nothing_of_it_is_left() {
    let executions = Executions::new();
    let sleep = crate::test_dir::unique_sleep();
    let steps = format!(
        "
  - {{id: long, name: Long, type: utility.shell, timeout: 0.3, parameters: {{command: \"trap '' TERM; sleep {sleep}\"}}}}
  - {{id: nap, name: Nap, type: utility.sleep, timeout: 0.1, parameters: {{seconds: 5}}}}
"
    );
    let (error, _) = executions.run("one", &steps).await;
    assert_eq!(
        error.as_deref(),
        Some("Step 'long' failed: Step timed out after 0.3 seconds")
    );
    assert!(!crate::test_dir::runs(&sleep));
    let (error, _) = executions
        .run("two", steps.lines().nth(2).expect("a line"))
        .await;
    assert_eq!(
        error.as_deref(),
        Some("Step 'nap' failed: Step timed out after 0.1 seconds")
    );
    executions.end().await;
}

#[tokio::test]
async fn steps_at_once_run_at_once_and_nested_ones_have_a_path() {
    let executions = Executions::new();
    let steps = r#"
  - id: both
    name: Both
    parallel:
      - {id: left, name: Left, type: utility.sleep, parameters: {seconds: 0.5}}
      - {id: right, name: Right, type: utility.sleep, parameters: {seconds: 0.5}}
  - id: each
    name: Each
    for_each: {items: [a, b], as: letter}
    steps:
      - {id: say, name: Say, type: utility.log, parameters: {message: "{{ letter }}"}}
"#;
    let (error, _) = executions.run("one", steps).await;
    assert_eq!(error, None);
    let words = reported(&executions.server, "one");
    let place = |word: &str| words.iter().position(|one| one == word);
    assert!(place("+both/right") < place("both/left"), "{words:?}");
    assert!(place("each/0/say") < place("+each/1/say"), "{words:?}");
    assert_eq!(executions.log("one", "stdout"), "info: a\ninfo: b\n");
    executions.end().await;
}

#[tokio::test]
async fn a_playbook_runs_another_one_and_gets_its_outputs() {
    let executions = Executions::new();
    let parent = playbook(
        r#"
  - {id: child, name: Child, type: playbook.run, parameters: {playbook: other.yaml, n: 20}}
  - {id: say, name: Say, type: utility.log, parameters: {message: "{{ step.child.outputs.given }}"}}
outputs: {given: "{{ step.child.outputs.given }}"}
"#,
    );
    let child = "name: Other\nversion: '1'\nparameters: [{name: n, type: integer}]
steps:
  - {id: keep, name: Keep, type: utility.set_variable, parameters: {name: m, value: '{{ n }}'}}
outputs: {given: '{{ variable.m }}'}
";
    let playbooks = [("test.yaml", parent.as_str()), ("other.yaml", child)];
    executions.server.submit("one", &playbooks, &json!({}));
    let result = executions.result("one").await;
    assert!(result.completed(), "{result:?}");
    let words = [
        "+child",
        "+child/keep",
        "child/keep",
        "child",
        "+say",
        "say",
    ];
    assert_eq!(reported(&executions.server, "one"), words);
    let state = executions.server.runs()["one"].state.clone();
    let expected = json!({"ended_steps": 2, "failures": 0, "outputs": {"given": 20}});
    assert_eq!(state, Some(expected));
    executions.end().await;
}

#[tokio::test]
async fn what_cannot_be_performed_says_so() {
    let executions = Executions::new();
    let cases = [
        (
            "designer.launch, parameters: {}",
            "designer.launch: it is not performed",
        ),
        (
            "utility.log, parameters: {message: '{{ credential.c.password }}'}",
            "there is no credential `c`",
        ),
        (
            "utility.log, parameters: {message: '{{ variable.unknown }}'}",
            "unknown",
        ),
    ];
    for (number, (kind, says)) in cases.into_iter().enumerate() {
        let steps = format!("  - {{id: one, name: One, retry_count: 3, type: {kind}}}\n");
        let (error, parts) = executions.run(&number.to_string(), &steps).await;
        let error = error.expect("it fails");
        assert!(error.contains(says), "{error}");
        assert_eq!(parts[0].tries, 1, "another try would end alike");
    }
    executions.end().await;
}
