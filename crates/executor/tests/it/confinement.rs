//! The parts of the isolation, seen from inside.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use executor::{
    Isolation, Settings, Support, probe,
    process::Process,
    shim::{End, Part, Spec},
};
use tokio::io::AsyncReadExt;

use crate::test_dir::{TestDir, run, shim};

const ALL: [Part; 9] = Part::ALL;

#[test]
fn the_probe_finds_every_part_on_this_machine() {
    let dir = TestDir::new();
    let settings = Settings::new("probe", dir.path("data"), shim());
    let findings = probe(&settings);
    for part in ALL {
        let finding = findings.iter().find(|finding| finding.name == part.name());
        let finding = finding.expect("every part has a finding");
        assert_eq!(finding.support, Support::Full, "{finding:?}");
    }
    let wrong = Settings {
        shim: vec!["/bin/false".into()],
        ..settings
    };
    assert!(
        probe(&wrong)
            .iter()
            .filter(|one| !one.name.ends_with("limit"))
            .all(|one| one.support == Support::Missing)
    );
}

#[test]
fn isolation_is_written_as_it_is_read() {
    for isolation in [Isolation::None, Isolation::Standard, Isolation::Strict] {
        assert_eq!(isolation.to_string().parse(), Ok(isolation));
    }
    assert!("Strict".parse::<Isolation>().is_err());
}

#[tokio::test]
async fn the_environment_and_the_arguments_are_exact() {
    for parts in [&[][..], &ALL] {
        let dir = TestDir::new();
        let spec = Spec {
            program: Some("/usr/bin/env".into()),
            environment: [
                ("B".to_owned(), "2 $x\n".to_owned()),
                ("A".to_owned(), String::new()),
            ]
            .into(),
            ..dir.spec("", parts)
        };
        assert_eq!(run(&spec).await.text(), "A=\nB=2 $x\n\n");
        let spec = Spec {
            program: Some("/usr/bin/printf".into()),
            arguments: ["[%s]", "a b", "$HOME", "*", ""]
                .map(str::to_owned)
                .to_vec(),
            ..dir.spec("", parts)
        };
        assert_eq!(run(&spec).await.text(), "[a b][$HOME][*][]");
    }
}

#[tokio::test]
async fn landlock_lets_a_program_read_and_write_only_where_it_may() {
    let dir = TestDir::new();
    let outside = dir.path("outside");
    fs::write(&outside, "as it was").expect("a file outside");
    let text = format!(
        "cat /etc/passwd >/dev/null && echo reads the system\n\
         cat {0} 2>/dev/null || echo no read\n\
         echo x 2>/dev/null >{0} || echo no write\n\
         (: >{0}.new) 2>/dev/null || echo no create\n\
         rm {0} 2>/dev/null || echo no remove\n\
         mknod null c 1 3 2>/dev/null || echo no device\n\
         mkdir d && echo x >d/f && mv d/f f && rm -r d && echo writes inside",
        outside.display()
    );
    let run = run(&dir.spec(&text, &[Part::Landlock])).await;
    let expected =
        "reads the system\nno read\nno write\nno create\nno remove\nno device\nwrites inside\n";
    assert_eq!(run.text(), expected);
    assert_eq!(
        fs::read_to_string(&outside).expect("it is there"),
        "as it was"
    );
}

#[tokio::test]
async fn namespaces_hide_processes_and_network() {
    let dir = TestDir::new();
    let text = "echo $$ >pid; ls /proc | grep -c '^[0-9]*$' >count\n\
                test \"$(readlink /proc/self)\" != \"\" && tail -n +3 /proc/net/dev | wc -l";
    let run = run(&dir.spec(text, &ALL)).await;
    assert_eq!(run.text().trim(), "1", "only loopback is there");
    let pid = fs::read_to_string(dir.work().join("pid")).expect("a pid");
    assert_eq!(pid.trim(), "2");
    let count = fs::read_to_string(dir.work().join("count")).expect("a count");
    assert!(
        count.trim().parse::<u32>().expect("a number") < 6,
        "{count}"
    );
}

#[tokio::test]
async fn limits_and_privileges_are_lowered_and_signals_are_as_they_should_be() {
    let dir = TestDir::new();
    let run = run(&dir.spec("ulimit -c; cat /proc/self/status", &ALL)).await;
    let text = run.text();
    let status = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.expect("the kernel says it")
            .trim_start_matches([':', '\t'])
            .to_owned()
    };
    assert!(text.starts_with("0\n"), "core files are off");
    assert_eq!(status("NoNewPrivs"), "1");
    assert_eq!(status("SigBlk"), "0000000000000000");
    let ignored = u64::from_str_radix(&status("SigIgn"), 16).expect("a mask");
    assert_eq!(ignored & 1 << 12, 0, "SIGPIPE is not ignored");
}

#[tokio::test]
async fn a_file_that_grows_too_large_ends_its_program() {
    let dir = TestDir::new();
    let spec = dir.spec("exec head -c 10000000 /dev/zero >big", &[]);
    let run = run(&Spec {
        file_limit_bytes: Some(1 << 20),
        ..spec
    })
    .await;
    assert_eq!(*run.end(), End::Signalled(25));
    assert_eq!(
        fs::metadata(dir.work().join("big"))
            .expect("the file")
            .len(),
        1 << 20
    );
}

#[tokio::test]
async fn an_ordinary_user_gets_every_part_too() {
    const NOBODY: u32 = 65534;
    let dir = TestDir::new();
    // Where this program was built may be closed to others.
    let copy = dir.path("shim");
    fs::copy(&shim()[0], &copy).expect("a copy of the shim");
    let spec = Spec {
        directory: "/".into(),
        writable: "/tmp".into(),
        ..dir.spec("id -u", &ALL)
    };
    fs::set_permissions(dir.path(""), fs::Permissions::from_mode(0o755)).expect("it is opened");
    let own = nix::unistd::Uid::effective();
    let (user, mut argv) = if own.is_root() {
        let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
        let words = ["setpriv", &user, &group, "--clear-groups"];
        (NOBODY, words.map(OsString::from).to_vec())
    } else {
        (own.as_raw(), Vec::new())
    };
    argv.push(copy.into());
    let (process, mut outputs) = Process::start(&argv, &spec).await.expect("the shim starts");
    let mut text = String::new();
    outputs
        .stdout
        .read_to_string(&mut text)
        .await
        .expect("its output");
    let report = process.end().await.expect("a report");
    assert_eq!((report.end, text), (End::Exited(0), format!("{user}\n")));
}

#[test]
fn the_shim_refuses_to_be_started_by_hand() {
    let output = Command::new(&shim()[0])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("by an executor only"));
}
