//! Playbooks with the real server, executor and commands.

use std::{
    fs::{self, File},
    io::{Read, Write},
};

use nix::pty::{Winsize, openpty};
use serde_json::Value;

use crate::harness::{Server, code, exits, get, json, poll, prints, says, stdout};

/// A server with the playbook that `playbook new` writes, and one that fails.
fn library() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Server::start(&[
        "--with-executor",
        &format!("--library={}", dir.path().display()),
    ]);
    let new = dir.path().join("greeting.yaml").display().to_string();
    exits(&server.run(&["playbook", "new", &new]), 0);
    exits(&server.run(&["playbook", "check", &new]), 0);
    exits(&server.run(&["playbook", "new", &new]), 74);
    let failing = "name: Failing\nversion: '1'\nsteps:\n  \
        - {id: bad, name: Bad, type: utility.shell, parameters: {script: 'echo seen; exit 3'}}\n  \
        - {id: never, name: Never, type: utility.log}\n\
        finally:\n  - {id: last, name: Last, type: utility.log, parameters: {message: at the end}}\n";
    fs::write(dir.path().join("failing.yaml"), failing).expect("written");
    (dir, server)
}

#[test]
fn a_new_playbook_is_listed_checked_and_run() {
    let (_dir, server) = library();
    let list = json(&server.run(&["playbook", "list", "--json"]));
    assert_eq!(list["playbooks"][1]["path"], "greeting.yaml");
    let run = server.run(&["playbook", "run", "greeting.yaml", "-p", "who=you"]);
    exits(&run, 0);
    prints(&run, "Hello, you!");
    prints(&run, "The greeting ended with exit code 0.");
    says(&run, "execution.step_completed  greet");

    let missing = server.run(&["playbook", "run", "none.yaml"]);
    assert_ne!(code(&missing), Some(0));
    says(&missing, "error: Playbook 'none.yaml' not found");
}

#[test]
fn an_execution_that_fails_says_why_and_does_its_last_steps() {
    let (_dir, server) = library();
    let run = server.run(&["playbook", "run", "failing.yaml", "--json"]);
    exits(&run, 120);
    let id = json(&run)["id"].as_str().expect("an id").to_owned();
    let answer = get(server.port, &format!("/api/executions/{id}")).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let execution: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(execution["status"], "failed");
    let error = execution["error"].as_str().expect("an error");
    assert!(error.starts_with("Step 'bad' failed: "), "{error}");
    let steps = execution["step_results"].as_array().expect("steps");
    let steps: Vec<_> = steps
        .iter()
        .map(|step| (&step["step_id"], &step["status"]))
        .collect();
    let expected = [
        ("bad", "failed"),
        ("never", "pending"),
        ("last", "completed"),
    ];
    assert_eq!(steps.len(), expected.len(), "{steps:?}");
    for ((id, status), (expected_id, expected_status)) in steps.into_iter().zip(expected) {
        assert_eq!((id, status), (&expected_id.into(), &expected_status.into()));
    }
}

#[test]
fn more_steps_are_left_out_at_once_than_a_report_takes() {
    let (dir, server) = library();
    let items: Vec<String> = (0..1_200).map(|item| item.to_string()).collect();
    let many = format!(
        "name: Many\nversion: '1'\nsteps:\n  - id: each\n    name: Each\n    for_each: [{}]\n    \
         steps: [{{id: say, name: Say, type: utility.log, when: 'item < 0'}}]\n",
        items.join(", ")
    );
    fs::write(dir.path().join("many.yaml"), many).expect("written");
    exits(&server.run(&["playbook", "run", "many.yaml"]), 0);
}

