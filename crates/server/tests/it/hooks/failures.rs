//! Receivers that fail for good, or make the server fail.

use serde_json::{Value, json};

use super::{
    allow_loopback, complete, deliver, deliveries, end, hook, id,
    receiver::{Receiver, Reply},
    refused, server, shown,
};
use crate::{
    answer::has,
    database::on_both,
    stream::Messages,
    test_server::{TestServer, example},
};

on_both!(
    a_receiver_that_is_gone_disables_its_hook,
    a_hook_that_fails_for_a_day_is_disabled_and_not_before,
    a_delivery_that_fails_for_a_day_has_failed_for_good,
    a_slow_receiver_is_given_up_and_keeps_no_other_waiting,
    a_redirect_is_a_failure_and_is_not_followed,
    a_long_or_odd_answer_is_kept_in_part,
);

const DAY_MS: i64 = 24 * 3_600_000;

/// The data of the newest event of this type.
async fn told(server: &TestServer, event_type: &str) -> Value {
    let answer = server
        .get(&format!("/api/events?after=0&types={event_type}"))
        .await;
    Messages::of(answer).take(1).await.remove(0).data
}

async fn a_receiver_that_is_gone_disables_its_hook() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.*"]).await;
    receiver.always(Reply::Status(410));
    complete(&server).await;
    assert_eq!(deliver(&server).await, 1, "nothing follows a 410");
    let now = shown(&server, &hook).await;
    assert_eq!(now["enabled"], false);
    assert_eq!(now["disabled_reason"], "the receiver answered 410 Gone");
    let all = deliveries(&server, &hook).await;
    assert!(all.iter().all(|one| one["status"] == "failed"), "{all:?}");
    let event = told(&server, "hook.disabled").await;
    assert_eq!(event["kind"], "hook");
    assert!(event.get("run_id").is_none());
    let data = json!({"hook_id": id(&hook), "reason": "the receiver answered 410 Gone"});
    assert_eq!(event["data"], data);
    for verb in ["test", "deliveries/1/replay"] {
        let path = format!("/api/hooks/{}/{verb}", id(&hook));
        refused(server.post(&path, &json!(null)).await, 409).await;
    }
}

async fn a_hook_that_fails_for_a_day_is_disabled_and_not_before() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    receiver.always(Reply::Status(500));
    server.submit(&example()).await;
    let begun = receiver.count();
    let mut hours = 0;
    while shown(&server, &hook).await["enabled"] == true {
        deliver(&server).await;
        server.clock.advance_ms(3_600_000);
        hours += 1;
        assert!(hours < 100, "it is never disabled");
        // New events keep coming, so there is always something to try.
        server.submit(&example()).await;
    }
    assert_eq!(hours, 25);
    assert!(receiver.count() - begun >= 10);
    assert_eq!(
        told(&server, "hook.disabled").await["data"]["hook_id"],
        id(&hook)
    );
}

async fn a_delivery_that_fails_for_a_day_has_failed_for_good() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    receiver.script([Reply::Status(500), Reply::Status(500)]);
    server.submit(&example()).await;
    deliver(&server).await;
    server.clock.advance_ms(DAY_MS);
    deliver(&server).await;
    let all = deliveries(&server, &hook).await;
    has(&all[0], &json!({"status": "failed", "attempts": 2}));
    assert!(all[0].get("next_attempt_at").is_none());
    assert_eq!(
        all[0]["error"],
        "the receiver answered 500 Internal Server Error"
    );
    assert_eq!(
        shown(&server, &hook).await["enabled"],
        true,
        "two failures are few"
    );
}

async fn a_slow_receiver_is_given_up_and_keeps_no_other_waiting() {
    let server = TestServer::with(|settings| {
        allow_loopback(settings);
        settings.hook_timeout = std::time::Duration::from_millis(300);
    })
    .await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    let late = hook(&server, &slow, &["job.submitted"]).await;
    hook(&server, &quick, &["job.submitted"]).await;
    slow.always(Reply::Silence);
    for _ in 0..20 {
        server.submit(&example()).await;
    }
    assert_eq!(deliver(&server).await, 40);
    assert_eq!(quick.count(), 20);
    let all = deliveries(&server, &late).await;
    assert_eq!(all.len(), 20);
    for one in &all {
        has(one, &json!({"status": "pending", "attempts": 1}));
        assert_eq!(one["error"], "no answer within 300ms");
    }
}

async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let inside = Receiver::start().await;
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    let targets = [
        inside.url("/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[::1]/".to_owned(),
    ];
    receiver.script(targets.map(|target| Reply::Header(302, "location", target)));
    for _ in 0..3 {
        server.submit(&example()).await;
    }
    assert_eq!(deliver(&server).await, 3);
    assert_eq!(inside.count(), 0);
    for one in deliveries(&server, &hook).await {
        let error = "the receiver answered 302 Found: redirects are not followed";
        has(&one, &json!({"error": error, "status": "pending"}));
    }
}

async fn a_long_or_odd_answer_is_kept_in_part() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.*"]).await;
    let odd = b"a\0b\xff".to_vec();
    receiver.script([Reply::Body(200, vec![b'x'; 1 << 20]), Reply::Body(200, odd)]);
    let job = server.submit(&example()).await;
    server.claim("worker-1").await;
    end(&server, &job, "complete").await;
    assert_eq!(deliver(&server).await, 3);
    let all = deliveries(&server, &hook).await;
    assert_eq!(all[0]["response"].as_str().map(str::len), Some(4096));
    assert_eq!(all[1]["response"], "a\0b\u{fffd}");
    assert!(all.iter().all(|one| one["status"] == "delivered"));
}
