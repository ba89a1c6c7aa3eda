//! From a playspec to services that answer, and to nothing again.

use serde_json::json;

use super::TestPlaygrounds;

/// A service that says what it was given, and one that only runs.
const TWO_SERVICES: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"hello $$GREETING of $$PLAYGROUND_ID\" > /www/index.html; echo web is up; exec httpd -f -p 80 -h /www']
    environment: {GREETING: '${WHO:-nobody}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 300ms, retries: 50}
  db:
    image: IMAGE
    command: [sh, -c, 'echo db is up; exec sleep 1000']
    volumes: ['data:/data']
volumes: {data: {}}
";

#[test]
fn two_services_become_healthy_answer_by_host_and_leave_nothing() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("two", TWO_SERVICES);
    let id = test.create("First One", spec, &json!({"env_overrides": {"WHO": "you"}}));
    let status = test.becomes(id, "running");
    let services = status["services"].as_array().expect("services");
    assert_eq!(services.len(), 2, "{status:#}");
    assert!(
        services.iter().all(|one| one["running"] == true),
        "{status:#}"
    );
    let web = services
        .iter()
        .find(|one| one["name"] == "web")
        .expect("web");
    assert_eq!(web["health"], "healthy");

    let answer = test.visit(id, "web", "/");
    assert_eq!(
        (answer.status, answer.body.trim()),
        (200, &*format!("hello you of {id}"))
    );

    let logs = test
        .get(&format!("/api/playgrounds/{id}/logs/db?tail=10"))
        .json();
    assert_eq!(logs["lines"], json!(["db is up"]));
    assert_eq!(logs["source"], "live");

    let details = test.get(&format!("/api/playgrounds/{id}")).json();
    let project = details["compose_project"]
        .as_str()
        .expect("a project")
        .to_owned();
    assert_eq!(project, format!("pg-{id}-first-one"));
    assert!(
        test.left_of(&project).len() >= 4,
        "{:?}",
        test.left_of(&project)
    );
    let place = test.place(id, "web");
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
    let gone =
        super::bench::request(place.1, &place.0, "GET", "/", None).expect("the router answers");
    assert_eq!(gone.status, 404, "{gone:?}");
}
