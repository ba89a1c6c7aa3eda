//! Ended executions are retried, paused ones go back.

use serde_json::{Value, json};

use super::{
    CHECKS,
    executions::{ask, claim, part, report},
    get, library, refusal, start, text,
};
use crate::test_server::TestServer;

/// An execution whose second step failed.
async fn failed() -> (TestServer, String) {
    let server = library(&[("gateway/checks.yaml", CHECKS)]).await;
    let id = start(&server).await;
    let run = claim(&server).await;
    let done = json!({"name": "Wait", "type": "utility.sleep", "output": {"slept": 1.5}});
    report(
        &server,
        &run,
        json!([part(1, "wait", "completed", &done)]),
        (1, 0),
    )
    .await;
    fails(&server, &run, 2).await;
    assert_eq!(get(&server, &id).await["status"], "failed");
    (server, id)
}

/// The second step fails, and with it the execution.
async fn fails(server: &TestServer, run: &Value, number: i64) {
    let failed = json!({"name": "Note", "type": "utility.log", "error": "no"});
    report(
        server,
        run,
        json!([part(number, "note", "failed", &failed)]),
        (2, 1),
    )
    .await;
    let result = json!({"run_id": run["id"], "token": run["token"], "outcome": "failed",
        "error_message": "Step 'note' failed: no"});
    let body = json!({"results": [result]});
    let path = "/api/executors/player/exchange";
    server.post(path, &body).json(200).await;
}

async fn retry(server: &TestServer, id: &str, body: &Value, status: u16) -> Value {
    let path = format!("/api/executions/{id}/retry");
    server.post(&path, body).json(status).await
}

fn steps(execution: &Value) -> Vec<(String, String)> {
    let steps = execution["step_results"].as_array().expect("steps").iter();
    let steps = steps.map(|step| (text(&step["step_id"]), text(&step["status"])));
    steps.collect()
}

fn owned(steps: &[(&str, &str)]) -> Vec<(String, String)> {
    let steps = steps.iter();
    let steps = steps.map(|(step, status)| ((*step).to_owned(), (*status).to_owned()));
    steps.collect()
}

#[tokio::test]
async fn an_execution_is_retried_from_its_failed_step() {
    let (server, id) = failed().await;
    let retried = retry(&server, &id, &json!(null), 200).await;
    let expected = json!({"message": "Execution queued again", "execution_id": id});
    assert_eq!(retried, expected);
    assert_eq!(get(&server, &id).await["status"], "pending");
    let run = claim(&server).await;
    let restart = json!([{"from_step": "note", "after": 2}]);
    assert_eq!((&run["id"], &run["attempt"]), (&json!(id), &json!(2)));
    assert_eq!(run["input"]["restarts"], restart);
    // The history stays; what is shown is what counts.
    let again = json!({"name": "Note", "type": "utility.log"});
    report(
        &server,
        &run,
        json!([part(3, "note", "started", &again)]),
        (1, 0),
    )
    .await;
    let parts = server.get(&format!("/api/runs/{id}/parts")).json(200).await;
    assert_eq!(parts.as_array().map(Vec::len), Some(3));
    let shown = get(&server, &id).await;
    let expected = owned(&[("wait", "completed"), ("note", "running")]);
    assert_eq!((steps(&shown), &shown["failures"]), (expected, &json!(0)));
    fails(&server, &run, 3).await;

    // The same by the routes of all runs.
    server
        .post(&format!("/api/runs/{id}/retry"), &json!(null))
        .json(200)
        .await;
    let run = claim(&server).await;
    assert_eq!(
        run["input"]["restarts"][1],
        json!({"from_step": "note", "after": 3})
    );
}

