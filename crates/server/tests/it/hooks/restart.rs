//! A server that ends in the middle: what was not delivered is delivered by the next one.

use std::{path::Path, time::Duration};

use serde_json::json;

use super::{
    deliver, deliveries, hook,
    receiver::{Receiver, Reply},
};
use crate::{
    answer::has,
    database::on_both,
    stream::DEADLINE,
    test_server::{TestServer, example},
};

on_both!(
    what_was_under_way_is_sent_again_by_the_next_server,
    events_that_were_not_expanded_before_the_end_are_delivered_after_it,
    a_hook_that_retention_overtakes_is_told_of_in_the_log,
    what_a_hook_has_seen_and_did_not_want_is_not_missed,
);

/// A server on this directory.
pub(super) async fn open(dir: &Path, allowed: bool) -> TestServer {
    let data = dir.join("data");
    TestServer::with(move |settings| {
        settings.data_dir = data;
        if allowed {
            super::allow_loopback(settings);
        }
    })
    .await
}

async fn what_was_under_way_is_sent_again_by_the_next_server() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let receiver = Receiver::start().await;
    let server = open(dir.path(), true).await;
    let hook = hook(&server, &receiver, &["*"]).await;
    receiver.script([Reply::Silence]);
    server.submit(&example()).await;
    // The receiver has it and does not answer: the server is gone before it knows.
    let asked = async {
        while receiver.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = server.server.deliver() => panic!("it was answered"),
        asked = tokio::time::timeout(DEADLINE, asked) => asked.expect("it is sent"),
    }
    drop(server);
    // The attempt was cut off; its task is gone once the runtime has looked at it.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let server = open(dir.path(), true).await;
    // The claim of the server that is gone is still good for a while.
    assert_eq!(deliver(&server).await, 0);
    server.clock.advance_ms(6_000);
    assert_eq!(deliver(&server).await, 1);
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(
        received[0].header("webhook-id"),
        received[1].header("webhook-id")
    );
    let one = deliveries(&server, &hook).await.remove(0);
    has(&one, &json!({"status": "delivered", "attempts": 2}));
}

async fn events_that_were_not_expanded_before_the_end_are_delivered_after_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let receiver = Receiver::start().await;
    let server = open(dir.path(), true).await;
    hook(&server, &receiver, &["*"]).await;
    super::complete(&server).await;
    drop(server);
    let server = open(dir.path(), true).await;
    assert_eq!(deliver(&server).await, 3);
    assert_eq!(
        receiver.events(),
        ["job.submitted", "job.started", "job.completed"]
    );
}

async fn a_hook_that_retention_overtakes_is_told_of_in_the_log() {
    let (server, receiver) = (super::server().await, Receiver::start().await);
    hook(&server, &receiver, &["*"]).await;
    super::complete(&server).await;
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.submit(&example()).await;
    server.server.retain().await.expect("a tick");
    assert_eq!(deliver(&server).await, 2);
    assert_eq!(receiver.events(), ["job.submitted", "hook.overtaken"]);
    assert_eq!(receiver.received()[1].body()["data"]["missed"], 3);
}

async fn what_a_hook_has_seen_and_did_not_want_is_not_missed() {
    let (server, receiver) = (super::server().await, Receiver::start().await);
    hook(&server, &receiver, &["hook.*"]).await;
    super::complete(&server).await;
    let webhook = json!({"url": receiver.url("/"), "on": ["failed"]});
    server.submit_with(&json!({"webhook": webhook})).await;
    assert_eq!(deliver(&server).await, 0);
    server.clock.advance_ms(8 * 24 * 3_600_000);
    server.server.retain().await.expect("a tick");
    server.submit(&example()).await;
    assert_eq!(deliver(&server).await, 0);
    assert_eq!(receiver.events(), [""; 0]);
}
