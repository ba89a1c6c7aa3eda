//! Playbooks that make, use and destroy playgrounds, with the real server, executor, Docker engine and router.

use std::{fs, path::Path};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{TestPlaygrounds, bench::Placement};
use crate::harness::{Server, exits, stdout};

const COMPOSE: &str = "
services:
  web:
    image: ${IMAGE}
    command: [sh, -c, 'mkdir -p /www; sleep ${DELAY:-0}; echo version $$VERSION > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 300ms, retries: 100}
  db:
    image: ${IMAGE}
    command: [sleep, '1000']
";

const WHOLE: &str = "
name: Whole
version: '1'
parameters:
  - {name: image, type: string, required: true}
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters: {compose: env/compose.yaml, env: {IMAGE: '{{ image }}'}, ttl: 1h}
  - id: ready
    name: Ready
    type: playground.wait
    parameters: {env: '{{ step.env.id }}', for: healthy, timeout: 60}
  - id: look
    name: Look
    type: playground.exec
    parameters:
      playground: '{{ step.env.name }}'
      service: web
      script: 'echo version=$VERSION; echo said=$SAID; echo oops >&2; exit 3'
      env: {SAID: hello}
      expect: [3]
  - id: change
    name: Change
    type: playground.rollout
    parameters: {playground: '{{ step.env.id }}', env: {VERSION: two}}
  - id: again
    name: Again
    type: playground.exec
    parameters: {playground: '{{ step.env.id }}', service: web, command: [cat, /www/index.html]}
  - id: job
    name: Job
    type: job.run
    parameters:
      program: job.sh
      playground: '{{ step.env.id }}'
      env: {PATH: '/usr/bin:/bin'}
finally:
  - {id: down, name: Down, type: playground.destroy}
";

const JOB: &str = "#!/usr/bin/env python3
import os, urllib.request
get = lambda url, host: urllib.request.urlopen(urllib.request.Request(url, headers=host), timeout=10).read().decode().strip()
print('id', os.environ['PLAYGROUND_ID'])
print('host', get('http://' + os.environ['PLAYGROUND_HOST_WEB'] + '/', {}))
url = os.environ['PLAYGROUND_URL_WEB']
name, port = url.split('//')[1].split(':')
print('url', get('http://127.0.0.1:' + port + '/', {'Host': name + ':' + port}))
print('db', 'PLAYGROUND_HOST_DB' in os.environ)
print('hosts', open('/etc/hosts').read().count('playground'))
print('name', get('http://web/', {}))
";

const TEMPLATE: &str = "
x-fibe.gg:
  variables:
    GREETING: {name: Greeting}
services:
  web:
    image: IMAGE
    command: [sleep, '1000']
    environment: {SAID: $$var__GREETING}
    stop_grace_period: 0s
";

const VARIABLES: &str = "
name: Variables
version: '1'
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters: {compose: env/template.yaml, variables: {GREETING: hello}}
  - id: before
    name: Before
    type: playground.exec
    parameters: {playground: '{{ step.env.id }}', service: web, script: 'echo said=$SAID'}
  - id: change
    name: Change
    type: playground.rollout
    parameters: {playground: '{{ step.env.id }}', variables: {GREETING: bye}}
  - id: after
    name: After
    type: playground.exec
    parameters: {playground: '{{ step.env.id }}', service: web, script: 'echo said=$SAID'}
finally:
  - {id: down, name: Down, type: playground.destroy}
";

/// A library with a Compose file and these playbooks.
pub(super) fn library(playbooks: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("env")).expect("a folder");
    let write = |path: &Path, text: &str| fs::write(path, text).expect("written");
    write(&dir.path().join("env/compose.yaml"), COMPOSE);
    write(&dir.path().join("job.sh"), JOB);
    for (name, text) in playbooks {
        write(&dir.path().join(name), text);
    }
    let flag = format!("--library={}", dir.path().display());
    (dir, flag)
}

