//! Executions that are stopped: by a cancel, by a lost lease, by the end of the executor.

use tokio::time::{Duration, Instant};
use wire::executors::{ResultOutcome, Stage};

use super::{Executions, playbook, reported};
use crate::test_dir::{runs, unique_sleep};

/// A step that ignores what asks it to end, and leaves its group; and one that comes after.
fn stubborn(sleep: &str) -> String {
    format!(
        "
  - {{id: before, name: Before, type: utility.log, parameters: {{message: before}}}}
  - {{id: long, name: Long, type: utility.shell, parameters: {{command: \"trap '' TERM; setsid sleep {sleep} & sleep {sleep}\"}}}}
  - {{id: after, name: After, type: utility.log, parameters: {{message: after}}}}
"
    )
}

async fn sees(executions: &Executions, sleep: &str) {
    executions
        .until("it runs", |_| runs(sleep).then_some(()))
        .await;
}

#[tokio::test]
async fn a_cancel_ends_the_step_with_all_its_processes_and_the_last_steps_run() {
    let (executions, sleep) = (Executions::new(), unique_sleep());
    let finally = "finally:
  - {id: clean, name: Clean, type: utility.shell, parameters: {command: 'sleep 0.3; echo cleaned=1'}}
";
    let text = playbook(&stubborn(&sleep)) + finally;
    executions
        .server
        .submit("one", &[("test.yaml", &text)], &serde_json::json!({}));
    sees(&executions, &sleep).await;
    let began = Instant::now();
    executions
        .server
        .signal("one", |signals, now| signals.cancel = now);
    executions
        .until("all is killed", |_| (!runs(&sleep)).then_some(()))
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let result = executions.result("one").await;
    assert_eq!(result.outcome, ResultOutcome::Failed);
    assert_eq!(result.error_message.as_deref(), Some("cancelled"));
    let words = ["+before", "before", "+long", "xlong", "+clean", "clean"];
    assert_eq!(reported(&executions.server, "one"), words);
    assert!(executions.log("one", "stdout").ends_with("cleaned=1\n"));
    executions.end().await;
}

#[tokio::test]
async fn the_last_steps_have_a_time_of_their_own() {
    let (executions, sleep) = (Executions::new(), unique_sleep());
    let text =
        playbook("  - {id: nap, name: Nap, type: utility.sleep, parameters: {seconds: 9}}\n")
            + &format!(
                "finally_timeout: 0.5
finally:
  - {{id: hangs, name: Hangs, type: utility.shell, parameters: {{command: 'sleep {sleep}'}}}}
"
            );
    executions
        .server
        .submit("one", &[("test.yaml", &text)], &serde_json::json!({}));
    executions.begun("one", "nap").await;
    executions
        .server
        .signal("one", |signals, now| signals.cancel = now);
    let result = executions.result("one").await;
    assert_eq!(result.error_message.as_deref(), Some("cancelled"));
    let stages: Vec<Stage> = executions
        .parts("one")
        .iter()
        .map(|part| part.stage)
        .collect();
    assert_eq!(stages, [Stage::Cancelled, Stage::Cancelled]);
    assert!(!runs(&sleep));
    executions.end().await;
}

#[tokio::test]
async fn a_lost_lease_stops_the_work_and_nothing_is_told() {
    let (executions, sleep) = (Executions::new(), unique_sleep());
    executions.start("one", &stubborn(&sleep));
    sees(&executions, &sleep).await;
    executions.server.lose("one");
    executions
        .until("all is killed", |_| (!runs(&sleep)).then_some(()))
        .await;
    let server = executions.server.clone();
    executions.end().await;
    assert!(server.jobs.state().results.is_empty());
    assert_eq!(reported(&server, "one"), ["+before", "before", "+long"]);
}

#[tokio::test]
async fn a_drain_releases_the_run_and_what_had_ended_does_not_run_again() {
    let sleep = unique_sleep();
    let executions = Executions::with(|settings| settings.drain_grace = Duration::from_millis(100));
    let gate = "sleep-until-the-second-executor";
    let steps = stubborn(&sleep).replace("Before", gate);
    executions.start("one", &steps);
    sees(&executions, &sleep).await;
    let server = executions.server.clone();
    executions.end().await;
    assert!(!runs(&sleep));
    assert_eq!(server.jobs.state().released, ["one"]);
    server.interrupt("one");
    server.queue("one");
    let second = Executions::on(server, |_| {});
    sees(&second, &sleep).await;
    second
        .server
        .signal("one", |signals, now| signals.cancel = now);
    second.result("one").await;
    let words = ["+before", "before", "+long", "xlong"];
    assert_eq!(
        reported(&second.server, "one"),
        words,
        "the step that was interrupted began again"
    );
    second.end().await;
}

#[tokio::test]
async fn an_execution_whose_lease_cannot_be_renewed_is_stopped() {
    let (executions, sleep) = (Executions::new(), unique_sleep());
    executions.start("one", &stubborn(&sleep));
    sees(&executions, &sleep).await;
    executions.server.jobs.change(|state| state.away = true);
    // The lease of thirty seconds ends three seconds early.
    executions
        .until("all is killed", |_| (!runs(&sleep)).then_some(()))
        .await;
    executions.server.jobs.change(|state| state.away = false);
    let released = |one: &Executions| one.server.jobs.state().released.pop();
    assert_eq!(executions.until("it is released", released).await, "one");
    executions.end().await;
}
