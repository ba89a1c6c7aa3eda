//! Approvals and children of executions: asked once, answered once, whatever dies in between.

use http::Method;
use serde_json::{Value, json};

use super::{executions::claim, library, text};
use crate::{
    access::Keyed,
    database::on_both,
    test_server::{TestServer, smallest},
};

const PLAYBOOK: &str = "name: Asks\nversion: '1'\nsteps:\n  \
    - {id: ask, name: Ask, type: approval, parameters: {prompt: Go on?}}\n";

on_both!(
    an_approval_is_asked_once_and_answered_once,
    only_those_who_are_named_may_answer,
    a_time_that_is_over_acts_once,
    a_retry_leaves_nothing_open,
    what_a_part_asked_ends_with_it,
    a_child_is_started_once_and_its_end_wakes,
    a_gate_compares_with_the_last_good_execution,
);

/// A server with a playbook that asks.
async fn asking() -> TestServer {
    library(&[("asks.yaml", PLAYBOOK)]).await
}

async fn start(server: &TestServer) -> String {
    let start = json!({"playbook_path": "asks.yaml"});
    let started = server.post("/api/executions", &start).json(200).await;
    text(&started["execution_id"])
}

/// A part of the run begins.
async fn begin(server: &TestServer, run: &Value) {
    report(server, run, "started", false).await;
}

async fn report(server: &TestServer, run: &Value, stage: &str, abandons: bool) {
    let part = json!({"number": 1, "name": "ask", "stage": stage, "tries": 1, "abandons": abandons,
        "body": {"name": "Ask", "type": "approval", "output": {"results": [{"name": "a", "value": 7}]}}});
    let body = json!({"executor": "player", "token": run["token"], "parts": [part]});
    let path = format!("/api/runs/{}/parts", text(&run["id"]));
    server.post(&path, &body).json(200).await;
}

/// A request of the executor for the first try of the first part.
fn of_part(run: &Value, more: &Value) -> Value {
    let mut body = json!({"executor": "player", "token": run["token"], "part": 1, "tries": 1});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn question(more: &Value) -> Value {
    let mut question = json!({"step_id": "ask", "step_name": "Ask", "prompt": "Go on?", "count": 1,
        "on_timeout": "fail"});
    for (name, value) in more.as_object().expect("an object") {
        question[name] = value.clone();
    }
    question
}

async fn ask(server: &TestServer, run: &Value, more: &Value, wait_ms: Option<u64>) -> Value {
    let body = of_part(
        run,
        &json!({"question": question(more), "wait_ms": wait_ms}),
    );
    let path = format!("/api/runs/{}/approvals", text(&run["id"]));
    server.post(&path, &body).json(200).await
}

/// The executor lets the run wait.
async fn park(server: &TestServer, run: &Value, wait_for: &str, limit: Option<u64>) -> u16 {
    let body = json!({"executor": "player", "token": run["token"], "wait_for": wait_for,
        "timeout_ms": limit, "seen": run["signals"]["generation"]});
    let path = format!("/api/runs/{}/park", text(&run["id"]));
    server.post(&path, &body).status().await
}

async fn status(server: &TestServer, id: &str) -> String {
    let run = server.get(&format!("/api/runs/{id}")).json(200).await;
    text(&run["status"])
}

async fn events(server: &TestServer, run: &str) -> Vec<String> {
    let id = run.parse().expect("an id");
    let store = crate::database::store(&server.dir().join("data"), 0).await;
    let found = store.read(move |read| store::events::after(read, 0, Some(id), 100));
    let found = found.await.expect("events").into_iter();
    // A client of PostgreSQL that ends has a runtime of its own.
    tokio::task::spawn_blocking(move || drop(store))
        .await
        .expect("closed");
    found.map(|event| event.event_type).collect()
}

async fn an_approval_is_asked_once_and_answered_once() {
    let server = asking().await;
    let id = start(&server).await;
    let run = claim(&server).await;
    begin(&server, &run).await;
    let schema = json!({"type": "object", "required": ["version"],
        "properties": {"version": {"type": "string"}}});
    let more = json!({"input": schema});
    let first = ask(&server, &run, &more, None).await;
    assert_eq!(first["status"], "open");
    // The executor dies, and the next one asks again: it is the same approval.
    server.clock.advance_ms(120_000);
    server.reap().await;
    let again = claim(&server).await;
    assert_ne!(again["token"], run["token"]);
    begin(&server, &again).await;
    assert_eq!(ask(&server, &again, &more, None).await["id"], first["id"]);
    let body = of_part(&run, &json!({"question": question(&more)}));
    let path = format!("/api/runs/{id}/approvals");
    server.post(&path, &body).problem(404).await;
    let run = again;
    assert_eq!(park(&server, &run, "approval", None).await, 204);
    let shown = server.get(&format!("/api/executions/{id}")).json(200).await;
    assert_eq!(
        (&shown["status"], &shown["waiting_for"]),
        (&json!("waiting"), &json!("approval"))
    );

    let list = server
        .get(&format!("/api/approvals?execution={id}"))
        .json(200)
        .await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&list[0]["id"], &list[0]["may_answer"]),
        (&first["id"], &json!(true))
    );
    assert_eq!(list[0]["requester"], "operator");
    let approval = format!("/api/approvals/{}", text(&first["id"]));
    let wrong = server.post(
        &approval,
        &json!({"approved": true, "input": {"version": 1}}),
    );
    let wrong = wrong.problem(400).await;
    assert!(wrong.contains("/version"), "{wrong}");
    let missing = server
        .post(&approval, &json!({"approved": true}))
        .problem(400)
        .await;
    assert!(missing.contains("nothing is filled in"), "{missing}");
    assert_eq!(status(&server, &id).await, "waiting");

    let right = json!({"approved": true, "input": {"version": "1.4"}, "comment": "fine"});
    let both = (
        server.post(&approval, &right),
        server.post(&approval, &right),
    );
    let (one, other) = tokio::join!(both.0.status(), both.1.status());
    let mut statuses = [one, other];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "it is answered once");
    assert_eq!(status(&server, &id).await, "queued");
    let run = claim(&server).await;
    let after = ask(&server, &run, &more, None).await;
    assert_eq!(after["status"], "approved");
    assert_eq!(after["answers"][0]["input"], json!({"version": "1.4"}));
    assert_eq!(
        (&after["answers"][0]["by"], &after["answers"][0]["comment"]),
        (&json!("operator"), &json!("fine"))
    );
    was_told_once(&server, &id, &first["id"]).await;
}

