//! Changes of what runs: without a lost request, or not at all.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};

use super::{TestPlaygrounds, bench::request};

/// A service that says its version, one that it needs, and one that works by itself. The first ends at once where
/// `BREAK` is set.
const THREE_SERVICES: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, '[ -z \"$$BREAK\" ] || { echo cannot start; exit 3; }; mkdir -p /www; echo \"version $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 300ms, retries: 50}
    depends_on: {api: {condition: service_healthy}}
    deploy: {replicas: 2}
  api:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"api $$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 300ms, retries: 50}
  quiet:
    image: IMAGE
    command: [sleep, '1000']
";

/// Asks a service again and again.
struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    wrong: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn on(place: &(String, u16), threads: usize) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            asked: Arc::default(),
            wrong: Arc::default(),
            threads: Vec::new(),
        };
        for _ in 0..threads {
            let (stop, asked, wrong) = (load.stop.clone(), load.asked.clone(), load.wrong.clone());
            let (host, port) = place.clone();
            load.threads.push(thread::spawn(move || {
                while !stop.load(SeqCst) {
                    match request(port, &host, "GET", "/", None) {
                        Some(answer) if answer.status == 200 => {}
                        other => wrong.lock().unwrap().push(format!("{other:?}")),
                    }
                    asked.fetch_add(1, SeqCst);
                }
            }));
        }
        load
    }

    /// Ends it; no request was lost.
    #[track_caller]
    fn end(self) -> usize {
        self.stop.store(true, SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let wrong = self.wrong.lock().unwrap();
        assert!(
            wrong.is_empty(),
            "{} were lost, the first: {}",
            wrong.len(),
            wrong[0]
        );
        self.asked.load(SeqCst)
    }
}

/// The ids of the containers of a project, with their images.
fn containers(test: &TestPlaygrounds, project: &str) -> Vec<String> {
    let filter = format!("label=playhouse.project={project}");
    let mut lines = test.docker(&[
        "ps",
        "-a",
        "--no-trunc",
        "--filter",
        &filter,
        "--format",
        "{{.ID}} {{.Image}} {{.State}}",
    ]);
    lines.sort();
    lines
}

fn of_service(test: &TestPlaygrounds, project: &str, service: &str) -> Vec<String> {
    let (project, service) = (
        format!("label=playhouse.project={project}"),
        format!("label=playhouse.service={service}"),
    );
    test.docker(&[
        "ps",
        "-aq",
        "--no-trunc",
        "--filter",
        &project,
        "--filter",
        &service,
    ])
}

/// What the playground sets for the two services that are reached.
fn settings(variables: &Value) -> Value {
    json!({"services": {"web": {"env_vars": variables}, "api": {"env_vars": variables}}})
}

fn change(test: &TestPlaygrounds, id: i64, variables: &Value) {
    let body = json!({"playground": settings(variables)});
    let answer = test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&body));
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_rollout_loses_no_request_and_leaves_what_did_not_change() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("three", THREE_SERVICES);
    let id = test.create("roll", spec, &settings(&json!({"VERSION": "one"})));
    test.becomes(id, "running");
    let project = format!("pg-{id}-roll");
    let quiet = of_service(&test, &project, "quiet");
    let web = of_service(&test, &project, "web");
    assert_eq!(web.len(), 2);

    let load = Load::on(&test.place(id, "web"), 4);
    for version in ["two", "three"] {
        change(&test, id, &json!({"VERSION": version}));
        test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
        test.becomes(id, "running");
        assert_eq!(
            test.visit(id, "web", "/").body.trim(),
            format!("version {version}")
        );
        assert_eq!(
            test.visit(id, "api", "/").body.trim(),
            format!("api {version}")
        );
    }
    let asked = load.end();
    assert!(asked > 100, "{asked}");
    assert_eq!(of_service(&test, &project, "quiet"), quiet);
    let now = of_service(&test, &project, "web");
    assert_eq!(now.len(), 2);
    assert!(now.iter().all(|one| !web.contains(one)), "{now:?} {web:?}");
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
}

#[test]
fn a_rollout_that_fails_is_undone_as_a_whole() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("three", THREE_SERVICES);
    let id = test.create("undo", spec, &settings(&json!({"VERSION": "one"})));
    test.becomes(id, "running");
    let project = format!("pg-{id}-undo");
    let web = of_service(&test, &project, "web");
    let environment = |test: &TestPlaygrounds, service: &str| {
        let one = of_service(test, &project, service)
            .pop()
            .expect("a container");
        let mut lines = test.docker(&[
            "inspect",
            "--format",
            "{{println .Image}}{{range .Config.Env}}{{println .}}{{end}}",
            &one,
        ]);
        // The order of variables is the engine's.
        lines.sort();
        lines
    };
    let before = ["web", "api", "quiet"].map(|service| environment(&test, service));
    let load = Load::on(&test.place(id, "web"), 2);
    // The service that others need changes well, the last one does not.
    change(&test, id, &json!({"VERSION": "two", "BREAK": "1"}));
    test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
    let status = test.becomes(id, "error");
    load.end();
    assert_eq!(status["error_step"], "compose_rollout", "{status:#}");
    let details = &status["error_details"];
    assert_eq!(details["category"], "service_exit", "{status:#}");
    assert_eq!(details["failed_service"], "web");
    assert_eq!(details["lines"], json!(["cannot start"]));
    assert_eq!(details["undone"], true);
    assert_eq!(
        ["web", "api", "quiet"].map(|service| environment(&test, service)),
        before
    );
    assert_eq!(
        of_service(&test, &project, "web"),
        web,
        "{:?}",
        containers(&test, &project)
    );
    assert_eq!(test.visit(id, "api", "/").body.trim(), "api one");
    assert_eq!(test.visit(id, "web", "/").body.trim(), "version one");
    test.destroy(id);
    assert_eq!(test.left_of(&project), Vec::<String>::new());
}

/// A service that keeps the first version that it had in a volume without a name.
const REMEMBERS: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, '[ -e /data/first ] || echo \"$$VERSION\" > /data/first; mkdir -p /www; cp /data/first /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    volumes: [/data]
    stop_grace_period: 0s
";

#[test]
fn a_volume_without_a_name_outlives_a_rollout() {
    let test = TestPlaygrounds::start();
    let spec = test.playspec("remembers", REMEMBERS);
    let id = test.create("remembers", spec, &json!({}));
    test.becomes(id, "running");
    assert_eq!(test.visit(id, "web", "/").body.trim(), "one");
    let project = format!("pg-{id}-remembers");
    let before = test.containers(&project);
    let body = json!({"playground": {"env_overrides": {"VERSION": "two"}}});
    test.ask("PATCH", &format!("/api/playgrounds/{id}"), Some(&body));
    test.post(&format!("/api/playgrounds/{id}/rollout"), &json!({}));
    test.becomes(id, "running");
    assert_ne!(test.containers(&project), before);
    assert_eq!(test.visit(id, "web", "/").body.trim(), "one");
    test.destroy(id);
}
