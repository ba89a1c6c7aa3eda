//! Every route that changes something on request leaves one line, and a caller that is refused
//! is counted.

mod subjects;

use http::Method;
use serde_json::{Value, json};

use subjects::subject;

use crate::{
    access::{Keyed, text},
    answer::{Answer, has},
    test_server::{SHA256, TestServer, bare, example, smallest},
};

/// Every action of the document, by its route.
fn actions() -> Vec<(Method, String, String)> {
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let mut actions = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            match document["x-audit"][format!("{method} {path}")].as_str() {
                Some(action) => actions.push((method, path.clone(), action.to_owned())),
                // A ticket opens what its key may read anyway; of a text that is checked nothing is kept.
                None => assert!(
                    method == Method::GET
                        || operation["x-scope"] == "runs:perform"
                        || ["/api/tickets", "/api/playbooks/validate"].contains(&path.as_str())
                        || path.ends_with("/validate_compose")
                        || path.ends_with("/test_connection"),
                    "{method} {path} may change something: what does the audit call it?"
                ),
            }
        }
    }
    assert!(actions.len() >= 16, "{actions:?}");
    actions
}

/// The lines after number `after`, in order, as the admin sees them.
async fn after(keyed: &Keyed, after: i64) -> Vec<Value> {
    let path = format!("/api/audit?after={after}&limit=1000");
    let lines = keyed.get(&keyed.admin, &path).json(200).await;
    lines.as_array().expect("lines").clone()
}

async fn newest(keyed: &Keyed) -> i64 {
    verified(keyed).await["newest"].as_i64().expect("a number")
}

async fn verified(keyed: &Keyed) -> Value {
    let path = "/api/audit/verify";
    let found = keyed.get(&keyed.admin, path).json(200).await;
    assert_eq!(found["intact"], true, "{found}");
    found
}

async fn post(keyed: &Keyed, path: &str, body: &Value) -> Value {
    let answer = keyed.post(&keyed.admin, path, body).await;
    let status = answer.status.as_u16();
    assert!(answer.status.is_success(), "{path}: {status}");
    answer.json(status).await
}

async fn hook(keyed: &Keyed) -> String {
    let new = json!({"url": "https://user.example/secret-path?token=planted"});
    text(&post(keyed, "/api/hooks", &new).await["id"])
}

async fn job(keyed: &Keyed) -> String {
    text(&post(keyed, "/api/v1/jobs", &smallest()).await["id"])
}

/// Has an executor with a plugin register, for jobs of it.
async fn register(keyed: &Keyed) {
    let plugin = json!({"name": "one", "version": "1.0.0", "description": "Does one", "order": 1,
        "enabled": true, "host": "process", "metrics": []});
    let body = json!({"slots": 4, "version": "1.0.0", "isolation": "standard",
        "kinds": ["plugin_job"], "plugins": [plugin]});
    let (path, body) = ("/api/executors/worker", body.to_string());
    let registered = keyed.send(&keyed.admin, Method::PUT, path, &body);
    registered.await.json(200).await;
}

