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

#[test]
fn two_playgrounds_of_one_playspec_live_beside_each_other() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("pair", TWO_SERVICES);
    let ids = ["pair-a", "pair-b"].map(|name| {
        let more = json!({"service_subdomains": {"web": name}, "env_overrides": {"WHO": name}});
        test.create(name, spec, &more)
    });
    for (id, name) in ids.into_iter().zip(["pair-a", "pair-b"]) {
        test.becomes(id, "running");
        assert_eq!(
            test.visit(id, "web", "/").body.trim(),
            format!("hello {name} of {id}")
        );
    }
    let [first, second] = ids;
    test.destroy(first);
    assert_eq!(
        test.left_of(&format!("pg-{first}-pair-a")),
        Vec::<String>::new()
    );
    assert_eq!(test.visit(second, "web", "/").status, 200);
    test.destroy(second);
}

#[test]
fn what_happens_to_containers_is_seen_and_the_router_follows_them() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("seen", TWO_SERVICES);
    let id = test.create("seen", spec, &json!({}));
    test.becomes(id, "running");
    let container = format!("pg-{id}-seen-web-1");
    test.docker(&["kill", &container]);
    let status = test.becomes(id, "error");
    let web = |status: &serde_json::Value| {
        let services = status["services"].as_array().cloned().unwrap_or_default();
        services
            .into_iter()
            .find(|one| one["name"] == "web")
            .expect("web")
    };
    assert_eq!(web(&status)["exit_code"], 137, "{status:#}");
    // Another container takes the old address meanwhile.
    let network = format!("pg-{id}-seen_default");
    let image = private_docker::BUSYBOX;
    let label = format!("playhouse.project=pg-{id}-seen");
    test.docker(&[
        "run",
        "-d",
        "--label",
        &label,
        "--name",
        "squatter",
        "--network",
        &network,
        image,
        "sleep",
        "1000",
    ]);
    test.docker(&["start", &container]);
    test.until("it runs again", || {
        let status = test.get(&format!("/api/playgrounds/{id}/status")).json();
        (status["status"] == "running" && web(&status)["health"] == "healthy").then_some(())
    });
    assert_eq!(test.visit(id, "web", "/").status, 200);
    test.docker(&["rm", "--force", "squatter"]);
    test.destroy(id);
}
