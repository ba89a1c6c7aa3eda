//! SIGKILL of the executor and of the server, between plugins and in the middle of one: the job goes on
//! after the last plugin that ended, and none that completed runs again.

use nix::sys::signal::Signal;

use super::{
    COMPLETED, SHORT_LEASES, ended, executor, follow, noted, noting, plugin, submit, without_starts,
};
use crate::{
    database::on_both,
    harness::{Server, wait_for},
};

/// Three plugins; the second one waits for the file `gate`.
fn plugins(server: &Server) {
    plugin(server, "one", &noting(server, "one"));
    let gate = server.home().join("gate");
    let waits = format!(
        "echo began >>{}; while ! [ -e {} ]; do sleep 0.02; done; {}",
        super::notes(server).display(),
        gate.display(),
        noting(server, "two")
    );
    plugin(server, "two", &waits);
    plugin(server, "three", &noting(server, "three"));
}

fn open_gate(server: &Server) {
    std::fs::write(server.home().join("gate"), "").expect("a file");
}

fn began(server: &Server, times: usize) {
    wait_for("the second plugin begins", || {
        let began = noted(server).iter().filter(|line| *line == "began").count();
        began >= times
    });
}

on_both!(
    a_killed_executors_job_goes_on_after_the_last_plugin_that_ended,
    a_killed_server_costs_no_plugin_a_second_run,
);

fn a_killed_executors_job_goes_on_after_the_last_plugin_that_ended(arguments: &[&str]) {
    let server = Server::start(&[&SHORT_LEASES, arguments].concat());
    plugins(&server);
    let following = follow(&server);
    let first = executor(&server, &[]);
    let id = submit(&server, &["one", "two", "three"], &[]);
    began(&server, 1);
    first.signal(Signal::SIGKILL);
    drop(first);
    let _second = executor(&server, &[]);
    began(&server, 2);
    open_gate(&server);
    let (job, events) = ended(&server, &following, &id);
    assert_eq!(job["progress"]["status"], "completed", "{job}");
    let mut noted = noted(&server);
    noted.retain(|line| line != "began");
    assert_eq!(noted, ["one", "two", "three"]);
    assert_eq!(without_starts(&events), COMPLETED);
    let first_ended = events
        .iter()
        .position(|event| event == "plugin_completed one");
    let after = &events[first_ended.expect("it completed")..];
    let has = |event: &str| after.iter().any(|one| one == event);
    assert!(has("requeued") && has("plugin_started two"), "{events:?}");
    assert!(!has("plugin_started one"), "{events:?}");
}

fn a_killed_server_costs_no_plugin_a_second_run(arguments: &[&str]) {
    // The lease outlives the time that the server is away.
    let mut server = Server::start(&[&["--lease-seconds=30"], arguments].concat());
    plugins(&server);
    let following = follow(&server);
    let _worker = executor(&server, &[]);
    let id = submit(&server, &["one", "two", "three"], &[]);
    began(&server, 1);
    server.kill();
    open_gate(&server);
    wait_for("the second plugin ends without a server", || {
        noted(&server).contains(&"two".to_owned())
    });
    server.restart();
    let (job, events) = ended(&server, &following, &id);
    assert_eq!(job["progress"]["status"], "completed", "{job}");
    assert_eq!(noted(&server), ["one", "began", "two", "three"]);
    assert_eq!(events.iter().filter(|event| *event == "started").count(), 1);
    assert!(events.ends_with(&["plugin_completed three".to_owned(), "completed".to_owned()]));
}

#[test]
fn a_job_whose_executor_dies_in_its_first_plugin_again_and_again_fails_at_its_cap() {
    let server = Server::start(&SHORT_LEASES);
    plugins(&server);
    let following = follow(&server);
    let mut worker = executor(&server, &[]);
    let id = submit(&server, &["two", "one"], &[]);
    for time in 1..=3 {
        began(&server, time);
        worker.signal(Signal::SIGKILL);
        worker.wait();
        worker = executor(&server, &[]);
    }
    let (job, events) = ended(&server, &following, &id);
    assert_eq!(job["progress"]["status"], "failed", "{job}");
    assert_eq!(
        events.iter().filter(|event| *event == "started").count(),
        3,
        "{events:?}"
    );
    assert_eq!(noted(&server), ["began", "began", "began"]);
}
