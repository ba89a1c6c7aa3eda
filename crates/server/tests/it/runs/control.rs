//! What operators ask of runs.

use engine::Kind;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{detail, filled, text};
use crate::{answer::Answer, jobs::claim::submit_unreadable, test_server::TestServer};

async fn ask(server: &TestServer, id: &str, control: &str) -> Answer {
    let path = format!("/api/runs/{id}/{control}");
    server.post(&path, &json!(null)).await
}

async fn asked(server: &TestServer, id: &str, control: &str) -> Value {
    ask(server, id, control).await.json(200).await
}

#[tokio::test]
async fn a_job_that_waits_is_paused_resumed_cancelled_and_retried() {
    let (server, [id, ..]) = filled().await;
    let paused = ask(&server, &id, "pause").await;
    assert_snapshot!("paused", paused.shown().await);
    // The contract has no word for it.
    assert_eq!(server.status(&id).await, "pending");
    let claim = json!({"executor_id": "worker-2", "executor_ip": "192.0.2.7"});
    let claimed = server.post("/api/v1/jobs/claim", &claim).await;
    assert_eq!(claimed.status, 204, "a paused job is not handed out");
    assert_eq!(asked(&server, &id, "resume").await["status"], "queued");
    let cancelled = asked(&server, &id, "cancel").await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["controls"], json!(["retry"]));
    assert_eq!(asked(&server, &id, "retry").await["status"], "queued");

    let audit = server.get("/api/audit?limit=4").await.json(200).await;
    let audit: Vec<String> = audit
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| {
            assert_eq!(
                (&line["target"]["kind"], &line["target"]["id"]),
                (&json!("job"), &json!(id))
            );
            text(&line["action"])
        })
        .collect();
    assert_eq!(
        audit,
        ["run.retry", "run.cancel", "run.resume", "run.pause"]
    );
}

#[tokio::test]
async fn a_running_job_is_asked_to_stop() {
    let (server, [.., id]) = filled().await;
    let stopping = asked(&server, &id, "cancel").await;
    assert_eq!(stopping["status"], "running");
    assert_eq!(stopping["signals"]["cancel"], 1);
    assert_eq!(stopping["controls"], json!([]));
    let beat = json!({"executor_id": "worker-1"});
    let beat = server
        .put(&format!("/api/v1/jobs/{id}/heartbeat"), &beat)
        .await;
    assert_eq!(beat.json(200).await, json!({"cancel_requested": true}));
    // Asking again changes nothing and is no error.
    assert_eq!(asked(&server, &id, "cancel").await["signals"]["cancel"], 1);
}

#[tokio::test]
async fn what_a_kind_or_a_status_does_not_allow_is_a_conflict() {
    let (server, [queued, held, running]) = filled().await;
    let conflicts = [
        (&queued, "skip", "jobs cannot be skipped"),
        (
            &queued,
            "resume",
            "the job is queued, so it cannot be resumed",
        ),
        (
            &queued,
            "retry",
            "the job is queued, so it cannot be retried",
        ),
        (
            &running,
            "pause",
            "the job is running: a job can be paused only before it starts",
        ),
        (
            &running,
            "retry",
            "the job is running, so it cannot be retried",
        ),
        (
            &held,
            "pause",
            "the plugin job is held, so it cannot be paused",
        ),
        (&held, "retry", "plugin jobs cannot be retried"),
        (&held, "skip", "plugin jobs cannot be skipped"),
    ];
    for (id, control, message) in conflicts {
        let problem = ask(&server, id, control).await.json(409).await;
        assert_eq!(detail(&problem), message);
    }
    assert_snapshot!(ask(&server, &running, "pause").await.shown().await);
    assert_eq!(asked(&server, &held, "cancel").await["status"], "cancelled");
    let again = ask(&server, &held, "cancel").await.json(409).await;
    let why = "the plugin job was cancelled, so it cannot be cancelled";
    assert_eq!(detail(&again), why);
    let unknown = ask(&server, "018cc4e5-2200-7000-8000-000000000009", "cancel").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn an_execution_that_waits_takes_every_signal() {
    let server = TestServer::open().await;
    let id = submit_unreadable(&server, Kind::Execution).await;
    assert_eq!(asked(&server, &id, "skip").await["signals"]["skip"], 1);
    let paused = asked(&server, &id, "pause").await;
    assert_eq!(paused["waiting_for"], "operator");
    assert_eq!(paused["controls"], json!(["resume", "cancel"]));
    let resumed = asked(&server, &id, "resume").await;
    assert_eq!(resumed["status"], "queued");
    assert_eq!(
        resumed["signals"],
        json!({"generation": 3, "pause": 0, "skip": 1, "cancel": 0})
    );
    let retry = ask(&server, &id, "retry").await.json(409).await;
    let why = "the execution is queued, so it cannot be retried";
    assert_eq!(detail(&retry), why);
}
