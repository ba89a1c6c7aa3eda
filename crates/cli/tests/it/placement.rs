//! Jobs that only some executors can take, programs from standard input, starts later on, and long values in tables.

use std::{
    fs::File,
    io::{Read, Write},
    process::Stdio,
};

use nix::pty::{Winsize, openpty};

use crate::harness::{Server, exits, poll, prints, says, stderr, stdout, wait_for};

#[test]
fn a_job_runs_where_it_can_and_says_so_when_no_executor_can() {
    let server = Server::start(&[]);
    let script = server.script("train.sh", "exit 0");
    let _plain = server.start_executor("plain", &["--isolation=none"]);
    exits(&server.run(&["job", "submit", &script]), 0);
    let requires = ["--require=gpu=a100", "--cpus=1.5", "--memory-mb=512"];
    let id = server.submit(&[&requires[..], &[&script]].concat());
    let lacks = "pending: no known executor has gpu=a100";
    prints(&server.run(&["job", "list"]), lacks);
    prints(
        &server.run(&["job", "get", &id]),
        "no known executor has gpu=a100",
    );
    let offers = [
        "--isolation=none",
        "--label=gpu=a100",
        "--cpus=2",
        "--memory-mb=512",
    ];
    let _gpu = server.start_executor("gpu", &offers);
    exits(&server.run(&["job", "wait", &id]), 0);
    let shown = server.job(&id);
    assert_eq!(
        (&shown["executor_id"], &shown["cpus"]),
        (&"gpu".into(), &1.5.into())
    );
    let executors = stdout(&server.run(&["executors"]));
    let gpu = executors.lines().find(|line| line.starts_with("gpu "));
    let gpu = gpu.expect("it is listed");
    assert!(
        gpu.contains("2 cpus, 512 MiB") && gpu.contains("gpu=a100"),
        "{gpu}"
    );
    for name in ["os=linux", "arch=", "host="] {
        assert_eq!(executors.matches(name).count(), 2, "{executors}");
    }
    // A watcher hears of it, too.
    let watcher = server.watch("watch", &["job", "submit", "--require=arch=z80", &script]);
    wait_for("it says what is missing", || {
        watcher
            .stderr()
            .contains("the job waits: no known executor has arch=z80")
    });
}

#[test]
fn a_script_comes_from_standard_input() {
    let server = Server::start(&["--with-executor"]);
    let mut command = server.client(&["job", "submit", "-", "--", "you"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let script = "#!/bin/sh\necho hello $1\n";
    stdin.write_all(script.as_bytes()).expect("it is read");
    drop(stdin);
    let done = child.wait_with_output().expect("it ends");
    exits(&done, 0);
    assert_eq!(stdout(&done), "hello you\n", "{}", stderr(&done));
    prints(&server.run(&["job", "list"]), "  script  completed  ");
    let mut empty = server.client(&["job", "submit", "-"]);
    let empty = empty.stdin(Stdio::null()).output().expect("it ends");
    exits(&empty, 74);
    says(&empty, "standard input is empty");
}

#[test]
fn a_job_starts_so_long_from_now_on() {
    let server = Server::start(&[]);
    let script = server.script("later.sh", "exit 0");
    let id = server.submit(&["--not-before", "1h30m", &script]);
    let job = server.job(&id);
    let [at, submitted] = ["not_before", "created_at"].map(|field| {
        let time = job[field].as_str().expect("a time");
        time.parse::<jiff::Timestamp>().expect("a time")
    });
    let ahead = at.duration_since(submitted).as_secs();
    assert!((5_340..=5_401).contains(&ahead), "{ahead} s");
    let at = "2031-01-31T12:00:00Z";
    let id = server.submit(&["--not-before", at, &script]);
    assert_eq!(server.job(&id)["not_before"], at);
    for wrong in ["2031", "tomorrow", "-1h"] {
        let refused = server.run(&["job", "submit", &format!("--not-before={wrong}"), &script]);
        exits(&refused, 2);
        says(&refused, "nor a duration such as 1h");
    }
}

#[test]
fn one_long_value_does_not_ruin_a_table_in_a_terminal() {
    let server = Server::start(&[]);
    let script = server.script("short.sh", "exit 0");
    let long = format!("begin-{}-end", "x".repeat(200));
    let ids = [
        server.submit(&["--type", &long, &script]),
        server.submit(&[&script]),
    ];
    let size = Winsize {
        ws_row: 25,
        ws_col: 140,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let terminal = openpty(Some(&size), None).expect("a terminal");
    let mut command = server.client(&["job", "list"]);
    let mut child = command
        .stdout(terminal.slave)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    // The command holds the last handle of that side.
    drop(command);
    child.wait().expect("it ends");
    let (mut master, mut shown) = (File::from(terminal.master), Vec::new());
    // The end of a terminal reads as an error.
    let _ = master.read_to_end(&mut shown);
    let shown = String::from_utf8(shown).expect("it is UTF-8");
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    assert!(
        lines.iter().all(|line| line.chars().count() <= 140),
        "{shown}"
    );
    assert!(
        lines[2].contains(&ids[0]) && lines[1].contains(&ids[1]),
        "{shown}"
    );
    assert!(
        lines[2].contains("begin-xx") && lines[2].contains("…x"),
        "{shown}"
    );
    assert!(lines[2].contains("x-end  pending"), "{shown}");
    // What is piped is whole.
    let whole = poll("it is listed", || {
        Some(stdout(&server.run(&["job", "list"])))
    });
    assert!(whole.contains(&long), "{whole}");
}
