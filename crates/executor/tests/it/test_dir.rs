//! What every test needs: a directory with programs, a shim, a deadline.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use executor::{
    process::{Outputs, Process},
    shim::{End, Order, Part, Report, Spec, View},
};
use tokio::io::AsyncReadExt;

/// No test waits longer for something that must happen. Far above what a loaded machine needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// The argv of the shim.
pub(crate) fn shim() -> Vec<OsString> {
    vec![env!("CARGO_BIN_EXE_playhouse-shim").into()]
}

/// A temporary directory with programs and a work directory.
pub(crate) struct TestDir {
    dir: tempfile::TempDir,
}

impl TestDir {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join("work")).expect("a work directory");
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// Writes a program for `/bin/sh`.
    pub(crate) fn script(&self, text: &str) -> PathBuf {
        let path = self.path("script");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("the script is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is executable");
        path
    }

    /// A spec that runs `text`.
    pub(crate) fn spec(&self, text: &str, parts: &[Part]) -> Spec {
        Spec {
            program: Some(self.script(text)),
            environment: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
            directory: self.work(),
            writable: self.work(),
            view: View::of_system(),
            parts: parts.to_vec(),
            grace_ms: 60_000,
            ..Spec::default()
        }
    }
}

/// A finished program.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) report: Report,
    pub(crate) stdout: Vec<u8>,
}

impl Finished {
    pub(crate) fn end(&self) -> &End {
        &self.report.end
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Runs a spec to its end.
pub(crate) async fn run(spec: &Spec) -> Finished {
    run_until(spec, None).await
}

/// Runs a spec; when its standard output begins with `word` the order is given.
pub(crate) async fn run_until(spec: &Spec, order: Option<(&str, Order)>) -> Finished {
    let work = async {
        let (
            mut process,
            Outputs {
                mut stdout,
                mut stderr,
            },
        ) = Process::start(&shim(), spec)
            .await
            .expect("the shim starts");
        let mut out = Vec::new();
        let mut err = Vec::new();
        if let Some((word, order)) = order {
            while !out.starts_with(word.as_bytes()) {
                let count = stdout.read_buf(&mut out).await.expect("stdout is read");
                assert_ne!(count, 0, "the program ended before it said `{word}`");
            }
            process.order(order).await;
        }
        let (report, a, b) = tokio::join!(
            process.end(),
            stdout.read_to_end(&mut out),
            stderr.read_to_end(&mut err)
        );
        a.expect("stdout is read");
        b.expect("stderr is read");
        Finished {
            report: report.expect("a report"),
            stdout: out,
        }
    };
    tokio::time::timeout(DEADLINE, work)
        .await
        .expect("the program ends")
}

/// True while a process (not a zombie) has `word` among its arguments.
pub(crate) fn runs(word: &str) -> bool {
    count(word) > 0
}

/// How many processes (not zombies) have `word` among their arguments.
pub(crate) fn count(word: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("/proc is there").flatten();
    let arguments = processes.map(|entry| fs::read(entry.path().join("cmdline")));
    let with_word = arguments.filter(|words| {
        let words = words.as_deref().unwrap_or_default();
        let mut words = words.split(|byte| *byte == 0);
        words.any(|one| one == word.as_bytes())
    });
    with_word.count()
}

/// A number of seconds that no other test sleeps: its processes are found by it.
pub(crate) fn unique_sleep() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("9000.{}00{number}1", std::process::id())
}

/// Polls until `done` or the deadline.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
