//! `kill -9` of the executor, and of the server, in the middle of operations: each goes on or is undone, nothing is
//! done twice, and nothing is left.

use std::{thread, time::Duration};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{TestPlaygrounds, bench::Placement};
use crate::harness::Process;

const ROUNDS: &str = "PLAYHOUSE_KILL_ROUNDS";

/// A service that takes a while to become healthy, so that every phase is long enough to be hit. The worker notes each
/// of its starts in a volume, which the other service shows.
const SLOW: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; ln -s /data/starts /www/starts; sleep 1; echo \"version $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 300ms, retries: 100}
    volumes: ['data:/data:ro']
  worker:
    image: IMAGE
    command: [sh, -c, 'echo \"$$VERSION\" >> /data/starts; exec sleep 1000']
    environment: {VERSION: '${VERSION:-one}'}
    volumes: ['data:/data']
volumes: {data: {}}
";

/// Few as a test, more by the variable: a fifth of the rounds of jobs, as each takes seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "the number of rounds comes from `cargo xtask`"
)]
fn rounds() -> u64 {
    let rounds = std::env::var(ROUNDS).ok();
    rounds.map_or(2, |text| {
        text.parse::<u64>().expect("a number of rounds") / 5 + 1
    })
}

/// The server, and the executor beside it.
struct Pair {
    test: TestPlaygrounds,
    executor: Process,
}

impl Pair {
    fn start() -> Self {
        let test = TestPlaygrounds::without_executor();
        let executor = test.start_executor("one", Placement::Fixed);
        test.until_playroom();
        Self { test, executor }
    }

    fn kill_executor(&mut self) {
        self.executor.signal(Signal::SIGKILL);
        self.executor.wait();
        self.executor = self.test.start_executor("one", Placement::Fixed);
    }

    fn kill_server(&mut self) {
        self.test.server.kill();
        self.test.server.restart();
    }

    /// Creates, rolls out and destroys, with a kill at some moment of each.
    fn round(&mut self, (round, name): (u64, &str), spec: i64, kill: fn(&mut Self)) {
        let name = format!("{name}-{round}");
        let id = self.test.create(&name, spec, &json!({}));
        let project = format!("pg-{id}-{name}");
        // Spread over everything that a creation does; sometimes it is over before.
        self.kill_after(100 + round * 3571 % 3000, kill);
        self.test.becomes(id, "running");
        self.shows(id, "/", "version one");
        self.shows(id, "/starts", "one");

        let body = json!({"playground": {"env_overrides": {"VERSION": "two"}}});
        let path = format!("/api/playgrounds/{id}");
        let answer = self.test.ask("PATCH", &path, Some(&body));
        assert_eq!(answer.status, 200, "{answer:?}");
        self.test.post(&format!("{path}/rollout"), &json!({}));
        self.kill_after(100 + round * 2377 % 2500, kill);
        self.test.becomes(id, "running");
        self.shows(id, "/", "version two");
        self.shows(id, "/starts", "one\ntwo");
        assert_eq!(self.test.containers(&project).len(), 2);
        let operations = self.test.get(&format!("{path}/operations")).json();
        assert_eq!(
            operations.as_array().map(Vec::len),
            Some(2),
            "{operations:#}"
        );

        let answer = self.test.ask("DELETE", &path, None);
        assert_eq!(answer.status, 202, "{answer:?}");
        self.kill_after(20 + round * 977 % 700, kill);
        self.test.gone(id);
        assert_eq!(self.test.left_of(&project), Vec::<String>::new());
        assert!(
            !self
                .test
                .server
                .home()
                .join("playgrounds")
                .join(&project)
                .exists()
        );
    }

    fn kill_after(&mut self, moment: u64, kill: fn(&mut Self)) {
        thread::sleep(Duration::from_millis(moment));
        kill(self);
    }

    #[track_caller]
    fn shows(&self, id: i64, path: &str, text: &str) {
        assert_eq!(self.test.visit(id, "web", path).body.trim(), text);
    }
}

/// `name` is in those of its playgrounds: the tests have one engine.
fn survives(name: &str, kill: fn(&mut Pair)) {
    let mut pair = Pair::start();
    let spec = pair.test.playspec("slow", SLOW);
    for round in 0..rounds() {
        pair.round((round, name), spec, kill);
    }
    assert!(
        pair.executor.ended().is_none(),
        "{}",
        pair.executor.stderr()
    );
}

#[test]
fn an_executor_that_is_killed_goes_on_and_leaves_nothing() {
    survives("kill-executor", Pair::kill_executor);
}

#[test]
fn a_server_that_is_killed_goes_on_and_leaves_nothing() {
    survives("kill-server", Pair::kill_server);
}
