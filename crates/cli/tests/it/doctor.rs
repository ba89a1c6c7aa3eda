//! `doctor` on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use private_postgres::Server as Postgres;
use tempfile::TempDir;

use private_postgres::{Database, rows};

use crate::harness::{Server, code, exits, free_port, json, playhouse, poll, says, stdout};

#[test]
fn a_missing_server_is_a_warning_unless_it_was_named() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let data_dir = home.path().join("data").display().to_string();
    let mut command = playhouse(home.path());
    let command = command.args(["doctor", "--data-dir", &data_dir, "--server"]);
    let output = command
        .arg(format!("http://127.0.0.1:{}", free_port()))
        .output()
        .expect("the binary starts");
    exits(&output, 1);
    let table = stdout(&output);
    let server = table
        .lines()
        .find(|line| line.starts_with("server "))
        .expect("a server line");
    assert!(server.contains("FAIL"), "{table}");
    let data = table
        .lines()
        .find(|line| line.starts_with("data directory "))
        .expect("a data line");
    assert!(
        data.contains(" ok ") && data.contains("made at the first start"),
        "{table}"
    );
    assert!(table.contains("What to do:"), "{table}");
    assert!(
        !home.path().join("data").exists(),
        "the doctor makes nothing"
    );
}

#[test]
fn the_report_is_json_for_machines() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let file = home.path().join("file");
    fs::write(&file, "").expect("it can be written");
    let below_a_file = file.join("data").display().to_string();
    let mut command = playhouse(home.path());
    let command = command.args(["doctor", "--json", "--data-dir", &below_a_file]);
    let output = command.output().expect("the binary starts");
    exits(&output, 1);
    let checks = json(&output);
    let mut checks = checks.as_array().expect("a list").iter();
    let data = checks.find(|check| check["name"] == "data directory");
    let data = data.expect("a check");
    assert_eq!(data["standing"], "fail");
    assert!(data["advice"].is_string());
}

/// A control group that the doctor runs in; removed at the end.
struct Group(PathBuf);

impl Group {
    fn make(path: PathBuf) -> Self {
        fs::create_dir(&path).expect("a control group can be made");
        Self(path)
    }

    /// Every group from this one on, and which controllers they pass on.
    fn tree(&self) -> Vec<(PathBuf, String)> {
        let (mut seen, mut open) = (Vec::new(), vec![self.0.clone()]);
        while let Some(dir) = open.pop() {
            let entries = fs::read_dir(&dir).expect("it is there").flatten();
            open.extend(
                entries
                    .map(|entry| entry.path())
                    .filter(|path| path.is_dir()),
            );
            let passed_on = fs::read_to_string(dir.join("cgroup.subtree_control"));
            seen.push((dir, passed_on.unwrap_or_default()));
        }
        seen.sort();
        seen
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (dir, _) in self.tree().into_iter().rev() {
            let _ = fs::remove_dir(dir);
        }
    }
}

/// What the doctor says about the memory limit.
fn memory_limit(mut doctor: Command) -> (String, String) {
    let output = doctor.args(["doctor", "--json"]).output();
    let checks = json(&output.expect("the binary starts"));
    let mut checks = checks.as_array().expect("a list").iter();
    let check = checks.find(|check| check["name"] == "isolation: memory limit");
    let check = check.expect("it is checked");
    let word = |key: &str| check[key].as_str().expect("a word").to_owned();
    (word("standing"), word("detail"))
}

