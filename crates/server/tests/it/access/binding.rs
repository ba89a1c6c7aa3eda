//! An executor's key is bound to its name: what it says of itself decides nothing, and what another
//! executor holds is out of its reach.

use engine::Kind;
use http::Method;
use serde_json::{Value, json};

use super::{Keyed, text};
use crate::{
    database::on_both,
    jobs::claim::submit_run,
    stream::{DEADLINE, Messages},
    test_server::{example, smallest},
};

on_both!(the_parts_that_a_claim_does_not_carry_are_paged_by_the_owner_of_the_lease_alone);

/// A server with two executors, the second of which holds a job.
struct Two {
    keyed: Keyed,
    mallory: String,
    victim: String,
    /// The job that the victim holds, under token 1.
    job: String,
}

impl Two {
    async fn open() -> Self {
        let keyed = Keyed::open().await;
        let mallory = keyed.key("mallory", "executor").await;
        let victim = keyed.key("victim", "executor").await;
        let submitted = keyed.post(&keyed.admin, "/api/v1/jobs", &example()).await;
        let job = text(&submitted.json(201).await["id"]);
        let claim = json!({"executor_id": "victim"});
        let claimed = keyed.post(&victim, "/api/v1/jobs/claim", &claim).await;
        assert_eq!(claimed.json(200).await["id"], json!(job));
        Self {
            keyed,
            mallory,
            victim,
            job,
        }
    }

    fn put(&self, key: &str, path: &str, body: &Value) -> crate::answer::Call<'_> {
        let path = format!("/api/v1/jobs/{}/{path}", self.job);
        self.keyed.send(key, Method::PUT, &path, &body.to_string())
    }

    /// The job, its output, and when its lease ends, as far as it can be seen.
    async fn world(&self) -> (Value, String, Value) {
        let path = format!("/api/v1/jobs/{}", self.job);
        let admin = &self.keyed.admin;
        let job = self.keyed.get(admin, &path).json(200).await;
        let logs = self.keyed.get(admin, &format!("{path}/logs")).await;
        let executors = self.keyed.get(admin, "/api/v1/admin/executors").await;
        let mut executors = executors.json(200).await;
        // That the other one was heard of is all that it changes.
        let list = executors.as_array_mut().expect("a list");
        list.retain(|executor| executor["executor_id"] == "victim");
        (job, logs.text().await, executors)
    }
}

/// Each way to give another name, or to guess a token.
fn claims_to_be() -> Vec<Value> {
    let mut said = Vec::new();
    for name in ["victim", "mallory", "someone"] {
        said.push(json!({"executor_id": name}));
        for token in [0, 1, 2] {
            said.push(json!({"executor_id": name, "lease_token": token}));
        }
    }
    said
}

/// The token that is said or guessed.
fn token(said: &Value) -> i64 {
    said["lease_token"].as_i64().unwrap_or(1)
}

#[tokio::test]
async fn another_executors_run_is_neither_kept_nor_ended_nor_given_back() {
    let two = Two::open().await;
    let before = two.world().await;
    // Beyond the lease: a beat that counted would save it from the reaper below.
    two.keyed.server.clock.advance_ms(29_999);
    for said in claims_to_be() {
        two.put(&two.mallory, "heartbeat", &said)
            .await
            .refused(404)
            .await;
        two.put(&two.mallory, "complete", &said)
            .await
            .refused(400)
            .await;
        two.put(&two.mallory, "fail", &said)
            .await
            .refused(400)
            .await;
        let path = format!("/api/runs/{}/release", two.job);
        let said = json!({"executor": said["executor_id"], "token": token(&said)});
        let released = two.keyed.post(&two.mallory, &path, &said).await;
        released.problem(404).await;
    }
    assert_eq!(two.world().await, before);
    two.keyed.server.clock.advance_ms(1);
    assert_eq!(two.keyed.server.reap().await, 1);
}

#[tokio::test]
async fn another_executors_run_gets_no_output_and_no_picture() {
    let two = Two::open().await;
    let before = two.world().await;
    for said in claims_to_be() {
        let name = text(&said["executor_id"]);
        let who = format!("executor={name}&token={}", token(&said));
        let path = format!("/api/runs/{}/output?stream=stdout&offset=0&{who}", two.job);
        let sent = two
            .keyed
            .send(&two.mallory, Method::POST, &path, "forged")
            .await;
        sent.problem(404).await;
        let path = format!("/api/runs/{}/frame?{who}", two.job);
        let request = http::Request::put(path)
            .header("x-api-key", &two.mallory)
            .header("content-type", "image/png")
            .body(axum::body::Body::from("forged"));
        let shown = two.keyed.server.request(request.expect("a request")).await;
        shown.problem(404).await;
    }
    assert_eq!(two.world().await, before);
}

