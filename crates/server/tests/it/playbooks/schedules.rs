//! Schedules: what they start and when, what becomes of times that overlap or were missed, and who may.

use std::fs;

use http::{Method, Request};
use serde_json::{Value, json};
use server::{Assembled, Clock, Settings};
use tower::ServiceExt;

use super::{CHECKS, executions::claim, library, refusal, text};
use crate::{
    access::Keyed,
    answer::Answer,
    database::{self, on_both},
    stream::Messages,
    test_server::TestServer,
};

on_both!(
    two_servers_start_each_time_once,
    what_overlaps_is_left_out_waits_or_takes_the_place,
    a_schedule_is_changed_enabled_and_deleted,
);

pub(super) const MINUTE_MS: i64 = 60_000;

pub(super) async fn checks() -> TestServer {
    library(&[("gateway/checks.yaml", CHECKS)]).await
}

/// A schedule of every minute with other or more fields.
fn every_minute(fields: &Value) -> Value {
    let mut new = json!({"name": "Nightly", "playbook_path": "gateway/checks.yaml", "every": 60,
        "parameters": {"site": "A"}});
    for (name, value) in fields.as_object().expect("an object of fields") {
        new[name] = value.clone();
    }
    new
}

pub(super) async fn made(server: &TestServer, fields: &Value) -> String {
    let made = server.post("/api/schedules", &every_minute(fields));
    text(&made.json(201).await["id"])
}

async fn schedule(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/schedules/{id}")).json(200).await
}

async fn patch(server: &TestServer, id: &str, change: &Value) -> Value {
    let path = format!("/api/schedules/{id}");
    let patch = server.send(Method::PATCH, &path, change.to_string());
    patch.json(200).await
}

async fn tick(server: &TestServer) {
    server.server.start_scheduled().await.expect("a tick");
}

pub(super) async fn after(server: &TestServer, ms: i64) {
    server.clock.advance_ms(ms);
    tick(server).await;
}

/// The times for which it started executions, oldest first.
pub(super) async fn history(server: &TestServer, id: &str) -> Vec<String> {
    let path = format!("/api/schedules/{id}/history");
    let history = server.get(&path).json(200).await;
    let executions = history["executions"].as_array().expect("a list");
    let times = executions.iter().rev();
    times.map(|one| text(&one["scheduled_for"])).collect()
}

/// Every execution that waits for an executor is performed.
async fn end(server: &TestServer) -> usize {
    let mut ended = 0;
    loop {
        let run = claim(server).await;
        if run.is_null() {
            return ended;
        }
        let result = json!({"run_id": run["id"], "token": run["token"], "outcome": "completed"});
        let body = json!({"results": [result]});
        let path = "/api/executors/player/exchange";
        server.post(path, &body).json(200).await;
        ended += 1;
    }
}