#[test]
fn the_doctor_only_looks_at_the_control_groups() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let (standing, detail) = memory_limit(playhouse(home.path()));
    let Some(above) = detail.strip_prefix("can be set below ").map(Path::new) else {
        // None can be made, and so the doctor made none.
        assert!(
            standing == "warn" && !detail.is_empty(),
            "{standing}: {detail}"
        );
        return;
    };
    let group = Group::make(above.join(format!("doctor-test-{}", std::process::id())));
    // One as an executor leaves it that was killed: the next executor removes it, the doctor not.
    let mut gone = Command::new("true")
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts");
    gone.wait().expect("it ends");
    let left = group.0.join(format!("playhouse-{}-0", gone.id()));
    fs::create_dir(left).expect("a control group can be made");
    let before = group.tree();
    let inotify = Inotify::init(InitFlags::IN_NONBLOCK).expect("inotify");
    let changes = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_DELETE | AddWatchFlags::IN_MODIFY;
    inotify.add_watch(&group.0, changes).expect("it is watched");
    let mut doctor = Command::new("sh");
    doctor
        .env_clear()
        .env("HOME", home.path())
        .args(["-c", "echo $$ >\"$0/cgroup.procs\" && exec \"$@\""])
        .arg(&group.0)
        .arg(env!("CARGO_BIN_EXE_playhouse"));
    let (_, detail) = memory_limit(doctor);
    assert!(detail.contains(&group.0.display().to_string()), "{detail}");
    assert_eq!(group.tree(), before);
    let seen = match inotify.read_events() {
        Err(nix::Error::EAGAIN) => Vec::new(),
        events => events.expect("the events can be read"),
    };
    let named = |name: &str| {
        seen.iter()
            .any(|event| event.name.as_deref() == Some(name.as_ref()))
    };
    // The shell's own entry shows that the watch sees what happens.
    let others = seen
        .iter()
        .filter(|event| event.name.as_deref() != Some("cgroup.procs".as_ref()));
    assert!(named("cgroup.procs") && others.count() == 0, "{seen:?}");
}

#[test]
fn an_executor_says_how_its_machine_is() {
    let server = Server::start(&[]);
    let _executor = server.start_executor("builder-1", &[]);
    let ask = |more: &[&str]| server.run(&[&["doctor", "--executor", "builder-1"], more].concat());
    // Until it has registered the server does not know it.
    let output = poll("it is asked", || {
        let output = ask(&[]);
        (code(&output) != Some(66)).then_some(output)
    });
    exits(&output, 0);
    let table = stdout(&output);
    let has = |name: &str, detail: &str| {
        let mut lines = table.lines().filter(|line| line.starts_with(name));
        assert!(
            lines.any(|line| line.contains(detail)),
            "{name} {detail}: {table}"
        );
    };
    has("executor ", "builder-1, version ");
    has("executor ", ", isolation standard");
    has("isolation: landlock ", "");
    for disk in ["cache", "work"] {
        let path = server.home().join(format!("builder-1-{disk}"));
        has(&format!("disk: {disk} "), &format!("{}: ", path.display()));
    }
    assert!(
        !table.contains("data directory"),
        "not of this machine: {table}"
    );
    let checks = server.json(&["doctor", "--executor", "builder-1"]);
    let checks = checks.as_array().expect("a list");
    assert_eq!(
        checks.len(),
        table.lines().take_while(|line| !line.is_empty()).count() - 1
    );
    assert_eq!(
        (&checks[0]["name"], &checks[0]["standing"]),
        (&"executor".into(), &"ok".into())
    );

    let unknown = server.run(&["doctor", "--executor", "absent"]);
    exits(&unknown, 66);
    says(&unknown, "no executor `absent`");
    let free = format!("http://127.0.0.1:{}", free_port());
    let away = ask(&["--server", &free]);
    exits(&away, 69);
    says(&away, format!("Tried {free}."));
}

/// What the doctor says of the database: its line, and all of standard output.
fn diagnosis(place: &[&str]) -> (String, String) {
    let home = TempDir::new().expect("a temporary directory can be made");
    let mut command = playhouse(home.path());
    let output = command.arg("doctor").args(place).output();
    let table = stdout(&output.expect("the binary starts"));
    let line = table.lines().find(|line| line.starts_with("database "));
    let line = line.expect("a line on the database");
    let words: Vec<&str> = line.split_whitespace().collect();
    (words.join(" "), table)
}