#[tokio::test]
async fn a_path_that_names_another_executor_is_refused() {
    let two = Two::open().await;
    let before = two.world().await;
    let registration = json!({"slots": 9, "version": "1", "isolation": "none"});
    let leases = json!({"leases": [{"run_id": two.job, "token": 1}]});
    let result = json!({"run_id": two.job, "token": 1, "outcome": "completed"});
    let results = json!({"results": [result]});
    for name in ["victim", "vict%69m", "mallor%79x", "Mallory"] {
        let path = format!("/api/executors/{name}");
        let body = registration.to_string();
        let answer = two
            .keyed
            .send(&two.mallory, Method::PUT, &path, &body)
            .await;
        answer.problem(403).await;
        for (what, body) in [("leases", &leases), ("exchange", &results)] {
            let path = format!("{path}/{what}");
            let answer = two.keyed.post(&two.mallory, &path, body).await;
            answer.problem(403).await;
        }
    }
    // Under its own name the other's lease is none of its own.
    let path = "/api/executors/mallory/leases";
    let renewed = two.keyed.post(&two.mallory, path, &leases).await;
    assert_eq!(renewed.json(200).await["leases"][0]["lost"], json!(true));
    let path = "/api/executors/mallor%79/exchange";
    let reported = two.keyed.post(&two.mallory, path, &results).await;
    assert_eq!(
        reported.json(200).await["results"][0]["accepted"],
        json!(false)
    );
    assert_eq!(two.world().await, before);
}

#[tokio::test]
async fn another_executors_run_is_not_read_nor_listed() {
    let two = Two::open().await;
    let path = format!("/api/v1/jobs/{}", two.job);
    let logs = format!("{path}/logs");
    let follow = format!("{path}/logs?follow=1");
    for path in [
        &path,
        &logs,
        &follow,
        "/api/v1/jobs",
        "/api/v1/admin/executors",
    ] {
        two.keyed.get(&two.mallory, path).refused(403).await;
    }
    for path in [&path, &logs] {
        assert_eq!(two.keyed.get(&two.victim, path).await.status, 200);
    }
}

async fn the_parts_that_a_claim_does_not_carry_are_paged_by_the_owner_of_the_lease_alone() {
    const PARTS: i64 = 1_500;
    let keyed = Keyed::open().await;
    let id = submit_run(&keyed.server, Kind::Execution, "{}").await;
    let owner = keyed.key("owner", "executor").await;
    let claim = async || {
        let body = json!({"claim": {"kinds": ["execution"]}});
        let answer = keyed.post(&owner, "/api/executors/owner/exchange", &body);
        answer.json(200).await["runs"][0].clone()
    };
    assert_eq!(claim().await["id"], json!(id));
    let path = format!("/api/runs/{id}/parts");
    let part = |number: i64| json!({"number": number, "name": "step", "stage": "completed"});
    for half in [1..=750, 751..=PARTS] {
        let parts: Vec<Value> = half.map(part).collect();
        let report = json!({"executor": "owner", "token": 1, "parts": parts});
        keyed.post(&owner, &path, &report).json(200).await;
    }
    let release = json!({"executor": "owner", "token": 1});
    let released = keyed.post(&owner, &format!("/api/runs/{id}/release"), &release);
    assert_eq!(released.status().await, 204);

    let run = claim().await;
    assert_eq!(run["more_parts"], true);
    let numbers = |parts: &Value| -> Vec<i64> {
        let parts = parts.as_array().expect("parts").iter();
        let numbers = parts.map(|part| part["number"].as_i64().expect("a number"));
        numbers.collect()
    };
    let carried = numbers(&run["parts"]);
    let (mut paged, mut next) = (Vec::new(), format!("{path}?limit=200"));
    while !paged.contains(&carried[0]) {
        let page = keyed.get(&owner, &next).await;
        let link = page.headers["link"].to_str().expect("a link");
        next = link[1..link.find('>').expect("a path")].to_owned();
        paged.extend(numbers(&page.json(200).await));
    }
    paged.retain(|number| *number < carried[0]);
    assert_eq!([paged, carried].concat(), Vec::from_iter(1..=PARTS));
    // The built-in executor asks as the process itself.
    let rest = keyed.server.server.client().parts(&id, 1_000).await;
    let rest: Vec<i64> = rest
        .expect("parts")
        .iter()
        .map(|part| part.number)
        .collect();
    assert_eq!(rest, Vec::from_iter(1_001..=PARTS));

    let status = async |key: &str, path: &str| keyed.get(key, path).await.status.as_u16();
    let other = keyed.key("other", "executor").await;
    assert_eq!(status(&other, &path).await, 403);
    // A key with more scopes than an executor's reads by them.
    for (scopes, expected) in [
        (json!(["runs:perform", "jobs:read"]), 404),
        (json!(["executions:read"]), 200),
    ] {
        let new = json!({"name": format!("reader {expected}"), "role": "custom", "scopes": scopes});
        let reader = text(&keyed.make(&new).await["key"]);
        assert_eq!(status(&reader, &path).await, expected);
    }
    for rest in ["", "/children", "/logs", "/events", "/artifacts"] {
        let path = format!("/api/runs/{id}{rest}");
        assert_eq!(status(&owner, &path).await, 403, "{path}");
    }
    keyed.server.clock.advance_ms(30_000);
    assert_eq!(keyed.server.reap().await, 1);
    assert_eq!(status(&owner, &path).await, 403);
}

