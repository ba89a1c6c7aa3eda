//! Executors that die, freeze and come back, and servers that are away: with the real binary.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    harness::{Server, code, exits, poll, stderr, stdout, wait_for},
    submit::running_id,
};

/// A lease that ends while a test waits, and not while a loaded machine starts processes.
const SHORT_LEASES: [&str; 2] = ["--lease-seconds=10", "--scan-seconds=1"];

#[test]
fn a_killed_executor_leaves_no_process_behind_and_its_job_is_not_forgotten() {
    for isolation in ["none", "standard"] {
        let server = Server::start(&SHORT_LEASES);
        let executor = server.start_executor("doomed", &["--slots=1", "--isolation", isolation]);
        let sleep = unique_sleep(isolation);
        // A child that ignores what asks it to end, and a daemon with a child of its own.
        let family =
            format!("trap '' TERM; setsid sh -c 'sleep {sleep} & sleep {sleep}' & sleep {sleep}");
        let script = server.script("family.sh", &family);
        server.submit(&["--max-attempts=1", &script]);
        let id = running_id(&server);
        wait_for("the whole family runs", || running(&sleep) == 3);
        executor.signal(Signal::SIGKILL);
        wait_for("nothing of it is left", || running(&sleep) == 0);
        poll("the job ends at its cap", || {
            let job = server.job(&id);
            (job["status"] == "failed").then(|| {
                assert_eq!(attempts(&job), [("doomed".to_owned(), "lost".to_owned())]);
            })
        });
    }
}

#[test]
fn a_frozen_executor_that_wakes_up_changes_nothing() {
    let server = Server::start(&SHORT_LEASES);
    let go = server.gates().join("go");
    let waits = format!("until [ -e {} ]; do sleep 0.05; done", go.display());
    let script = server.script("waits.sh", &waits);
    let zombie = server.start_executor("zombie", &["--slots=1"]);
    server.submit(&[&script]);
    let id = running_id(&server);
    zombie.signal(Signal::SIGSTOP);
    // Its program ends now, and it has a result that nobody wants any more when it wakes up.
    fs::write(&go, "").expect("a file");
    let _second = server.start_executor("second", &["--slots=1"]);
    let waited = server.run(&["job", "wait", &id]);
    exits(&waited, 0);
    let before = server.job(&id);
    // At least a lease before now, or too long ago to be listed: a new one is later than that,
    // although it is in whole seconds.
    let silent_since = heartbeat(&server, "zombie");
    zombie.signal(Signal::SIGCONT);
    // It reports, or finds its lease gone; then it asks for work again, which shows.
    server.submit(&[&script]);
    wait_for("the woken executor is heard of", || {
        let woken = heartbeat(&server, "zombie") > silent_since;
        woken || zombie.stderr().contains("the lease was lost")
    });
    assert_eq!(server.job(&id), before, "a terminal job was changed");
    let attempts = attempts(&before);
    assert_eq!(attempts[0], ("zombie".to_owned(), "lost".to_owned()));
    assert_eq!(attempts[1], ("second".to_owned(), "completed".to_owned()));
}

#[test]
fn a_result_is_kept_while_the_server_is_away() {
    let mut server = Server::start(&[]);
    let executor = server.start_executor("patient", &["--slots=1"]);
    let script = server.script("work.sh", "echo started; sleep 1; echo result");
    server.submit(&[&script]);
    let id = running_id(&server);
    wait_for("the program has started", || {
        let printed = stdout(&server.run(&["job", "logs", &id]));
        printed.contains("started")
    });
    server.kill();
    // The work directory is gone when the program has ended and the result is made.
    let work = server.home().join("patient-work");
    wait_for("the job ends without a server", || {
        let attempts = fs::read_dir(&work).into_iter().flatten().flatten();
        attempts
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("attempt"))
            .count()
            .eq(&0)
    });
    server.restart();
    let waited = server.run(&["job", "wait", &id]);
    assert_eq!(
        code(&waited),
        Some(0),
        "{}\n{}",
        stderr(&waited),
        executor.stderr()
    );
    let job = server.job(&id);
    assert_eq!(
        (&job["stdout"], attempts(&job).len()),
        (&"started\nresult\n".into(), 1),
        "{job}"
    );
}

/// When the server last heard of an executor; `None` when that is so long ago that it is not listed.
fn heartbeat(server: &Server, name: &str) -> Option<String> {
    let executors = server.json(&["executors"]);
    let mut executors = executors.as_array()?.iter();
    let executor = executors.find(|one| one["executor_id"] == name)?;
    Some(executor["last_heartbeat"].as_str()?.to_owned())
}

/// A number of seconds that no other test sleeps: its processes are found by it.
fn unique_sleep(test: &str) -> String {
    format!("8000.{}00{}1", std::process::id(), test.len())
}

/// How many processes have this word among their arguments.
fn running(word: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("/proc is there").flatten();
    processes
        .filter(|entry| {
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            words
                .split(|byte| *byte == 0)
                .any(|one| one == word.as_bytes())
        })
        .count()
}

/// Executor and end of each attempt.
fn attempts(job: &Value) -> Vec<(String, String)> {
    let attempts = job["attempts"].as_array().expect("attempts are a list");
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    attempts
        .iter()
        .map(|attempt| (text(&attempt["executor_id"]), text(&attempt["status"])))
        .collect()
}
