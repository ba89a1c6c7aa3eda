//! A disk that is too full, and files that others could read.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;
use server::{Assembled, Clock, FreeSpace, Settings};

use crate::{
    tcp::settings,
    test_server::{TestServer, example},
};

#[tokio::test]
async fn on_a_full_disk_nothing_new_is_taken_and_ends_are() {
    // More than any disk has, from now on.
    let full = TestServer::with(|settings| settings.free_space = FreeSpace::Bytes(u64::MAX)).await;
    let said = full.post("/api/v1/jobs", &example()).json(503).await;
    assert!(
        said["error"]
            .as_str()
            .is_some_and(|said| said.contains("MB free")),
        "{said}"
    );
    let bulk = json!({"jobs": [example()]});
    assert_eq!(full.post("/api/v1/jobs/bulk", &bulk).await.status, 503);
    let upload = full.send(http::Method::POST, "/api/v1/binaries", "#!/bin/sh\n");
    assert_eq!(upload.await.status, 503);
    let ready = full.get("/readyz").await;
    // Whoever sends ends of runs is to send them here.
    assert_eq!(ready.status, 200);
    assert!(ready.text().await.contains("MB free"));
    assert_eq!(full.get("/livez").await.status, 200);
    assert_eq!(full.get("/api/v1/jobs").json(200).await, json!([]));
}

#[tokio::test]
async fn a_run_ends_on_a_full_disk() {
    let server = TestServer::open().await;
    let id = server.submit(&example()).await;
    let claimed = server.claim("worker-1").await;
    let (data, clock) = (server.dir().join("data"), server.clock.clone());
    let full = server.reopened(|before| async move {
        drop(before);
        let mut settings = Settings::new(data);
        settings.free_space = FreeSpace::Bytes(u64::MAX);
        let opened = Assembled::open(settings, Clock::new(clock)).await;
        opened.expect("it opens")
    });
    let full = full.await;
    let token = &claimed["lease_token"];
    let output =
        format!("/api/runs/{id}/output?stream=stdout&offset=0&executor=worker-1&token={token}");
    assert_eq!(
        full.send(http::Method::POST, &output, "text").await.status,
        503
    );
    let done = json!({"executor_id": "worker-1", "stdout": "", "stderr": "", "exit_code": 0});
    full.put_job(&id, "complete", &done).json(200).await;
    assert_eq!(full.status(&id).await, "completed");
}

#[tokio::test]
async fn uploads_have_a_quota_together() {
    let server = TestServer::with(|settings| settings.upload_quota_bytes = Some(10)).await;
    let upload = |text: &'static str| server.send(http::Method::POST, "/api/v1/binaries", text);
    assert!(upload("#!/bin/sh\n").await.status.is_success());
    let refused = upload("#!/bin/sh\necho").json(413).await;
    assert!(
        refused["error"]
            .as_str()
            .is_some_and(|said| said.contains("10 bytes")),
        "{refused}"
    );
}

#[tokio::test]
async fn what_others_could_read_is_closed_to_them() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    fs::create_dir(&data).expect("made");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).expect("opened");
    let running = server::start(settings(&data)).await.expect("it starts");
    let mode = |file: &str| {
        let found = fs::metadata(data.join(file)).expect(file);
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode(""), 0o700);
    for file in [
        "playhouse.db",
        "playhouse.db-wal",
        "playhouse.db-shm",
        "vault.key",
        "operator.token",
    ] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    running.stop().await;
}
