//! `doctor` on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tempfile::TempDir;

use crate::harness::{code, free_port, playhouse, stderr, stdout};

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
    assert_eq!(code(&output), Some(1), "{}", stderr(&output));
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
    assert_eq!(code(&output), Some(1));
    let checks: Vec<serde_json::Value> =
        serde_json::from_str(&stdout(&output)).expect("it is JSON");
    let data = checks
        .iter()
        .find(|check| check["name"] == "data directory")
        .expect("a check");
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
    let text = stdout(&output.expect("the binary starts"));
    let checks: Vec<serde_json::Value> = serde_json::from_str(&text).expect("it is JSON");
    let check = checks
        .iter()
        .find(|check| check["name"] == "isolation: memory limit")
        .expect("it is checked");
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
