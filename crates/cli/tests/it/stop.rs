//! How servers and executors start and stop.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::{
    harness::{Process, Server, exits, playhouse, says, stdout, wait_for},
    submit::running_id,
};

#[test]
fn sigterm_and_ctrl_c_stop_a_server_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = Server::start(&["--with-executor"]);
        server.process.signal(signal);
        let status = server.process.wait();
        assert_eq!(
            status.code(),
            Some(0),
            "{signal}: {}",
            server.process.stderr()
        );
    }
}

#[test]
fn a_stopped_server_gives_the_running_job_back_uncounted() {
    let mut server = Server::start(&["--with-executor", "--drain-grace=0s"]);
    let script = server.script("long.sh", "sleep 600");
    server.submit(&["--max-attempts=1", &script]);
    let id = running_id(&server);
    server.process.stop();
    server.restart();
    assert_eq!(
        running_id(&server),
        id,
        "it runs again, and the one attempt is not used up"
    );
    let shown = stdout(&server.run(&["job", "get", &id]));
    assert!(shown.contains("  released  "), "{shown}");
}

#[test]
fn a_second_signal_ends_a_draining_server_at_once() {
    let mut server = Server::start(&["--with-executor", "--drain-grace=10m"]);
    let script = server.script("long.sh", "sleep 600");
    server.submit(&[&script]);
    running_id(&server);
    server.process.signal(Signal::SIGTERM);
    wait_for("it drains", || {
        server.process.stderr().contains("stopping in order")
    });
    assert!(server.process.ended().is_none(), "it waits for the job");
    wait_for("nobody is to send it requests", || {
        server.answers("/readyz", "503")
    });
    assert!(server.answers("/livez", "200"), "it still answers");
    server.process.signal(Signal::SIGTERM);
    assert_eq!(
        server.process.wait().code(),
        Some(143),
        "{}",
        server.process.stderr()
    );
}

#[test]
fn a_terminal_that_goes_away_drains_a_server_in_order() {
    let mut server = Server::start(&["--with-executor", "--drain-grace=10m"]);
    let script = server.script("wait.sh", "until [ -e go ]; do sleep 0.05; done");
    server.submit(&[&script]);
    let id = running_id(&server);
    server.process.signal(Signal::SIGHUP);
    wait_for("it drains", || {
        server.process.stderr().contains("stopping in order")
    });
    // The kernel and the shell both send one.
    server.process.signal(Signal::SIGHUP);
    wait_for("no requests are to come any more", || {
        server.answers("/readyz", "503")
    });
    assert!(server.process.ended().is_none(), "it waits for the job");
    let cancelled = server.run(&["job", "cancel", &id]);
    exits(&cancelled, 0);
    assert_eq!(
        server.process.wait().code(),
        Some(0),
        "{}",
        server.process.stderr()
    );
}

#[test]
fn under_nohup_an_executor_outlives_its_terminal() {
    let server = Server::start(&[]);
    let plain = server.executor("builder", &["--isolation", "none"]);
    let mut command = Command::new("/usr/bin/nohup");
    command.arg(plain.get_program()).args(plain.get_args());
    command.env_clear().current_dir(server.home());
    command.envs(
        plain
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let mut executor = Process::start(command, server.home().join("nohup.log"));
    let script = server.script("good.sh", "exit 0");
    exits(&server.run(&["job", "submit", &script]), 0);
    executor.signal(Signal::SIGHUP);
    exits(&server.run(&["job", "submit", &script]), 0);
    executor.signal(Signal::SIGTERM);
    assert_eq!(executor.wait().code(), Some(0), "{}", executor.stderr());
}

#[test]
fn a_used_data_directory_and_a_used_port_are_refused() {
    let server = Server::start(&[]);
    let data_dir = server.data_dir().display().to_string();
    let second = server.run(&["server", "--listen=127.0.0.1:0", "--data-dir", &data_dir]);
    exits(&second, 1);
    says(&second, "another server");
    let mut command = playhouse(server.home());
    let listen = format!("--listen=127.0.0.1:{}", server.port);
    let third = command.args(["server", &listen, "--data-dir=other"]);
    let third = third.output().expect("the binary starts");
    exits(&third, 1);
    says(&third, "in use");
}

#[test]
fn a_drained_executor_ends_its_job_and_takes_no_other() {
    let server = Server::start(&[]);
    let mut executor = server.start_executor("drain", &["--slots=1"]);
    let go = server.gates().join("go");
    let script = server.script(
        "wait.sh",
        &format!(
            "until [ -e {} ]; do sleep 0.05; done; echo done",
            go.display()
        ),
    );
    let [first, second] = [1, 2].map(|_| server.submit(&[&script]));
    assert_eq!(running_id(&server), first);
    executor.signal(Signal::SIGTERM);
    wait_for("it drains", || executor.stderr().contains("draining"));
    std::fs::write(&go, "").expect("it can be written");
    assert_eq!(executor.wait().code(), Some(0), "{}", executor.stderr());
    let waited = server.run(&["job", "wait", &first]);
    assert_eq!(stdout(&waited), format!("{first}  completed\n"));
    let pending = stdout(&server.run(&["job", "list", "--status", "pending"]));
    assert!(pending.contains(&second), "{pending}");
}

#[test]
fn two_executors_do_not_share_their_directories() {
    let server = Server::start(&[]);
    let first = server.start_executor("twin", &[]);
    wait_for("the first is there", || {
        stdout(&server.run(&["executors"])).contains("twin")
    });
    let second = server
        .executor("twin", &[])
        .output()
        .expect("the binary starts");
    exits(&second, 1);
    says(&second, "another executor uses it");
    drop(first);
}
