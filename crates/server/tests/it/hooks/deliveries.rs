//! What is delivered, to whom, and in which form.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::{
    complete, deliver, deliveries, hook, id, patch,
    receiver::{Receiver, Reply},
    server,
};
use crate::{answer::has, database::on_both, test_server::example};

on_both!(
    events_are_delivered_in_order_with_what_the_log_says,
    deliveries_are_signed_as_standard_webhooks_are,
    a_hook_gets_what_it_asks_for_and_each_hook_its_own,
    a_disabled_hook_gets_nothing_and_begins_anew_when_it_is_enabled,
    a_test_and_a_replay_are_sent_at_once,
    deliveries_are_listed_in_pages_and_go_with_age,
);

async fn events_are_delivered_in_order_with_what_the_log_says() {
    let (server, receiver) = (server().await, Receiver::start().await);
    complete(&server).await;
    let hook = hook(&server, &receiver, &["*"]).await;
    let job = complete(&server).await;
    assert_eq!(deliver(&server).await, 3);
    // What was there before the hook is not sent.
    assert_eq!(
        receiver.events(),
        ["job.submitted", "job.started", "job.completed"]
    );
    let last = &receiver.received()[2];
    assert_eq!(last.path, "/hook");
    assert_eq!(last.header("content-type"), "application/json");
    let expected = json!({
        "event": "job.completed",
        "timestamp": "2024-01-01T12:00:00.000Z",
        "data": {
            "run_id": job, "seq": 6, "kind": "job", "name": "data-processing",
            "status": "completed", "attempt": 1, "executor_id": "worker-1",
        },
    });
    assert_eq!(last.body(), expected);
    let all = deliveries(&server, &hook).await;
    assert!(
        all.iter()
            .all(|one| one["status"] == "delivered" && one["attempts"] == 1),
        "{all:?}"
    );
    assert_eq!(all[2]["seq"], 6);
    assert_eq!(all[2]["response_status"], 200);
    assert_eq!(deliver(&server).await, 0, "nothing is sent twice");
}

async fn deliveries_are_signed_as_standard_webhooks_are() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    receiver.script([Reply::Status(500)]);
    server.submit(&example()).await;
    deliver(&server).await;
    server.clock.advance_ms(5_000);
    deliver(&server).await;
    let secret = hook["secret"].as_str().expect("a secret");
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").expect("its prefix"))
        .expect("base64");
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    assert_eq!(
        received[0].header("webhook-id"),
        format!("msg_{}_1", id(&hook))
    );
    let (first, second) = (
        received[0].header("webhook-timestamp"),
        received[1].header("webhook-timestamp"),
    );
    assert_eq!((first, second), ("1704110400", "1704110405"));
    for one in &received {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        let (id, at) = (one.header("webhook-id"), one.header("webhook-timestamp"));
        mac.update(format!("{id}.{at}.{}", one.text).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(one.header("webhook-signature"), expected);
    }
}

async fn a_hook_gets_what_it_asks_for_and_each_hook_its_own() {
    let (server, receiver) = (server().await, Receiver::start().await);
    hook(&server, &receiver, &["job.c*", "job.failed"]).await;
    let other = Receiver::start().await;
    let busy = hook(&server, &other, &["job.submitted"]).await;
    complete(&server).await;
    deliver(&server).await;
    assert_eq!(receiver.events(), ["job.completed"]);
    assert_eq!(other.events(), ["job.submitted"]);
    patch(&server, &busy, &json!({"events": ["job.started"]}))
        .json(200)
        .await;
    complete(&server).await;
    deliver(&server).await;
    assert_eq!(other.events(), ["job.submitted", "job.started"]);
}

async fn a_disabled_hook_gets_nothing_and_begins_anew_when_it_is_enabled() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    server.submit(&example()).await;
    receiver.always(Reply::Status(500));
    deliver(&server).await;
    let off = patch(&server, &hook, &json!({"enabled": false}))
        .json(200)
        .await;
    has(
        &off,
        &json!({"enabled": false, "disabled_reason": "it was asked for"}),
    );
    let all = deliveries(&server, &hook).await;
    assert_eq!(all[0]["status"], "failed");
    server.submit(&example()).await;
    server.clock.advance_ms(60_000);
    assert_eq!(deliver(&server).await, 0);
    receiver.always(Reply::Status(204));
    let on = patch(&server, &hook, &json!({"enabled": true}))
        .json(200)
        .await;
    has(&on, &json!({"enabled": true, "failures": 0}));
    server.submit(&example()).await;
    assert_eq!(deliver(&server).await, 1);
    assert_eq!(deliveries(&server, &hook).await.len(), 2);
}

async fn a_test_and_a_replay_are_sent_at_once() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    let path = format!("/api/hooks/{}", id(&hook));
    let test = server
        .post(&format!("{path}/test"), &json!(null))
        .json(202)
        .await;
    has(&test, &json!({"event": "hook.test", "status": "pending"}));
    deliver(&server).await;
    assert_eq!(receiver.events(), ["hook.test"]);
    assert_eq!(
        receiver.received()[0].body()["data"],
        json!({"hook_id": id(&hook)})
    );
    server.submit(&example()).await;
    deliver(&server).await;
    let replay = format!("{path}/deliveries/2/replay");
    let again = server.post(&replay, &json!(null)).json(202).await;
    assert_eq!(again["status"], "pending");
    deliver(&server).await;
    let received = receiver.received();
    assert_eq!(received.len(), 3);
    assert_eq!(received[1].text, received[2].text);
    assert_eq!(
        received[1].header("webhook-id"),
        received[2].header("webhook-id")
    );
    let shown = server.get(&format!("{path}/deliveries/2")).json(200).await;
    has(&shown, &json!({"status": "delivered", "attempts": 2}));
}

async fn deliveries_are_listed_in_pages_and_go_with_age() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["*"]).await;
    complete(&server).await;
    deliver(&server).await;
    let path = format!("/api/hooks/{}/deliveries", id(&hook));
    let page = server.get(&format!("{path}?limit=2")).await;
    let link = page.headers["link"].to_str().expect("text").to_owned();
    assert_eq!(link, format!("<{path}?limit=2&before=2>; rel=\"next\""));
    assert_eq!(page.json(200).await.as_array().map(Vec::len), Some(2));
    let rest = server.get(&format!("{path}?limit=2&before=2")).await;
    assert!(!rest.headers.contains_key("link"));
    assert_eq!(rest.json(200).await[0]["id"], 1);
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.server.retain().await.expect("a tick");
    assert!(deliveries(&server, &hook).await.is_empty());
}