/// Nothing is open, and the audit and the events have one answer.
async fn was_told_once(server: &TestServer, id: &str, approval: &Value) {
    let list = server.get("/api/approvals").json(200).await;
    assert_eq!(list, json!([]));
    let audit = server
        .get("/api/audit?action=approval.answer")
        .json(200)
        .await;
    let lines: Vec<_> = audit
        .as_array()
        .expect("lines")
        .iter()
        .filter(|line| line["outcome"] == "ok")
        .collect();
    assert_eq!(lines.len(), 1, "{audit}");
    assert_eq!(&lines[0]["target"]["id"], approval);
    let events = events(server, id).await;
    for event in [
        "execution.approval_requested",
        "execution.approval_answered",
    ] {
        assert_eq!(
            events.iter().filter(|one| *one == event).count(),
            1,
            "{events:?}"
        );
    }
}

async fn as_admin(keyed: &Keyed, method: Method, path: String, body: Value) -> Value {
    let answer = keyed.send(&keyed.admin, method, &path, &body.to_string());
    answer.await.json(200).await
}

async fn only_those_who_are_named_may_answer() {
    let keyed = Keyed::on(asking().await).await;
    let ops = keyed.key("ops", "readonly").await;
    let boss = keyed.key("boss", "user").await;
    let user = keyed.key("user", "user").await;
    let start = json!({"playbook_path": "asks.yaml"});
    let started = keyed.post(&boss, "/api/executions", &start).json(200).await;
    let id = text(&started["execution_id"]);
    let admin = |method, path, body| as_admin(&keyed, method, path, body);
    let register = json!({"slots": 1, "version": "1.0.0", "isolation": "standard",
        "kinds": ["execution"], "plugins": []});
    admin(Method::PUT, "/api/executors/player".to_owned(), register).await;
    let claim = json!({"claim": {"kinds": ["execution"], "max": 1}});
    let taken = admin(
        Method::POST,
        "/api/executors/player/exchange".to_owned(),
        claim,
    )
    .await;
    let run = taken["runs"][0].clone();
    let asked = json!({"question": question(&json!({"roles": ["ops", "user"], "count": 2, "not_requester": true}))});
    let ask = || {
        admin(
            Method::POST,
            format!("/api/runs/{id}/approvals"),
            of_part(&run, &asked),
        )
    };
    let approval = format!("/api/approvals/{}", text(&ask().await["id"]));
    let yes = json!({"approved": true});
    let refused = |key: String, status: u16| {
        let (keyed, approval, yes) = (&keyed, &approval, &yes);
        async move { keyed.post(&key, approval, yes).problem(status).await }
    };
    let why = refused(keyed.admin.clone(), 403).await;
    assert!(why.contains("ops, user"), "{why}");
    let why = refused(boss.clone(), 403).await;
    assert!(why.contains("started the execution"), "{why}");
    let one = keyed.post(&ops, &approval, &yes).json(200).await;
    assert_eq!(
        (&one["status"], &one["may_answer"]),
        (&json!("open"), &json!(false))
    );
    let why = refused(ops.clone(), 409).await;
    assert!(why.contains("already"), "{why}");
    assert_eq!(ask().await["status"], "open");
    let mine = keyed
        .get(&user, "/api/approvals?answerable=true")
        .json(200)
        .await;
    assert_eq!(mine.as_array().map(Vec::len), Some(1));
    let others = keyed
        .get(&ops, "/api/approvals?answerable=true")
        .json(200)
        .await;
    assert_eq!(others, json!([]));
    let no = json!({"approved": false, "comment": "not today"});
    let two = keyed.post(&user, &approval, &no).json(200).await;
    assert_eq!(two["status"], "rejected");
    let after = ask().await;
    assert_eq!(
        (&after["status"], &after["answers"][1]["by"]),
        (&json!("rejected"), &json!("user"))
    );
    let why = refused(user.clone(), 409).await;
    assert!(why.contains("it is rejected"), "{why}");
}

