//! `DELETE /jobs/{id}` and `POST /jobs/{id}/cancel`.

use insta::assert_snapshot;
use serde_json::json;

use crate::bed::{Bed, bare, example};

#[tokio::test]
async fn a_pending_job_is_cancelled() {
    let bed = Bed::open().await;
    let path = format!("/api/v1/jobs/{}", bed.submit(&example()).await);
    bed.clock.advance_ms(60_000);
    assert_snapshot!("cancelled", bed.delete(&path).await.shown().await);
    assert_snapshot!("again", bed.delete(&path).await.shown().await);
    let claim = bed.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    assert_eq!(claim.status, 204, "a cancelled job is not handed out");
}

#[tokio::test]
async fn the_contract_does_not_cancel_a_running_job() {
    let bed = Bed::open().await;
    let id = bed.submit(&example()).await;
    bed.claim("worker-1").await;
    assert_snapshot!(
        bed.delete(&format!("/api/v1/jobs/{id}"))
            .await
            .shown()
            .await
    );
    assert_eq!(bed.status(&id).await, "running");
}

#[tokio::test]
async fn a_running_job_is_asked_to_stop_and_its_executor_ends_it() {
    let bed = Bed::open().await;
    let id = bed.submit(&example()).await;
    bed.claim("worker-1").await;
    let asked = bed
        .post(&format!("/api/v1/jobs/{id}/cancel"), &json!(null))
        .await;
    assert_snapshot!("asked", asked.shown().await);
    let again = bed
        .post(&format!("/api/v1/jobs/{id}/cancel"), &json!(null))
        .await;
    again.json(200).await;
    let beat = json!({"executor_id": "worker-1"});
    let beat = bed
        .put(&format!("/api/v1/jobs/{id}/heartbeat"), &beat)
        .await;
    assert_eq!(beat.json(200).await, json!({"cancel_requested": true}));
    let end = json!({"executor_id": "worker-1", "stdout": "half", "exit_code": 143});
    let end = bed.put(&format!("/api/v1/jobs/{id}/fail"), &end).await;
    assert_eq!(end.json(200).await["status"], "cancelled");
    assert_snapshot!(
        "stopped",
        bed.get(&format!("/api/v1/jobs/{id}")).await.shown().await
    );
}

#[tokio::test]
async fn a_job_that_completes_all_the_same_is_completed() {
    let bed = Bed::open().await;
    let id = bed.submit(&example()).await;
    bed.claim("worker-1").await;
    bed.post(&format!("/api/v1/jobs/{id}/cancel"), &json!(null))
        .await
        .json(200)
        .await;
    let end = json!({"executor_id": "worker-1", "exit_code": 0});
    bed.put(&format!("/api/v1/jobs/{id}/complete"), &end)
        .await
        .json(200)
        .await;
    let job = bed.job(&id).await;
    assert_eq!(
        (&job["status"], &job["cancel_requested"]),
        (&json!("completed"), &json!(null))
    );
}

#[tokio::test]
async fn a_cancelled_job_whose_executor_is_lost_ends_cancelled() {
    let bed = Bed::open().await;
    let id = bed.submit(&example()).await;
    bed.claim("worker-1").await;
    bed.post(&format!("/api/v1/jobs/{id}/cancel"), &json!(null))
        .await
        .json(200)
        .await;
    bed.clock.advance_ms(30_000);
    assert_eq!(bed.server.reap().await.expect("a tick"), 1);
    assert_eq!(bed.status(&id).await, "cancelled");
}
