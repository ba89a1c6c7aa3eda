//! What a playground did not make is neither adopted nor removed, whatever it is called.

use std::cell::RefCell;

use serde_json::json;

use super::TestPlaygrounds;

const WITH_VOLUME: &str = "
services:
  web: {image: IMAGE, command: [sleep, '1000'], volumes: ['data:/data'], stop_grace_period: 0s}
volumes: {data: {}}
";

/// Things on the engine that the test made itself, removed at its end.
pub(super) struct Foreign<'t> {
    test: &'t TestPlaygrounds,
    made: RefCell<Vec<(&'static str, String)>>,
}

pub(super) fn removed_at_end(test: &TestPlaygrounds) -> Foreign<'_> {
    Foreign {
        test,
        made: RefCell::default(),
    }
}

impl Foreign<'_> {
    /// Starts a container; answers its id.
    #[track_caller]
    pub(super) fn container(&self, name: &str, options: &[&str], command: &[&str]) -> String {
        let image = private_docker::BUSYBOX;
        let fixed = ["run", "--detach", "--name", name];
        self.make(
            "container",
            name,
            &[&fixed, options, &[image], command].concat(),
        )
    }

    #[track_caller]
    pub(super) fn network(&self, name: &str, options: &[&str]) -> String {
        self.make(
            "network",
            name,
            &[&["network", "create"], options, &[name]].concat(),
        )
    }

    #[track_caller]
    pub(super) fn volume(&self, name: &str, options: &[&str]) -> String {
        self.make(
            "volume",
            name,
            &[&["volume", "create"], options, &[name]].concat(),
        )
    }

    #[track_caller]
    fn make(&self, kind: &'static str, name: &str, arguments: &[&str]) -> String {
        self.made.borrow_mut().push((kind, name.to_owned()));
        let id = self.test.docker(arguments).pop();
        id.unwrap_or_else(|| panic!("{kind} {name} was not made"))
    }

    /// All of them are there; containers run.
    #[track_caller]
    fn are_there(&self) {
        for (kind, name) in self.made.borrow().iter() {
            let state = if *kind == "container" {
                "{{.State.Running}}"
            } else {
                "true"
            };
            let found = self
                .test
                .docker(&[kind, "inspect", "--format", state, name]);
            assert_eq!(found, ["true"], "{kind} {name}");
        }
    }
}

impl Drop for Foreign<'_> {
    fn drop(&mut self) {
        for (kind, name) in self.made.borrow().iter() {
            self.test.docker(&[kind, "rm", "--force", name]);
        }
    }
}

/// The labels by which the compose tool knows its own.
fn project_labels(project: &str, service: &str) -> Vec<String> {
    let pairs = [
        ("project", project),
        ("service", service),
        ("container-number", "1"),
        ("oneoff", "False"),
        ("config-hash", "0"),
    ];
    let label = |(key, value): (&str, &str)| format!("--label=com.docker.compose.{key}={value}");
    pairs.into_iter().map(label).collect()
}

/// The first playground of a server with this name is refused because of what is there.
#[track_caller]
fn refused(test: &TestPlaygrounds, foreign: &Foreign<'_>, name: &str, named: &str) {
    let spec = test.playspec(name, WITH_VOLUME);
    let id = test.create(name, spec, &json!({}));
    assert_eq!(id, 1);
    let status = test.becomes(id, "error");
    let message = status["error_message"].as_str().expect("a message");
    assert!(
        message.contains(named) && message.contains(&format!("`pg-1-{name}`")),
        "{message}"
    );
    assert_eq!(
        status["error_details"]["category"], "container_conflict",
        "{status:#}"
    );
    assert_eq!(status["error_step"], "compose_generate", "{status:#}");
    assert_eq!(test.left_of(&format!("pg-1-{name}")), Vec::<String>::new());
    foreign.are_there();
    test.destroy(id);
    foreign.are_there();
}

#[test]
fn a_compose_project_of_the_same_name_is_left_alone() {
    let test = TestPlaygrounds::start();
    let foreign = removed_at_end(&test);
    let labels = project_labels("pg-1-same-project", "web");
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    foreign.container("pg-1-same-project-web-1", &labels, &["sleep", "1000"]);
    foreign.network("pg-1-same-project_default", &labels);
    refused(
        &test,
        &foreign,
        "same-project",
        "container pg-1-same-project-web-1",
    );
}

#[test]
fn a_volume_of_the_same_name_is_left_alone() {
    let test = TestPlaygrounds::start();
    let foreign = removed_at_end(&test);
    foreign.volume("pg-1-same-volume_data", &[]);
    refused(
        &test,
        &foreign,
        "same-volume",
        "volume pg-1-same-volume_data",
    );
}

#[test]
fn what_another_installation_made_is_left_alone() {
    let test = TestPlaygrounds::start();
    let foreign = removed_at_end(&test);
    let labels = [
        "--label=com.docker.compose.project=pg-1-same-ids",
        "--label=playhouse.project=pg-1-same-ids-of-another",
        "--label=playhouse.playground=1",
        "--label=playhouse.owner=another-installation",
    ];
    foreign.network("pg-1-same-ids_default", &labels);
    refused(&test, &foreign, "same-ids", "network pg-1-same-ids_default");
}

#[test]
fn what_joins_the_project_of_a_playground_is_left_alone() {
    let test = TestPlaygrounds::start();
    let foreign = removed_at_end(&test);
    let spec = test.playspec("joined", WITH_VOLUME);
    let id = test.create("joined", spec, &json!({}));
    test.becomes(id, "running");
    let project = format!("pg-{id}-joined");
    let own = test.containers(&project);
    let labels = project_labels(&project, "other");
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    foreign.container("joins-a-playground", &labels, &["sleep", "1000"]);
    foreign.volume("joins-a-playground", &labels[..1]);

    for operation in ["rollout", "hard_restart", "stop"] {
        let path = format!("/api/playgrounds/{id}/{operation}");
        test.post(&path, &json!({"force": true}));
        let status = test.becomes(id, "error");
        let message = status["error_message"].as_str().expect("a message");
        assert!(
            message.contains("container joins-a-playground"),
            "{operation}: {message}"
        );
        assert_eq!(test.containers(&project), own, "{operation}");
        foreign.are_there();
    }
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
    foreign.are_there();
}
