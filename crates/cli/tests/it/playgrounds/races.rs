//! Requests that come at the same time, or in the middle of an operation.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{TestPlaygrounds, bench::Placement};

/// It becomes healthy when the test lets it.
const SLOW: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"version $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD-SHELL, 'test $$VERSION = one'], interval: 300ms, retries: 1000}
  db: {image: IMAGE, command: [sleep, '1000'], volumes: ['data:/data']}
volumes: {data: {}}
";

/// All at once; answers the statuses, in order.
fn at_once(test: &TestPlaygrounds, requests: &[(String, serde_json::Value)]) -> Vec<u16> {
    let barrier = Barrier::new(requests.len());
    let port = test.server.port;
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let threads = requests.iter().map(|(path, body)| {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                let host = format!("127.0.0.1:{port}");
                let answer = super::bench::request(port, &host, "POST", path, Some(body));
                answer.expect("the server answers").status
            })
        });
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|one| one.join().expect("it ends"))
            .collect()
    });
    statuses.sort_unstable();
    statuses
}

/// Waits until the containers of a project are there.
fn until_containers(test: &TestPlaygrounds, project: &str, count: usize) {
    test.until("containers are there", || {
        (test.containers(project).len() >= count).then_some(())
    });
}

#[test]
fn of_two_operations_at_once_one_is_refused_and_one_host_is_for_one_playground() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("race", SLOW);
    let requests: Vec<_> = (0..6)
        .map(|number| {
            let playground = json!({"name": format!("race-{number}"), "playspec_id": spec});
            (
                "/api/playgrounds".to_owned(),
                json!({"playground": playground}),
            )
        })
        .collect();
    assert_eq!(at_once(&test, &requests), [201, 422, 422, 422, 422, 422]);
    let made = test.get("/api/playgrounds").json();
    let id = made[0]["id"].as_i64().expect("an id");
    test.becomes(id, "running");
    let path = |operation: &str| (format!("/api/playgrounds/{id}/{operation}"), json!({}));
    let requests = [path("rollout"), path("hard_restart"), path("stop")];
    assert_eq!(at_once(&test, &requests), [200, 409, 409]);
    test.destroy(id);
}

/// Destroys it without waiting for what it does.
#[track_caller]
fn destroys_soon(test: &TestPlaygrounds, id: i64, project: &str) {
    let began = Instant::now();
    test.destroy(id);
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(test.left_of(project), Vec::<String>::new());
}

#[test]
fn a_destroy_in_the_middle_of_an_operation_follows_it() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("middle", SLOW);
    let never = json!({"env_overrides": {"VERSION": "two"}});

    // In the middle of a creation that would wait for two minutes.
    let id = test.create("middle-create", spec, &never);
    let project = format!("pg-{id}-middle-create");
    until_containers(&test, &project, 2);
    destroys_soon(&test, id, &project);

    // In the middle of a rollout that would.
    let id = test.create("middle-rollout", spec, &json!({}));
    let project = format!("pg-{id}-middle-rollout");
    test.becomes(id, "running");
    let path = format!("/api/playgrounds/{id}");
    let answer = test.ask("PATCH", &path, Some(&json!({"playground": never})));
    assert_eq!(answer.status, 200, "{answer:?}");
    test.post(&format!("{path}/rollout"), &json!({}));
    until_containers(&test, &project, 3);
    destroys_soon(&test, id, &project);
}

#[test]
fn a_destroy_before_there_is_an_executor_leaves_nothing() {
    let test = TestPlaygrounds::without_executor();
    let spec = test.playspec("early", SLOW);
    let id = test.create("early", spec, &json!({}));
    let answer = test.ask("DELETE", &format!("/api/playgrounds/{id}"), None);
    assert_eq!(answer.status, 202, "{answer:?}");
    let status = test.becomes(id, "destroying");
    let reason = status["state_reason"].as_str().expect("a reason");
    assert!(reason.contains("executor"), "{status:#}");
    let _executor = test.start_executor("one", Placement::Free);
    test.gone(id);
    assert_eq!(
        test.left_of(&format!("pg-{id}-early")),
        Vec::<String>::new()
    );
}
