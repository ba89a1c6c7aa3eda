//! Steps with commands, branches and jobs of playgrounds, with the real server, executor and Docker engine.

use std::{fs, time::Instant};

use serde_json::{Value, json};

use super::{
    TestPlaygrounds,
    sources::{commit, git, playspec_of, repository},
    steps::{execution, image, library, output},
};
use crate::harness::{exits, stdout};

/// Runs a playbook to its end; answers its execution.
fn run(test: &TestPlaygrounds, arguments: &[&str]) -> Value {
    let run = test
        .server
        .run(&[&["playbook", "run", "--json"], arguments].concat());
    test.all();
    let ended: Value = serde_json::from_str(&stdout(&run)).expect("JSON");
    execution(test, ended["id"].as_str().expect("an id"))
}

const COMMANDS: &str = "
name: Commands
version: '1'
parameters:
  - {name: image, type: string, required: true}
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters: {name: commands, compose: env/compose.yaml, env: {IMAGE: '{{ image }}'}}
  - id: secret
    name: Secret
    type: playground.exec
    parameters:
      playground: commands
      service: db
      script: 'echo length=${#TOKEN}; echo $TOKEN'
      env: {TOKEN: '{{ credential.vaulted.password }}'}
  - id: long
    name: Long
    type: playground.exec
    timeout: 3
    on_failure: continue
    parameters: {playground: commands, service: db, command: [sleep, '987']}
  - id: left
    name: Left
    type: playground.exec
    parameters: {playground: commands, service: db, script: 'ps | grep -c \"[s]leep 987\"', expect: [0, 1]}
finally:
  - {id: down, name: Down, type: playground.destroy}
";

#[test]
fn a_command_has_secrets_that_nobody_reads_and_ends_with_its_time() {
    let secret = "planted-and-never-shown";
    let (_dir, flag) = library(&[("commands.yaml", COMMANDS)]);
    let test = TestPlaygrounds::start_with(&[flag]);
    let credential = json!({"name": "vaulted", "username": "me", "password": secret});
    let made = test.ask("POST", "/api/credentials", Some(&credential));
    assert!((200..300).contains(&made.status), "{made:?}");
    let began = Instant::now();
    let execution = run(&test, &["commands.yaml", "-p", &image()]);
    assert!(began.elapsed().as_secs() < 120);
    assert_eq!(execution["status"], "completed", "{execution:#}");
    let said = output(&execution, "secret");
    assert_eq!(said["length"], secret.len().to_string(), "{said:#}");
    assert!(!execution.to_string().contains(secret), "{execution:#}");
    let operation = said["operation_id"].as_str().expect("an operation");
    let shown = test.get(&format!("/api/runs/{operation}")).body;
    assert!(!shown.contains(secret), "{shown}");
    let steps = execution["step_results"].as_array().expect("steps");
    let long = steps.iter().find(|one| one["step_id"] == "long");
    let error = long.expect("the step")["error"].to_string();
    assert!(error.contains('3'), "{error}");
    assert_eq!(output(&execution, "left")["stdout"], "0\n", "{execution:#}");
}

const BRANCHES: &str = "
name: Branches
version: '1'
parameters:
  - {name: image, type: string, required: true}
  - {name: branch, type: string, default: ''}
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters:
      playspec: from a branch
      env: {IMAGE: '{{ image }}'}
      branch: '{{ branch }}'
      branch_of: [web]
  - {id: page, name: Page, type: playground.exec, parameters: {playground: '{{ step.env.id }}', service: web, command: [cat, /app/page]}}
finally:
  - {id: down, name: Down, type: playground.destroy}
";

#[test]
fn a_step_takes_the_branch_of_a_service() {
    let (_dir, flag) = library(&[("branches.yaml", BRANCHES)]);
    let test = TestPlaygrounds::start_with(&[flag]);
    let repository = repository();
    git(
        repository.path(),
        &["checkout", "--quiet", "-b", "feature/x"],
    );
    fs::write(repository.path().join("page"), "of the branch\n").expect("a file");
    commit(repository.path(), "other");
    git(repository.path(), &["checkout", "--quiet", "main"]);
    let url = format!("file://{}", repository.path().display());
    let compose = "services: {web: {labels: {playgrounds.expose: '80', playgrounds.source_mount: /app}, stop_grace_period: 0s}}";
    playspec_of(&test, "from a branch", &url, compose);
    for (branch, page) in [
        ("branch=feature/x", "of the branch\n"),
        ("branch=", "first\n"),
    ] {
        let execution = run(&test, &["branches.yaml", "-p", &image(), "-p", branch]);
        assert_eq!(execution["status"], "completed", "{execution:#}");
        assert_eq!(output(&execution, "page")["stdout"], page, "{branch}");
    }
}

const JOBS: &str = "
name: Jobs
version: '1'
parameters:
  - {name: image, type: string, required: true}
  - {name: code, type: integer, default: 0}
steps:
  - id: env
    name: Environment
    type: playground.create
    parameters:
      name: job
      compose: env/job.yaml
      job_mode: true
      watched_services: [tests]
      env: {IMAGE: '{{ image }}', CODE: '{{ code }}'}
  - id: done
    name: Done
    type: playground.wait
    parameters: {playground: job, for: completed, timeout: 120}
finally:
  - {id: down, name: Down, type: playground.destroy}
";

const JOB: &str = "
services:
  tests:
    image: ${IMAGE}
    command: [sh, -c, 'sleep 1; exit ${CODE}']
  db:
    image: ${IMAGE}
    command: [sleep, '1000']
    stop_grace_period: 0s
";

#[test]
fn a_step_waits_for_the_end_of_a_job() {
    let (dir, flag) = library(&[("jobs.yaml", JOBS)]);
    fs::write(dir.path().join("env/job.yaml"), JOB).expect("written");
    let test = TestPlaygrounds::start_with(&[flag]);
    for (code, status, success) in [("code=0", "completed", true), ("code=4", "failed", false)] {
        let execution = run(&test, &["jobs.yaml", "-p", &image(), "-p", code]);
        assert_eq!(execution["status"], status, "{execution:#}");
        let job = output(&execution, "done")["job"].clone();
        assert_eq!(job["success"], success, "{execution:#}");
        let error = execution["error"].as_str().unwrap_or_default();
        assert_eq!(
            error.contains("`tests` exited with code 4"),
            !success,
            "{error}"
        );
    }
    exits(&test.server.run(&["playground", "list"]), 0);
    assert_eq!(test.all(), Vec::<Value>::new());
}
