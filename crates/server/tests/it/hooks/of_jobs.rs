//! The hook of one job, in its submit.

use serde_json::{Value, json};

use super::{
    deliver, end,
    receiver::{Receiver, Reply},
    server,
};
use crate::{
    access::Keyed,
    answer::has,
    database::on_both,
    test_server::{TestServer, bare, example, example_with},
};

on_both!(
    a_job_s_own_hook_gets_the_events_of_that_job_alone,
    a_job_says_what_is_sent_and_with_which_headers,
    a_job_s_hook_stays_where_the_job_sends_it,
    retries_bound_the_attempts_of_a_job_s_hook,
    a_deleted_job_still_delivers_what_it_owes,
    every_item_of_a_bulk_submit_may_have_its_own,
    a_wrong_webhook_is_refused_and_makes_no_job,
    a_reader_of_a_job_sees_what_became_of_its_webhook,
);

async fn deliveries(server: &TestServer, job: &str) -> Vec<Value> {
    super::deliveries(server, &json!({"id": job})).await
}

/// A job with this webhook, from its submit to its completion.
async fn complete(server: &TestServer, webhook: &Value) -> String {
    let job = server.submit_with(&json!({"webhook": webhook})).await;
    server.claim("worker-1").await;
    end(server, &job, "complete").await;
    job
}

async fn a_job_s_own_hook_gets_the_events_of_that_job_alone() {
    let (server, receiver) = (server().await, Receiver::start().await);
    super::complete(&server).await;
    let job = complete(&server, &json!(receiver.url("/mine"))).await;
    super::complete(&server).await;
    assert_eq!(deliver(&server).await, 2);
    assert_eq!(receiver.events(), ["job.started", "job.completed"]);
    for one in receiver.received() {
        assert_eq!(one.path, "/mine");
        assert_eq!(one.body()["data"]["run_id"], job.as_str());
        assert!(!one.headers.contains_key("webhook-signature"));
    }
    assert_eq!(deliveries(&server, &job).await.len(), 2);
    let all = server.get("/api/hooks").json(200).await;
    assert_eq!(all, json!([]), "hooks of jobs are not listed");
    // A retry is delivered as well.
    server.post_job(&job, "retry", &json!(null)).json(200).await;
    server.claim("worker-1").await;
    deliver(&server).await;
    assert_eq!(receiver.events().len(), 3);
}

async fn a_job_says_what_is_sent_and_with_which_headers() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let webhook = json!({
        "url": receiver.url("/"), "on": ["completed"], "secret": secret,
        "headers": {"Authorization": "Bearer planted-secret"},
    });
    let job = complete(&server, &webhook).await;
    deliver(&server).await;
    assert_eq!(receiver.events(), ["job.completed"]);
    let received = &receiver.received()[0];
    assert_eq!(received.header("authorization"), "Bearer planted-secret");
    assert!(received.header("webhook-signature").starts_with("v1,"));
    // The secrets are not shown again.
    let mut shown = server.job(&job).await.to_string();
    shown += &server.get(&format!("/api/hooks/{job}")).await.text().await;
    shown += &json!(deliveries(&server, &job).await).to_string();
    server.submit_with(&json!({"webhook": webhook})).await;
    shown += &server.claim("worker-1").await.to_string();
    for planted in ["planted-secret", "C2FVsBQIhrscChlQIMV"] {
        assert!(!shown.contains(planted), "{shown}");
    }
}

async fn a_job_s_hook_stays_where_the_job_sends_it() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let other = Receiver::start().await;
    let headers = json!({"Authorization": "Bearer planted-secret"});
    let job = complete(
        &server,
        &json!({"url": receiver.url("/"), "headers": headers}),
    )
    .await;
    let hook = json!({"id": job});
    let change = json!({"url": other.url("/"), "description": "mine"});
    let detail = super::refused(super::patch(&server, &hook, &change).await, 400).await;
    assert!(detail.starts_with("url of a job's own hook"), "{detail}");
    let change = json!({"description": "mine"});
    let shown = super::patch(&server, &hook, &change).json(200).await;
    assert_eq!(shown["url"], receiver.url("/"));
    deliver(&server).await;
    assert_eq!((receiver.count(), other.count()), (2, 0));
}

async fn retries_bound_the_attempts_of_a_job_s_hook() {
    let (server, receiver) = (server().await, Receiver::start().await);
    receiver.always(Reply::Status(500));
    let webhook = json!({"url": receiver.url("/"), "on": ["started", "completed"], "retries": 1});
    let job = complete(&server, &webhook).await;
    for _ in 0..5 {
        deliver(&server).await;
        server.clock.advance_ms(3_600_000);
    }
    let events = [
        "job.started",
        "job.started",
        "job.completed",
        "job.completed",
    ];
    assert_eq!(receiver.events(), events);
    for one in deliveries(&server, &job).await {
        has(&one, &json!({"status": "failed", "attempts": 2}));
    }
}