/// What a command shows on a terminal, and its exit code. Once it asks to approve something, `typed` is typed.
fn on_terminal(server: &Server, arguments: &[&str], typed: &str) -> (String, Option<i32>) {
    let size = Winsize {
        ws_row: 40,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(&size, None).expect("a terminal");
    let terminal = || File::from(pty.slave.try_clone().expect("the terminal again"));
    let mut command = server.client(arguments);
    command.env("TERM", "xterm").stdin(terminal());
    let child = command.stdout(terminal()).stderr(terminal()).spawn();
    let mut child = child.expect("the binary starts");
    drop((pty.slave, command));
    let mut master = File::from(pty.master);
    let (mut shown, mut piece, mut asked) = (Vec::new(), [0; 4096], false);
    // Reading fails once the other side is closed.
    while let Ok(length) = master.read(&mut piece)
        && length > 0
    {
        shown.extend_from_slice(&piece[..length]);
        let asks = String::from_utf8_lossy(&shown).contains("Approve?");
        if asks && !std::mem::replace(&mut asked, true) {
            master.write_all(typed.as_bytes()).expect("typed");
        }
    }
    let code = child.wait().expect("it is our child").code();
    (String::from_utf8_lossy(&shown).into_owned(), code)
}

#[test]
fn an_approval_is_answered_in_the_terminal() {
    let (dir, server) = library();
    let text = "name: Asks\nversion: '1'\nsteps:\n  \
        - {id: ok, name: Release, type: approval, parameters: {prompt: 'Ship 1.4?'}}\n  \
        - {id: after, name: After, type: utility.log, parameters: {message: shipped}}\n";
    fs::write(dir.path().join("asks.yaml"), text).expect("written");
    let run = ["playbook", "run", "asks.yaml"];
    let (shown, code) = on_terminal(&server, &run, "y\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Release: Ship 1.4?"), "{shown}");
    let (shown, code) = on_terminal(&server, &run, "n\n");
    assert_eq!(code, Some(120), "{shown}");
    assert!(shown.contains("rejected by"), "{shown}");
}

#[test]
fn on_a_terminal_the_steps_are_a_list_with_the_output_of_what_failed() {
    let (_dir, server) = library();
    let (shown, code) = on_terminal(&server, &["playbook", "run", "failing.yaml"], "");
    assert_eq!(code, Some(120), "{shown}");
    let lines: Vec<String> = shown
        .split(['\n', '\r'])
        .map(|line| console::strip_ansi_codes(line).trim_end().to_owned())
        .collect();
    let place = |text: &str| {
        let found = lines.iter().position(|line| line.starts_with(text));
        found.unwrap_or_else(|| panic!("no line with {text:?} in {lines:#?}"))
    };
    let (failed, output, last) = (place("✗ Bad  "), place("  | seen"), place("✓ Last  "));
    assert!(failed < output && output < last, "{lines:#?}");
    assert!(!shown.contains("Never"), "{shown}");
    assert!(!shown.contains("execution.step_"), "{shown}");
}

/// The last steps are its own, or those of a playbook that it runs.
#[test]
fn a_cancel_of_an_execution_that_waits_does_its_last_steps() {
    let (dir, server) = library();
    let waits = "name: Waits\nversion: '1'\nsteps:\n  \
        - {id: nap, name: Nap, type: utility.sleep, timeout: 900, parameters: {seconds: 600}}\n\
        finally:\n  - {id: last, name: Last, type: utility.log, parameters: {message: cleaned}}\n";
    let around = "name: Around\nversion: '1'\nsteps:\n  \
        - {id: run, name: Run, type: playbook.run, parameters: {playbook: waits.yaml}}\n";
    fs::write(dir.path().join("waits.yaml"), waits).expect("written");
    fs::write(dir.path().join("around.yaml"), around).expect("written");
    for playbook in ["waits.yaml", "around.yaml"] {
        let run = server.run(&["playbook", "run", "--detach", playbook]);
        exits(&run, 0);
        let id = stdout(&run).trim().to_owned();
        let run = |status: &str| {
            poll("the run changes", || {
                let run = server.json(&["run", "get", &id]);
                (run["status"] == status).then_some(())
            });
        };
        run("waiting");
        exits(&server.run(&["run", "pause", &id]), 0);
        exits(&server.run(&["run", "cancel", &id]), 0);
        run("cancelled");
        let answer = get(server.port, &format!("/api/executions/{id}")).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let execution: Value = serde_json::from_str(body).expect("JSON");
        let steps = execution["step_results"].as_array().expect("steps");
        let status = |id: &str| {
            let step = steps.iter().find(|step| step["step_id"] == id);
            step.expect("a step")["status"].clone()
        };
        assert_eq!(
            (status("nap"), status("last")),
            ("cancelled".into(), "completed".into())
        );
    }
}

