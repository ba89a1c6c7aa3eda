//! An idle playground sleeps, and the next request wakes it: no request is lost.

use std::{thread, time::Duration};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{
    TestPlaygrounds,
    bench::{Placement, request},
};

/// A service that answers what it is sent, and one that it needs.
const ECHO: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www/cgi-bin; printf \"#!/bin/sh\\necho; cat\\n\" > /www/cgi-bin/echo; chmod +x /www/cgi-bin/echo; echo \"version $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    depends_on: {db: {condition: service_healthy}}
    stop_grace_period: 0s
  db:
    image: IMAGE
    command: [sh, -c, 'rm -f /ready; sleep 0.3; touch /ready; exec sleep 1000']
    healthcheck: {test: [CMD, test, -e, /ready], interval: 200ms, retries: 50}
    stop_grace_period: 0s
";

fn running(test: &TestPlaygrounds, project: &str) -> usize {
    let filter = format!("label=playhouse.project={project}");
    test.docker(&["ps", "-q", "--filter", &filter]).len()
}

/// Waits until nothing of it runs, and its status says that it sleeps.
fn sleeps(test: &TestPlaygrounds, id: i64, project: &str) {
    test.until("it sleeps", || (running(test, project) == 0).then_some(()));
    test.until("its status says so", || {
        let body = test.get(&format!("/api/playgrounds/{id}/status")).json();
        assert_eq!(body["status"], "running", "{body:#}");
        let services = body["services"].as_array()?;
        let all = services.iter().all(|one| one["status"] == "asleep");
        (all && body["state_reason"].as_str()?.contains("wakes")).then_some(())
    });
}

#[test]
fn what_sleeps_is_woken_by_the_first_request_and_loses_none() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("echo", ECHO);
    let id = test.create("sleepy", spec, &json!({"sleep_after_seconds": 1}));
    let project = format!("pg-{id}-sleepy");
    test.becomes(id, "running");
    let (host, port) = test.place(id, "web");
    sleeps(&test, id, &project);

    // Many at once, and what they send arrives.
    let posts = (0..20).map(|number| {
        let host = host.clone();
        thread::spawn(move || {
            let body = json!({ "number": number });
            let answer = request(port, &host, "POST", "/cgi-bin/echo", Some(&body));
            let answer = answer.expect("the router answers");
            assert_eq!((answer.status, answer.json()), (200, body));
        })
    });
    for post in posts.collect::<Vec<_>>() {
        post.join().expect("it was answered");
    }
    assert_eq!(running(&test, &project), 2);
    sleeps(&test, id, &project);

    // An operation does not mind.
    let body =
        json!({"playground": {"env_overrides": {"VERSION": "two"}, "sleep_after_seconds": 0}});
    test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&body));
    test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
    test.becomes(id, "running");
    assert_eq!(test.visit(id, "web", "/").body.trim(), "version two");
    assert_eq!(running(&test, &project), 2);
    // Longer than it took to sleep before.
    thread::sleep(Duration::from_secs(3));
    assert_eq!(running(&test, &project), 2);
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
}

#[test]
fn what_sleeps_is_woken_by_an_executor_that_was_killed() {
    let test = TestPlaygrounds::without_executor();
    let mut executor = test.start_executor("one", Placement::Fixed);
    test.until_playroom();
    let spec = test.playspec("echo", ECHO);
    let id = test.create("drowsy", spec, &json!({"sleep_after_seconds": 1}));
    let project = format!("pg-{id}-drowsy");
    test.becomes(id, "running");
    sleeps(&test, id, &project);
    executor.signal(Signal::SIGKILL);
    executor.wait();
    executor = test.start_executor("one", Placement::Fixed);
    let (host, port) = test.place(id, "web");
    let woken = test.until("it answers", || request(port, &host, "GET", "/", None));
    assert_eq!((woken.status, woken.body.trim()), (200, "version one"));
    sleeps(&test, id, &project);
    // What sleeps can be destroyed.
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
    executor.signal(Signal::SIGKILL);
    executor.wait();
}

/// It says that it is to stop, and goes on.
const STUBBORN: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'trap \"echo not yet\" TERM; mkdir -p /www; echo here > /www/index.html; httpd -f -p 80 -h /www & while :; do wait; done']
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 5m
";

#[test]
fn a_request_does_not_wait_for_a_long_grace() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("stubborn", STUBBORN);
    let id = test.create("stubborn", spec, &json!({"sleep_after_seconds": 1}));
    test.becomes(id, "running");
    test.until("it is to stop", || {
        let logs = test.get(&format!("/api/playgrounds/{id}/logs/web")).json();
        logs["lines"].to_string().contains("not yet").then_some(())
    });
    let answer = test.visit(id, "web", "/");
    assert_eq!((answer.status, answer.body.trim()), (200, "here"));
    for container in test.containers(&format!("pg-{id}-stubborn")) {
        test.docker(&["kill", &container]);
    }
    test.destroy(id);
}
