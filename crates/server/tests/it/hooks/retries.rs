//! Receivers that fail for a while: what is sent again, when, and in which order.

use serde_json::json;

use super::{
    complete, deliver, deliveries, hook,
    receiver::{Receiver, Reply},
    server,
};
use crate::{database::on_both, test_server::example};

on_both!(
    a_receiver_that_was_down_gets_everything_once_it_is_back,
    the_order_of_a_run_is_kept_while_others_go_on,
    a_receiver_that_names_a_time_is_left_alone_until_then,
    a_receiver_that_names_a_time_far_away_is_not_believed,
    a_test_that_succeeds_or_enabling_lifts_a_pause,
    a_backlog_waits_in_the_event_log_and_is_worked_off,
);

async fn a_receiver_that_was_down_gets_everything_once_it_is_back() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["*"]).await;
    let address = receiver.address();
    drop(receiver);
    complete(&server).await;
    assert_eq!(deliver(&server).await, 1, "the others wait for the first");
    let all = deliveries(&server, &hook).await;
    assert_eq!(all[0]["attempts"], json!(1));
    assert_eq!(all[1]["attempts"], json!(0));
    assert!(
        all[0]["error"]
            .as_str()
            .expect("an error")
            .contains("refused"),
        "{}",
        all[0]
    );
    assert!(all[0]["next_attempt_at"].is_string() && all[1].get("next_attempt_at").is_none());
    server.clock.advance_ms(5_000);
    let receiver = Receiver::start_at(address).await;
    assert_eq!(deliver(&server).await, 3);
    assert_eq!(
        receiver.events(),
        ["job.submitted", "job.started", "job.completed"]
    );
}

async fn the_order_of_a_run_is_kept_while_others_go_on() {
    let (server, receiver) = (server().await, Receiver::start().await);
    hook(&server, &receiver, &["*"]).await;
    // The first event of the first job fails twice.
    let first = server.submit(&example()).await;
    receiver.script([Reply::Status(500)]);
    deliver(&server).await;
    receiver.script([Reply::Status(503)]);
    server.clock.advance_ms(5_000);
    deliver(&server).await;
    assert_eq!(receiver.count(), 2);
    server.claim("worker-1").await;
    super::end(&server, &first, "complete").await;
    let second = complete(&server).await;
    assert_eq!(deliver(&server).await, 3, "only the other job's");
    server.clock.advance_ms(15_000);
    assert_eq!(deliver(&server).await, 3);
    let of = |job: &str| -> Vec<String> {
        let received = receiver.received();
        let mine = received
            .iter()
            .filter(|one| one.body()["data"]["run_id"] == job);
        mine.map(|one| one.event()).collect()
    };
    let story = ["job.submitted", "job.started", "job.completed"];
    assert_eq!(of(&second), story);
    assert_eq!(of(&first)[..2], ["job.submitted", "job.submitted"]);
    assert_eq!(of(&first)[2..], story);
}

async fn a_receiver_that_names_a_time_is_left_alone_until_then() {
    for (code, value) in [(429, "120"), (503, "Mon, 01 Jan 2024 12:02:00 GMT")] {
        let (server, receiver) = (server().await, Receiver::start().await);
        let hook = hook(&server, &receiver, &["job.submitted"]).await;
        receiver.script([Reply::Header(code, "retry-after", value.to_owned())]);
        server.submit(&example()).await;
        deliver(&server).await;
        // Also for what comes meanwhile.
        server.submit(&example()).await;
        server.clock.advance_ms(119_000);
        assert_eq!(deliver(&server).await, 0);
        let all = deliveries(&server, &hook).await;
        assert_eq!(all[0]["next_attempt_at"], "2024-01-01T12:02:00Z");
        server.clock.advance_ms(1_000);
        assert_eq!(deliver(&server).await, 2);
        assert_eq!(receiver.count(), 3);
    }
}

async fn a_receiver_that_names_a_time_far_away_is_not_believed() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    // Sixty seconds, meant as milliseconds.
    receiver.script([Reply::Header(429, "retry-after", "60000".to_owned())]);
    server.submit(&example()).await;
    deliver(&server).await;
    let shown = super::shown(&server, &hook).await;
    assert_eq!(shown["waits_until"], "2024-01-01T13:00:00Z");
    server.clock.advance_ms(3_599_000);
    assert_eq!(deliver(&server).await, 0);
    server.clock.advance_ms(1_000);
    assert_eq!(deliver(&server).await, 1);
    let shown = super::shown(&server, &hook).await;
    assert!(shown.get("waits_until").is_none(), "{shown}");
}

async fn a_test_that_succeeds_or_enabling_lifts_a_pause() {
    for by_test in [true, false] {
        let (server, receiver) = (server().await, Receiver::start().await);
        let hook = hook(&server, &receiver, &["job.submitted"]).await;
        let path = format!("/api/hooks/{}/test", super::id(&hook));
        receiver.script([Reply::Header(503, "retry-after", "3600".to_owned())]);
        server.submit(&example()).await;
        deliver(&server).await;
        // One that was submitted meanwhile waits, too.
        server.submit(&example()).await;
        assert_eq!(deliver(&server).await, 0);
        if by_test {
            // A test that fails lifts nothing.
            receiver.script([Reply::Status(500)]);
            server.post(&path, &json!(null)).json(202).await;
            assert_eq!(deliver(&server).await, 1);
            server.post(&path, &json!(null)).json(202).await;
            // The test, what was held back, and the test that failed.
            assert_eq!(deliver(&server).await, 4);
        } else {
            let enabled = super::patch(&server, &hook, &json!({"enabled": true}));
            let shown = enabled.json(200).await;
            assert!(shown.get("waits_until").is_none(), "{shown}");
            assert_eq!(deliver(&server).await, 2);
        }
        let shown = super::shown(&server, &hook).await;
        assert!(shown.get("waits_until").is_none(), "{shown}");
    }
}

async fn a_backlog_waits_in_the_event_log_and_is_worked_off() {
    let (server, receiver) = (server().await, Receiver::start().await);
    let hook = hook(&server, &receiver, &["job.submitted"]).await;
    receiver.always(Reply::Status(500));
    let jobs = vec![example(); 1_300];
    server
        .post("/api/v1/jobs/bulk", &json!(jobs))
        .json(201)
        .await;
    deliver(&server).await;
    let path = format!("/api/hooks/{}/deliveries?limit=1", super::id(&hook));
    let newest = server.get(&path).json(200).await;
    assert_eq!(
        newest[0]["id"], 1_000,
        "more deliveries are open than may be"
    );
    receiver.always(Reply::Status(200));
    let before = receiver.count();
    server.clock.advance_ms(5_000);
    assert_eq!(deliver(&server).await, 1_300);
    let received = receiver.received();
    let mut seqs: Vec<i64> = received[before..]
        .iter()
        .map(|one| one.body()["data"]["seq"].as_i64().expect("a number"))
        .collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=1_300).collect::<Vec<i64>>());
}
