//! Each kind of failure that a real engine can produce: the status names its category, the service, its last lines
//! and what to do, and nothing of it outlives its playground.

use serde_json::{Value, json};

use super::{
    TestPlaygrounds,
    foreign::{Foreign, removed_at_end},
    sources::{commit, repository},
};

/// A playground that cannot be created.
struct Failure {
    name: &'static str,
    /// The services, or the whole Compose text.
    compose: String,
    repository: Option<String>,
    category: &'static str,
    step: &'static str,
    service: Option<&'static str>,
    /// Parts of the message or of the last lines.
    says: &'static [&'static str],
}

/// One service `web`, with these keys.
fn web(
    name: &'static str,
    keys: &str,
    (category, step): (&'static str, &'static str),
    says: &'static [&'static str],
) -> Failure {
    // Neither hears the signal to stop.
    let good = "{image: IMAGE, command: [sleep, '1000'], stop_grace_period: 0s}";
    Failure {
        name,
        compose: format!("services:\n  good: {good}\n  web: {{{keys}, stop_grace_period: 0s}}\n"),
        repository: None,
        category,
        step,
        service: (step != GENERATE && step != "repo_clone").then_some("web"),
        says,
    }
}

const UP: &str = "compose_up";
const PULL: &str = "image_pull";
const GENERATE: &str = "compose_generate";

/// What containers do wrong.
fn of_containers() -> Vec<Failure> {
    let shell = |script: &str| format!("image: IMAGE, command: [sh, -c, '{script}']");
    let unhealthy = format!(
        "{}, healthcheck: {{test: [CMD-SHELL, 'echo not well; exit 1'], interval: 200ms, retries: 2}}",
        shell("echo web is up; exec sleep 1000")
    );
    let hungry = format!(
        "{}, mem_limit: 16m",
        shell("echo eating; exec tail /dev/zero")
    );
    let absent = "image: IMAGE, volumes: [{type: bind, source: ./absent, target: /x, \
        bind: {create_host_path: false}}]";
    vec![
        web(
            "exits",
            &shell("echo cannot start; exit 3"),
            ("service_exit", UP),
            &["cannot start", "exited with code 3"],
        ),
        web(
            "restarts",
            &format!("{}, restart: always", shell("echo again; exit 1")),
            ("service_exit", UP),
            &["again"],
        ),
        web(
            "no-program",
            "image: IMAGE, command: [no-such-program]",
            ("service_exit", UP),
            &["no-such-program"],
        ),
        web("unhealthy", &unhealthy, ("dependency_unhealthy", UP), &["web is up"]),
        web("hungry", &hungry, ("service_exit", UP), &["out of memory", "eating"]),
        web(
            "silent",
            &format!("{}, labels: {{playgrounds.expose: '80'}}", shell("echo deaf; exec sleep 1000")),
            ("timeout", UP),
            &["not ready within 20 s", "nothing listens on port 80", "deaf"],
        ),
        web("absent", absent, ("volume_mount", UP), &["bind source path does not exist"]),
        Failure {
            service: Some("db"),
            compose: "services:\n  web: {image: IMAGE, command: [sleep, '1000'], stop_grace_period: 0s, depends_on: {db: {condition: \
                service_healthy}}}\n  db: {image: IMAGE, command: [sh, -c, 'echo db fails; sleep 1000'], stop_grace_period: 0s, \
                healthcheck: {test: [CMD, 'false'], interval: 200ms, retries: 2}}\n"
                .to_owned(),
            ..web("needs", "", ("dependency_unhealthy", UP), &["db fails"])
        },
    ]
}

/// What is wrong with the text.
fn of_texts() -> Vec<Failure> {
    vec![
        web(
            "host-port",
            "image: IMAGE, ports: ['abc:80']",
            ("invalid_compose", GENERATE),
            &["abc"],
        ),
        web(
            "privileged",
            "image: IMAGE, privileged: true",
            ("invalid_compose", GENERATE),
            &[
                "service `web`: `privileged: true` is refused",
                "`false` is allowed",
            ],
        ),
        web(
            "variable",
            "image: IMAGE, environment: {URL: '${NEEDED}'}",
            ("invalid_compose", GENERATE),
            &["NEEDED"],
        ),
    ]
}

/// What registries answer.
fn of_registries(registry: &str) -> Vec<Failure> {
    let image = |name: &str| format!("image: '{registry}/{name}/image:1'");
    vec![
        web(
            "absent-image",
            &image("absent"),
            ("image_pull_not_found", PULL),
            &["manifest unknown"],
        ),
        web(
            "private-image",
            &image("private"),
            ("image_pull_auth_failed", PULL),
            &["unauthorized"],
        ),
        web(
            "limited-image",
            &image("limited"),
            ("registry_rate_limited", PULL),
            &["toomanyrequests"],
        ),
        web(
            "broken-registry",
            &image("broken"),
            ("image_pull_unknown", PULL),
            &["500"],
        ),
        web(
            "no-registry",
            "image: 'registry.invalid/some/image:1'",
            ("network", PULL),
            &["registry.invalid"],
        ),
    ]
}

/// What git and builds do wrong.
fn of_repositories(directory: &std::path::Path) -> Vec<Failure> {
    let dynamic = |name, (category, step), says, url: String| Failure {
        compose: "services:\n  web: {labels: {playgrounds.expose: '80'}}\n".to_owned(),
        repository: Some(url),
        ..web(name, "", (category, step), says)
    };
    let broken = format!("file://{}", directory.display());
    vec![
        Failure {
            service: Some("web"),
            ..dynamic(
                "broken-build",
                ("image_build", "image_build"),
                &["cannot be built"],
                broken,
            )
        },
        dynamic(
            "no-repository",
            ("unknown", "repo_clone"),
            &["/nowhere/at/all"],
            "file:///nowhere/at/all".to_owned(),
        ),
    ]
}