pub(super) fn image() -> String {
    format!("image={}", private_docker::BUSYBOX)
}

/// The execution as the contract shows it.
pub(super) fn execution(test: &TestPlaygrounds, id: &str) -> Value {
    test.get(&format!("/api/executions/{id}")).json()
}

/// The output of a step.
#[track_caller]
pub(super) fn output(execution: &Value, step: &str) -> Value {
    let steps = execution["step_results"].as_array().expect("steps");
    let found = steps.iter().find(|one| one["step_id"] == step);
    found.unwrap_or_else(|| panic!("{execution:#}"))["output"].clone()
}

/// Starts an execution, and answers its id.
fn start(server: &Server, arguments: &[&str]) -> String {
    let run = server.run(&[&["playbook", "run", "--detach"], arguments].concat());
    exits(&run, 0);
    stdout(&run).trim().to_owned()
}

#[test]
fn a_playground_is_made_used_changed_and_destroyed_by_steps() {
    let (_dir, flag) = library(&[("whole.yaml", WHOLE)]);
    let test = TestPlaygrounds::start_with(&[flag]);
    let run = test
        .server
        .run(&["playbook", "run", "whole.yaml", "-p", &image(), "--json"]);
    let ended: Value = serde_json::from_str(&stdout(&run)).expect("JSON");
    let left = test.all();
    let id = ended["id"].as_str().expect("an id");
    let execution = execution(&test, id);
    assert_eq!(execution["status"], "completed", "{execution:#} {left:?}");
    assert_eq!(left, Vec::<Value>::new());

    let env = output(&execution, "env");
    assert_eq!(env["status"], "running", "{env:#}");
    assert_eq!(env["services"]["web"]["health"], "healthy", "{env:#}");
    let name = env["name"].as_str().expect("a name");
    assert!(name.starts_with("env-"), "{name}");
    let project = env["project"].as_str().expect("a project");
    assert_eq!(env["network"], format!("{project}_default"));
    assert!(env["expires_at"].is_string(), "{env:#}");
    assert!(!env.to_string().contains("password"), "{env:#}");

    let look = output(&execution, "look");
    assert_eq!(look["exit_code"], 3, "{look:#}");
    assert_eq!(
        (&look["version"], &look["said"]),
        (&json!("one"), &json!("hello"))
    );
    assert_eq!(look["stderr"], "oops\n");
    let change = output(&execution, "change");
    assert!(change["plan"].to_string().contains("web"), "{change:#}");
    assert_eq!(output(&execution, "again")["stdout"], "version two\n");

    let job = output(&execution, "job");
    let url = env["urls"]["web"].as_str().expect("a URL");
    let said = job["stdout"].as_str().expect("output");
    assert!(url.starts_with("http://"), "{url}");
    for line in [
        format!("id {}", env["id"]),
        "host version two".to_owned(),
        "url version two".to_owned(),
        "db True".to_owned(),
        "name version two".to_owned(),
    ] {
        assert!(said.contains(&line), "{line}: {said}");
    }
    assert_eq!(output(&execution, "down")["status"], "destroyed");
    assert_eq!(test.left_of(project), Vec::<String>::new());
}

/// It makes a playground that is healthy after a while, and destroys it at its end.
const SLOW: &str = "
name: Slow
version: '1'
parameters:
  - {name: image, type: string, required: true}
  - {name: delay, type: integer, default: 3}
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters: {compose: env/compose.yaml, env: {IMAGE: '{{ image }}', DELAY: '{{ delay }}'}}
  - {id: rest, name: Rest, type: utility.sleep, parameters: {seconds: 1000}}
finally:
  - {id: down, name: Down, type: playground.destroy}
";