#[tokio::test]
async fn each_act_leaves_one_line_that_says_who_did_what() {
    let keyed = Keyed::open().await;
    register(&keyed).await;
    for (method, route, action) in actions() {
        let elsewhere = [
            "key.setup",
            "key.join",
            "credential.use",
            "child.submit",
            "playground.step",
            "approval.answer",
            "playspec.add-file",
            "playspec.change-file",
            "playspec.remove-file",
            "browser-state.save",
            "browser-state.load",
            "browser-state.delete",
            "run.browser",
            "execution.browser",
            "playbook.baseline",
        ];
        if elsewhere.contains(&action.as_str()) {
            // The first only without keys: the tests of the command line have it. Others only with a lease:
            // the tests of credentials and of approvals have them, those of playspecs the ones of files, and those
            // of browser steps on the command line the ones of browsers.
            continue;
        }
        let (path, body, kind) = subject(&keyed, &method, &route).await;
        let before = newest(&keyed).await;
        let answer = keyed.send(&keyed.admin, method.clone(), &path, &body).await;
        assert!(
            answer.status.is_success(),
            "{method} {path}: {}",
            answer.status
        );
        let lines = after(&keyed, before).await;
        let [line] = &lines[..] else {
            panic!("{method} {route} left {lines:?}");
        };
        let who = format!("{method} {route}: {line}");
        assert_eq!(line["action"], action, "{who}");
        assert_eq!(line["target"]["kind"], kind, "{who}");
        assert_eq!(line["outcome"], "ok", "{who}");
        assert_eq!(line["times"], 1, "{who}");
        assert_eq!(line["actor"]["name"], "admin", "{who}");
        assert_eq!(line["from"], "process", "{who}");
        assert_eq!(line["at"], "2024-01-01T12:00:00.000Z", "{who}");
        let id = text(&line["target"]["id"]);
        assert!(!id.is_empty(), "{who}");
        if path != route {
            assert!(path.contains(&id), "{who}");
        }
        for secret in ["secret-path", "planted", "whsec", "itk_", "cGxhbnRlZ"] {
            assert!(!line.to_string().contains(secret), "{who}");
        }
        // What does not come about leaves no line, but is counted.
        let again = keyed.send(&keyed.admin, method, &path, "{").await;
        if again.status.is_client_error() {
            assert!(after(&keyed, before + 1).await.is_empty(), "{who}");
        }
    }
    verified(&keyed).await;
}

#[tokio::test]
async fn the_first_key_leaves_a_line() {
    let keyed = Keyed::open().await;
    let lines = after(&keyed, 0).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["action"], "key.create");
    assert_eq!(lines[0]["actor"], json!({"id": "operator"}));
    assert_eq!(lines[0]["detail"], "admin, role admin");
}

#[tokio::test]
async fn who_joins_leaves_a_line_and_who_is_refused_does_not() {
    let keyed = Keyed::open().await;
    let token = text(&post(&keyed, "/api/join-tokens", &json!({})).await["token"]);
    let before = newest(&keyed).await;
    let join = json!({"token": token, "name": "builder"});
    let created = keyed.server.post("/api/join", &join).json(201).await;
    keyed.server.post("/api/join", &join).json(401).await;
    let lines = after(&keyed, before).await;
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(line["action"], "key.join");
    assert_eq!(line["actor"], json!({"id": "join"}));
    assert_eq!(line["target"]["id"], created["id"]);
    // And who let it in.
    let keys = keyed.get(&keyed.admin, "/api/keys").json(200).await;
    let keys = keys.as_array().expect("a list");
    let admin = keys.iter().find(|key| key["name"] == "admin");
    let admin = text(&admin.expect("the admin's key")["id"]);
    let detail = format!("builder, role executor, with a token of {admin} (admin)");
    assert_eq!(line["detail"], json!(detail));
    assert!(!line.to_string().contains(&token));
}

#[tokio::test]
async fn performing_leaves_no_line_and_a_repetition_neither() {
    let keyed = Keyed::open().await;
    let id = job(&keyed).await;
    let before = newest(&keyed).await;
    let worker = keyed.key("worker", "executor").await;
    let claimed = keyed
        .post(&worker, "/api/v1/jobs/claim", &bare("worker"))
        .await;
    assert_eq!(claimed.json(200).await["id"], json!(id));
    let path = format!("/api/v1/jobs/{id}/complete");
    let done = json!({"executor_id": "worker", "stdout": "", "stderr": "", "exit_code": 0});
    keyed
        .send(&worker, Method::PUT, &path, &done.to_string())
        .json(200)
        .await;
    let lines = after(&keyed, before).await;
    let actions: Vec<_> = lines.iter().map(|line| &line["action"]).collect();
    assert_eq!(actions, ["key.create"], "the worker's key");
}

