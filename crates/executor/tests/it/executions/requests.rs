//! `http.request` against a real server.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::Query,
    http::{HeaderMap, StatusCode},
    response::Redirect,
    routing::{any, get},
};
use serde_json::{Value, json};

use super::{Executions, output};

/// A server that says what it got; it ends with the test's runtime.
pub(super) async fn serve() -> String {
    let echo = |query: Query<Value>, headers: HeaderMap, body: Bytes| async move {
        let header = |name: &str| {
            let value = headers
                .get(name)
                .map(|value| value.to_str().expect("text").to_owned());
            value.unwrap_or_default()
        };
        let got = json!({"query": query.0, "type": header("content-type"), "authorization": header("authorization"),
            "own": header("x-own"), "body": String::from_utf8_lossy(&body)});
        ([("x-trace", "t-17")], Json(got))
    };
    let (count, busy) = (
        Arc::new(AtomicUsize::new(0)),
        StatusCode::SERVICE_UNAVAILABLE,
    );
    let slow = move || async move {
        if count.fetch_add(1, Ordering::Relaxed) < 2 {
            return (busy, [("retry-after", "0")], "busy");
        }
        (StatusCode::OK, [("retry-after", "0")], "ready at last")
    };
    let routes = Router::new()
        .route("/echo", any(echo))
        .route("/slow", get(slow))
        .route(
            "/away",
            any(|| async { Redirect::temporary("/echo?from=away") }),
        )
        .route("/large", get(|| async { "x".repeat(3 << 20) }))
        .route(
            "/html",
            get(|| async { (StatusCode::UNAUTHORIZED, "<html>who are you?</html>") }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

fn step(id: &str, url: &str, more: &str) -> String {
    format!(
        "  - {{id: {id}, name: {id}, type: http.request, parameters: {{url: \"{url}\"{more}}}}}\n"
    )
}

#[tokio::test]
async fn a_request_sends_what_its_parameters_say() {
    let (executions, base) = (Executions::new(), serve().await);
    let echo = format!("{base}/echo");
    let steps = step(
        "asks",
        &echo,
        ", query: {a: 1, b: x y}, headers: {X-Own: mine}",
    ) + &step(
        "json",
        &echo,
        ", method: post, json: {k: [1]}, username: me, password: pw",
    ) + &step("form", &echo, ", method: PUT, form: {a: 'x&y', b: 2}")
        + &step(
            "text",
            &format!("{base}/away"),
            ", body: plain, method: POST",
        );
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    let asks = output(&parts, "asks");
    assert_eq!(
        (&asks["status"], &asks["json"]["own"]),
        (&json!(200), &json!("mine"))
    );
    assert_eq!(asks["json"]["query"], json!({"a": "1", "b": "x y"}));
    assert_eq!(asks["headers"]["x-trace"], "t-17");
    let sent = &output(&parts, "json")["json"];
    assert_eq!(
        (&sent["body"], &sent["type"]),
        (&json!("{\"k\":[1]}"), &json!("application/json"))
    );
    assert_eq!(sent["authorization"], "Basic bWU6cHc=");
    assert_eq!(output(&parts, "form")["json"]["body"], "a=x%26y&b=2");
    let text = output(&parts, "text");
    assert_eq!(text["json"]["query"], json!({"from": "away"}));
    assert_eq!(text["url"], format!("{base}/echo?from=away"));
    executions.end().await;
}

#[tokio::test]
async fn an_answer_is_taken_apart_and_checked() {
    let (executions, base) = (Executions::new(), serve().await);
    let echo = format!("{base}/echo?v=1.2.3");
    let more = ", capture: {v: {json: /query/v}, minor: {regex: 'v.*:.*1[.](.)'}, trace: {header: X-Trace}}, \
        assert: ['status == 200', 'json.query.v == \"1.2.3\"', 'captured.minor == \"2\"']";
    let (error, parts) = executions.run("one", &step("good", &echo, more)).await;
    assert_eq!(error, None, "{parts:?}");
    let captured = json!({"v": "1.2.3", "minor": "2", "trace": "t-17"});
    assert_eq!(output(&parts, "good")["captured"], captured);
    for (number, (path, more, says)) in [
        (
            "/echo",
            ", assert: 'status == 201'",
            "`status == 201` does not hold",
        ),
        (
            "/echo",
            ", capture: {v: {json: /nowhere}}",
            "has nothing for the capture `v`",
        ),
        (
            "/echo",
            ", expect_status: [201, 3xx]",
            "answered 200 OK, and not [201,\"3xx\"]",
        ),
        (
            "/html",
            "",
            "answered 401 Unauthorized, and not 2xx: <html>who are you?</html>",
        ),
        ("/large", "", "longer than 1048576 bytes"),
        ("/away", ", follow_redirects: 0", "answered 307"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = number.to_string();
        let steps = step("bad", &format!("{base}{path}"), more);
        let (error, _) = executions.run(&id, &steps).await;
        let error = error.expect("it fails");
        assert!(error.contains(says), "{error}");
    }
    executions.end().await;
}

#[tokio::test]
async fn a_request_is_sent_again_after_some_statuses_and_a_long_answer_is_kept() {
    let (executions, base) = (Executions::new(), serve().await);
    let steps = step("slow", &format!("{base}/slow"), ", retry_status: [503]")
        + &step(
            "large",
            &format!("{base}/large"),
            ", save_as: out/large.txt",
        );
    let (error, parts) = executions.run("one", &steps).await;
    assert_eq!(error, None, "{parts:?}");
    assert_eq!(output(&parts, "slow")["body"], "ready at last");
    let large = output(&parts, "large");
    assert_eq!(
        (&large["file"], &large["size"]),
        (&json!("out/large.txt"), &json!(3 << 20))
    );
    let key = ("one".to_owned(), "out/large.txt".to_owned());
    assert_eq!(
        executions.server.jobs.state().artifacts[&key].len(),
        3 << 20
    );
    executions.end().await;
}

#[tokio::test]
async fn a_request_sends_no_file_from_outside_the_directory_of_files() {
    let base = serve().await;
    let executions = Executions::with(|settings| {
        let files = settings.work_dir.with_file_name("files");
        std::fs::create_dir_all(&files).expect("a directory");
        std::fs::write(files.join("inside"), "inside").expect("a file");
        std::fs::write(files.with_file_name("outside"), "secret").expect("a file");
        std::os::unix::fs::symlink("../outside", files.join("link")).expect("a link");
        settings.files_dir = Some(files);
    });
    for (id, path, sent) in [
        ("inside", "inside", true),
        ("above", "../outside", false),
        ("link", "link", false),
        ("passwd", "/etc/passwd", false),
    ] {
        let more = format!(", method: POST, file: \"{path}\"");
        let (error, parts) = executions
            .run(id, &step(id, &format!("{base}/echo"), &more))
            .await;
        assert_eq!(error.is_none(), sent, "{path}: {parts:?}");
    }
}
