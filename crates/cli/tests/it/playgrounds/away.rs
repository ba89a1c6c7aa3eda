//! The end of a playground's time, and executors and engines that go away and come back.

use std::{fs, path::PathBuf, thread, time::Duration};

use nix::sys::signal::Signal;
use serde_json::json;

use super::{TestPlaygrounds, bench::Placement, sources::repository};

const PLAIN: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"version $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
";

/// Has the playground's time end in a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's clock is this machine's"
)]
fn ends_soon(test: &TestPlaygrounds, id: i64) {
    let soon = jiff::Timestamp::now() + Duration::from_secs(1);
    let body = json!({"playground": {"expires_at": soon.to_string()}});
    let answer = test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&body));
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The only checkout of a playground.
fn checkout(test: &TestPlaygrounds, project: &str) -> PathBuf {
    let mut place = test
        .server
        .home()
        .join("playgrounds")
        .join(project)
        .join("checkouts");
    while !place.join("Dockerfile").exists() {
        let mut entries = fs::read_dir(&place).expect("a directory");
        place = entries.next().expect("an entry").expect("an entry").path();
    }
    place
}

#[test]
fn a_checkout_with_changes_outlives_its_time_and_says_why() {
    let test = TestPlaygrounds::without_executor();
    let _executor = test.start_executor("one", Placement::Free);
    test.until_playroom();
    let repository = repository();
    let url = format!("file://{}", repository.path().display());
    let compose = "services: {web: {labels: {playgrounds.expose: '80'}}}";
    let services = json!([{"name": "web", "type": "dynamic", "repo_url": url}]);
    let spec = json!({"name": "kept", "base_compose_yaml": compose, "services": services});
    let spec = test.post("/api/playspecs", &json!({"playspec": spec}));
    let id = test.create("kept", spec["id"].as_i64().expect("an id"), &json!({}));
    test.becomes(id, "running");
    let project = format!("pg-{id}-kept");
    let containers = test.containers(&project);
    let changed = checkout(&test, &project).join("changed");
    fs::write(&changed, "not committed").expect("a file");
    ends_soon(&test, id);
    let status = test.becomes(id, "has_changes");
    let message = status["error_message"].as_str().expect("a message");
    assert!(
        message.contains("its time is over") && message.contains("web"),
        "{message}"
    );
    assert_eq!(test.containers(&project), containers);
    assert_eq!(test.visit(id, "web", "/").status, 200);

    fs::remove_file(&changed).expect("it is there");
    ends_soon(&test, id);
    test.until("it is gone", || {
        (test.get(&format!("/api/playgrounds/{id}")).status == 404).then_some(())
    });
    assert_eq!(test.left_of(&project), Vec::<String>::new());
}

#[test]
fn an_executor_that_is_away_is_waited_for() {
    let test = TestPlaygrounds::without_executor();
    let mut executor = test.start_executor("one", Placement::Fixed);
    test.until_playroom();
    let spec = test.playspec("waits", PLAIN);
    let id = test.create("waits", spec, &json!({}));
    test.becomes(id, "running");
    executor.signal(Signal::SIGKILL);
    executor.wait();
    let path = format!("/api/playgrounds/{id}");
    let reason = || {
        let status = test.get(&format!("{path}/status")).json();
        status["state_reason"].as_str().map(str::to_owned)
    };
    let said = test.until("the status says that the executor is away", reason);
    assert!(said.contains("no executor reaches"), "{said}");
    let body = json!({"playground": {"env_overrides": {"VERSION": "two"}}});
    assert_eq!(test.ask("PATCH", &path, Some(&body)).status, 200);
    test.post(&format!("{path}/rollout"), &json!({}));
    assert_eq!(test.becomes(id, "pending")["state_reason"], json!(said));

    let _executor = test.start_executor("one", Placement::Fixed);
    test.becomes(id, "running");
    assert_eq!(reason(), None);
    assert_eq!(test.visit(id, "web", "/").body.trim(), "version two");
    test.destroy(id);
}

#[test]
fn an_engine_that_is_away_is_waited_for() {
    let mut engine = private_docker::Engine::start_another().expect("an engine");
    let mut test = TestPlaygrounds::without_executor();
    test.use_engine(engine.location().clone());
    let executor = test.start_executor("one", Placement::Fixed);
    test.until_playroom();
    let spec = test.playspec("engine", PLAIN);
    let id = test.create("engine", spec, &json!({}));
    test.becomes(id, "running");
    let path = format!("/api/playgrounds/{id}");
    engine.stop().expect("it stops");
    let body = json!({"playground": {"env_overrides": {"VERSION": "two"}}});
    assert_eq!(test.ask("PATCH", &path, Some(&body)).status, 200);
    test.post(&format!("{path}/rollout"), &json!({}));
    // Longer than an attempt takes to see that there is no engine.
    thread::sleep(Duration::from_secs(10));
    let status = test.get(&format!("{path}/status")).json();
    assert!(
        ["pending", "in_progress"].contains(&status["status"].as_str().unwrap_or_default()),
        "{status:#}"
    );
    let reason = status["state_reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("does not answer"),
        "{status:#}\n{}",
        executor.stderr()
    );
    engine.start_again().expect("it starts again");
    test.becomes(id, "running");
    assert_eq!(test.visit(id, "web", "/").body.trim(), "version two");
    test.destroy(id);
    assert_eq!(
        test.left_of(&format!("pg-{id}-engine")),
        Vec::<String>::new()
    );
}