async fn a_deleted_job_still_delivers_what_it_owes() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let job = complete(&server, &json!(receiver.url("/"))).await;
    receiver.script([Reply::Status(500)]);
    deliver(&server).await;
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.server.retain().await.expect("a tick");
    server
        .get(&format!("/api/v1/jobs/{job}"))
        .refused(404)
        .await;
    assert_eq!(deliver(&server).await, 2);
    assert_eq!(
        receiver.events().last().map(String::as_str),
        Some("job.completed")
    );
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.server.retain().await.expect("a tick");
    server.get(&format!("/api/hooks/{job}")).json(404).await;
}

async fn every_item_of_a_bulk_submit_may_have_its_own() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let jobs = json!([
        example_with(&json!({"webhook": receiver.url("/a")})),
        example(),
        example_with(&json!({"webhook": {"url": receiver.url("/b")}})),
    ]);
    server.post("/api/v1/jobs/bulk", &jobs).json(201).await;
    let claim = json!({"executor_id": "w", "executor_ip": "192.0.2.7", "max": 3});
    server.post("/api/v1/jobs/claim", &claim).json(200).await;
    assert_eq!(deliver(&server).await, 2);
    let mut paths: Vec<String> = receiver
        .received()
        .into_iter()
        .map(|one| one.path)
        .collect();
    paths.sort();
    assert_eq!(paths, ["/a", "/b"]);
}

async fn a_wrong_webhook_is_refused_and_makes_no_job() {
    let server = server().await;
    let url = "https://hooks.example/";
    let many: serde_json::Map<String, Value> =
        (0..21).map(|n| (format!("x-{n}"), json!("1"))).collect();
    for (webhook, field) in [
        (json!("ftp://hooks.example/"), "webhook.url"),
        (json!("nonsense"), "webhook.url"),
        (json!("https://user:password@hooks.example/"), "webhook.url"),
        (
            json!(format!("https://hooks.example/{}", "x".repeat(2048))),
            "webhook.url",
        ),
        (json!({"url": url, "on": ["finished"]}), "webhook.on"),
        (json!({"url": url, "retries": 101}), "webhook.retries"),
        (json!({"url": url, "secret": "short"}), "webhook.secret"),
        (
            json!({"url": url, "headers": {"Host": "x"}}),
            "webhook.headers",
        ),
        (
            json!({"url": url, "headers": {"a b": "x"}}),
            "webhook.headers",
        ),
        (
            json!({"url": url, "headers": {"x": "a\nb"}}),
            "webhook.headers",
        ),
        (json!({"url": url, "headers": many}), "webhook.headers"),
        (
            json!({"url": url, "headers": {"x": "y".repeat(5000)}}),
            "webhook.headers",
        ),
        (json!({}), "webhook"),
        (json!([url]), "webhook"),
        (json!(7), "webhook"),
        (json!({"url": url, "retries": -1}), "webhook"),
        (json!({"url": url, "headers": ["x"]}), "webhook"),
    ] {
        let job = example_with(&json!({"webhook": webhook}));
        let body = server.post("/api/v1/jobs", &job).refused(400).await;
        assert_eq!(body["context"]["field"], field, "{webhook}: {body}");
    }
    assert_eq!(server.get("/api/v1/jobs").json(200).await, json!([]));
    let none = example_with(&json!({"webhook": null}));
    server.post("/api/v1/jobs", &none).json(201).await;
    server
        .post("/api/v1/jobs/claim", &bare("w"))
        .json(200)
        .await;
}

async fn a_reader_of_a_job_sees_what_became_of_its_webhook() {
    let receiver = Receiver::start().await;
    receiver.always(Reply::Status(418));
    let server = server().await;
    let job = complete(&server, &json!(receiver.url("/"))).await;
    let plain = server.submit(&example()).await;
    deliver(&server).await;
    let keyed = Keyed::on(server).await;
    let reader = keyed.key("reader", "readonly").await;
    let path = |id: &str, query: &str| format!("/api/v1/jobs/{id}/deliveries{query}");
    let first = keyed.get(&reader, &path(&job, "?limit=1")).await;
    let next = format!("<{}>; rel=\"next\"", path(&job, "?limit=1&before=2"));
    assert_eq!(first.headers["link"], next);
    let first = first.json(200).await;
    assert_eq!(first[0]["event"], "job.completed");
    let all = keyed.get(&reader, &path(&job, "")).json(200).await;
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    has(&all[1], &json!({"id": 1, "response_status": 418}));
    let hook = format!("/api/hooks/{job}/deliveries");
    let same = keyed.get(&keyed.admin, &hook).json(200).await;
    assert_eq!(all, same);
    keyed.get(&reader, &hook).json(403).await;
    let none = keyed.get(&reader, &path(&plain, "")).await;
    assert_eq!(none.json(200).await, json!([]));
    keyed
        .get(&reader, &path(&job, "?limit=0"))
        .refused(400)
        .await;
    // A job of one contract is none of the other.
    let other = format!("/playground/jobs/{job}/deliveries");
    keyed.get(&reader, &other).json(404).await;
    let unknown = path("018cc4e5-2200-7000-8000-00000000ffff", "");
    keyed.get(&reader, &unknown).refused(404).await;
    let worker = keyed.key("worker-1", "executor").await;
    keyed.get(&worker, &path(&job, "")).refused(403).await;
}