/// Waits until the only playground has a status; answers its id and project.
#[test]
fn steps_give_the_values_of_a_template() {
    let template = TEMPLATE.replace("IMAGE", private_docker::BUSYBOX);
    let files = [
        ("variables.yaml", VARIABLES),
        ("env/template.yaml", &template),
    ];
    let (_dir, flag) = library(&files);
    let test = TestPlaygrounds::start_with(&[flag]);
    let run = test
        .server
        .run(&["playbook", "run", "variables.yaml", "--json"]);
    let ended: Value = serde_json::from_str(&stdout(&run)).expect("JSON");
    let execution = execution(&test, ended["id"].as_str().expect("an id"));
    assert_eq!(execution["status"], "completed", "{execution:#}");
    for (step, said) in [("before", "said=hello\n"), ("after", "said=bye\n")] {
        assert_eq!(output(&execution, step)["stdout"], said, "{execution:#}");
    }
}

fn becomes(test: &TestPlaygrounds, status: &str) -> (i64, String) {
    test.until(status, || {
        let all = test.all();
        let one = all.first()?;
        assert_eq!(all.len(), 1, "{all:?}");
        let id = one["id"].as_i64()?;
        let one = test.get(&format!("/api/playgrounds/{id}")).json();
        let project = one["compose_project"].as_str()?.to_owned();
        (one["status"] == status).then_some((id, project))
    })
}

fn ends(test: &TestPlaygrounds, id: &str, status: &str) -> Value {
    test.until(status, || {
        let execution = execution(test, id);
        let now = execution["status"].as_str().unwrap_or_default();
        let over = ["completed", "failed", "cancelled"].contains(&now);
        over.then_some(execution)
    })
}

#[test]
fn a_cancel_undoes_what_is_being_made_and_destroys_what_was() {
    let (_dir, flag) = library(&[("slow.yaml", SLOW)]);
    // One slot: the execution and the operation take turns.
    let test = TestPlaygrounds::start_with(&[flag, "--slots=1".to_owned()]);
    for (delay, status) in [("delay=60", "in_progress"), ("delay=0", "running")] {
        let id = start(&test.server, &["slow.yaml", "-p", &image(), "-p", delay]);
        let (_, project) = becomes(&test, status);
        exits(&test.server.run(&["run", "cancel", &id]), 0);
        let ended = ends(&test, &id, "cancelled");
        assert_eq!(ended["status"], "cancelled", "{ended:#}");
        test.until("it is gone", || test.all().is_empty().then_some(()));
        assert_eq!(test.left_of(&project), Vec::<String>::new());
    }
}

#[test]
fn a_step_makes_one_playground_whoever_is_killed() {
    let (_dir, flag) = library(&[("slow.yaml", SLOW)]);
    let mut test = TestPlaygrounds::without_executor_with(&[&flag]);
    let mut executor = test.start_executor("one", Placement::Fixed);
    test.until_playroom();
    let id = start(&test.server, &["slow.yaml", "-p", &image()]);
    let (first, project) = becomes(&test, "in_progress");
    executor.signal(Signal::SIGKILL);
    executor.wait();
    executor = test.start_executor("one", Placement::Fixed);
    test.server.kill();
    test.server.restart();
    assert_eq!(becomes(&test, "running").0, first);
    // The execution sleeps, and keeps no executor busy.
    test.until("it sleeps", || {
        let steps = execution(&test, &id)["step_results"].clone();
        let steps = steps.as_array()?;
        let made = steps.iter().find(|one| one["step_id"] == "env")?;
        (made["status"] == "completed").then_some(())
    });
    executor.signal(Signal::SIGKILL);
    executor.wait();
    exits(&test.server.run(&["run", "cancel", &id]), 0);
    executor = test.start_executor("one", Placement::Fixed);
    ends(&test, &id, "cancelled");
    test.until("it is gone", || test.all().is_empty().then_some(()));
    assert_eq!(test.left_of(&project), Vec::<String>::new());
    executor.signal(Signal::SIGKILL);
    executor.wait();
}