async fn a_time_that_is_over_acts_once() {
    for (then, expected) in [
        ("approve", "approved"),
        ("reject", "rejected"),
        ("fail", "expired"),
    ] {
        let server = asking().await;
        let id = start(&server).await;
        let run = claim(&server).await;
        begin(&server, &run).await;
        let more = json!({"on_timeout": then});
        let first = ask(&server, &run, &more, Some(1_000)).await;
        assert_eq!(first["left_ms"], 1_000);
        assert_eq!(park(&server, &run, "approval", Some(1_000)).await, 204);
        server.clock.advance_ms(1_000);
        let approval = format!("/api/approvals/{}", text(&first["id"]));
        let late = server
            .post(&approval, &json!({"approved": true}))
            .problem(409)
            .await;
        assert!(late.contains("the time to answer it is over"), "{late}");
        server.schedule().await;
        assert_eq!(status(&server, &id).await, "queued", "its time wakes it");
        let run = claim(&server).await;
        let after = ask(&server, &run, &more, Some(1_000)).await;
        assert_eq!(
            (&after["status"], &after["answers"]),
            (&json!(expected), &json!([]))
        );
        server.clock.advance_ms(5_000);
        assert_eq!(
            ask(&server, &run, &more, Some(1_000)).await["ended_at"],
            after["ended_at"]
        );
        let events = events(&server, &id).await;
        let told = events
            .iter()
            .filter(|one| *one == "execution.approval_answered");
        assert_eq!(told.count(), 1, "{events:?}");
    }
}

/// A cancel leaves the approval as it is, for the execution has ended; a retry asks anew.
async fn a_retry_leaves_nothing_open() {
    let server = asking().await;
    let id = start(&server).await;
    let run = claim(&server).await;
    begin(&server, &run).await;
    let first = ask(&server, &run, &json!({}), None).await;
    assert_eq!(park(&server, &run, "approval", None).await, 204);
    let post = |what: &str| {
        let path = format!("/api/executions/{id}/{what}");
        server.post(&path, &json!(null)).json(200)
    };
    post("cancel").await;
    post("retry").await;
    let open = server.get("/api/approvals").json(200).await;
    assert_eq!(open, json!([]));
    let approval = format!("/api/approvals/{}", text(&first["id"]));
    let late = server.post(&approval, &json!({"approved": true}));
    late.problem(409).await;
}

async fn what_a_part_asked_ends_with_it() {
    let server = asking().await;
    let id = start(&server).await;
    let run = claim(&server).await;
    begin(&server, &run).await;
    let first = ask(&server, &run, &json!({}), None).await;
    let approval = format!("/api/approvals/{}", text(&first["id"]));
    report(&server, &run, "skipped", true).await;
    let yes = json!({"approved": true});
    let why = server.post(&approval, &yes).problem(409).await;
    assert!(why.contains("withdrawn"), "{why}");
    server
        .post(&format!("/api/executions/{id}/cancel"), &json!(null))
        .json(200)
        .await;

    // A run that waits and is cancelled takes its question along.
    let id = start(&server).await;
    let body =
        json!({"results": [{"run_id": run["id"], "token": run["token"], "outcome": "failed"}]});
    server
        .post("/api/executors/player/exchange", &body)
        .json(200)
        .await;
    let run = claim(&server).await;
    assert_eq!(text(&run["id"]), id);
    begin(&server, &run).await;
    let second = ask(&server, &run, &json!({}), None).await;
    assert_eq!(park(&server, &run, "approval", None).await, 204);
    server
        .post(&format!("/api/executions/{id}/cancel"), &json!(null))
        .json(200)
        .await;
    assert_eq!(server.get("/api/approvals").json(200).await, json!([]));
    let approval = format!("/api/approvals/{}", text(&second["id"]));
    let shown = server.get(&approval).json(200).await;
    assert_eq!(
        (&shown["status"], &shown["may_answer"]),
        (&json!("withdrawn"), &json!(false))
    );
    server.post(&approval, &yes).problem(409).await;
}

