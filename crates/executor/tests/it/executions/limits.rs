//! Time limits that count from the first start, and what operators ask of a run that waits within groups.

use serde_json::json;
use tokio::time::{Duration, Instant};
use wire::executors::{ResultOutcome, Stage};

use super::{Executions, playbook, reported};

/// A group of so many seconds in which a step sleeps long.
fn group(timeout: &str) -> String {
    format!(
        "
  - id: group
    name: Group
    timeout: {timeout}
    on_failure: continue
    steps:
      - {{id: nap, name: Nap, type: utility.sleep, timeout: 900, parameters: {{seconds: 600}}}}
      - {{id: next, name: Next, type: utility.log, parameters: {{message: next}}}}
  - {{id: last, name: Last, type: utility.log, parameters: {{message: done}}}}
"
    )
}

#[tokio::test]
async fn the_time_of_a_group_goes_on_while_the_run_waits() {
    let executions = Executions::new();
    executions.start("one", &group("12"));
    let (reason, limit) = executions.parked("one", 1).await;
    assert_eq!(reason, "time");
    let limit = limit.expect("a limit");
    assert!(
        (11_000..=12_000).contains(&limit),
        "until the group's time is over: {limit}"
    );
    let began = Instant::now();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    executions.server.queue("one");
    // What is left is not worth another wait.
    let result = executions.result("one").await;
    assert!(result.completed(), "{result:?}");
    let waited = began.elapsed().as_millis();
    assert!((10_500..13_000).contains(&waited), "{waited} ms");
    let again = ["+group", "+group/nap"];
    let words = [
        &again[..],
        &again,
        &["xgroup/nap", "!group", "+last", "last"],
    ]
    .concat();
    assert_eq!(reported(&executions.server, "one"), words);
    let part = &executions.parts("one")[0];
    assert_eq!(part.body["error"], "Step timed out after 12 seconds");
    executions.end().await;
}

#[tokio::test]
async fn a_skip_ends_the_step_that_waits_and_not_the_group_or_loop_around_it() {
    let executions = Executions::new();
    let around = "
  - id: each
    name: Each
    for_each: [a]
    steps:
      - {id: nap, name: Nap, type: utility.sleep, timeout: 900, parameters: {seconds: 600}}
      - {id: next, name: Next, type: utility.log, parameters: {message: next}}
  - {id: last, name: Last, type: utility.log, parameters: {message: done}}
";
    for (id, steps, path) in [
        ("one", group("900"), "group/"),
        ("two", around.to_owned(), "each/0/"),
    ] {
        executions.start(id, &steps);
        executions.parked(id, 1).await;
        executions
            .server
            .signal(id, |signals, now| signals.skip = now);
        executions.server.queue(id);
        assert!(executions.result(id).await.completed());
        let said = reported(&executions.server, id);
        for word in [
            format!("-{path}nap"),
            format!("{path}next"),
            "last".to_owned(),
        ] {
            assert!(said.contains(&word), "{said:?}");
        }
        assert_eq!(executions.log(id, "stdout"), "info: next\ninfo: done\n");
        assert_eq!(
            executions.server.runs()[id].signals.skip,
            0,
            "it is acknowledged"
        );
    }
    executions.end().await;
}

/// The run waited when it was cancelled; the server hands it out for this alone.
#[tokio::test]
async fn a_cancelled_run_that_waited_does_its_last_steps() {
    let executions = Executions::new();
    let text = playbook(&group("900"))
        + "finally:
  - {id: clean, name: Clean, type: utility.log, parameters: {message: '{{ status.group }}'}}
";
    executions
        .server
        .submit("one", &[("test.yaml", &text)], &json!({}));
    executions.parked("one", 1).await;
    executions
        .server
        .signal("one", |signals, now| signals.cancel = now);
    executions.server.queue("one");
    let result = executions.result("one").await;
    assert_eq!(result.outcome, ResultOutcome::Failed);
    assert_eq!(result.error_message.as_deref(), Some("cancelled"));
    let words = [
        "+group",
        "+group/nap",
        "xgroup/nap",
        "xgroup",
        "+clean",
        "clean",
    ];
    assert_eq!(reported(&executions.server, "one"), words);
    assert_eq!(executions.log("one", "stdout"), "info: cancelled\n");
    executions.end().await;
}

#[tokio::test]
async fn the_time_of_the_last_steps_goes_on_in_another_attempt() {
    let executions = Executions::new();
    let text = playbook("  - {id: a, name: A, type: utility.log, parameters: {message: a}}\n")
        + "finally_timeout: 12
finally:
  - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 600}, timeout: 900}
  - {id: never, name: Never, type: utility.log, parameters: {message: never}}
";
    executions
        .server
        .submit("one", &[("test.yaml", &text)], &json!({}));
    let (_, limit) = executions.parked("one", 1).await;
    let limit = limit.expect("a limit");
    assert!((11_000..=12_000).contains(&limit), "{limit}");
    let began = Instant::now();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    executions.server.queue("one");
    let result = executions.result("one").await;
    let error = result.error_message.expect("it took too long");
    assert_eq!(error, "`finally` took longer than 12 seconds");
    let waited = began.elapsed().as_millis();
    assert!((10_500..13_000).contains(&waited), "{waited} ms");
    executions.end().await;
}

#[tokio::test]
async fn the_last_steps_of_a_nested_playbook_have_a_time_of_their_own() {
    let executions = Executions::new();
    let root = playbook(
        "  - {id: run, name: Run, type: playbook.run, on_failure: continue, parameters: {playbook: child.yaml}}
  - {id: last, name: Last, type: utility.log, parameters: {message: done}}
",
    );
    let child = playbook("  - {id: a, name: A, type: utility.log, parameters: {message: a}}\n")
        + "finally_timeout: 0.5
finally:
  - {id: hangs, name: Hangs, type: utility.shell, parameters: {command: 'sleep 60'}}
";
    let playbooks = [("test.yaml", root.as_str()), ("child.yaml", child.as_str())];
    executions.server.submit("one", &playbooks, &json!({}));
    let began = Instant::now();
    assert!(executions.result("one").await.completed());
    assert!(began.elapsed() < Duration::from_secs(10));
    let parts = executions.parts("one");
    let run = parts
        .iter()
        .find(|part| part.name == "run")
        .expect("a part");
    assert_eq!(run.stage, Stage::Failed);
    assert_eq!(run.body["error"], "`finally` took longer than 0.5 seconds");
    executions.end().await;
}