#[tokio::test]
async fn a_schedule_starts_its_playbook_at_its_times() {
    let server = checks().await;
    let fields = json!({"cron": "*/30 2 * * *", "every": null, "time_zone": "Europe/Berlin",
        "labels": {"team": "a"}});
    let id = made(&server, &fields).await;
    let shown = schedule(&server, &id).await;
    let next = json!([
        "2024-01-02T01:00:00Z",
        "2024-01-02T01:30:00Z",
        "2024-01-03T01:00:00Z",
        "2024-01-03T01:30:00Z",
        "2024-01-04T01:00:00Z"
    ]);
    assert_eq!(shown["next_runs"], next);
    assert_eq!(shown["next_run_at"], next[0]);
    assert_eq!(
        (&shown["overlap"], &shown["catch_up"]),
        (&json!("skip"), &json!("last"))
    );
    after(&server, 13 * 60 * MINUTE_MS - 1).await;
    assert!(history(&server, &id).await.is_empty());
    after(&server, 1).await;
    tick(&server).await;
    assert_eq!(history(&server, &id).await, ["2024-01-02T01:00:00Z"]);
    let shown = schedule(&server, &id).await;
    assert_eq!(shown["next_run_at"], next[1]);
    assert_eq!(shown["last_run_at"], next[0]);
    let execution = text(&shown["last_execution_id"]);
    let run = server
        .get(&format!("/api/runs/{execution}"))
        .json(200)
        .await;
    let labels = json!({"schedule": id, "scheduled_for": next[0], "team": "a"});
    assert_eq!(run["labels"], labels);
    let found = server
        .get(&format!("/api/executions/{execution}"))
        .json(200)
        .await;
    assert_eq!(found["playbook_name"], "Health checks");
    let list = server.get("/api/schedules").json(200).await;
    assert_eq!(list, json!({"schedules": [shown]}));
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_with_its_field() {
    let secret = "name: Secret\nversion: '1'\nparameters: [{name: token, type: secret}]\n\
        steps: [{id: a, name: A, type: utility.log}]\n";
    let server = library(&[("gateway/checks.yaml", CHECKS), ("secret.yaml", secret)]).await;
    let secret = json!({"playbook_path": "secret.yaml", "parameters": {"token": "planted"}});
    for (fields, field) in [
        (json!({"every": null, "cron": "61 * * * *"}), "cron"),
        (json!({"every": null, "cron": "* * * *"}), "cron"),
        (json!({"every": null}), "cron"),
        (json!({"cron": "0 0 * * *"}), "cron"),
        (
            json!({"every": null, "cron": "0 0 * * *", "time_zone": "Mars/Base"}),
            "time_zone",
        ),
        (json!({"every": 0}), "every"),
        (json!({"name": ""}), "name"),
        (json!({"overlap": "sometimes"}), "overlap"),
        (json!({"gateway_url": "ftp://a"}), "gateway_url"),
        (secret, "parameters"),
    ] {
        let new = every_minute(&fields);
        let refused = server.post("/api/schedules", &new).json(400).await;
        let details = &refused["detail"]["details"];
        assert_eq!(details["field"], field, "{fields}: {refused}");
    }
    let fields = json!({"parameters": {}});
    let refused = server
        .post("/api/schedules", &every_minute(&fields))
        .json(400)
        .await;
    assert_eq!(refused["detail"]["details"]["parameters"], json!(["site"]));
    for (fields, code) in [
        (json!({"playbook_path": "none.yaml"}), "playbook_not_found"),
        (json!({"credential_name": "none"}), "credential_not_found"),
    ] {
        let refused = server
            .post("/api/schedules", &every_minute(&fields))
            .json(404)
            .await;
        assert_eq!(refusal(&refused).0, code);
    }
    let list = server.get("/api/schedules").json(200).await;
    assert_eq!(list, json!({"schedules": []}));
    let missing = server.get("/api/schedules/none").json(404).await;
    assert_eq!(
        refusal(&missing),
        ("not_found", "Schedule 'none' not found")
    );
}

async fn what_overlaps_is_left_out_waits_or_takes_the_place() {
    let server = checks().await;
    let skip = made(&server, &json!({"overlap": "skip"})).await;
    after(&server, MINUTE_MS).await;
    after(&server, MINUTE_MS).await;
    assert_eq!(history(&server, &skip).await, ["2024-01-01T12:01:00Z"]);
    let shown = schedule(&server, &skip).await;
    assert_eq!(shown["last_skipped_at"], "2024-01-01T12:02:00Z");
    assert_eq!(shown["next_run_at"], "2024-01-01T12:03:00Z");
    end(&server).await;
    after(&server, MINUTE_MS).await;
    assert_eq!(history(&server, &skip).await.len(), 2);
    end(&server).await;
    server
        .delete(&format!("/api/schedules/{skip}"))
        .json(200)
        .await;

    // 12:03 now. Times wait one after the other, and none of them is missed.
    let queue = made(&server, &json!({"overlap": "queue", "catch_up": "none"})).await;
    for _ in 0..4 {
        after(&server, MINUTE_MS).await;
    }
    assert_eq!(history(&server, &queue).await, ["2024-01-01T12:04:00Z"]);
    for expected in [
        "2024-01-01T12:05:00Z",
        "2024-01-01T12:06:00Z",
        "2024-01-01T12:07:00Z",
    ] {
        end(&server).await;
        after(&server, 10_000).await;
        let started = history(&server, &queue).await;
        assert_eq!(
            started.last().map(String::as_str),
            Some(expected),
            "{started:?}"
        );
    }
    end(&server).await;
    server
        .delete(&format!("/api/schedules/{queue}"))
        .json(200)
        .await;

    let cancel = made(&server, &json!({"overlap": "cancel_running"})).await;
    after(&server, MINUTE_MS).await;
    let first = text(&schedule(&server, &cancel).await["last_execution_id"]);
    let run = claim(&server).await;
    assert_eq!(run["id"], json!(first));
    after(&server, MINUTE_MS).await;
    let asked = server.get(&format!("/api/runs/{first}")).json(200).await;
    assert_eq!(asked["status"], "running", "its executor ends it");
    assert_eq!(history(&server, &cancel).await.len(), 1);
    let result = json!({"run_id": first, "token": run["token"], "outcome": "failed",
        "error_message": "cancelled"});
    let body = json!({"results": [result]});
    server
        .post("/api/executors/player/exchange", &body)
        .json(200)
        .await;
    let ended = server.get(&format!("/api/runs/{first}")).json(200).await;
    assert_eq!(ended["status"], "cancelled");
    after(&server, 10_000).await;
    assert_eq!(history(&server, &cancel).await.len(), 2);
}

#[tokio::test]
async fn times_that_passed_without_a_server_are_made_up_for_as_asked() {
    let server = checks().await;
    let mut made = Vec::new();
    for catch_up in ["none", "last", "all"] {
        let fields = json!({"catch_up": catch_up, "overlap": "queue", "every": 600});
        made.push(self::made(&server, &fields).await);
    }
    // Three and a half intervals.
    after(&server, 35 * MINUTE_MS).await;
    while end(&server).await > 0 {
        after(&server, 1_000).await;
    }
    let times = [
        "2024-01-01T12:10:00Z",
        "2024-01-01T12:20:00Z",
        "2024-01-01T12:30:00Z",
    ];
    assert_eq!(history(&server, &made[0]).await, [] as [&str; 0]);
    assert_eq!(history(&server, &made[1]).await, times[2..]);
    assert_eq!(history(&server, &made[2]).await, times);
}

#[tokio::test]
async fn a_schedule_whose_playbook_is_gone_says_so_and_goes_on() {
    let server = checks().await;
    let id = made(&server, &json!({})).await;
    let file = server.dir().join("data/playbooks/gateway/checks.yaml");
    fs::remove_file(&file).expect("removed");
    after(&server, MINUTE_MS).await;
    let shown = schedule(&server, &id).await;
    let error = "Playbook 'gateway/checks.yaml' not found";
    assert_eq!(shown["last_error"], error);
    assert_eq!(shown["last_error_at"], "2024-01-01T12:01:00Z");
    assert_eq!(shown["enabled"], true);
    let events = server.get("/api/events?after=0&kind=schedule").await;
    let event = Messages::of(events).next().await.expect("an event");
    assert_eq!(event.event, "schedule.failed");
    let told = &event.data["data"];
    assert_eq!(
        (&told["reason"], &told["schedule_id"]),
        (&json!(error), &json!(id))
    );
    fs::write(&file, CHECKS).expect("written");
    after(&server, MINUTE_MS).await;
    assert_eq!(history(&server, &id).await, ["2024-01-01T12:02:00Z"]);
    assert!(schedule(&server, &id).await["last_error"].is_null());
}

#[tokio::test]
async fn a_schedule_acts_in_the_name_of_its_key() {
    let keyed = Keyed::open().await;
    let library = keyed.server.dir().join("data/playbooks/gateway");
    fs::create_dir_all(&library).expect("a folder");
    fs::write(library.join("checks.yaml"), CHECKS).expect("a file");
    let key = |role: &str, scopes: Value| {
        let new = json!({"name": format!("{role}'s"), "role": role, "scopes": scopes});
        let keyed = &keyed;
        async move {
            let made = keyed.send(&keyed.admin, Method::POST, "/api/keys", &new.to_string());
            let made = made.await.json(201).await;
            (text(&made["id"]), text(&made["key"]))
        }
    };
    let new = every_minute(&json!({})).to_string();
    let (_, weak) = key("custom", json!(["schedules:write"])).await;
    let refused = keyed
        .send(&weak, Method::POST, "/api/schedules", &new)
        .await;
    assert_eq!(
        refused.status, 403,
        "it could not start the playbook itself"
    );
    let (id, user) = key("user", json!([])).await;
    let made = keyed
        .send(&user, Method::POST, "/api/schedules", &new)
        .await;
    let made = made.json(201).await;
    assert_eq!(made["owner"], "user's");
    let schedule = format!("/api/schedules/{}", text(&made["id"]));
    after(&keyed.server, MINUTE_MS).await;
    let lines = keyed
        .send(&keyed.admin, Method::GET, "/api/audit?limit=1", "")
        .await;
    let line = &lines.json(200).await[0];
    assert_eq!(line["action"], "execution.start");
    assert_eq!(line["actor"], json!({"id": id, "name": "user's"}));
    assert_eq!(line["from"], "schedule");
    end_keyed(&keyed).await;
    let revoked = keyed.send(&keyed.admin, Method::DELETE, &format!("/api/keys/{id}"), "");
    revoked.await;
    keyed.server.server.look_at_keys().await.expect("a look");
    after(&keyed.server, MINUTE_MS).await;
    let shown = keyed.send(&keyed.admin, Method::GET, &schedule, "").await;
    let shown = shown.json(200).await;
    assert_eq!(shown["enabled"], false);
    let reason = "the key `user's` was revoked or has expired";
    assert_eq!(shown["disabled_reason"], reason);
    // Whoever enables it takes it over.
    let toggle = keyed.send(
        &keyed.admin,
        Method::POST,
        &format!("{schedule}/toggle"),
        "",
    );
    let shown = toggle.await.json(200).await;
    assert_eq!(
        (&shown["enabled"], &shown["owner"]),
        (&json!(true), &json!("admin"))
    );
    let before = shown["last_execution_id"].clone();
    after(&keyed.server, MINUTE_MS).await;
    let shown = keyed.send(&keyed.admin, Method::GET, &schedule, "").await;
    assert_ne!(shown.json(200).await["last_execution_id"], before);
}

/// Cancels everything that was started.
async fn end_keyed(keyed: &Keyed) {
    let list = keyed
        .send(&keyed.admin, Method::GET, "/api/executions", "")
        .await;
    for execution in list.json(200).await.as_array().expect("a list") {
        let id = text(&execution["execution_id"]);
        let path = format!("/api/executions/{id}/cancel");
        keyed
            .send(&keyed.admin, Method::POST, &path, "")
            .await
            .json(200)
            .await;
    }
}

async fn a_schedule_is_changed_enabled_and_deleted() {
    let server = checks().await;
    let id = made(&server, &json!({})).await;
    let path = format!("/api/schedules/{id}");
    let changed = patch(
        &server,
        &id,
        &json!({"name": "Hourly", "cron": "0 * * * *"}),
    )
    .await;
    assert_eq!(
        (&changed["name"], &changed["cron"]),
        (&json!("Hourly"), &json!("0 * * * *"))
    );
    assert_eq!(changed["every"], Value::Null);
    assert_eq!(changed["time_zone"], "UTC");
    assert_eq!(changed["next_run_at"], "2024-01-01T13:00:00Z");
    assert_eq!(changed["parameters"], json!({"site": "A"}));
    let wrong = json!({"parameters": {"seconds": "soon"}}).to_string();
    server.send(Method::PATCH, &path, wrong).json(400).await;
    let off = patch(&server, &id, &json!({"enabled": false})).await;
    assert_eq!(
        (&off["enabled"], &off["next_runs"]),
        (&json!(false), &json!([]))
    );
    after(&server, 3 * 60 * MINUTE_MS).await;
    assert!(history(&server, &id).await.is_empty());
    // Disabled or not, it can be started by hand, one at a time; its times stay.
    let run = format!("{path}/run");
    let started = server.post(&run, &json!(null)).json(200).await;
    assert_eq!(started["playbook_name"], "Health checks");
    let refused = server.post(&run, &json!(null)).json(409).await;
    assert_eq!(refusal(&refused).0, "conflict");
    let shown = schedule(&server, &id).await;
    assert_eq!(shown["last_execution_id"], started["execution_id"]);
    assert_eq!(shown["enabled"], false);
    end(&server).await;
    let on = server
        .post(&format!("{path}/toggle"), &json!(null))
        .json(200)
        .await;
    assert_eq!(
        (&on["enabled"], &on["next_run_at"]),
        (&json!(true), &json!("2024-01-01T16:00:00Z"))
    );
    let replaced = json!({"name": "Other", "playbook_path": "gateway/checks.yaml",
        "schedule_type": "daily", "schedule_config": {"time": "06:30"}, "parameters": {"site": "B"}});
    let replaced = server.put(&path, &replaced).json(200).await;
    assert_eq!(replaced["cron"], "30 6 * * *");
    assert_eq!(replaced["created_at"], shown["created_at"]);
    let gone = server.delete(&path).json(200).await;
    assert_eq!(
        gone,
        json!({"message": "Schedule deleted successfully", "id": id})
    );
    server.delete(&path).json(404).await;
    after(&server, 48 * 60 * MINUTE_MS).await;
    let executions = server.get("/api/executions").json(200).await;
    assert_eq!(
        executions.as_array().map(Vec::len),
        Some(1),
        "what it started stays"
    );
}

/// Several servers on one database, or one that looks several times at once, for a day of a schedule.
async fn two_servers_start_each_time_once() {
    let server = checks().await;
    let mut others = Vec::new();
    if let Some(url) = database::url(&server.dir().join("data")) {
        for name in ["second", "third"] {
            let mut settings = Settings::new(server.dir().join(name));
            settings.database_url = Some(url.clone());
            settings.library = Some(server.dir().join("data/playbooks"));
            let clock = Clock::new(server.clock.clone());
            others.push(Assembled::open(settings, clock).await.expect("it opens"));
        }
    }
    let servers: Vec<&Assembled> = [&server.server, &server.server]
        .into_iter()
        .chain(&others)
        .collect();
    let mut expected = 0;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(made(&server, &json!({"overlap": "queue"})).await);
    }
    for _ in 0..4 {
        server.clock.advance_ms(MINUTE_MS);
        expected += 1;
        let ticks = servers.iter().map(|one| one.start_scheduled());
        for ticked in futures_util::future::join_all(ticks).await {
            ticked.expect("a tick");
        }
        for id in &ids {
            let times = history(&server, id).await;
            assert_eq!(times.len(), expected, "{times:?}");
        }
        // Every one ends before the next time, so that nothing waits.
        for id in &ids {
            let last = text(&schedule(&server, id).await["last_execution_id"]);
            let cancel = format!("/api/executions/{last}/cancel");
            server.post(&cancel, &json!(null)).json(200).await;
        }
    }
    for other in &others {
        let request = Request::get("/api/schedules").header("host", "localhost");
        let request = request.body(axum::body::Body::empty()).expect("a request");
        let Ok(answer) = other.router().oneshot(request).await;
        let list = Answer::new(answer).json(200).await;
        assert_eq!(list["schedules"].as_array().map(Vec::len), Some(ids.len()));
    }
}
