//! What operators ask for: pause, resume, skip, one step after the other.

use serde_json::json;
use tokio::time::{Duration, Instant};
use wire::{executors::Stage, runs::RunPart};

use super::{Executions, playbook, reported, server::ExecutionServer};

const NAP: &str = r#"
  - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 2}}
  - {id: last, name: Last, type: utility.log, parameters: {message: done}}
"#;
const LONG: &str = r#"
  - {id: nap, name: Nap, type: utility.sleep, timeout: 900, parameters: {seconds: 600}}
  - {id: last, name: Last, type: utility.log, parameters: {message: done}}
"#;

#[tokio::test]
async fn a_pause_takes_effect_in_a_sleep_which_goes_on_after_the_resume() {
    let executions = Executions::new();
    executions.start("one", NAP);
    executions.begun("one", "nap").await;
    let began = Instant::now();
    executions
        .server
        .signal("one", |signals, now| signals.pause = now);
    assert_eq!(
        executions.parked("one", 1).await,
        ("operator".to_owned(), None)
    );
    assert!(began.elapsed() < Duration::from_secs(1));
    let parts = executions.parts("one");
    assert_eq!(parts[0].stage, Stage::Started);
    assert!(parts[0].body["until"].is_string(), "{:?}", parts[0].body);
    // The sleep is over meanwhile.
    tokio::time::sleep(Duration::from_secs(2)).await;
    executions
        .server
        .signal("one", |signals, _| signals.pause = 0);
    let resumed = Instant::now();
    executions.server.queue("one");
    assert!(executions.result("one").await.completed());
    assert!(
        resumed.elapsed() < Duration::from_secs(1),
        "it did not sleep again"
    );
    assert_eq!(
        reported(&executions.server, "one"),
        ["+nap", "nap", "+last", "last"]
    );
    executions.end().await;
}

#[tokio::test]
async fn a_pause_waits_for_a_step_that_works_and_lets_no_other_begin() {
    let executions = Executions::new();
    let steps = r#"
  - {id: work, name: Work, type: utility.shell, parameters: {command: "sleep 0.5; echo done=1"}}
  - {id: last, name: Last, type: utility.log, parameters: {message: done}}
"#;
    executions.start("one", steps);
    executions.begun("one", "work").await;
    executions
        .server
        .signal("one", |signals, now| signals.pause = now);
    assert_eq!(executions.parked("one", 1).await.0, "operator");
    assert_eq!(reported(&executions.server, "one"), ["+work", "work"]);
    assert_eq!(
        executions.log("one", "stdout"),
        "done=1\n",
        "all output came before"
    );
    executions
        .server
        .signal("one", |signals, _| signals.pause = 0);
    executions.server.queue("one");
    assert!(executions.result("one").await.completed());
    assert_eq!(
        reported(&executions.server, "one"),
        ["+work", "work", "+last", "last"]
    );
    executions.end().await;
}

#[tokio::test]
async fn a_long_sleep_parks_the_run_and_a_skip_ends_it() {
    let executions = Executions::new();
    executions.start("one", LONG);
    let (reason, limit) = executions.parked("one", 1).await;
    assert_eq!(reason, "time");
    let limit = limit.expect("a limit");
    assert!((590_000..=600_000).contains(&limit), "{limit}");
    // Woken too early, it waits again for what is left.
    executions.server.queue("one");
    let (_, less) = executions.parked("one", 2).await;
    assert!(less.expect("a limit") <= limit);
    executions
        .server
        .signal("one", |signals, now| signals.skip = now);
    executions.server.queue("one");
    assert!(executions.result("one").await.completed());
    assert_eq!(
        reported(&executions.server, "one"),
        ["+nap", "-nap", "+last", "last"]
    );
    assert_eq!(executions.parts("one")[0].stage, Stage::Skipped);
    assert_eq!(
        executions.server.runs()["one"].signals.skip,
        0,
        "it is acknowledged"
    );
    executions.end().await;
}

