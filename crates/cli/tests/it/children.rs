//! Playbooks that ask people and start jobs, with the real server, executors and commands.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::harness::{Server, exits, poll, prints, says, stdout, wait_for};

const ASKS: &str = "\
name: Asks
version: '1'
steps:
  - id: both
    name: Both
    parallel:
      - id: ask
        name: Ask
        type: approval
        parameters:
          prompt: Which version?
          input: {type: object, required: [version], properties: {version: {type: string}}}
      - {id: other, name: Other, type: approval, parameters: {prompt: Now?}}
  - {id: say, name: Say, type: utility.log, parameters: {message: 'version {{ step.both.ask.input.version }}'}}
";

const JOB: &str = "\
name: Job
version: '1'
parameters:
  - {name: wait, type: integer, default: 0}
  - {name: answer, type: integer, default: 100}
steps:
  - id: job
    name: A job
    type: job.run
    parameters:
      program: tools/job.sh
      arguments: ['{{ wait }}', '{{ answer }}']
      env: {PATH: '/usr/bin:/bin'}
      files: {'note.txt': 'from the playbook'}
      expect: [3]
  - id: gate
    name: Gate
    type: gate
    parameters:
      conditions: [{name: answer, value: '{{ step.job.stdout | trim | int }}', min: 1, max_change: 20}]
";

/// A library with both, and the flag that names it.
fn library() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let tools = dir.path().join("tools");
    fs::create_dir(&tools).expect("a folder");
    let script = "#!/bin/sh\ncat note.txt >&2\nsleep \"$1\"\necho \"$2\"\nexit 3\n";
    fs::write(tools.join("job.sh"), script).expect("written");
    fs::write(dir.path().join("asks.yaml"), ASKS).expect("written");
    fs::write(dir.path().join("job.yaml"), JOB).expect("written");
    let flag = format!("--library={}", dir.path().display());
    (dir, flag)
}

fn start(server: &Server, arguments: &[&str]) -> String {
    let run = server.run(&[&["playbook", "run", "--detach"], arguments].concat());
    exits(&run, 0);
    stdout(&run).trim().to_owned()
}

fn run(server: &Server, id: &str) -> Value {
    server.json(&["run", "get", id])
}

#[test]
fn several_approvals_wait_without_a_slot_and_are_answered_on_the_command_line() {
    let (_dir, flag) = library();
    let mut server = Server::start(&["--with-executor", &flag]);
    let id = start(&server, &["asks.yaml"]);
    let open = |server: &Server| {
        let open = server.json(&["approval", "list", "--execution", &id]);
        open.as_array().expect("a list").clone()
    };
    wait_for("both are asked and the run waits", || {
        open(&server).len() == 2 && run(&server, &id)["waiting_for"] == "approval"
    });
    server.kill();
    server.restart();
    let approvals = open(&server);
    assert_eq!(approvals.len(), 2, "the questions survive");
    let of_step = |step: &str| {
        let found = approvals
            .iter()
            .find(|one| one["step_id"] == step)
            .expect(step);
        found["id"].as_str().expect("an id").to_owned()
    };
    let (ask, other) = (of_step("ask"), of_step("other"));
    let shown = server.run(&["approval", "show", &ask]);
    prints(&shown, "Which version?");
    let wrong = server.run(&["approval", "approve", &ask, "--input", "{\"version\": 1}"]);
    exits(&wrong, 65);
    exits(&server.run(&["approval", "approve", &other]), 0);
    wait_for("the other one goes on to wait", || {
        let run = run(&server, &id);
        open(&server).len() == 1
            && run["waiting_for"] == "approval"
            && run["parts"]["completed"] == 1
    });
    let input = "{\"version\": \"1.4\"}";
    let right = server.run(&["approval", "approve", &ask, "--input", input]);
    exits(&right, 0);
    says(&right, "approved");
    let end = server.run(&["run", "watch", &id]);
    exits(&end, 0);
    prints(&end, "version 1.4");
    says(&end, "execution.approval_requested");

    let id = start(&server, &["asks.yaml"]);
    let one = poll("it asks", || {
        let open = server.json(&["approval", "list", "--execution", &id]);
        open[0]["id"].as_str().map(str::to_owned)
    });
    exits(
        &server.run(&["approval", "reject", &one, "--comment", "no"]),
        0,
    );
    // In a parallel, the other one is waited for all the same.
    wait_for("the other one waits", || {
        run(&server, &id)["parts"]["failed"] == 1 && run(&server, &id)["waiting_for"] == "approval"
    });
    exits(&server.run(&["run", "skip", &id]), 0);
    let end = server.run(&["run", "watch", &id]);
    exits(&end, 120);
    assert_eq!(server.json(&["approval", "list"]), serde_json::json!([]));
}

