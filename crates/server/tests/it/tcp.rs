//! What needs real TCP: start and stop, waits across connections, who may ask.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use server::{Error, Running, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wire::{
    client::{Client, LogMessage, Payload},
    executors::{HeldLease, Renew},
    jobs::{Claim, NewJob},
};

use crate::{stream::DEADLINE, test_server::SHA256};

pub(crate) fn settings(dir: &Path) -> Settings {
    let mut settings = Settings::new(dir.to_owned());
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.look_every = DEADLINE;
    settings
}

async fn start(dir: &Path) -> (Running, Client) {
    let running = server::start(settings(dir))
        .await
        .expect("the server starts");
    let client = Client::http(running.public_url()).expect("a client");
    (running, client)
}

pub(crate) fn job() -> NewJob {
    NewJob {
        job_type: "small".to_owned(),
        binary_url: "https://example.com/binary".to_owned(),
        binary_sha256: SHA256.to_owned(),
        priority: "foreground".to_owned(),
        ..NewJob::default()
    }
}

pub(crate) fn claim(wait_seconds: f64) -> Claim {
    Claim {
        executor_id: "worker-1".to_owned(),
        wait_seconds: Some(wait_seconds),
        ..Claim::default()
    }
}

/// Sends text; the answer comes on what is returned.
async fn sent(running: &Running, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    stream
}

/// Sends text and reads the answer to its end.
async fn exchange(running: &Running, request: &str) -> String {
    let mut stream = sent(running, request).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    read.expect("an answer in time").expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn when_start_returns_the_server_answers() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    assert_eq!(client.health().await.expect("an answer").status, "healthy");
    assert_eq!(
        running.public_url(),
        format!("http://{}", running.local_addr())
    );
    running.stop().await;
    let error = client.health().await.expect_err("no server is there");
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_until_the_first_has_stopped() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    let id = client.submit(&job(), None).await.expect("accepted").id;
    let second = server::start(settings(dir.path())).await;
    assert!(matches!(second.err(), Some(Error::Locked(_))));
    client.health().await.expect("the first goes on");
    running.stop().await;
    let (running, client) = start(dir.path()).await;
    assert_eq!(
        client.job(&id).await.expect("it is there").status,
        "pending"
    );
    running.stop().await;
}

#[tokio::test]
async fn addresses_that_others_can_reach_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for address in [
        ([0, 0, 0, 0], 0).into(),
        "[::]:0".parse().expect("an address"),
    ] {
        let mut settings = settings(dir.path());
        settings.listen = address;
        let refused = server::start(settings).await;
        assert!(
            matches!(refused.err(), Some(Error::NotLoopback(_))),
            "{address}"
        );
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).expect("a directory").count(),
        0
    );
}

#[tokio::test]
async fn settings_that_would_break_a_promise_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let wrong: [fn(&mut Settings); 4] = [
        |settings| settings.lease = Duration::from_millis(999),
        |settings| settings.scan = Duration::ZERO,
        |settings| settings.scan = Duration::from_secs(6),
        |settings| settings.scan = Duration::from_millis(5_001),
    ];
    for (number, set) in wrong.into_iter().enumerate() {
        let mut settings = settings(dir.path());
        set(&mut settings);
        let refused = server::start(settings).await;
        assert!(matches!(refused.err(), Some(Error::Setting(_))), "{number}");
    }
}

#[tokio::test]
async fn another_host_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, _) = start(dir.path()).await;
    for request in [
        "GET /api/v1/jobs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost.evil.example:80\r\nConnection: close\r\n\r\n",
        "GET /api/v1/jobs HTTP/1.0\r\n\r\n",
    ] {
        let answer = exchange(&running, request).await;
        assert!(
            answer.starts_with("HTTP/1.") && answer.contains(" 403 "),
            "{answer}"
        );
        assert!(
            answer.contains("\"error\":") && answer.contains("\"context\":"),
            "{answer}"
        );
    }
    let own = "GET /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(exchange(&running, own).await.contains(" 200 "));
    let body = "{\"executor_id\":\"a\"}";
    let claim = format!(
        "POST /api/v1/jobs/claim HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let none = exchange(&running, &claim).await.to_lowercase();
    assert!(
        none.contains(" 204 ") && !none.contains("content-length"),
        "{none}"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_waiting_claim_is_woken_by_a_submit() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { (client.claim(&claim(60.0)).await, Instant::now()) }
    });
    // It waits: the caller is counted before.
    wait_for_executor(&client).await;
    let submitted = Instant::now();
    let id = client.submit(&job(), None).await.expect("accepted").id;
    let (claimed, at) = waiting.await.expect("no panic");
    assert_eq!(claimed.expect("an answer")[0].id, id);
    // By itself it looks again after a minute only.
    assert!(
        at - submitted < Duration::from_secs(20),
        "{:?}",
        at - submitted
    );
    running.stop().await;
}

