//! `PUT /jobs/{id}/complete` and `PUT /jobs/{id}/fail`.

use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::{
    answer::has,
    test_server::{TestServer, bare, example},
};

const MIB: usize = 1 << 20;

/// A job that runs on `worker-1`, a minute after its submit.
async fn running(server: &TestServer) -> String {
    let id = server.submit(&example()).await;
    server.clock.advance_ms(60_000);
    server.claim("worker-1").await;
    server.clock.advance_ms(60_000);
    id
}

fn success() -> Value {
    json!({"executor_id": "worker-1", "stdout": "Job output...", "stderr": "", "exit_code": 0})
}

fn failure() -> Value {
    json!({
        "executor_id": "worker-1",
        "stdout": "Partial output...",
        "stderr": "Error messages...",
        "exit_code": 1,
        "error_message": "Binary execution failed",
    })
}

#[tokio::test]
async fn a_job_is_completed() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let end = server.put_job(&id, "complete", &success()).await;
    assert_snapshot!("completed", end.shown().await);
    assert_snapshot!("completed_job", server.job_shown(&id).await);
}

#[tokio::test]
async fn a_job_fails_for_good() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let end = server.put_job(&id, "fail", &failure()).await;
    assert_snapshot!("failed", end.shown().await);
    assert_snapshot!("failed_job", server.job_shown(&id).await);
    let claim = server.post("/api/v1/jobs/claim", &bare("worker-1")).await;
    assert_eq!(claim.status, 204, "no other attempt was asked for");
}

#[tokio::test]
async fn a_repeated_finish_is_answered_by_its_token_and_refused_without() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let path = format!("/api/v1/jobs/{id}/complete");
    server.put(&path, &success()).json(200).await;
    let again = server.put(&path, &success()).await;
    assert_snapshot!("without_token", again.shown().await);
    let mut with_token = success();
    with_token["lease_token"] = json!(1);
    with_token["stdout"] = json!("another output");
    let before = server.stats().await;
    let again = server.put(&path, &with_token).await;
    assert_snapshot!("with_token", again.shown().await);
    assert_eq!(server.stats().await, before);
    assert_eq!(
        server.job(&id).await["stdout"],
        "Job output...",
        "the first report stays"
    );
    let executors = server.get("/api/v1/admin/executors").json(200).await;
    assert_eq!(executors[0]["jobs_completed"], 1);
}

#[tokio::test]
async fn texts_that_an_executor_has_not_may_be_null() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let claim = json!({"executor_id": "worker-1", "executor_ip": null});
    server.post("/api/v1/jobs/claim", &claim).json(200).await;
    let end = json!({"executor_id": "worker-1", "stdout": null, "stderr": null, "exit_code": null});
    let path = format!("/api/v1/jobs/{id}/complete");
    server.put(&path, &end).json(200).await;
    assert_eq!(server.job(&id).await["stdout"], "");
}

#[tokio::test]
async fn a_finish_is_repeated_when_another_attempt_runs_already() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let path = format!("/api/v1/jobs/{id}/fail");
    let failed = json!({"executor_id": "worker-1", "lease_token": 1, "exit_code": 3});
    server.put(&path, &failed).json(200).await;
    let retry = format!("/api/v1/jobs/{id}/retry");
    server.post(&retry, &json!(null)).json(200).await;
    server.claim("worker-2").await;
    let before = server.job(&id).await;
    let again = server.put(&path, &failed).json(200).await;
    assert_eq!(again["status"], "running");
    let stranger = json!({"executor_id": "worker-3", "lease_token": 1, "exit_code": 3});
    server.put(&path, &stranger).refused(400).await;
    let made_up = json!({"executor_id": "worker-1", "lease_token": 3, "exit_code": 3});
    server.put(&path, &made_up).refused(400).await;
    assert_eq!(server.job(&id).await, before);
    assert_eq!(
        before["exit_code"],
        json!(null),
        "this attempt was not reported"
    );
    assert_eq!(before["error_message"], json!(null));
}

