//! Following a job through Ctrl-C and through the loss of the server.

use nix::sys::signal::Signal;

use crate::{
    harness::{Server, exits, stderr, stdout, wait_for},
    submit::running_id,
};

#[test]
fn ctrl_c_detaches_and_says_how_to_go_on() {
    let server = Server::start(&["--with-executor", "--slots=1"]);
    let script = server.script("long.sh", "sleep 600");
    let mut watched = server.watch("watched", &["job", "submit", &script]);
    let id = running_id(&server);
    watched.signal(Signal::SIGINT);
    let (code_of_watched, _) = watched.finish();
    assert_eq!(code_of_watched, Some(130));
    let said = watched.stderr();
    let flag = format!("--server {}", server.url());
    for hint in ["logs", "cancel"] {
        assert!(said.contains(&format!("job {hint} {flag}")), "{said}");
    }
    assert_eq!(running_id(&server), id, "the job goes on");
    let mut watched = server.watch("terminated", &["job", "submit", &script]);
    wait_for("the job is confirmed", || {
        let pending = server.run(&["job", "list", "--status", "pending"]);
        stdout(&pending).contains("long.sh")
    });
    watched.signal(Signal::SIGTERM);
    assert_eq!(watched.wait().code(), Some(143), "{}", watched.stderr());
    exits(&server.run(&["job", "cancel", &id]), 0);
    exits(&server.run(&["job", "wait", &id]), 121);
}

#[test]
fn a_killed_server_costs_no_line_and_no_outcome() {
    let mut server = Server::start(&[]);
    let executor = server.start_executor("follow", &["--slots=1"]);
    let go = server.gates().join("go");
    let text = format!(
        "for n in 1 2 3; do echo line $n; done; \
         until [ -e {} ]; do sleep 0.05; done; echo line 4; exit 7",
        go.display()
    );
    let script = server.script("lines.sh", &text);
    let mut watched = server.watch("watched", &["job", "submit", &script]);
    let id = running_id(&server);
    wait_for("the first lines are stored", || {
        let logs = stdout(&server.run(&["job", "logs", &id]));
        logs == "line 1\nline 2\nline 3\n"
    });
    server.kill();
    std::fs::write(&go, "").expect("it can be written");
    wait_for("the loss is told", || {
        watched.stderr().contains("trying again")
    });
    server.restart();
    let (outcome, lines) = watched.finish();
    assert_eq!(
        lines,
        "line 1\nline 2\nline 3\nline 4\n",
        "{}",
        executor.stderr()
    );
    assert_eq!(outcome, Some(7), "{}", watched.stderr());
    assert!(
        watched.stderr().contains("the server is back"),
        "{}",
        watched.stderr()
    );
}

#[test]
fn a_job_that_nobody_runs_says_so() {
    let server = Server::start(&[]);
    let script = server.script("lonely.sh", "true");
    let watched = server.watch("watched", &["job", "submit", &script]);
    wait_for("the hint comes", || {
        watched.stderr().contains("no executor is connected")
    });
    let pending = server.run(&["job", "list", "--status", "pending"]);
    assert!(
        stdout(&pending).contains("lonely.sh"),
        "{}",
        stderr(&pending)
    );
}
