//! `job submit`: what a program gets, what comes out, and how the command ends.

use std::process::Output;

use crate::harness::{Server, code, exits, json, poll, says, stderr, stdout};

fn server() -> Server {
    Server::start(&["--with-executor", "--slots=4"])
}

/// Submits a script with these further arguments.
fn submit(server: &Server, name: &str, text: &str, arguments: &[&str]) -> Output {
    let script = server.script(name, text);
    let mut all = vec!["job", "submit", script.as_str()];
    all.extend(arguments);
    server.run(&all)
}

#[test]
fn the_command_prints_what_the_program_prints_and_ends_as_it_ends() {
    let server = server();
    let done = submit(&server, "greet me.sh", "echo hello; echo oops >&2", &[]);
    assert_eq!(
        (code(&done), stdout(&done)),
        (Some(0), "hello\n".to_owned()),
        "{}",
        stderr(&done)
    );
    let said = stderr(&done);
    assert!(
        said.contains("oops\n") && said.contains(" completed\n"),
        "{said}"
    );
    let list = stdout(&server.run(&["job", "list"]));
    assert!(
        list.contains("  greet-me.sh  completed  foreground  "),
        "{list}"
    );

    let failed = submit(&server, "fail.sh", "printf partial; exit 3", &[]);
    assert_eq!(code(&failed), Some(3));
    assert_eq!(stdout(&failed), "partial".to_owned());
    says(&failed, " failed: ");

    let killed = submit(&server, "kill.sh", "kill -KILL $$", &[]);
    exits(&killed, 137);
}

#[test]
fn arguments_and_environment_arrive_as_they_were_given() {
    let server = server();
    let text = "printf '[%s]' \"$@\" \"$GREETING\" \"$EMPTY\"";
    let arguments = [
        "--env",
        "GREETING=a=b $HOME",
        "-e",
        "EMPTY=",
        "--",
        "a b",
        "",
        "$(id)",
        "--x",
    ];
    let done = submit(&server, "print.sh", text, &arguments);
    assert_eq!(
        stdout(&done),
        "[a b][][$(id)][--x][a=b $HOME][]",
        "{}",
        stderr(&done)
    );
}

#[test]
fn a_variable_without_a_value_takes_the_callers() {
    let server = server();
    let script = server.script("print.sh", "printf '[%s]' \"$TOKEN\" \"$EMPTY\" \"$OTHER\"");
    let mut command = server.client(&["job", "submit", &script, "-e", "TOKEN", "-e", "EMPTY"]);
    let command = command.envs([
        ("TOKEN", "a=b c"),
        ("EMPTY", ""),
        ("OTHER", "not asked for"),
    ]);
    let done = command.output().expect("the binary starts");
    assert_eq!(stdout(&done), "[a=b c][][]", "{}", stderr(&done));
}

#[test]
fn ends_without_an_exit_code_have_codes_of_their_own() {
    let server = server();
    let late = submit(&server, "late.sh", "sleep 600", &["--timeout", "1s"]);
    exits(&late, 124);

    let url = format!("{}/nothing-here", server.url());
    let missing = ["job", "submit", "--url", &url, "--sha256", &"0".repeat(64)];
    let missing = server.run(&missing);
    exits(&missing, 120);

    let script = server.script("long.sh", "sleep 600");
    let mut watched = server.watch("watched", &["job", "submit", &script]);
    let id = running_id(&server);
    let cancelled = server.run(&["job", "cancel", &id]);
    assert_eq!(
        stdout(&cancelled),
        format!("{id}  stopping\n"),
        "{}",
        stderr(&cancelled)
    );
    assert_eq!(watched.wait().code(), Some(121), "{}", watched.stderr());
}

#[test]
fn json_is_the_ended_job_or_the_answer_to_the_submit() {
    let server = server();
    let done = submit(
        &server,
        "j.sh",
        "echo out; exit 4",
        &["--json", "-l", "team=data"],
    );
    exits(&done, 4);
    let job = json(&done);
    assert_eq!(job["stdout"], "out\n");
    assert_eq!(job["labels"]["team"], "data");
    let detached = submit(&server, "j.sh", "echo out", &["--json", "--detach"]);
    assert_eq!(json(&detached)["status"], "pending");
}

#[test]
fn a_detached_job_is_waited_for_later() {
    let server = server();
    let text = "echo one; echo two >&2; exit 5";
    let detached = submit(&server, "later.sh", text, &["--detach"]);
    let id = stdout(&detached).trim_end().to_owned();
    exits(&detached, 0);
    assert_eq!(stderr(&detached), "", "nothing but the id");
    let good = submit(&server, "good.sh", "true", &["--detach"]);
    let good = stdout(&good).trim_end().to_owned();
    let waited = server.run(&["job", "wait", &good, &id]);
    exits(&waited, 5);
    let lines = stdout(&waited);
    assert!(lines.contains(&format!("{good}  completed\n")), "{lines}");
    assert!(lines.contains(&format!("{id}  failed: ")), "{lines}");
    let logs = server.run(&["job", "logs", &id]);
    assert_eq!(stdout(&logs), "one\n".to_owned());
    assert_eq!(stderr(&logs), "two\n".to_owned());
    let followed = server.run(&["job", "logs", &id, "--follow", "--stream", "stderr"]);
    assert_eq!(code(&followed), Some(0));
    assert_eq!(stdout(&followed), "two\n".to_owned());
}

#[test]
fn the_same_idempotency_key_gives_the_same_job() {
    let server = server();
    let [first, again] = [1, 2].map(|_| {
        submit(
            &server,
            "once.sh",
            "true",
            &["--detach", "--idempotency-key", "nightly"],
        )
    });
    assert_eq!(stdout(&first), stdout(&again));
    assert!(!stdout(&first).is_empty());
    let other = ["--detach", "--idempotency-key", "nightly", "--", "argument"];
    let other = submit(&server, "once.sh", "true", &other);
    exits(&other, 65);
}

#[test]
fn a_file_that_will_not_start_is_submitted_with_a_warning() {
    let server = server();
    let path = server.home().join("notes.txt");
    std::fs::write(&path, "just text\n").expect("it can be written");
    let path = path.display().to_string();
    let done = server.run(&["job", "submit", &path]);
    exits(&done, 120);
    let warning = format!("playhouse: {path} is neither a binary for Linux nor a script");
    assert!(stderr(&done).starts_with(&warning), "{}", stderr(&done));
}

#[test]
fn files_that_are_no_programs_are_refused_before_anything_is_sent() {
    let server = server();
    let directory = server.home().display().to_string();
    let empty = server.home().join("empty");
    std::fs::write(&empty, "").expect("it can be written");
    for path in [directory.as_str(), "missing", &empty.display().to_string()] {
        let refused = server.run(&["job", "submit", path]);
        assert_eq!(code(&refused), Some(74), "{path}: {}", stderr(&refused));
    }
    assert_eq!(stdout(&server.run(&["job", "list", "--json"])), "[]\n");
}

/// The id of the only running job, as soon as there is one.
pub(crate) fn running_id(server: &Server) -> String {
    poll("a job runs", || {
        let jobs = server.json(&["job", "list", "--status", "running"]);
        Some(jobs[0]["id"].as_str()?.to_owned())
    })
}