#[tokio::test]
async fn a_bulk_is_one_line_that_is_found_by_each_of_its_jobs() {
    let keyed = Keyed::open().await;
    let jobs = json!([example(), smallest(), smallest()]);
    let submitted = post(&keyed, "/api/v1/jobs/bulk", &jobs).await;
    for job in submitted.as_array().expect("jobs") {
        let path = format!("/api/audit?target={}", text(&job["id"]));
        let lines = keyed.get(&keyed.admin, &path).json(200).await;
        assert_eq!(lines.as_array().expect("lines").len(), 1);
        assert_eq!(lines[0]["target"]["count"], 3);
        assert_eq!(lines[0]["target"]["id"], submitted[0]["id"]);
        assert_eq!(lines[0]["target"]["last"], submitted[2]["id"]);
    }
}

#[tokio::test]
async fn a_flood_of_refusals_is_a_handful_of_lines() {
    let keyed = Keyed::open().await;
    let reader = keyed.key("reader", "readonly").await;
    let before = newest(&keyed).await;
    for n in 0..5_000 {
        let wrong = keyed.get(&format!("itk_{n}"), "/api/v1/jobs").await;
        assert_eq!(wrong.status, 401);
        let forbidden = keyed.post(&reader, "/api/v1/jobs", &json!({})).await;
        assert_eq!(forbidden.status, 403);
    }
    keyed
        .post(&keyed.admin, "/api/v1/jobs", &json!({}))
        .json(400)
        .await;
    assert!(
        after(&keyed, before).await.is_empty(),
        "not yet written down"
    );
    let written = keyed.server.server.write_refusals().await.expect("written");
    assert_eq!(written, 3);
    let told: Vec<Value> = after(&keyed, before)
        .await
        .iter()
        .map(|line| {
            json!([
                line["actor"]["id"] == "nobody",
                line["actor"]["name"],
                line["action"],
                line["target"]["id"],
                line["outcome"],
                line["times"],
                line["detail"],
            ])
        })
        .collect();
    let route = "POST /api/v1/jobs";
    let expected = [
        json!([
            false,
            "admin",
            "job.submit",
            route,
            "failed",
            1,
            "400 Bad Request"
        ]),
        json!([
            true,
            null,
            "request",
            "GET /api/v1/jobs",
            "refused",
            5_000,
            "401 Unauthorized"
        ]),
        json!([
            false,
            "reader",
            "job.submit",
            route,
            "refused",
            5_000,
            "403 Forbidden"
        ]),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        keyed.server.server.write_refusals().await.expect("nothing"),
        0
    );
    verified(&keyed).await;
}