/// A service that never runs, and what a person sees of it. The second try of the step uses the same playground.
const BROKEN: &str = "
name: Broken
version: '1'
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters: {name: broken, compose: env/broken.yaml}
    retry: {count: 1, delay: 0}
finally:
  - {id: down, name: Down, type: playground.destroy, parameters: {playground: broken}}
  - {id: again, name: Again, type: playground.destroy, parameters: {playground: broken}}
";

#[test]
fn a_failure_names_the_service_and_another_try_makes_no_second_playground() {
    let (dir, flag) = library(&[("broken.yaml", BROKEN)]);
    let compose = format!(
        "services: {{web: {{image: '{}', command: [sh, -c, 'echo bad; exit 7']}}}}",
        private_docker::BUSYBOX
    );
    fs::write(dir.path().join("env/broken.yaml"), compose).expect("written");
    let test = TestPlaygrounds::start_with(&[flag]);
    let run = test
        .server
        .run(&["playbook", "run", "broken.yaml", "--json"]);
    test.all();
    let ended: Value = serde_json::from_str(&stdout(&run)).expect("JSON");
    let id = ended["id"].as_str().expect("an id");
    let execution = execution(&test, id);
    let error = execution["error"].as_str().unwrap_or_default();
    assert!(error.contains("web"), "{execution:#}");
    assert!(error.contains("`broken`"), "{error}");
    for step in ["down", "again"] {
        assert_eq!(output(&execution, step)["status"], "destroyed");
    }
    assert_eq!(test.all(), Vec::<Value>::new());
    let created = test.get("/api/audit?action=playground.step").json();
    let created = created.as_array().cloned().unwrap_or_default();
    let of = |what: &str| {
        let said = created.iter().filter_map(|one| one["detail"].as_str());
        said.filter(|said| said.starts_with(what)).count()
    };
    assert_eq!(
        (of("broken; step env"), of("create: broken; step env")),
        (1, 1),
        "{created:#?}"
    );
}

#[test]
fn the_shipped_playbook_proves_a_branch_and_leaves_nothing() {
    let test = TestPlaygrounds::dev();
    let image = format!("image={}", private_docker::SAMPLE);
    let proves = [
        "playbook",
        "run",
        "prove-branch.yaml",
        "-p",
        &image,
        "--json",
    ];
    let run = test
        .server
        .run(&[&proves[..], &["-p", "requests=40", "-p", "p95_ms=10000"]].concat());
    let ended: Value = serde_json::from_str(&stdout(&run)).expect("JSON");
    let id = ended["id"].as_str().expect("an id").to_owned();
    let left = test.all();
    let execution = execution(&test, &id);
    assert_eq!(execution["status"], "completed", "{execution:#}");
    assert_eq!(left, Vec::<Value>::new());
    let load = output(&execution, "load")["json"].clone();
    assert_eq!(
        (&load["requests"], &load["errors"]),
        (&json!(40), &json!(0))
    );
    assert_eq!(output(&execution, "gate")["passed"], true);

    // Numbers that are too bad are for a person.
    let proves = [
        "playbook",
        "run",
        "--detach",
        "prove-branch.yaml",
        "-p",
        &image,
    ];
    let bad = ["-p", "requests=40", "-p", "p95_ms=0.001"];
    let run = test.server.run(&[&proves[..], &bad].concat());
    exits(&run, 0);
    let id = stdout(&run).trim().to_owned();
    let asked = test.until("it asks", || {
        test.all();
        let open = test.server.json(&["approval", "list", "--execution", &id]);
        open[0]["id"].as_str().map(str::to_owned)
    });
    let (_, project) = becomes(&test, "running");
    exits(&test.server.run(&["approval", "reject", &asked]), 0);
    let ended = ends(&test, &id, "failed");
    assert_eq!(ended["status"], "failed", "{ended:#}");
    assert_eq!(test.all(), Vec::<Value>::new());
    assert_eq!(test.left_of(&project), Vec::<String>::new());
}