/// A claim without a `Content-Length` that waits, from a caller who hangs up.
async fn claim_and_hang_up(running: &Running) {
    let body = r#"{"executor_id":"gone","wait_seconds":60}"#;
    let head = "POST /api/v1/jobs/claim HTTP/1.1\r\nHost: localhost\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    let request = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut stream = sent(running, &request).await;
    // So long it waits, as it should, and so long the server has to see that the caller is gone.
    let pause = Duration::from_secs(1);
    let answer = tokio::time::timeout(pause, stream.read_u8()).await;
    assert!(answer.is_err(), "{answer:?}");
    drop(stream);
    tokio::time::sleep(pause).await;
}

#[tokio::test]
async fn a_waiting_claim_ends_with_its_caller() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    let mut given = Vec::new();
    // More than once: the machine may be slow to tell that a connection is closed.
    for _ in 0..5 {
        claim_and_hang_up(&running).await;
        client.submit(&job(), None).await.expect("accepted");
        given = client.claim(&claim(0.0)).await.expect("an answer");
        if !given.is_empty() {
            break;
        }
    }
    assert_eq!(given.len(), 1, "runs were taken for callers that are gone");
    assert_eq!(given[0].attempts.len(), 1);
    running.stop().await;
}

async fn wait_for_executor(client: &Client) {
    let started = Instant::now();
    while client.executors().await.expect("an answer").is_empty() {
        assert!(started.elapsed() < DEADLINE);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn stop_ends_waiting_claims_and_streams_promptly() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    let id = client.submit(&job(), None).await.expect("accepted").id;
    client.claim(&claim(0.0)).await.expect("the job");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.claim(&claim(60.0)).await }
    });
    let renewing = tokio::spawn({
        let client = client.clone();
        async move {
            let renew = Renew {
                leases: vec![],
                wait_seconds: 60.0,
                ..Renew::default()
            };
            client.renew("worker-1", &renew).await
        }
    });
    let mut log = Box::pin(client.follow_run(&id, None).await.expect("a stream"));
    let events = client
        .download("/api/events?after=0")
        .await
        .expect("a stream");
    let mut events = events.into_body();
    events.next().await.expect("it begins").expect("it begins");
    let started = Instant::now();
    running.stop().await;
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    // Whether the calls were under way or not yet there, they end.
    for call in [
        tokio::spawn(async { waiting.await.expect("no panic").map(drop) }),
        tokio::spawn(async { renewing.await.expect("no panic").map(drop) }),
    ] {
        let ended = tokio::time::timeout(DEADLINE, call).await.expect("it ends");
        drop(ended.expect("no panic"));
    }
    let rest = async {
        while let Some(message) = log.next().await {
            assert!(
                !matches!(message, Ok(LogMessage::End(_))),
                "the job has not ended"
            );
        }
        while events.next().await.is_some() {}
    };
    tokio::time::timeout(DEADLINE, rest)
        .await
        .expect("the streams end");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_not_cut_off() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    for _ in 0..5 {
        let large = NewJob {
            arguments: Some(vec!["x".repeat(24 << 20)]),
            ..job()
        };
        let error = client.submit(&large, None).await.expect_err("too large");
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(413),
            "{error}"
        );
    }
    // Who writes everything before it reads, as most libraries do, hears it too.
    let length = 64 << 20;
    for head in [
        format!("Content-Length: {length}"),
        "Transfer-Encoding: chunked".to_owned(),
    ] {
        let start = format!("POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n");
        let mut stream = TcpStream::connect(running.local_addr())
            .await
            .expect("a connection");
        let body = match head.contains("chunked") {
            true => format!("{length:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(length)),
            false => "x".repeat(length),
        };
        for part in [start, body] {
            let sent = tokio::time::timeout(DEADLINE, stream.write_all(part.as_bytes())).await;
            sent.expect("in time").expect("it is read");
        }
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
    assert_eq!(
        client.stats().await.expect("an answer").jobs_by_status["pending"],
        0
    );
    running.stop().await;
}

#[tokio::test]
async fn an_upload_of_which_nothing_comes_is_given_up() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut settings = settings(dir.path());
    settings.upload_timeout = Duration::from_millis(200);
    let running = server::start(settings).await.expect("the server starts");
    let request = "POST /api/v1/binaries HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Length: 9\r\n\r\nhalf";
    let answer = exchange(&running, request).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("nothing of the upload came for 0.2 seconds"),
        "{answer}"
    );
    let binaries = std::fs::read_dir(dir.path().join("blobs")).expect("a directory");
    assert_eq!(binaries.count(), 0, "half a program is kept");
    running.stop().await;
}

