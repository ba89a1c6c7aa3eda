//! Texts of the compose tool and of the engine, and what they mean.

use playground::failures::{
    Diagnosis, FailureCategory as C, FailureEvidence, ServiceState, diagnose,
};

fn state(name: &str, running: bool) -> ServiceState {
    ServiceState {
        name: name.to_owned(),
        running,
        ..ServiceState::default()
    }
}

fn of(output: &str, services: &[ServiceState]) -> Diagnosis {
    diagnose(&FailureEvidence {
        output: output.to_owned(),
        exit_code: Some(1),
        timed_out: false,
        services: services.to_vec(),
    })
}

/// What the compose tool and the engine print, and what it means.
const LINES: [(C, &str); 29] = [
    (
        C::DiskFull,
        "failed to register layer: write /usr/lib/x: no space left on device",
    ),
    (
        C::DiskFull,
        "error mounting \"x\": mkdir /var/lib/docker: no space left on device",
    ),
    (
        C::RegistryRateLimited,
        "toomanyrequests: You have reached your unauthenticated pull rate limit.",
    ),
    (
        C::HostInit,
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    ),
    (C::HostInit, "docker: unknown command: docker compose"),
    (
        C::Permission,
        "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
    ),
    (
        C::PortBind,
        "Bind for 0.0.0.0:8080 failed: port is already allocated",
    ),
    (
        C::PortBind,
        "listen tcp4 0.0.0.0:80: bind: address already in use",
    ),
    (
        C::ContainerConflict,
        "Conflict. The container name \"/db\" is already in use by container \"abc\".",
    ),
    (
        C::ImagePullAuthFailed,
        "pull access denied for x, repository does not exist or may require 'docker login'",
    ),
    (
        C::ImagePullAuthFailed,
        "Head \"https://registry/v2/x\": unauthorized: authentication required",
    ),
    (
        C::ImagePullNotFound,
        "manifest for nginx:nope not found: manifest unknown: manifest unknown",
    ),
    (
        C::ImagePullNotFound,
        "Error response from daemon: No such image: pg-1-x-web:latest",
    ),
    (
        C::Network,
        "failed to resolve reference \"x\": dial tcp: lookup registry-1.docker.io: no such host",
    ),
    (
        C::Network,
        "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
    ),
    (
        C::ImagePullUnknown,
        "failed to resolve reference \"docker.io/library/x\": unexpected status",
    ),
    (
        C::ImageBuild,
        "target web: failed to solve: process \"/bin/sh -c false\" did not complete successfully: exit code: 1",
    ),
    (
        C::VolumeMount,
        "invalid mount config for type \"bind\": bind source path does not exist: /x",
    ),
    (
        C::DependencyUnhealthy,
        "dependency failed to start: container pg-1-x-db-1 is unhealthy",
    ),
    (
        C::ServiceExit,
        "dependency failed to start: container pg-1-x-db-1 exited (1)",
    ),
    (
        C::ServiceExit,
        "service \"migrate\" didn't complete successfully: exit 2",
    ),
    (
        C::ServiceExit,
        "OCI runtime create failed: exec: \"nope\": executable file not found in $PATH: unknown",
    ),
    (
        C::InvalidCompose,
        "service \"web\" has neither an image nor a build context specified: invalid compose project",
    ),
    (
        C::InvalidCompose,
        "validating /x/compose.yml: services.web additional properties 'imge' not allowed",
    ),
    (C::InvalidCompose, "yaml: line 3: did not find expected key"),
    (C::Permission, "open /x: permission denied"),
    (
        C::VolumeMount,
        "error mounting \"/x\" to rootfs: permission denied",
    ),
    (C::Timeout, "context deadline exceeded"),
    (C::Unknown, "something else"),
];

#[test]
fn lines_have_their_category() {
    for (category, line) in LINES {
        let shown = of(&format!("Container x  Starting\n{line}\n\n"), &[]);
        assert_eq!(shown.category, category, "{line}");
        assert_eq!(shown.message, line);
        assert!(!shown.next_actions.is_empty());
    }
}