/// What others on the engine have already.
fn of_neighbours(port: u16) -> Vec<Failure> {
    vec![
        web(
            "port",
            &format!("image: IMAGE, command: [sleep, '1000'], ports: ['{port}:80']"),
            ("port_bind", UP),
            &["port is already allocated"],
        ),
        Failure {
            service: None,
            ..web(
                "container-name",
                "image: IMAGE, container_name: failures-neighbour",
                ("container_conflict", UP),
                &["failures-neighbour"],
            )
        },
        Failure {
            service: None,
            compose: "services:\n  web: {image: IMAGE, networks: [one]}\nnetworks: {one: {ipam: {config: [{subnet: \
                10.77.1.0/24}]}}}\n"
                .to_owned(),
            ..web("subnet", "", ("network", UP), &["overlap"])
        },
    ]
}

/// An image registry that has nothing; answers where the engine reaches it.
fn registry(test: &TestPlaygrounds, foreign: &Foreign) -> String {
    const HANDLER: &str = r#"read method path rest
case $path in
*/limited/*) s='429 Too Many Requests' b='{"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]}';;
*/broken/*) s='500 Internal Server Error' b='{"errors":[{"code":"UNKNOWN","message":"it is broken"}]}';;
*/private/*) s='401 Unauthorized' b='{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}';;
/v2/) s='200 OK' b='{}';;
*) s='404 Not Found' b='{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}';;
esac
printf 'HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' \
    "$s" "${#b}" "$b"
"#;
    let script = format!(
        "cat > /handler <<'END'\n#!/bin/sh\n{HANDLER}END\nchmod +x /handler; exec nc -ll -p 80 -e /handler"
    );
    let id = foreign.container("failures-registry", &[], &["sh", "-c", &script]);
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = test.docker(&["inspect", "--format", format, &id]);
    format!("{}:80", address.first().expect("an address"))
}

#[test]
fn every_failure_is_told_with_its_service_and_what_to_do() {
    let test = TestPlaygrounds::start_with(&["--ready-timeout=20".to_owned()]);
    let foreign = removed_at_end(&test);
    foreign.container(
        "failures-neighbour",
        &["--publish", "18431:80"],
        &["sleep", "1000"],
    );
    foreign.network("failures-subnet", &["--subnet", "10.77.0.0/16"]);
    let policy = json!({"fixed_ports": true, "container_names": true, "fixed_subnets": true});
    let body = json!({"playroom": {"policy": policy}});
    let answer = test.ask("PATCH", "/api/playrooms/local", Some(&body));
    assert_eq!(answer.status, 200, "{answer:?}");
    let broken = repository();
    let image = private_docker::BUSYBOX;
    let dockerfile = format!("FROM {image}\nRUN echo cannot be built; exit 7\n");
    std::fs::write(broken.path().join("Dockerfile"), dockerfile).expect("a file");
    commit(broken.path(), "broken");

    let mut failures = of_containers();
    failures.extend(of_texts());
    failures.extend(of_registries(&registry(&test, &foreign)));
    failures.extend(of_repositories(broken.path()));
    failures.extend(of_neighbours(18431));
    let made: Vec<i64> = failures
        .iter()
        .map(|failure| create(&test, failure))
        .collect();
    let mut wrong = Vec::new();
    for (failure, id) in failures.iter().zip(&made) {
        let status = test.becomes(*id, "error");
        wrong.extend(differs(&test, failure, *id, &status));
    }
    for id in &made {
        let answer = test.ask("DELETE", &format!("/api/playgrounds/{id}"), None);
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    for (failure, id) in failures.iter().zip(made) {
        test.gone(id);
        let left = test.left_of(&format!("pg-{id}-{}", failure.name));
        assert_eq!(left, Vec::<String>::new(), "{}", failure.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn create(test: &TestPlaygrounds, failure: &Failure) -> i64 {
    let compose = failure.compose.replace("IMAGE", private_docker::BUSYBOX);
    let mut spec = json!({"name": failure.name, "base_compose_yaml": compose});
    if let Some(url) = &failure.repository {
        spec["services"] = json!([{"name": "web", "type": "dynamic", "repo_url": url}]);
    }
    let spec = test.post("/api/playspecs", &json!({"playspec": spec}));
    let more = json!({"service_subdomains": {"web": failure.name}});
    let exposed = failure.repository.is_some();
    test.create(
        failure.name,
        spec["id"].as_i64().expect("an id"),
        if exposed { &more } else { &Value::Null },
    )
}

/// What is not told as it should be.
fn differs(test: &TestPlaygrounds, failure: &Failure, id: i64, status: &Value) -> Vec<String> {
    let details = &status["error_details"];
    let debug = test.get(&format!("/api/playgrounds/{id}/debug")).json();
    let told = format!("{}\n{}", status["error_message"], details["lines"]);
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{}: {what}: {status:#}", failure.name));
        }
    };
    must(details["category"] == failure.category, "category");
    must(
        details["failed_service"] == json!(failure.service),
        "failed service",
    );
    must(status["error_step"] == failure.step, "step");
    must(failure.says.iter().all(|part| told.contains(part)), "text");
    // Texts and registries have none.
    let lines = details["lines"].as_array().map_or(0, Vec::len);
    must(failure.service.is_none() || lines > 0, "lines");
    must(
        details["next_actions"]
            .as_array()
            .is_some_and(|all| !all.is_empty()),
        "next actions",
    );
    must(debug["failure"] == *details, "debug");
    wrong
}
