//! Templates: variables that a Compose file declares, and what is drawn for each playground; ports of the host.

use serde_json::{Value, json};

use super::TestPlaygrounds;

const TEMPLATE: &str = "
x-fibe.gg:
  variables:
    GREETING: {name: Greeting, validation: '/^[a-z: ]+$/'}
    TONE: {default: '!'}
    PIN: {random: true}
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"$$SAID|$$PIN|$$SALT|$$PLACE\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment:
      SAID: $$var__GREETING$$var__TONE
      PIN: $$var__PIN
      SALT: $$random__SALT
      PLACE: web.$$root_domain
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 0s
";

/// What the service says.
fn said(test: &TestPlaygrounds, id: i64) -> Vec<String> {
    let body = test.visit(id, "web", "/").body;
    body.trim().split('|').map(str::to_owned).collect()
}

#[test]
fn a_template_is_filled_in_and_what_is_drawn_stays() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("template", TEMPLATE);
    // What would be something else in YAML is text.
    let id = test.create(
        "filled",
        spec,
        &json!({"variables": {"GREETING": "hello: you"}}),
    );
    test.becomes(id, "running");
    let first = said(&test, id);
    assert_eq!(
        (first[0].as_str(), first[3].as_str()),
        ("hello: you!", "web.localhost")
    );
    for drawn in &first[1..3] {
        let is_hex = drawn.len() == 16 && drawn.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_hex, "{first:?}");
    }
    assert_ne!(first[1], first[2]);
    let environment = test
        .get(&format!("/api/playgrounds/{id}/env_metadata"))
        .json();
    let generated = json!(["random__SALT", "var__PIN"]);
    assert_eq!(environment["generated_keys"], generated, "{environment:#}");

    let body = json!({"playground": {"variables": {"GREETING": "bye", "TONE": "?"}}});
    let changed = test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&body));
    assert_eq!(changed.status, 200, "{changed:?}");
    test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
    test.becomes(id, "running");
    let second = said(&test, id);
    assert_eq!((second[0].as_str(), &second[1..]), ("bye?", &first[1..]));
    test.destroy(id);
}

#[test]
fn ports_of_the_host_are_for_playrooms_that_allow_them() {
    let test = TestPlaygrounds::start();
    let compose = TEMPLATE.split_once("services:").expect("services").1;
    let compose = compose
        .replace("$$var__GREETING$$var__TONE", "hi")
        .replace("$$var__PIN", "1");
    let spec = test.playspec("ports", &format!("services:{compose}"));
    let mapped =
        json!({"services": {"web": {"port_mappings": [{"container": 80, "host": 18_437}]}}});
    let id = test.create("ports", spec, &mapped);
    let status = test.becomes(id, "error");
    let message = status["error_message"].as_str().expect("a message");
    for part in [
        "service `web`: `port_mappings: 18437` is refused",
        "fixed_ports: true",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(status["error_details"]["category"], "invalid_compose");
    let body = json!({"playroom": {"policy": {"fixed_ports": true}}});
    let allowed = test.ask("PATCH", "/api/playrooms/local", Some(&body));
    assert_eq!(allowed.status, 200, "{allowed:?}");
    test.post(
        &format!("/api/playgrounds/{id}/retry_compose"),
        &Value::Null,
    );
    test.until("it runs", || {
        let status = test.get(&format!("/api/playgrounds/{id}/status")).json();
        (status["status"] == "running").then_some(())
    });
    let container = test.containers(&format!("pg-{id}-ports")).pop();
    let ports = test.docker(&["port", &container.expect("a container"), "80/tcp"]);
    assert!(ports.iter().any(|one| one.ends_with(":18437")), "{ports:?}");
    // The router reaches it all the same.
    assert_eq!(said(&test, id)[0], "hi");
    test.destroy(id);
}
