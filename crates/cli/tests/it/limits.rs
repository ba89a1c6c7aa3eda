//! What an operator may set for jobs: the largest file and program, and the time to end.

use std::time::{Duration, Instant};

use crate::harness::{Process, Server, code, exits, json, stdout, wait_for};

/// SIGXFSZ, as a shell counts it.
const FILE_TOO_LARGE: i32 = 128 + 25;

/// The grace without a setting.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// Runs a script that writes a file of 2 MiB, and answers its exit code.
fn write_2_mib(server: &Server) -> Option<i32> {
    let script = server.script("write.sh", "exec head -c 2097152 /dev/zero >big");
    code(&server.run(&["job", "submit", &script]))
}

#[test]
fn the_largest_file_of_a_job_is_set_by_flag_environment_or_file() {
    let server = Server::start(&[]);
    let file = server.home().join("settings.toml");
    std::fs::write(&file, "file_limit = '1M'\n").expect("a file");
    let with = |name: &str, variable: Option<&str>, flag: &[&str]| {
        let mut command = server.executor(name, flag);
        command.arg("--config").arg(&file);
        command.envs(variable.map(|value| ("PLAYHOUSE_FILE_LIMIT", value)));
        let mut executor = Process::start(command, server.home().join("executor.log"));
        let ended = write_2_mib(&server);
        executor.stop();
        ended
    };
    assert_eq!(with("file", None, &[]), Some(FILE_TOO_LARGE));
    assert_eq!(with("variable", Some("3M"), &[]), Some(0));
    let flag = ["--file-limit=1M"];
    assert_eq!(with("flag", Some("3M"), &flag), Some(FILE_TOO_LARGE));
}

#[test]
fn the_built_in_executor_takes_the_same_settings() {
    let server = Server::start(&["--with-executor", "--file-limit=1M", "--download-limit=64K"]);
    assert_eq!(write_2_mib(&server), Some(FILE_TOO_LARGE));
    let large = server.script("large.sh", &format!("exit 0\n# {}", "x".repeat(64 << 10)));
    let submitted = server.run(&["job", "submit", "--json", &large]);
    exits(&submitted, 120);
    let ended = json(&submitted);
    let id = ended["id"].as_str().expect("an id");
    let message = server.job(id)["error_message"].to_string();
    assert!(
        message.contains("larger than the limit of 65536 bytes"),
        "{message}"
    );
}

#[test]
fn a_deaf_job_is_killed_after_the_grace_that_was_set() {
    let server = Server::start(&[]);
    let _executor = server.start_executor("hasty", &["--cancel-grace=100ms"]);
    let script = server.script(
        "deaf.sh",
        "trap '' TERM; echo ready; while :; do sleep 1; done",
    );
    let id = server.submit(&[&script]);
    wait_for("it prints", || {
        stdout(&server.run(&["job", "logs", &id])) == "ready\n"
    });
    let began = Instant::now();
    exits(&server.run(&["job", "cancel", &id]), 0);
    wait_for("it ends", || server.job(&id)["status"] == "cancelled");
    // Killed after the grace, and well before the one that it would have without the setting.
    assert!(began.elapsed() < DEFAULT_GRACE, "{:?}", began.elapsed());
    assert_eq!(server.job(&id)["exit_code"], 137);
}