#[tokio::test]
async fn a_report_that_was_accepted_is_repeated_by_no_other() {
    let two = Two::open().await;
    let end = json!({"executor_id": "victim", "exit_code": 0, "lease_token": 1});
    two.put(&two.victim, "complete", &end).json(200).await;
    two.put(&two.mallory, "complete", &end).refused(400).await;
    two.put(&two.victim, "complete", &end).json(200).await;
    // Later too, when the run is another's.
    let path = format!("/api/v1/jobs/{}/retry", two.job);
    two.keyed
        .send(&two.keyed.admin, Method::POST, &path, "")
        .json(200)
        .await;
    let third = two.keyed.key("third", "executor").await;
    let claim = json!({"executor_id": "third"});
    two.keyed
        .post(&third, "/api/v1/jobs/claim", &claim)
        .json(200)
        .await;
    two.put(&two.mallory, "complete", &end).refused(400).await;
    two.put(&third, "complete", &end).refused(400).await;
    let again = two.put(&two.victim, "complete", &end).json(200).await;
    assert_eq!(again["status"], "running");
}

#[tokio::test]
async fn a_label_of_an_executors_own_choice_works_from_claim_to_end() {
    let keyed = Keyed::open().await;
    let key = keyed.key("builder", "executor").await;
    for (token, label) in [(false, "x-17"), (true, "x-18")] {
        let job = keyed.post(&keyed.admin, "/api/v1/jobs", &smallest()).await;
        let path = format!("/api/v1/jobs/{}", text(&job.json(201).await["id"]));
        let said = json!({"executor_id": label});
        let claimed = keyed
            .post(&key, "/api/v1/jobs/claim", &said)
            .json(200)
            .await;
        // The answer says under which name the run is held.
        assert_eq!(claimed["executor_id"], "builder");
        assert_eq!(claimed["attempts"][0]["executor_id"], "builder");
        let mut said = json!({"executor_id": label, "exit_code": 0, "stdout": "done"});
        if token {
            said["lease_token"] = claimed["lease_token"].clone();
        }
        let body = said.to_string();
        let put = |what: &str| {
            let path = format!("{path}/{what}");
            keyed.send(&key, Method::PUT, &path, &body)
        };
        put("heartbeat").json(200).await;
        let seen = keyed.get(&key, &path).json(200).await;
        assert_eq!(seen["executor_id"], "builder");
        put("complete").json(200).await;
        keyed.get(&key, &path).refused(403).await;
    }
    let executors = keyed
        .get(&keyed.admin, "/api/v1/admin/executors")
        .json(200)
        .await;
    assert_eq!(executors.as_array().map(Vec::len), Some(1));
    assert_eq!(executors[0]["executor_id"], "builder");
    assert_eq!(executors[0]["jobs_completed"], 2);
}

#[tokio::test]
async fn an_admin_speaks_for_the_executor_that_it_names() {
    let two = Two::open().await;
    let said = json!({"executor_id": "victim", "lease_token": 1});
    two.put(&two.keyed.admin, "heartbeat", &said)
        .json(200)
        .await;
    let said = json!({"executor_id": "admin", "lease_token": 1});
    two.put(&two.keyed.admin, "heartbeat", &said)
        .refused(404)
        .await;
}