#[tokio::test]
async fn an_uploaded_program_is_fetched_from_the_url_that_was_given() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, client) = start(dir.path()).await;
    let program = vec![7_u8; 3 << 20];
    let payload = Payload::Bytes(program.clone().into());
    let uploaded = client.upload(payload).await.expect("accepted");
    let path = uploaded
        .binary_url
        .strip_prefix(running.public_url())
        .expect("our own URL");
    let mut body = client.download(path).await.expect("found").into_body();
    let mut found = Vec::new();
    while let Some(chunk) = body.next().await {
        found.extend_from_slice(&chunk.expect("a chunk"));
    }
    assert_eq!(found, program);
    running.stop().await;
}

#[tokio::test]
async fn the_data_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mode = |path: &Path| {
        let found = std::fs::metadata(path).expect("it is there");
        found.permissions().mode() & 0o777
    };
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy.db"));
    let (running, _) = start(&data).await;
    assert_eq!(mode(&data), 0o700);
    server::backup(&data, &copy).expect("a copy");
    assert_eq!(mode(&copy), 0o600);
    let length = std::fs::metadata(&copy).expect("it is there").len();
    server::backup(&data, &copy).expect_err("it exists");
    assert_eq!(
        std::fs::metadata(&copy).expect("it is there").len(),
        length,
        "what was there before is not touched"
    );
    running.stop().await;
}

#[tokio::test]
async fn leases_are_kept_through_a_wait_that_is_longer_than_they_are() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut settings = settings(dir.path());
    settings.lease = Duration::from_secs(2);
    settings.scan = Duration::from_millis(100);
    let running = server::start(settings).await.expect("the server starts");
    let client = running.client();
    client.submit(&job(), None).await.expect("accepted");
    let job = client.claim(&claim(0.0)).await.expect("a job").remove(0);
    let renew = Renew {
        leases: vec![HeldLease {
            run_id: job.id,
            token: job.lease_token.expect("a token"),
            seen: 0,
        }],
        wait_seconds: 5.0,
        ..Renew::default()
    };
    let started = Instant::now();
    let renewed = client.renew("worker-1", &renew).await.expect("an answer");
    assert!(!renewed.leases[0].lost, "after {:?}", started.elapsed());
    assert!(started.elapsed() >= Duration::from_secs(5));
    running.stop().await;
}

#[tokio::test]
async fn a_call_that_outlives_the_stop_keeps_the_directory_locked() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (running, _) = start(dir.path()).await;
    let mut stream = TcpStream::connect(running.local_addr())
        .await
        .expect("a connection");
    // So much that its beginning is written to the disk.
    let half = "half".repeat(100_000);
    let request = format!(
        "POST /api/v1/binaries HTTP/1.1\r\nhost: localhost\r\ncontent-length: 999999\r\n\r\n{half}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("half a request");
    let begun = || {
        let files = std::fs::read_dir(dir.path().join("blobs")).expect("a directory");
        files.count() > 0
    };
    let deadline = Instant::now() + DEADLINE;
    while !begun() {
        assert!(Instant::now() < deadline, "the upload never began");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop().await;
    let second = server::start(settings(dir.path())).await;
    assert!(matches!(second.err(), Some(Error::Locked(_))));
    drop(stream);
    let running = loop {
        match server::start(settings(dir.path())).await {
            Ok(running) => break running,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    running.stop().await;
}
