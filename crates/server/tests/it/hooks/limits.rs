//! Receivers that do not answer keep those of others waiting as little as can be, and so does what happens
//! without pause.

use std::{convert::Infallible, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use crate::{
    access::Keyed,
    database::on_both,
    stream::DEADLINE,
    test_server::{TestServer, example_with},
};

on_both!(
    a_hundred_silent_hosts_of_one_keep_those_of_another_not_waiting,
    what_is_due_goes_out_while_more_happens_without_pause,
);

/// Longer than a quick receiver is waited for, and shorter than a test may take.
const HOOK_TIMEOUT: Duration = Duration::from_secs(20);

async fn a_hundred_silent_hosts_of_one_keep_those_of_another_not_waiting() {
    let server = TestServer::with(|settings| {
        super::allow_loopback(settings);
        settings.hook_timeout = HOOK_TIMEOUT;
    })
    .await;
    let keyed = Keyed::on(server).await;
    let (mallory, other) = (
        keyed.key("mallory", "user").await,
        keyed.key("other", "user").await,
    );
    let silent = Receiver::start_at("0.0.0.0:0".parse().expect("an address")).await;
    silent.always(Reply::Silence);
    let quick = Receiver::start().await;
    // Each of these is another host: no two share places.
    let port = silent.address().port();
    let hosts = (1..=200).map(|host| format!("http://127.0.9.{host}:{port}/"));
    let job = |url: String| example_with(&json!({"webhook": {"url": url, "on": ["cancelled"]}}));
    let jobs: Vec<_> = hosts.map(job).collect();
    keyed
        .post(&mallory, "/api/v1/jobs/bulk", &json!(jobs))
        .json(201)
        .await;
    let mine = job(quick.url("/"));
    keyed.post(&other, "/api/v1/jobs", &mine).json(201).await;
    let jobs = keyed
        .get(&keyed.admin, "/api/v1/jobs?limit=500")
        .json(200)
        .await;
    // The newest is first: those of the silent hosts are cancelled, and due, before it.
    let ids: Vec<_> = jobs.as_array().expect("a list").iter().rev().collect();
    let ids: Vec<_> = ids.iter().map(|job| job["id"].clone()).collect();
    assert_eq!(ids.len(), 201);
    let cancel = json!({"job_ids": ids});
    let cancelled = keyed.post(&keyed.admin, "/api/v1/jobs/bulk/cancel", &cancel);
    cancelled.await.json(200).await;
    let told = async {
        while quick.count() == 0 || silent.count() < 64 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = keyed.server.server.deliver() => panic!("the silent ones were done first"),
        told = tokio::time::timeout(HOOK_TIMEOUT / 2, told) => told.expect("it is called"),
    }
}

/// Submits jobs and cancels them, one after the other, forever.
async fn go_on(server: &TestServer, job: &Value) -> Infallible {
    loop {
        let id = server.submit(job).await;
        server.delete(&format!("/api/v1/jobs/{id}")).json(200).await;
    }
}

async fn what_is_due_goes_out_while_more_happens_without_pause() {
    let (server, receiver) = (super::server().await, Receiver::start().await);
    let webhook = json!({"url": receiver.url("/"), "on": ["cancelled"]});
    let job = example_with(&json!({"webhook": webhook}));
    // Several: whenever the outbox looks, one of them has been there since.
    let load = join_all((0..8).map(|_| go_on(&server, &job)));
    let told = async {
        while receiver.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let deliver = async {
        loop {
            super::deliver(&server).await;
        }
    };
    tokio::select! {
        _ = load => unreachable!("it goes on for ever"),
        () = deliver => {}
        told = tokio::time::timeout(DEADLINE, told) => told.expect("it is called"),
    }
}
