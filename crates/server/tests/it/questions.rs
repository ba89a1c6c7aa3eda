//! What the server asks an executor: how the question reaches it, and how the answer comes back.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request};
use serde_json::{Value, json};
use server::{Assembled, Clock, Settings};
use tokio::sync::mpsc;

use crate::{
    answer::Answer,
    database::{self, on_both},
    stream::DEADLINE,
    test_server::{FixedClock, TestServer},
};

on_both!(
    an_answer_comes_as_it_is_sent_from_whichever_server_the_executor_talks_to,
    an_answer_that_is_not_wanted_any_more_is_refused,
);

const DOCTOR: &str = "/api/executors/worker-1/doctor";

/// A server that knows `worker-1` and waits for answers for this long.
async fn server(limit: Duration) -> TestServer {
    let server = TestServer::with(|settings| settings.question_timeout = limit).await;
    let registration = json!({"slots": 1, "version": "1", "isolation": "none"});
    server
        .put("/api/executors/worker-1", &registration)
        .json(200)
        .await;
    server
}

/// Asks at another server on the same database; on SQLite, which has one server, at the same.
async fn ask_elsewhere(server: &TestServer) -> (Option<Assembled>, Answer) {
    let Some(url) = database::url(&server.dir().join("data")) else {
        return (None, server.get(DOCTOR).await);
    };
    let mut settings = Settings::new(server.dir().join("other"));
    settings.database_url = Some(url);
    let clock = Clock::new(FixedClock::new());
    let other = Assembled::open(settings, clock).await.expect("it opens");
    let request = Request::get(DOCTOR).header("host", "localhost");
    let request = request.body(Body::empty()).expect("a request");
    let answer = tower::ServiceExt::oneshot(other.router(), request);
    let Ok(answer) = answer.await;
    (Some(other), Answer::new(answer))
}

/// The question that the executor hears, unless it has heard it.
async fn heard(server: &TestServer, heard: &[&str], wait_seconds: f64) -> Value {
    let renew = json!({"leases": [], "wait_seconds": wait_seconds, "answering": heard});
    let path = "/api/executors/worker-1/leases";
    let renewed = server.post(path, &renew).json(200).await;
    renewed["questions"][0].clone()
}

fn id(question: &Value) -> &str {
    question["id"].as_str().expect("an id")
}

fn path(question: &Value) -> String {
    format!("/api/executors/worker-1/answers/{}", id(question))
}

/// A body whose pieces are sent by hand.
fn pieces() -> (mpsc::UnboundedSender<&'static str>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let pieces = stream::unfold(receiver, |mut receiver| async {
        let piece = receiver.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), receiver))
    });
    (sender, Body::from_stream(pieces))
}

async fn next(pieces: &mut BodyDataStream) -> Option<Bytes> {
    let piece = tokio::time::timeout(DEADLINE, pieces.next());
    let piece = piece.await.expect("in time")?;
    Some(piece.expect("it does not break off"))
}

async fn an_answer_comes_as_it_is_sent_from_whichever_server_the_executor_talks_to() {
    let server = server(DEADLINE).await;
    let (sender, body) = pieces();
    sender.send("one").expect("it is read");
    let asker = async {
        let (_other, answer) = ask_elsewhere(&server).await;
        assert_eq!(answer.status, 200);
        let mut pieces = answer.into_body().into_data_stream();
        assert_eq!(next(&mut pieces).await.expect("a piece"), "one");
        // The first piece is here before the second is sent.
        sender.send("two").expect("it is read");
        assert_eq!(next(&mut pieces).await.expect("a piece"), "two");
        drop(sender);
        assert_eq!(next(&mut pieces).await, None);
    };
    let executor = async {
        let question = heard(&server, &[], 50.0).await;
        assert_eq!(question["ask"], "doctor");
        // A call that broke off may have lost it: it comes again until the executor says that it has it.
        assert_eq!(heard(&server, &[], 50.0).await, question);
        assert_eq!(heard(&server, &[id(&question)], 0.0).await, Value::Null);
        let sent = server.send(Method::POST, &path(&question), body);
        assert_eq!(sent.status().await, 204);
    };
    tokio::join!(asker, executor);
    assert_eq!(heard(&server, &[], 0.0).await, Value::Null);
}

async fn an_answer_that_is_not_wanted_any_more_is_refused() {
    let server = server(DEADLINE).await;
    let unknown = json!({"id": "018cc4e5-2200-7000-8000-0000000000ff"});
    server
        .send(Method::POST, &path(&unknown), "late")
        .problem(404)
        .await;
    let (sender, body) = pieces();
    sender.send("one").expect("it is read");
    let asker = async {
        drop(ask_elsewhere(&server).await);
        // Whatever is on its way then, the executor hears of it.
        while sender.send("more").is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let executor = async {
        let question = heard(&server, &[], 50.0).await;
        let sent = server.send(Method::POST, &path(&question), body);
        sent.problem(404).await;
    };
    tokio::join!(asker, executor);
}

#[tokio::test]
async fn the_caller_hears_why_there_is_no_answer() {
    let server = server(Duration::from_millis(300)).await;
    // One has never called; the other claims as the contract has it, and never registered.
    server.claims_nothing("worker-2").await;
    for name in ["unknown", "worker-2"] {
        let path = format!("/api/executors/{name}/doctor");
        let refused = server.get(&path).problem(404).await;
        assert!(refused.contains(&format!("`{name}`")), "{refused}");
    }
    let away = server.get(DOCTOR).problem(504).await;
    assert!(
        away.contains("`worker-1`") && away.contains("no answer within"),
        "{away}"
    );
    assert_eq!(
        heard(&server, &[], 0.0).await,
        Value::Null,
        "it is forgotten"
    );
    let executor = async {
        let question = heard(&server, &[], 50.0).await;
        let path = format!("{}?error=not%20today", path(&question));
        assert_eq!(server.send(Method::POST, &path, "").status().await, 204);
    };
    let (refused, ()) = tokio::join!(server.get(DOCTOR).problem(503), executor);
    assert!(refused.contains("not today"), "{refused}");
}
