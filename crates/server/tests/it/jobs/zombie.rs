//! Executors of others, and executors that wake up too late.

use serde_json::{Value, json};

use crate::{
    answer::has,
    test_server::{TestServer, bare, example},
};

#[tokio::test]
async fn an_executor_that_knows_only_the_contract_works_through_a_job() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let job = server.claim("worker-1-abc123").await;
    has(&job, &json!({"id": id, "status": "running"}));
    for _ in 0..10 {
        server.clock.advance_ms(15_000);
        let beat = server
            .put(
                &format!("/api/v1/jobs/{id}/heartbeat"),
                &bare("worker-1-abc123"),
            )
            .await;
        assert_eq!(beat.status, 200);
        assert_eq!(server.reap().await, 0);
    }
    let end = json!({
        "executor_id": "worker-1-abc123",
        "stdout": "Job output...",
        "stderr": "",
        "exit_code": 0,
    });
    let end = server.put_job(&id, "complete", &end).await;
    assert_eq!(end.status, 200);
    let job = server.job(&id).await;
    has(
        &job,
        &json!({"status": "completed", "stdout": "Job output..."}),
    );
    assert_eq!(job["attempts"][0]["executor_ip"], "192.0.2.7");
}

/// Everything that a zombie could have changed.
async fn world(server: &TestServer, id: &str) -> (Value, Value) {
    (server.job(id).await, server.stats().await)
}

#[tokio::test]
async fn a_zombie_changes_nothing() {
    for token in [json!(null), json!(1)] {
        let server = TestServer::open().await;
        let id = server.submit(&example()).await;
        server.claim("zombie").await;
        server.clock.advance_ms(30_000);
        assert_eq!(server.reap().await, 1);
        let zombie = json!({"executor_id": "zombie", "lease_token": token, "stdout": "old"});
        // First while no executor has the job, then while another has it, then after its end.
        refused(&server, &id, &zombie).await;
        server.claim("worker-2").await;
        refused(&server, &id, &zombie).await;
        server.clock.advance_ms(29_999);
        refused(&server, &id, &zombie).await;
        assert_eq!(server.reap().await, 0);
        let end = json!({"executor_id": "worker-2", "stdout": "new", "exit_code": 0});
        server.put_job(&id, "complete", &end).json(200).await;
        refused(&server, &id, &zombie).await;
        assert_eq!(server.job(&id).await["stdout"], "new");
    }
}

async fn refused(server: &TestServer, id: &str, zombie: &Value) {
    // It is heard of, whatever it says: what is counted of it does not change any more.
    server.put_job(id, "heartbeat", zombie).refused(404).await;
    let before = world(server, id).await;
    server.put_job(id, "heartbeat", zombie).refused(404).await;
    server.put_job(id, "complete", zombie).refused(400).await;
    server.put_job(id, "fail", zombie).refused(400).await;
    let released = server.release(id, "zombie", &json!(1)).await;
    released.problem(404).await;
    assert_eq!(world(server, id).await, before);
}