#[test]
fn the_last_line_that_says_something_counts() {
    let shown = of("yaml: line 3: bad\nno space left on device\nfinished", &[]);
    assert_eq!(
        (shown.category, shown.message.as_str()),
        (C::DiskFull, "no space left on device")
    );
    assert_eq!(
        of("", &[]).message,
        "the deploy failed, and nothing says why"
    );
    assert_eq!(of("one\n two \n", &[]).message, "two");
}

#[test]
fn a_line_names_its_service() {
    let services = [
        state("db", true),
        state("web-db", true),
        state("web", true),
        state("b", true),
    ];
    let named = |line: &str| of(line, &services).failed_service;
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(
        named("dependency failed to start: container pg-1-x-db-1 is unhealthy"),
        some("db")
    );
    assert_eq!(
        named("container pg-1-x-web-db-12 is unhealthy"),
        some("web-db")
    );
    assert_eq!(
        named("container \"/pg-1-x-web-1\": port is already allocated"),
        some("web")
    );
    assert_eq!(
        named("service \"web\" didn't complete successfully: exit 2"),
        some("web")
    );
    assert_eq!(
        named("services.b.build: invalid compose project"),
        some("b")
    );
    assert_eq!(named("port is already allocated"), None);
    assert_eq!(named("container pg-1-x-db-x is unhealthy"), None);
    let shown = of(
        "dependency failed to start: container pg-1-x-db-1 is unhealthy",
        &services,
    );
    assert_eq!(shown.failed_condition.as_deref(), Some("unhealthy"));
    assert!(shown.dependency_hint.unwrap().contains("depends_on"));
    assert_eq!(
        of("port is already allocated", &services).dependency_hint,
        None
    );
}

#[test]
fn states_explain_what_the_tool_does_not() {
    let mut ended = state("job", false);
    ended.exit_code = Some(3);
    let mut unhealthy = state("web", true);
    unhealthy.health = Some("unhealthy".to_owned());
    let fine = state("db", true);
    let shown = of("", &[fine.clone(), unhealthy.clone()]);
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::DependencyUnhealthy, Some("web"))
    );
    assert_eq!(
        shown.message,
        "service `web`: it did not become healthy (unhealthy)"
    );
    let shown = of(
        "context deadline exceeded",
        &[fine.clone(), unhealthy, ended],
    );
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::ServiceExit, Some("job"))
    );
    assert_eq!(
        shown.failed_condition.as_deref(),
        Some("exited with code 3")
    );
    assert_eq!(
        shown.message,
        "service `job`: it ended (exited with code 3)"
    );
    // A service that ended well explains nothing.
    let mut done = state("done", false);
    done.exit_code = Some(0);
    let shown = of("port is already allocated", &[done, fine]);
    assert_eq!((shown.category, shown.failed_service), (C::PortBind, None));
}

#[test]
fn a_service_without_memory_is_shown_so() {
    let mut killed = state("web", true);
    killed.oom_killed = true;
    killed.exit_code = Some(137);
    let mut ended = state("db", false);
    ended.exit_code = Some(1);
    let shown = of("", &[ended, killed]);
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::ServiceExit, Some("web"))
    );
    assert_eq!(
        shown.failed_condition.as_deref(),
        Some("ended by the engine: out of memory")
    );
    assert!(
        shown.next_actions[0].contains("give service `web` more memory"),
        "{shown:?}"
    );
}

#[test]
fn time_that_is_over_is_a_timeout() {
    let shown = diagnose(&FailureEvidence {
        timed_out: true,
        output: "Container x  Waiting".to_owned(),
        ..FailureEvidence::default()
    });
    assert_eq!(
        (shown.category, shown.message.as_str()),
        (C::Timeout, "the time for the deploy was over")
    );
    let shown = diagnose(&FailureEvidence {
        timed_out: true,
        output: "port is already allocated".to_owned(),
        ..FailureEvidence::default()
    });
    assert_eq!(shown.category, C::PortBind);
}