#[tokio::test]
async fn a_key_that_was_good_is_recorded_by_its_name() {
    let keyed = Keyed::open().await;
    let revoked = keyed.make(&json!({"name": "stolen", "role": "user"})).await;
    let short = json!({"name": "short", "role": "user", "expires_in_days": 1});
    let expired = keyed.make(&short).await;
    keyed.revoke(&revoked["id"]).json(200).await;
    keyed.server.clock.advance_ms(24 * 3_600_000);
    let job = job(&keyed).await;
    let before = newest(&keyed).await;
    let path = format!("/api/v1/jobs/{job}");
    let refuse = async |key: &str| {
        let answer = keyed.send(key, Method::DELETE, &path, "").await;
        let challenge = answer.headers.get("www-authenticate").cloned();
        (challenge, answer.refused(401).await)
    };
    let forged = text(&revoked["key"]);
    let forged = format!("{}{}", &forged[..forged.len() - 40], "0".repeat(40));
    let forged = refuse(&forged).await;
    // The answer does not say whether the key was good once.
    assert_eq!(refuse(&text(&revoked["key"])).await, forged);
    assert_eq!(refuse(&text(&expired["key"])).await, forged);
    // What is no id is not written down: it may be a secret.
    let secret = format!("/api/v1/jobs/{}", text(&revoked["key"]));
    keyed
        .send("", Method::DELETE, &secret, "")
        .refused(401)
        .await;
    keyed.server.server.write_refusals().await.expect("written");
    let mut told: Vec<Value> = Vec::new();
    for line in after(&keyed, before).await {
        assert_eq!(line["target"]["id"], "DELETE /api/v1/jobs/{id}");
        assert_eq!(line["outcome"], "refused");
        told.push(json!([line["actor"], line["detail"], line["times"]]));
    }
    let of = |key: &Value| json!({"id": key["id"], "name": key["name"]});
    let on = format!("401 Unauthorized, at last on {job}");
    for expected in [
        json!([of(&revoked), on, 1]),
        json!([of(&expired), on, 1]),
        json!([{"id": "nobody"}, "401 Unauthorized", 2]),
    ] {
        assert!(told.contains(&expected), "{expected}: {told:?}");
    }
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn a_page_of_another_site_is_counted_too() {
    let server = TestServer::open().await;
    let request = http::Request::get("/api/v1/jobs").header("host", "evil.example");
    let answer = server.request(request.body(axum::body::Body::empty()).expect("a request"));
    assert_eq!(answer.await.status, 403);
    assert_eq!(server.server.write_refusals().await.expect("written"), 1);
    let lines = server.get("/api/audit?outcome=refused").json(200).await;
    assert_eq!(lines[0]["target"], json!({"kind": "route", "id": "any"}));
}

#[tokio::test]
async fn pages_follow_each_other_and_filters_are_checked() {
    let server = TestServer::open().await;
    for _ in 0..5 {
        server.submit(&smallest()).await;
    }
    let mut path = "/api/audit?limit=2&action=job.*&actor=operator".to_owned();
    let mut numbers = Vec::new();
    loop {
        let answer: Answer = server.get(&path).await;
        let link = answer
            .headers
            .get("link")
            .map(|link| link.to_str().expect("text").to_owned());
        let lines = answer.json(200).await;
        let lines = lines.as_array().expect("lines");
        numbers.extend(
            lines
                .iter()
                .map(|line| line["number"].as_i64().expect("a number")),
        );
        let Some(link) = link else { break };
        let (next, _) = link.split_once(">; rel=\"next\"").expect("a link");
        path = next.trim_start_matches('<').to_owned();
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    for (query, expected) in [
        ("after=3", vec![4, 5]),
        ("before=3", vec![2, 1]),
        ("since=2024-01-01T12:00:01Z", vec![]),
        ("until=2024-01-01T13:00:01%2B01:00&limit=1", vec![5]),
        ("outcome=failed", vec![]),
    ] {
        let lines = server.get(&format!("/api/audit?{query}")).json(200).await;
        let lines = lines.as_array().expect("lines").iter();
        let found: Vec<_> = lines
            .map(|line| line["number"].as_i64().expect("a number"))
            .collect();
        assert_eq!(found, expected, "{query}");
    }
    for wrong in [
        "limit=0",
        "limit=x",
        "after=-1",
        "before=-1",
        "after=1&before=9",
        "outcome=good",
        "since=yesterday",
        "until=1",
        "actor=%00",
    ] {
        let answer = server.get(&format!("/api/audit?{wrong}")).await;
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{wrong}"
        );
        answer.json(400).await;
    }
    let unknown = format!("/api/audit?target={SHA256}");
    assert_eq!(server.get(&unknown).json(200).await, json!([]));
}

#[tokio::test]
async fn old_lines_go_and_what_is_left_is_whole() {
    let server = TestServer::with(|settings| {
        settings.audit_retention = std::time::Duration::from_secs(60);
    })
    .await;
    let id = server.submit(&smallest()).await;
    server.post_job(&id, "cancel", &json!({})).json(200).await;
    server.clock.advance_ms(61_000);
    server.submit(&smallest()).await;
    server.server.retain().await.expect("deleted");
    let found = server.get("/api/audit/verify").json(200).await;
    assert_eq!(found["intact"], true);
    has(&found, &json!({"removed": 2, "lines": 1}));
}