#[test]
fn a_job_of_the_library_runs_and_its_gate_remembers() {
    let (dir, flag) = library();
    let server = Server::start(&["--with-executor", &flag]);
    // One slot: the execution gives it to its own job.
    let first = server.run(&["playbook", "run", "job.yaml"]);
    exits(&first, 0);
    prints(&first, "100");
    says(&first, "from the playbook");
    let near = server.run(&["playbook", "run", "job.yaml", "-p", "answer=110"]);
    exits(&near, 0);
    let far = server.run(&["playbook", "run", "job.yaml", "-p", "answer=200", "--json"]);
    exits(&far, 120);
    let failed: Value = serde_json::from_str(&stdout(&far)).expect("JSON");
    let error = failed["error"].as_str().expect("an error");
    assert!(error.contains("changed by 81.8 % against 110"), "{error}");
    let children = server.run(&[
        "run",
        "list",
        "--parent",
        failed["id"].as_str().expect("an id"),
        "--json",
    ]);
    let child: Value =
        serde_json::from_str(stdout(&children).lines().next().expect("a child")).expect("JSON");
    assert_eq!(
        (&child["kind"], &child["name"]),
        (&"job".into(), &"A-job".into())
    );

    fs::remove_file(dir.path().join("tools/job.sh")).expect("removed");
    let file = dir.path().join("job.yaml").display().to_string();
    let check = server.run(&["playbook", "check", &file]);
    exits(&check, 1);
    prints(
        &check,
        "job.yaml:7:5: error: step `job`: the file `tools/job.sh` does not exist",
    );
    let missing = server.run(&["playbook", "run", "job.yaml"]);
    says(&missing, "the file `tools/job.sh` cannot be read");
}

#[test]
fn an_executor_that_is_killed_starts_no_second_job() {
    let (_dir, flag) = library();
    let server = Server::start(&[&flag, "--lease-seconds=2"]);
    for round in 0..3 {
        let mut first = server.start_executor(&format!("first{round}"), &[]);
        let id = start(&server, &["job.yaml", "-p", "wait=1"]);
        let child = poll("it has a child", || {
            let children = server.run(&["run", "list", "--parent", &id, "--json"]);
            stdout(&children).lines().next().map(str::to_owned)
        });
        // Before, while or after it parks the execution, and with the job itself.
        first.signal(Signal::SIGKILL);
        first.wait();
        let mut second = server.start_executor(&format!("second{round}"), &[]);
        exits(&server.run(&["run", "watch", &id]), 0);
        let children = server.run(&["run", "list", "--parent", &id, "--json"]);
        assert_eq!(stdout(&children).lines().count(), 1, "{child}");
        second.stop();
    }
}

#[test]
fn a_failed_job_that_is_resumed_in_debug_mode_is_another_job() {
    let (dir, flag) = library();
    let fails = JOB.replace("expect: [3]", "expect: [0]");
    fs::write(dir.path().join("fails.yaml"), fails).expect("written");
    let server = Server::start(&["--with-executor", &flag]);
    let id = start(&server, &["fails.yaml", "--debug"]);
    for jobs in 1..=2 {
        wait_for("it is paused at the failed step", || {
            let run = run(&server, &id);
            let children = server.run(&["run", "list", "--parent", &id, "--json"]);
            run["waiting_for"] == "operator" && stdout(&children).lines().count() == jobs
        });
        exits(&server.run(&["run", "resume", &id]), 0);
    }
    wait_for("it is paused again", || {
        run(&server, &id)["waiting_for"] == "operator"
    });
    exits(&server.run(&["run", "cancel", &id]), 0);
    exits(&server.run(&["run", "watch", &id]), 121);
}
