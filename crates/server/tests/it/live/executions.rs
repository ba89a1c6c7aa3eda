//! `/ws/executions`: the contract's messages, from the event log, and pictures.

use std::{path::Path, time::Duration};

use engine::{AttemptOutcome, Holder, Kind, NewRun, Run, RunId};
use futures_util::future::join;
use serde_json::{Value, json};
use store::{
    Store,
    runs::{self, Claim, Finish, Report, Submission, Submit},
};
use wire::{
    browser::{FrameQuery, FrameViewers},
    client::Error,
};

use super::socket::{Socket, job, start};
use crate::{database, test_server::counted_id};

const TIMEOUT: Duration = Duration::from_secs(10);
const LEASE_MS: i64 = 600_000;

#[expect(
    clippy::disallowed_methods,
    reason = "the server's clock is the machine's"
)]
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A run of kind execution that an executor holds.
async fn running(store: &Store, number: u64) -> Run {
    let (id, now) = (counted_id(now_ms(), number), now_ms());
    let run = NewRun::new(id, Kind::Execution, "Module Upgrade", "execution");
    let step = json!({"id": "login", "name": "Login", "type": "gateway.login", "timeout": 300.0,
        "retry_count": 0});
    let input = json!({"playbook_path": "upgrade.yaml", "playbooks": {}, "parameters": {},
        "steps": [step, step]});
    let submission = Submission::new(run, input.to_string());
    let submit = Submit::new([submission], 1_000, now);
    store.submit(submit).await.expect("accepted");
    let claim = Claim {
        executor: "player".to_owned(),
        queues: vec!["execution".to_owned()],
        max: 1,
        lease_ms: LEASE_MS,
        now,
        ..Claim::default()
    };
    store.claim(claim).await.expect("claimed").remove(0).run
}

async fn completed(store: &Store, run: &Run) {
    let finish = Finish {
        id: run.id,
        holder: holder(run),
        outcome: AttemptOutcome::Completed,
        report: Report::default(),
        jitter: 0.0,
        aging_step_ms: 1_000,
        now: now_ms(),
    };
    let finished = store.finish(vec![finish]).await.expect("an answer");
    finished.into_iter().next().expect("one").expect("accepted");
}

fn holder(run: &Run) -> Holder {
    Holder {
        executor: "player".to_owned(),
        token: Some(run.token),
    }
}

/// One execution that has ended and one that goes on, in the database of a server to come.
async fn prepared(dir: &Path) -> (RunId, Run) {
    let store = database::store(dir, now_ms()).await;
    let first = running(&store, 1).await;
    let (id, by) = (first.id, holder(&first));
    let step = runs::PartReport {
        number: 1,
        name: "login".to_owned(),
        path: String::new(),
        stage: engine::Stage::Started,
        tries: 1,
        body: b"{}".to_vec(),
        event_data: String::new(),
    };
    let advance = move |batch: &mut store::Batch<'_, '_>| {
        let report = runs::ProgressReport {
            parts: std::slice::from_ref(&step),
            ..runs::ProgressReport::default()
        };
        runs::advance(batch, id, by.clone(), &report, now_ms())
    };
    store.write(advance).await.expect("owned");
    completed(&store, &first).await;
    let second = running(&store, 2).await;
    let closed = tokio::task::spawn_blocking(move || drop(store)).await;
    closed.expect("the store closes");
    (first.id, second)
}

/// The message is the update of this event, with the whole execution as it is now.
fn is_update(message: &Value, seq: i64, id: RunId, status: &str, step: &Value) {
    let expected = json!([
        "execution_update",
        seq,
        id.to_string(),
        "Module Upgrade",
        status,
        2,
        step
    ]);
    let data = &message["data"];
    let found = json!([
        message["type"],
        message["seq"],
        data["execution_id"],
        data["playbook_name"],
        data["status"],
        data["total_steps"],
        data["step_result"]
    ]);
    assert_eq!(found, expected, "{message}");
    assert!(
        data["step_results"].is_array() && data["started_at"].is_string(),
        "{message}"
    );
}

#[tokio::test]
async fn executions_are_told_in_the_words_of_the_contract() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (first, second) = prepared(dir.path()).await;
    let (server, client) = start(dir.path(), TIMEOUT).await;
    // A job is no execution.
    client.submit(&job(), None).await.expect("accepted");
    let mut socket = Socket::open(server.local_addr(), "/ws/executions?after=1").await;
    let step = json!({"step_id": "login", "status": "running"});
    let none = Value::Null;
    for (seq, id, status, step) in [
        (2, first, "completed", &none),
        (3, first, "completed", &step),
        (4, first, "completed", &none),
        (5, second.id, "running", &none),
        (6, second.id, "running", &none),
    ] {
        is_update(&socket.said().await, seq, id, status, step);
    }
    socket.send(r#"{"type":"ping","timestamp":7}"#).await;
    assert_eq!(socket.said().await, json!({"type": "pong", "timestamp": 7}));
    let jobs = client.jobs(&wire::client::JobFilter::default()).await;
    assert_eq!(jobs.expect("a list").len(), 1, "an execution is no job");
    server.stop().await;
}

