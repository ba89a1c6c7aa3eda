//! `kill -9` of the executor in the middle of operations: each goes on or is undone, and nothing is left.

use std::{thread, time::Duration};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{TestPlaygrounds, bench::Placement};
use crate::harness::Process;

/// A service that takes a while to become healthy, so that every phase is long enough to be hit.
const SLOW: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; sleep 1; echo \"version $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 300ms, retries: 100}
    volumes: ['data:/data:ro']
  worker:
    image: IMAGE
    command: [sleep, '1000']
    environment: {VERSION: '${VERSION:-one}'}
volumes: {data: {}}
";

/// How many rounds; more by the variable.
fn rounds() -> u64 {
    let more = option_env!("PLAYHOUSE_KILL_ROUNDS").and_then(|text| text.parse().ok());
    more.unwrap_or(4)
}

fn kill(executor: &mut Process) {
    executor.signal(Signal::SIGKILL);
    executor.wait();
}

#[test]
fn an_executor_that_is_killed_goes_on_and_leaves_nothing() {
    let test = TestPlaygrounds::without_executor();
    let mut executor = test.start_executor("one", Placement::Fixed);
    test.until_playroom();
    let spec = test.playspec("slow", SLOW);
    for round in 0..rounds() {
        let name = format!("kill-{round}");
        let id = test.create(&name, spec, &json!({}));
        // Spread over everything that a creation does; sometimes it is over before.
        thread::sleep(Duration::from_millis(150 + round * 3571 % 3000));
        kill(&mut executor);
        executor = test.start_executor("one", Placement::Fixed);
        test.becomes(id, "running");
        assert_eq!(test.visit(id, "web", "/").body.trim(), "version one");

        let body = json!({"playground": {"env_overrides": {"VERSION": "two"}}});
        test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&body));
        test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
        thread::sleep(Duration::from_millis(150 + round * 2377 % 2500));
        kill(&mut executor);
        executor = test.start_executor("one", Placement::Fixed);
        test.becomes(id, "running");
        assert_eq!(test.visit(id, "web", "/").body.trim(), "version two");
        assert_eq!(test.containers(&format!("pg-{id}-{name}")).len(), 2);

        let answer = test.ask("DELETE", &format!("/api/playgrounds/{id}"), None);
        assert_eq!(answer.status, 202, "{answer:?}");
        thread::sleep(Duration::from_millis(50 + round * 977 % 700));
        kill(&mut executor);
        executor = test.start_executor("one", Placement::Fixed);
        test.gone(id);
        assert_eq!(
            test.left_of(&format!("pg-{id}-{name}")),
            Vec::<String>::new()
        );
    }
    kill(&mut executor);
}