#[tokio::test]
async fn no_key_of_another_kind_takes_an_executors_name() {
    let two = Two::open().await;
    let new = |role: &str, scopes: Value| json!({"name": "victim", "role": role, "scopes": scopes});
    for (role, scopes) in [
        ("executor", json!([])),
        ("user", json!(["runs:perform"])),
        ("custom", json!(["runs:perform", "jobs:read"])),
    ] {
        let admin = &two.keyed.admin;
        let refused = two
            .keyed
            .post(admin, "/api/keys", &new(role, scopes))
            .json(409)
            .await;
        assert!(text(&refused["detail"]).contains("revoke it first"));
    }
    // Who performs nothing may have the name, and so may who is bound to none.
    two.keyed.make(&new("user", json!([]))).await;
    two.keyed.make(&new("admin", json!([]))).await;
    // Who performs and has more scopes is bound all the same.
    let new = json!({"name": "ci", "role": "user", "scopes": ["runs:perform"]});
    let ci = text(&two.keyed.make(&new).await["key"]);
    let said = json!({"executor_id": "victim", "lease_token": 1});
    two.put(&ci, "heartbeat", &said).refused(404).await;
}

/// Routes to come are tried as well: whatever a route that performs runs reads, it reads that the
/// victim asks.
#[tokio::test]
async fn no_route_lets_an_executor_touch_anothers_run() {
    let two = Two::open().await;
    let before = two.world().await;
    let body = json!({"executor_id": "victim", "lease_token": 1, "exit_code": 0, "stdout": "forged",
        "executor": "victim", "token": 1, "leases": [{"run_id": two.job, "token": 1}],
        "results": [], "slots": 1, "version": "1", "isolation": "none", "progress": {}});
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            if operation["x-scope"] != "runs:perform" || !path.contains('{') {
                continue;
            }
            tried += 1;
            let concrete = path
                .replace("{executor}", "victim")
                .replace("{id}", &two.job)
                .replace("{sha256}", crate::test_server::SHA256);
            let query = "executor=victim&token=1&stream=stdout&offset=0";
            let concrete = format!("{concrete}?{query}");
            let method: Method = method.to_uppercase().parse().expect("a method");
            let body = body.to_string();
            let sent = two
                .keyed
                .send(&two.mallory, method.clone(), &concrete, &body);
            let answer = tokio::time::timeout(DEADLINE, sent).await.expect("in time");
            assert!(
                answer.status.is_client_error(),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    assert!(tried >= 9, "{tried}");
    assert_eq!(two.world().await, before);
}

#[tokio::test]
async fn a_followed_log_ends_when_its_executor_does_not_hold_the_run_any_more() {
    let two = Two::open().await;
    let path = format!("/api/v1/jobs/{}/logs", two.job);
    let print = |key: &str, token: i64, text: &'static str| {
        let who = format!("executor=x&token={token}");
        let path = format!("/api/runs/{}/output?stream=stdout&offset=0&{who}", two.job);
        let (keyed, key) = (&two.keyed, key.to_owned());
        async move { keyed.send(&key, Method::POST, &path, text).await }
    };
    assert_eq!(print(&two.victim, 1, "mine").await.status, 204);
    let follow = format!("{path}?follow=1");
    let mut mine = Messages::of(two.keyed.get(&two.victim, &follow).await);
    let mut admins = Messages::of(two.keyed.get(&two.keyed.admin, &follow).await);
    let first = mine.next().await.expect("what it printed");
    assert_eq!(first.data["text"], "mine");
    two.keyed.server.clock.advance_ms(30_000);
    assert_eq!(two.keyed.server.reap().await, 1);
    let claim = json!({"executor_id": "mallory"});
    let claimed = two.keyed.post(&two.mallory, "/api/v1/jobs/claim", &claim);
    assert_eq!(claimed.await.json(200).await["lease_token"], 2);
    assert_eq!(print(&two.mallory, 2, "another's").await.status, 204);
    assert_eq!(mine.next().await, None, "it goes on after its lease");
    let texts: Vec<Value> = admins
        .take(2)
        .await
        .into_iter()
        .map(|one| one.data)
        .collect();
    assert_eq!(texts[1]["text"], "another's");
}