#[tokio::test]
async fn an_execution_is_retried_from_an_earlier_step_with_other_parameters() {
    let (server, id) = failed().await;
    let wanted = json!({"from_step": "wait", "parameters": {"seconds": "0.5"}});
    retry(&server, &id, &wanted, 200).await;
    let run = claim(&server).await;
    let input = &run["input"];
    assert_eq!(input["parameters"], json!({"seconds": 0.5, "site": "A"}));
    let before = json!({"seconds": 1.5, "site": "A"});
    let restart = json!([{"from_step": "wait", "after": 2, "parameters_before": before}]);
    assert_eq!(input["restarts"], restart);
    let again = json!({"name": "Wait", "type": "utility.sleep"});
    report(
        &server,
        &run,
        json!([part(3, "wait", "started", &again)]),
        (0, 0),
    )
    .await;
    let shown = get(&server, &id).await;
    let expected = owned(&[("wait", "running"), ("note", "pending")]);
    assert_eq!(steps(&shown), expected);
    assert_eq!(shown["current_step_index"], 0);
    // It has not ended.
    let refused = retry(&server, &id, &json!(null), 400).await;
    let message = "The execution is running, so it cannot be retried";
    assert_eq!(refusal(&refused), ("validation_error", message));
}

#[tokio::test]
async fn a_retry_that_is_wrong_changes_nothing() {
    let (server, id) = failed().await;
    for (wrong, field) in [
        (json!({"from_step": "none"}), "from_step"),
        (json!({"from_step": 7}), "from_step"),
        (json!({"parameters": [1]}), "parameters"),
    ] {
        let refused = retry(&server, &id, &wrong, 400).await;
        assert_eq!(refused["detail"]["details"]["field"], field, "{refused}");
    }
    let mistyped = json!({"parameters": {"seconds": "soon"}});
    let refused = retry(&server, &id, &mistyped, 400).await;
    assert_eq!(
        refused["detail"]["details"]["parameters"],
        json!(["seconds"])
    );
    assert_eq!(get(&server, &id).await["status"], "failed");
    assert!(claim(&server).await.is_null());
    let missing = retry(&server, "none", &json!(null), 404).await;
    assert_eq!(refusal(&missing).0, "execution_not_found");
}

#[tokio::test]
async fn a_paused_execution_goes_back() {
    let server = library(&[("gateway/checks.yaml", CHECKS)]).await;
    let id = start(&server).await;
    let run = claim(&server).await;
    let done = json!({"name": "Wait", "type": "utility.sleep"});
    report(
        &server,
        &run,
        json!([part(1, "wait", "completed", &done)]),
        (1, 0),
    )
    .await;
    let refused = ask(&server, &id, "skip_back", 400).await;
    assert_eq!(refusal(&refused).0, "validation_error", "it runs");
    ask(&server, &id, "pause", 200).await;
    let park =
        json!({"executor": "player", "token": run["token"], "wait_for": "operator", "seen": 1});
    let parked = server.post(&format!("/api/runs/{id}/park"), &park);
    assert_eq!(parked.status().await, 204);
    let back = ask(&server, &id, "skip_back", 200).await;
    assert_eq!(back["message"], "Execution goes back one step");
    assert_eq!(get(&server, &id).await["status"], "paused");
    let refused = ask(&server, &id, "skip_back", 400).await;
    assert!(refusal(&refused).1.contains("no step before"), "{refused}");
    ask(&server, &id, "resume", 200).await;
    let run = claim(&server).await;
    assert_eq!(
        run["input"]["restarts"],
        json!([{"from_step": "wait", "after": 1}])
    );
}

#[tokio::test]
async fn debug_mode_is_shown_as_it_is() {
    let server = library(&[("gateway/checks.yaml", CHECKS)]).await;
    let id = start(&server).await;
    assert_eq!(get(&server, &id).await["debug_mode"], false);
    ask(&server, &id, "debug/enable", 200).await;
    assert_eq!(get(&server, &id).await["debug_mode"], true);
    ask(&server, &id, "debug/disable", 200).await;
    assert_eq!(get(&server, &id).await["debug_mode"], false);
}