#[tokio::test]
async fn a_skip_ends_the_step_that_waits_or_else_leaves_out_the_next_one() {
    let executions = Executions::new();
    let steps = r#"
  - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 9}}
  - {id: tried, name: Tried, type: utility.assert, retry_count: 1, retry_delay: 9, parameters: {that: "false"},
     on_failure: continue}
  - {id: work, name: Work, type: utility.shell, parameters: {command: "sleep 0.5"}}
  - {id: next, name: Next, type: utility.log, parameters: {message: no}}
  - {id: last, name: Last, type: utility.log, parameters: {message: done}}
"#;
    let began = Instant::now();
    executions.start("one", steps);
    for step in ["nap", "tried", "work"] {
        executions.begun("one", step).await;
        executions
            .server
            .signal("one", |signals, now| signals.skip = now);
        let acknowledged = |one: &Executions| one.server.runs()["one"].signals.skip == 0;
        executions
            .until("it is acknowledged", |one| acknowledged(one).then_some(()))
            .await;
    }
    assert!(executions.result("one").await.completed());
    assert!(began.elapsed() < Duration::from_secs(9));
    let parts = executions.parts("one");
    let stages: Vec<(&str, Stage)> = parts
        .iter()
        .map(|one| (one.name.as_str(), one.stage))
        .collect();
    let expected = [
        ("nap", Stage::Skipped),
        ("tried", Stage::Skipped),
        ("work", Stage::Completed),
        ("next", Stage::Skipped),
        ("last", Stage::Completed),
    ];
    assert_eq!(stages, expected);
    executions.end().await;
}

#[tokio::test]
async fn a_signal_that_comes_just_before_the_wait_is_heard() {
    let server = ExecutionServer::default();
    server.submit("one", &[("test.yaml", &playbook(LONG))], &json!({}));
    server
        .runs()
        .get_mut("one")
        .expect("it is there")
        .paused_late = true;
    let executions = Executions::on(server, |_| {});
    assert_eq!(executions.parked("one", 1).await.0, "operator");
    assert_eq!(executions.server.runs()["one"].parked[0].seen, 1);
    executions.end().await;
}

#[tokio::test]
async fn in_debug_mode_it_waits_after_each_step_and_a_failed_one_can_run_again() {
    let executions = Executions::new();
    let steps = r#"
  - {id: one, name: One, type: utility.log, parameters: {message: "1"}}
  - {id: two, name: Two, type: utility.assert, retry_count: 3, retry_delay: 0, parameters: {that: "false"}}
  - {id: three, name: Three, type: utility.log, parameters: {message: "3"}}
"#;
    executions.start_with("run", steps, &json!({"debug_mode": true}));
    for times in 1..=3 {
        assert_eq!(executions.parked("run", times).await.0, "operator");
        executions.server.queue("run");
    }
    // The second step has failed twice; the third attempt waits for an operator again.
    executions.parked("run", 4).await;
    let part = &executions.parts("run")[1];
    assert_eq!(
        (part.stage, &part.body["error"]),
        (Stage::Started, &json!("`false` does not hold"))
    );
    executions
        .server
        .signal("run", |signals, now| signals.skip = now);
    executions.server.queue("run");
    let done = |one: &Executions| one.server.jobs.result("run").is_some();
    for times in 5.. {
        let parked = |one: &Executions| one.server.runs()["run"].parked.len() >= times;
        executions
            .until("it waits or ends", |one| {
                (done(one) || parked(one)).then_some(())
            })
            .await;
        if done(&executions) {
            break;
        }
        executions.server.queue("run");
    }
    let parts = executions.parts("run");
    let stages: Vec<Stage> = parts.iter().map(|part: &RunPart| part.stage).collect();
    assert_eq!(stages, [Stage::Completed, Stage::Skipped, Stage::Completed]);
    executions.end().await;
}
