//! What a job leaves in its output directory is with the server before its result.

use bytes::Bytes;
use serde_json::json;

use crate::test_executor::TestExecutor;

fn artifact(executor: &TestExecutor, id: &str, name: &str) -> Option<Bytes> {
    let key = (id.to_owned(), name.to_owned());
    executor.server.state().artifacts.get(&key).cloned()
}

#[tokio::test]
async fn artefacts_are_sent_until_the_server_has_them() {
    let executor = TestExecutor::new(|_| {}).await;
    executor.server.change(|state| state.artifact_failures = 2);
    let script =
        "mkdir $OUTPUT_DIR/a; echo 1 >$OUTPUT_DIR/a/b; head -c 1000000 /dev/zero >$OUTPUT_DIR/c";
    executor.submit("job", script, json!({}));
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    assert_eq!(result.stderr, "");
    assert_eq!(artifact(&executor, "job", "a/b").expect("sent"), "1\n");
    assert_eq!(
        artifact(&executor, "job", "c").expect("sent").len(),
        1_000_000
    );
    executor.end().await;
}

#[tokio::test]
async fn a_job_that_was_cancelled_keeps_what_it_left() {
    let executor = TestExecutor::new(|_| {}).await;
    executor.submit("job", "echo 1 >$OUTPUT_DIR/a; echo; sleep 600", json!({}));
    executor.printed("job", "\n").await;
    executor.server.cancel("job");
    let result = executor.result("job").await;
    assert_eq!(result.error_message.as_deref(), Some("cancelled"));
    assert_eq!(artifact(&executor, "job", "a").expect("sent"), "1\n");
    executor.end().await;
}

#[tokio::test]
async fn what_the_server_does_not_take_in_time_is_said_and_the_result_is_sent() {
    let executor = TestExecutor::new(|_| {}).await;
    executor
        .server
        .change(|state| state.artifact_failures = usize::MAX);
    let script = "echo 1 >$OUTPUT_DIR/a; echo bad >&2";
    executor.submit("job", script, json!({"timeout_seconds": 2}));
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    let line = "playhouse: artefact \"a\" was not kept: the run's time was over\n";
    assert_eq!(result.stderr, format!("bad\n{line}"));
    assert!(executor.log("job", "stderr").ends_with(line));
    executor.end().await;
}

#[tokio::test]
async fn a_server_without_room_does_not_hold_up_the_end_of_a_job_without_a_time_limit() {
    let executor = TestExecutor::new(|_| {}).await;
    executor
        .server
        .change(|state| state.artifact_failures = usize::MAX);
    executor.submit("job", "echo 1 >$OUTPUT_DIR/a", json!({}));
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    let said = "artefact \"a\" was not kept: the server did not take it";
    assert!(result.stderr.contains(said), "{}", result.stderr);
    executor.end().await;
}

#[tokio::test]
async fn a_lease_that_is_lost_ends_the_uploads_without_a_result() {
    let executor = TestExecutor::new(|_| {}).await;
    executor
        .server
        .change(|state| state.artifact_failures = usize::MAX);
    executor.submit("job", "echo 1 >$OUTPUT_DIR/a", json!({}));
    let tried = |executor: &TestExecutor| executor.server.state().artifact_failures < usize::MAX;
    executor.wait_for("the upload was tried", tried).await;
    executor.server.change(|state| {
        state.held.remove("job");
    });
    executor.works(false).await;
    let executor = executor.end().await;
    assert!(executor.server.result("job").is_none());
}
