//! Downloads from servers that fail now and then, and what those are told.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use executor::binaries::{Binaries, DownloadSource, Error, FetchLimits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{binaries::digest, test_dir::TestDir};

const PROGRAM: &[u8] = b"#!/bin/sh\necho fetched\n";

/// A server that gives one answer after the other, each on a connection of its own, the last one again and again.
pub(crate) struct Scripted {
    base: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) async fn serve(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.expect("a connection");
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match connection.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(String::from_utf8_lossy(&head).to_lowercase());
                    seen.len() - 1
                };
                let answer = &answers[number.min(answers.len() - 1)];
                let _ = connection.write_all(answer).await;
                let _ = connection.shutdown().await;
            }
        });
        Self { base, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The heads of all requests, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// An answer with a body, of which only so many bytes come.
fn answer(status: &str, headers: &str, body: &[u8], comes: usize) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), &body[..comes]].concat()
}

fn good() -> Vec<u8> {
    answer("200 OK", "", PROGRAM, PROGRAM.len())
}

fn open(dir: &Path) -> Binaries {
    let limits = FetchLimits {
        tries: 3,
        ..FetchLimits::new(1 << 20)
    };
    Binaries::open(dir, 1 << 20, limits).expect("the cache opens")
}

async fn fetched(source: impl Into<DownloadSource>) -> Result<Vec<u8>, Error> {
    let dir = TestDir::new();
    let cache = open(&dir.path("cache"));
    let pinned = cache.get(digest(PROGRAM), source).await?;
    Ok(std::fs::read(pinned.path()).expect("it is there"))
}

#[tokio::test]
async fn what_fails_and_may_pass_is_tried_again() {
    let busy = answer("503 Service Unavailable", "", b"busy", 4);
    let many = answer("429 Too Many Requests", "Retry-After: 1\r\n", b"", 0);
    // Nothing at all: the connection is closed.
    for first in [busy.clone(), many.clone(), Vec::new()] {
        let server = Scripted::serve(vec![first, good()]).await;
        assert_eq!(fetched(&server.url("/p")).await.expect("it comes"), PROGRAM);
        assert_eq!(server.requests().len(), 2);
    }
    let server = Scripted::serve(vec![many, good()]).await;
    let began = Instant::now();
    fetched(&server.url("/p")).await.expect("it comes");
    assert!(began.elapsed() >= Duration::from_secs(1), "as it asked for");
    let server = Scripted::serve(vec![busy]).await;
    let error = fetched(&server.url("/p")).await.expect_err("it stays away");
    let told = "the server answered 503 Service Unavailable (tried 3 times)";
    assert_eq!(error.to_string(), told);
    assert_eq!(server.requests().len(), 3);
    let server = Scripted::serve(vec![answer("404 Not Found", "", b"", 0)]).await;
    let error = fetched(&server.url("/p"))
        .await
        .expect_err("it is not there");
    assert_eq!(error.to_string(), "the server answered 404 Not Found");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_was_cut_goes_on_where_the_server_says_that_it_is_the_same() {
    let (rest, total) = (&PROGRAM[10..], PROGRAM.len());
    let tag = "ETag: \"one\"\r\n";
    let range = format!("Content-Range: bytes 10-{}/{total}\r\n", total - 1);
    let partial = answer("206 Partial Content", &range, rest, rest.len());
    let cut = |headers| answer("200 OK", headers, PROGRAM, 10);
    let server = Scripted::serve(vec![cut(tag), partial]).await;
    assert_eq!(fetched(&server.url("/p")).await.expect("it comes"), PROGRAM);
    let requests = server.requests();
    assert!(!requests[0].contains("range"), "{}", requests[0]);
    for wanted in ["\r\nrange: bytes=10-\r\n", "\r\nif-range: \"one\"\r\n"] {
        assert!(requests[1].contains(wanted), "{}", requests[1]);
    }
    // Another content, which comes whole.
    let server = Scripted::serve(vec![cut(tag), good()]).await;
    assert_eq!(fetched(&server.url("/p")).await.expect("it comes"), PROGRAM);
    // Nothing that tells whether it is the same.
    for headers in ["", "ETag: W/\"weak\"\r\n"] {
        let server = Scripted::serve(vec![cut(headers), good()]).await;
        assert_eq!(fetched(&server.url("/p")).await.expect("it comes"), PROGRAM);
        assert!(!server.requests()[1].contains("range"), "{headers}");
    }
    let server = Scripted::serve(vec![cut("")]).await;
    let error = fetched(&server.url("/p")).await.expect_err("it never ends");
    assert!(error.to_string().ends_with("(tried 3 times)"), "{error}");
}

#[tokio::test]
async fn servers_hear_who_asks_and_nothing_of_other_servers() {
    let second = Scripted::serve(vec![good()]).await;
    let elsewhere = format!("Location: {}\r\n", second.url("/there"));
    let here = "Location: /again\r\n";
    let first = Scripted::serve(vec![
        answer("302 Found", here, b"", 0),
        answer("307 Temporary Redirect", &elsewhere, b"", 0),
    ])
    .await;
    let source = DownloadSource {
        url: first.url("/p?token=S3CRET"),
        headers: BTreeMap::from([
            ("Authorization".to_owned(), "Bearer S3CRET".to_owned()),
            ("Private-Token".to_owned(), "S3CRET".to_owned()),
        ]),
    };
    assert_eq!(fetched(source).await.expect("it comes"), PROGRAM);
    let (first, second) = (first.requests(), second.requests());
    for request in first.iter().chain(&second) {
        let agent = format!(
            "\r\nuser-agent: playhouse/{}\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert!(request.contains(&agent), "{request}");
        assert!(!request.contains("referer"), "{request}");
    }
    for request in &first {
        let shown = ["authorization: bearer s3cret", "private-token: s3cret"];
        assert!(shown.iter().all(|one| request.contains(one)), "{request}");
    }
    assert!(!second[0].contains("s3cret"), "{}", second[0]);
}

#[tokio::test]
async fn an_answer_that_is_no_program_is_told_as_it_is() {
    let nowhere = "the server answered 302 Found without saying where it is: there is no Location";
    for (status, told) in [
        ("304 Not Modified", "the server answered 304 Not Modified"),
        (
            "300 Multiple Choices",
            "the server answered 300 Multiple Choices",
        ),
        ("302 Found", nowhere),
    ] {
        let server = Scripted::serve(vec![answer(status, "", b"", 0)]).await;
        let error = fetched(&server.url("/p")).await.expect_err("it is none");
        assert_eq!(error.to_string(), told);
        assert_eq!(server.requests().len(), 1, "nothing else would come");
    }
    let source = DownloadSource {
        url: "http://127.0.0.1:9/".to_owned(),
        headers: BTreeMap::from([("X".to_owned(), "S3CRET\n".to_owned())]),
    };
    let error = fetched(source).await.expect_err("no header");
    assert!(!error.to_string().contains("S3CRET"), "{error}");
}