#[test]
fn a_service_that_was_waited_for_in_vain_is_named() {
    let shown = diagnose(&FailureEvidence {
        timed_out: true,
        output: "timed out: not ready within 120 s: service `web`: nothing listens on port 80 of its container"
            .to_owned(),
        services: vec![state("db", true), state("web", true)],
        ..FailureEvidence::default()
    });
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::Timeout, Some("web"))
    );
}

#[test]
fn a_container_that_ends_again_and_again_is_an_exit() {
    let said = "service `web`: its container ends again and again, 3 times";
    let shown = of(said, &[state("db", true), state("web", false)]);
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::ServiceExit, Some("web"))
    );
}

#[test]
fn a_line_that_is_said_again_without_the_container_is_about_it() {
    let error = "Error response from daemon: invalid mount config for type \"bind\": bind source path does not exist: /x";
    let said = format!("Container pg-1-x-web-1 {error}\n{error}");
    let shown = of(&said, &[state("db", true), state("web", false)]);
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::VolumeMount, Some("web"))
    );
    assert_eq!(shown.message, error);
}

#[test]
fn a_pull_that_fails_is_of_the_service_that_wants_the_image() {
    for (said, category) in [
        ("manifest unknown", C::ImagePullNotFound),
        ("unauthorized", C::ImagePullAuthFailed),
        ("toomanyrequests", C::RegistryRateLimited),
    ] {
        let output = format!("web Pulling\nweb {said} Error\nError response from daemon: {said}");
        let shown = of(&output, &[state("db", false), state("web", false)]);
        assert_eq!(
            (shown.category, shown.failed_service.as_deref()),
            (category, Some("web"))
        );
    }
}

#[test]
fn categories_have_the_names_of_the_contract() {
    let name = |category: C| serde_json::to_value(category).unwrap();
    assert_eq!(name(C::ImagePullAuthFailed), "image_pull_auth_failed");
    assert_eq!(name(C::RegistryRateLimited), "registry_rate_limited");
    assert_eq!(name(C::PortBind), "port_bind");
}

#[test]
fn only_a_service_that_ended_badly_explains_an_exit() {
    let mut unhealthy = state("web", true);
    unhealthy.health = Some("unhealthy".to_owned());
    // One was never started, the other one ended badly and runs again.
    let waits = state("waits", false);
    let mut again = state("again", true);
    again.exit_code = Some(1);
    let shown = of("", &[waits, again, unhealthy]);
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::DependencyUnhealthy, Some("web"))
    );
}

#[test]
fn every_category_says_what_to_do() {
    for (category, line) in LINES {
        let actions = of(line, &[]).next_actions;
        assert_eq!(actions, category.next_actions());
        assert!(actions.iter().all(|action| action.len() > 8), "{actions:?}");
    }
    let actions = of("port is already allocated", &[]).next_actions;
    assert_eq!(actions[0], "remove the fixed host port and use a route");
}

#[test]
fn a_line_about_something_else_names_no_service() {
    let output = "db open /x: permission denied\nport is already allocated";
    let shown = of(output, &[state("db", false), state("web", false)]);
    assert_eq!((shown.category, shown.failed_service), (C::PortBind, None));
}

#[test]
fn a_line_without_a_service_is_about_the_one_that_ended() {
    let mut ended = state("job", false);
    ended.exit_code = Some(3);
    let services = [state("db", true), ended];
    let shown = of("OCI runtime create failed", &services);
    assert_eq!(
        (shown.category, shown.failed_service.as_deref()),
        (C::ServiceExit, Some("job"))
    );
    // A line about something else is not.
    let shown = of("no space left on device", &services);
    assert_eq!((shown.category, shown.failed_service), (C::DiskFull, None));
}