#[test]
fn a_failed_execution_goes_on_at_the_step_that_failed() {
    let (dir, server) = library();
    let text = "name: Retried\nversion: '1'\nparameters: [{name: word, type: string}]\nsteps:\n  \
        - {id: once, name: Once, type: utility.shell, parameters: {script: 'echo n=1'}}\n  \
        - {id: check, name: Check, type: utility.shell, parameters: {script: 'test {{ word }} = right && echo n=2'}}\n  \
        - {id: last, name: Last, type: utility.log, parameters: {message: 'it is {{ word }} now'}}\n";
    fs::write(dir.path().join("retried.yaml"), text).expect("written");
    let run = server.run(&[
        "playbook",
        "run",
        "retried.yaml",
        "-p",
        "word=wrong",
        "--json",
    ]);
    exits(&run, 120);
    let id = json(&run)["id"].as_str().expect("an id").to_owned();
    let retry = ["run", "retry", &id, "--from", "check", "-p", "word=right"];
    exits(&server.run(&retry), 0);
    let watched = server.run(&["run", "watch", &id]);
    exits(&watched, 0);
    prints(&watched, "it is right now");
    let answer = get(server.port, &format!("/api/runs/{id}/parts")).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let parts: Value = serde_json::from_str(body).expect("JSON");
    let parts = parts.as_array().expect("parts").iter();
    let parts: Vec<_> = parts
        .map(|part| (part["name"].clone(), part["stage"].clone()))
        .collect();
    let expected = [
        ("once", "completed"),
        ("check", "failed"),
        ("check", "completed"),
        ("last", "completed"),
    ];
    assert_eq!(parts.len(), expected.len(), "{parts:?}");
    for ((name, stage), (expected_name, expected_stage)) in parts.into_iter().zip(expected) {
        assert_eq!((name, stage), (expected_name.into(), expected_stage.into()));
    }
}

#[test]
fn a_schedule_starts_executions_by_the_clock() {
    let (_dir, server) = library();
    let created = server.run(&[
        "schedule",
        "create",
        "greeting.yaml",
        "--every",
        "1s",
        "-p",
        "who=you",
    ]);
    exits(&created, 0);
    let id = stdout(&created).trim().to_owned();
    let two = poll("two executions", || {
        let history = json(&server.run(&["schedule", "history", &id, "--json"]));
        let executions = history["executions"].as_array().expect("a list").clone();
        (executions.len() >= 2).then_some(executions)
    });
    assert_ne!(two[0]["scheduled_for"], two[1]["scheduled_for"]);
    exits(&server.run(&["schedule", "disable", &id]), 0);
    let list = server.run(&["schedule", "list"]);
    prints(&list, "disabled: it was asked for");
    prints(&server.run(&["schedule", "show", &id]), "every 1 s");
    let last = two[0]["execution_id"].as_str().expect("an id");
    exits(&server.run(&["run", "watch", last]), 0);
    exits(&server.run(&["schedule", "delete", &id]), 0);
    exits(&server.run(&["schedule", "show", &id]), 66);
}

#[test]
fn playbooks_are_written_and_compared() {
    let (dir, server) = library();
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("new.yaml");
    let shown = file.display().to_string();
    let text = |word: &str| {
        format!("name: New\nversion: '1'\nsteps:\n  - {{id: a, name: {word}, type: utility.log}}\n")
    };
    fs::write(&file, text("First")).expect("written");
    let put = ["playbook", "put", &shown, "--path", "deep/new.yaml"];
    exits(&server.run(&put), 0);
    fs::write(&file, text("Second")).expect("written");
    let refused = server.run(&put);
    exits(&refused, 65);
    says(&refused, "If-Match");
    let replaced = server.run(&[&put[..], &["--replace"]].concat());
    exits(&replaced, 0);
    let diff = server.run(&["playbook", "diff", "deep/new.yaml"]);
    exits(&diff, 0);
    prints(&diff, "-  - {id: a, name: First, type: utility.log}");
    prints(&diff, "+  - {id: a, name: Second, type: utility.log}");
    fs::write(&file, "name: Broken\nsteps: [\n").expect("written");
    let broken = server.run(&[&put[..], &["--replace"]].concat());
    exits(&broken, 65);
    let kept = fs::read_to_string(dir.path().join("deep/new.yaml")).expect("a text");
    assert_eq!(kept, text("Second"));
}