#[tokio::test]
async fn an_update_does_not_grow_with_the_steps() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = database::store(dir.path(), now_ms()).await;
    let run = running(&store, 1).await;
    let (id, by) = (run.id, holder(&run));
    let steps: Vec<runs::PartReport> = (1..=5_000)
        .map(|number| runs::PartReport {
            number,
            name: format!("s{number}"),
            path: String::new(),
            stage: engine::Stage::Completed,
            tries: 1,
            body: format!(r#"{{"name": "S", "output": "{}"}}"#, "x".repeat(1_000)).into(),
            event_data: json!({"path": "group", "error": "why"}).to_string(),
        })
        .collect();
    for steps in steps.chunks(500).map(<[_]>::to_vec) {
        let by = by.clone();
        let advance = move |batch: &mut store::Batch<'_, '_>| {
            let report = runs::ProgressReport {
                parts: &steps,
                state: Some(br#"{"ended_steps": 1, "failures": 3}"#),
                ..runs::ProgressReport::default()
            };
            runs::advance(batch, id, by.clone(), &report, now_ms())
        };
        store.write(advance).await.expect("owned");
    }
    tokio::task::spawn_blocking(move || drop(store))
        .await
        .expect("the store closes");
    let (server, _client) = start(dir.path(), TIMEOUT).await;
    let mut socket = Socket::open(server.local_addr(), "/ws/executions?after=5000").await;
    let message = socket.said().await;
    let data = &message["data"];
    let newest = data["step_results"].as_array().expect("steps");
    assert_eq!((newest.len(), &data["omitted_steps"]), (50, &json!(4_950)));
    assert_eq!(
        (&newest[49]["step_id"], &newest[49]["output"]),
        (&json!("s5000"), &json!("x".repeat(1_000)))
    );
    assert_eq!(
        (&data["current_step_index"], &data["failures"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(
        (&data["step_result"]["path"], &data["step_result"]["error"]),
        (&json!("group"), &json!("why"))
    );
    assert!(message.to_string().len() < 80_000);
    server.stop().await;
}

#[tokio::test]
async fn pictures_reach_those_who_look_on_from_the_holder_only() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (_, run) = prepared(dir.path()).await;
    let (server, client) = start(dir.path(), TIMEOUT).await;
    let mut one = Socket::open(server.local_addr(), "/ws/executions").await;
    let mut other = Socket::open(server.local_addr(), "/ws/executions?after=0").await;
    let id = run.id.to_string();
    let show = |token, kind: &'static str, image: Vec<u8>| {
        let (client, id, of) = (client.clone(), id.clone(), shown_by(token));
        async move { client.show_frame(&id, &of, kind, image.into()).await }
    };
    let refused = |shown: Result<FrameViewers, Error>| {
        shown.expect_err("refused").status().map(|s| s.as_u16())
    };
    assert_eq!(
        refused(show(run.token + 1, "image/png", vec![1]).await),
        Some(404)
    );
    assert_eq!(
        refused(show(run.token, "text/html", vec![1]).await),
        Some(415)
    );
    assert_eq!(
        refused(show(run.token, "image/png", vec![]).await),
        Some(400)
    );
    let large = vec![0; (1 << 20) + 1];
    assert_eq!(
        refused(show(run.token, "image/png", large).await),
        Some(413)
    );
    let shown = show(run.token, "image/png", vec![1, 2, 3]).await;
    assert!(shown.expect("taken").contract, "two look on");
    for socket in [&mut one, &mut other] {
        let mut message = socket.said().await;
        while message["type"] == "execution_update" {
            message = socket.said().await;
        }
        assert_eq!(message["type"], "screenshot_frame");
        assert_eq!(message["data"]["execution_id"], id);
        assert_eq!(message["data"]["frame"], "data:image/png;base64,AQID");
        assert!(
            message["data"]["timestamp"]
                .as_i64()
                .is_some_and(|at| at <= now_ms())
        );
    }
    // The largest that is allowed comes through as well.
    let sent = show(run.token, "image/jpeg", vec![7; 1 << 20]);
    let (sent, message) = join(sent, one.said()).await;
    sent.expect("shown");
    let frame = message["data"]["frame"].as_str().expect("a picture");
    assert_eq!(
        frame.len(),
        "data:image/jpeg;base64,".len() + (1_usize << 20).div_ceil(3) * 4
    );
    server.stop().await;
}

#[tokio::test]
async fn viewers_of_one_run_get_its_last_action_beside_the_picture() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (_, run) = prepared(dir.path()).await;
    let (server, client) = start(dir.path(), TIMEOUT).await;
    let id = run.id.to_string();
    let path = format!("/ws/runs/{id}/frames");
    let mut live = Socket::open(server.local_addr(), &path).await;
    let query = FrameQuery {
        live: true,
        action: Some(r##"{"name": "click", "target": "#save", "number": 3}"##.to_owned()),
        ..shown_by(run.token)
    };
    let viewers = client.show_frame(&id, &query, "image/jpeg", vec![9].into());
    let viewers = viewers.await.expect("shown");
    assert!(viewers.live && !viewers.contract, "{viewers:?}");
    let message = live.said().await;
    assert_eq!(message["type"], "frame");
    assert_eq!(message["run_id"], id);
    assert_eq!(message["frame"], "data:image/jpeg;base64,CQ==");
    assert_eq!(
        (&message["width"], &message["height"]),
        (&json!(1920.0), &json!(1080.0))
    );
    assert_eq!(
        message["action"],
        json!({"name": "click", "target": "#save", "number": 3})
    );
    let broken = FrameQuery {
        action: Some("{".to_owned()),
        ..query
    };
    let refused = client.show_frame(&id, &broken, "image/jpeg", vec![9].into());
    let status = refused.await.expect_err("refused").status();
    assert_eq!(status.map(|status| status.as_u16()), Some(400));
    server.stop().await;
}

/// What an executor says of a picture under a lease.
fn shown_by(token: i64) -> FrameQuery {
    FrameQuery {
        executor: "player".to_owned(),
        token,
        width: 1920.0,
        height: 1080.0,
        ..FrameQuery::default()
    }
}