/// The line starts and ends so.
fn said(place: &[&str], start: &str, end: &str) {
    let (line, table) = diagnosis(place);
    assert!(line.starts_with(start) && line.ends_with(end), "{table}");
}

#[test]
fn postgres_is_tried_as_a_server_would() {
    const OK: &str = "database ok PostgreSQL at 127.0.0.1:";
    const FAIL: &str = "database FAIL PostgreSQL at 127.0.0.1:";
    let database = Database::create("cli");
    let place = ["--database-url", database.url()];
    said(&place, OK, ", empty (filled at the first start)");
    drop(Server::start(&place));
    let (line, _) = diagnosis(&place);
    let (_, known) = line.rsplit_once(", schema ").expect("a schema");
    rows(database.url(), "UPDATE schema_version SET version = 1000");
    let newer = format!("schema version 1000, this program knows versions up to {known}: ");
    assert!(diagnosis(&place).0.contains(&newer), "{newer}");
    said(&place, FAIL, ": start a newer program, or restore a backup");

    let (server, _) = place[1].rsplit_once('/').expect("a database");
    let missing = format!("{server}/nothing_here");
    let end = "there is no such database: FATAL: database \"nothing_here\" does not exist";
    said(&["--database-url", &missing], FAIL, end);
    let nobody = format!("postgres://u@127.0.0.1:{}/jobs", free_port());
    let end = "Connection refused (os error 111)";
    said(&["--database-url", &nobody], FAIL, end);
    let foreign = ["--database-url", "mysql://u@h/jobs"];
    said(&foreign, "database FAIL PostgreSQL: the database", "");
}

#[test]
fn a_wrong_password_and_missing_rights_are_told_without_the_password() {
    let mut postgres = Postgres::start(&[]).expect("PostgreSQL starts");
    rows(
        &postgres.url(),
        "CREATE ROLE guest LOGIN PASSWORD 'right'; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    );
    postgres
        .put("pg_hba.conf", "host all guest 127.0.0.1/32 scram-sha-256\n")
        .expect("it can be written");
    postgres.stop().expect("PostgreSQL stops");
    postgres.start_again().expect("PostgreSQL starts again");
    for (password, end) in [
        (
            "wrong",
            "FATAL: password authentication failed for user \"guest\"",
        ),
        ("right", "the user may not create tables in it"),
    ] {
        let user = format!("guest:{password}@");
        let url = postgres.url().replace("playhouse@", &user);
        let start = format!(
            "database FAIL PostgreSQL at 127.0.0.1:{}: ",
            postgres.port()
        );
        let place = ["--database-url", &url];
        said(
            &place,
            &start,
            &format!("the database refuses this user: {end}"),
        );
        let (_, table) = diagnosis(&place);
        assert!(!table.contains(&user), "{table}");
        assert!(
            table.contains("Check user and password in --database-url"),
            "{table}"
        );
    }
}

#[test]
fn the_embedded_database_is_looked_into() {
    let mut server = Server::start(&[]);
    server.kill();
    let data_dir = server.data_dir().display().to_string();
    let place = ["--data-dir", data_dir.as_str()];
    let ok = format!("database ok SQLite at {data_dir}/playhouse.db, version 3.");
    let (line, table) = diagnosis(&place);
    assert!(
        line.starts_with(&ok) && line.contains(", schema "),
        "{table}"
    );
    for name in ["playhouse.db-wal", "playhouse.db-shm"] {
        fs::remove_file(server.data_dir().join(name)).expect("the server left it");
    }
    let file = server.data_dir().join("playhouse.db");
    fs::write(file, "no database at all".repeat(100)).expect("it can be written");
    let fail = format!("database FAIL SQLite at {data_dir}/playhouse.db: ");
    said(&place, &fail, "file is not a database");
}