async fn child(server: &TestServer, run: &Value) -> Value {
    let body = of_part(
        run,
        &json!({"step": "ask", "kind": "job", "submission": smallest()}),
    );
    let path = format!("/api/runs/{}/children", text(&run["id"]));
    server.post(&path, &body).json(200).await
}

async fn a_child_is_started_once_and_its_end_wakes() {
    let server = asking().await;
    let id = start(&server).await;
    let run = claim(&server).await;
    begin(&server, &run).await;
    let first = child(&server, &run).await;
    assert_eq!(
        (&first["submitted"], &first["status"]),
        (&json!(true), &json!("queued"))
    );
    // The executor dies between the submit and the park; more than a day later another one goes on.
    server.clock.advance_ms(25 * 3_600_000);
    server.reap().await;
    let run = claim(&server).await;
    begin(&server, &run).await;
    let again = child(&server, &run).await;
    assert_eq!(
        (&again["id"], &again["submitted"]),
        (&first["id"], &json!(false))
    );
    let children = server
        .get(&format!("/api/runs/{id}/children"))
        .json(200)
        .await;
    assert_eq!(children.as_array().map(Vec::len), Some(1));
    let audit = server.get("/api/audit?action=child.submit").json(200).await;
    assert_eq!(audit.as_array().map(Vec::len), Some(1), "{audit}");
    assert_eq!(audit[0]["target"]["id"], first["id"]);
    let detail = text(&audit[0]["detail"]);
    assert_eq!(
        detail,
        format!("step ask of execution {id}, started by operator")
    );
    assert_eq!(park(&server, &run, "child", None).await, 204);

    let job = server.claim("worker").await;
    assert_eq!(job["id"], first["id"]);
    let end = json!({"executor_id": "worker", "stdout": "seen", "stderr": "", "exit_code": 0});
    server
        .put_job(&text(&job["id"]), "complete", &end)
        .json(200)
        .await;
    assert_eq!(
        status(&server, &id).await,
        "queued",
        "the child's end wakes it"
    );
    let run = claim(&server).await;
    begin(&server, &run).await;
    let ended = child(&server, &run).await;
    assert_eq!(ended["outcome"]["stdout"], "seen");
    assert_eq!(ended["outcome"]["exit_code"], 0);

    // The next try starts another one, and ends what the one before had started.
    let body = json!({"executor": "player", "token": run["token"], "part": 1, "tries": 2, "step": "ask",
        "kind": "job", "submission": smallest()});
    let path = format!("/api/runs/{id}/children");
    let second = server.post(&path, &body).json(200).await;
    assert_ne!(second["id"], first["id"]);
    report(&server, &run, "completed", true).await;
    assert_eq!(status(&server, &text(&second["id"])).await, "cancelled");
    server
        .post(&format!("/api/executions/{id}/cancel"), &json!(null))
        .json(200)
        .await;
    let body = json!({"executor": "player", "token": run["token"], "part": 2, "tries": 1, "step": "b",
        "kind": "job", "submission": smallest()});
    server.post(&path, &body).problem(409).await;
}

async fn a_gate_compares_with_the_last_good_execution() {
    let server = asking().await;
    let compare = async |run: &Value| {
        let body = of_part(run, &json!({"step": "ask"}));
        let path = format!("/api/runs/{}/gates", text(&run["id"]));
        server.post(&path, &body).json(200).await
    };
    let end = async |run: &Value, outcome: &str| {
        let result = json!({"run_id": run["id"], "token": run["token"], "outcome": outcome});
        let body = json!({"results": [result]});
        server
            .post("/api/executors/player/exchange", &body)
            .json(200)
            .await;
    };
    let first = start(&server).await;
    let run = claim(&server).await;
    begin(&server, &run).await;
    assert_eq!(compare(&run).await, json!({}));
    report(&server, &run, "completed", false).await;
    end(&run, "completed").await;
    for outcome in ["failed", "completed"] {
        start(&server).await;
        let run = claim(&server).await;
        begin(&server, &run).await;
        let before = compare(&run).await;
        assert_eq!(
            before["execution_id"],
            json!(first),
            "one that failed is not good"
        );
        assert_eq!(before["output"]["results"][0]["value"], 7);
        report(&server, &run, "completed", false).await;
        end(&run, outcome).await;
    }
}