#[tokio::test]
async fn only_the_holder_of_a_running_job_finishes() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    for verb in ["complete", "fail"] {
        let path = format!("/api/v1/jobs/{id}/{verb}");
        let pending = server.put(&path, &success()).refused(400).await;
        assert_eq!(pending["context"]["job_id"], id);
        assert_eq!(pending["context"]["status"], "pending");
        let unknown = format!("/api/v1/jobs/018cc4e5-2200-7000-8000-0000000000ff/{verb}");
        server.put(&unknown, &success()).refused(404).await;
    }
    server.claim("worker-1").await;
    let mut other = success();
    other["executor_id"] = json!("worker-2");
    let path = format!("/api/v1/jobs/{id}/complete");
    assert_snapshot!("other", server.put(&path, &other).shown().await);
    let mut stale = success();
    stale["lease_token"] = json!(2);
    server.put(&path, &stale).refused(400).await;
    assert_eq!(server.status(&id).await, "running");
}

#[tokio::test]
async fn output_is_cut_in_the_middle_to_a_mebibyte_each() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let mut end = success();
    end["stdout"] = json!(format!("start{}end", "\u{20AC}".repeat(MIB)));
    end["stderr"] = json!("e".repeat(MIB));
    server.put_job(&id, "complete", &end).json(200).await;
    let job = server.job(&id).await;
    let stdout = job["stdout"].as_str().expect("text");
    assert!(
        stdout.len() <= MIB && stdout.len() > MIB - 100,
        "{}",
        stdout.len()
    );
    assert!(stdout.starts_with("start\u{20AC}") && stdout.ends_with("\u{20AC}end"));
    let gone: usize = 3 * MIB + 8 - stdout.len();
    assert!(
        stdout.contains("bytes cut"),
        "it says that something is missing: about {gone}"
    );
    assert_eq!(job["stderr"].as_str().map(str::len), Some(MIB));
}

#[tokio::test]
async fn every_byte_survives() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let text: String = (0..=0x17F).filter_map(char::from_u32).collect();
    let mut end = success();
    end["stdout"] = json!(text);
    end["stderr"] = json!("\0\u{FFFD}\u{10FFFF}\0");
    server.put_job(&id, "complete", &end).json(200).await;
    let job = server.job(&id).await;
    assert_eq!(job["stdout"], text);
    assert_eq!(job["stderr"], "\0\u{FFFD}\u{10FFFF}\0");
    for (stream, wanted) in [
        ("stdout", text.as_str()),
        ("stderr", "\0\u{FFFD}\u{10FFFF}\0"),
    ] {
        let log = server
            .get(&format!("/api/v1/jobs/{id}/logs?stream={stream}"))
            .await;
        assert_eq!(log.text().await, wanted);
    }
}

#[tokio::test]
async fn what_is_no_character_does_not_lose_the_result() {
    let server = TestServer::open().await;
    for (end, wrong) in [
        // What JavaScript sends of a text that it cut within a pair of surrogates.
        ("complete", &br"\ud83d"[..]),
        ("fail", br"\ude00"),
        ("fail", b"\xFF"),
        ("complete", b"\xED\xA0\xBD"),
    ] {
        let id = running(&server).await;
        let text = [b"\"cut: ", wrong, b"\""].concat();
        let body = [
            br#"{"executor_id":"worker-1","exit_code":1,"stdout":"#,
            &text[..],
            br#","stderr":"#,
            &text,
            br#","error_message":"#,
            &text,
            b"}",
        ]
        .concat();
        let path = format!("/api/v1/jobs/{id}/{end}");
        server.send(Method::PUT, &path, body).json(200).await;
        let job = server.job(&id).await;
        assert_eq!(job["stdout"], "cut: \u{FFFD}");
        assert_eq!(job["stderr"], "cut: \u{FFFD}");
        if end == "fail" {
            assert_eq!(job["error_message"], "cut: \u{FFFD}");
        }
    }
}

#[tokio::test]
async fn the_smallest_report_is_enough() {
    let server = TestServer::open().await;
    let id = running(&server).await;
    let path = format!("/api/v1/jobs/{id}/fail");
    server
        .put(&path, &json!({"executor_id": "worker-1"}))
        .json(200)
        .await;
    let job = server.job(&id).await;
    has(&job, &json!({"stdout": "", "exit_code": null}));
}

#[tokio::test]
async fn exit_codes_of_any_sign_are_kept() {
    let server = TestServer::open().await;
    for code in [-1, 0, 137, i64::MIN, i64::MAX] {
        let id = running(&server).await;
        let mut end = failure();
        end["exit_code"] = json!(code);
        server.put_job(&id, "fail", &end).json(200).await;
        assert_eq!(server.job(&id).await["exit_code"], code);
    }
}
