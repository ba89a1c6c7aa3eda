//! Starts the real binary: commands that end, and servers on free ports with data directories of
//! their own, which are killed when they are dropped.

mod process;
mod server;

use std::{
    ffi::OsStr,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use process::Process;
pub(crate) use server::Server;

/// Nothing that a test waits for takes so long unless something is wrong.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The binary, with no settings but those that the test gives.
pub(crate) fn playhouse(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
    command
        .env_clear()
        // The machine of a test may have a full disk.
        .env("PLAYHOUSE_FREE_SPACE", "0")
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .current_dir(home);
    command
}

/// Runs a command that ends by itself, in a home directory of its own.
pub(crate) fn output<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let home = TempDir::new().expect("a temporary directory can be made");
    playhouse(home.path())
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// The exit code of an output.
pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8")
}

/// Standard output as one JSON document.
#[track_caller]
pub(crate) fn json(output: &Output) -> Value {
    let (out, err) = (stdout(output), stderr(output));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"))
}

/// The command ended with this exit code.
#[track_caller]
pub(crate) fn exits(output: &Output, wanted: i32) {
    let (out, err) = (stdout(output), stderr(output));
    assert_eq!(code(output), Some(wanted), "{out}{err}");
}

/// The command wrote this to standard error.
#[track_caller]
pub(crate) fn says(output: &Output, text: impl AsRef<str>) {
    let said = stderr(output);
    assert!(said.contains(text.as_ref()), "{said}");
}

/// The command wrote this to standard output.
#[track_caller]
pub(crate) fn prints(output: &Output, text: impl AsRef<str>) {
    let printed = stdout(output);
    assert!(printed.contains(text.as_ref()), "{printed}");
}

/// Polls until `found` answers, at most until the deadline.
pub(crate) fn poll<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    poll_within(DEADLINE, what, found)
}

/// The same with a deadline of its own, for what is much work.
pub(crate) fn poll_within<T>(
    limit: Duration,
    what: &str,
    mut found: impl FnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(
            start.elapsed() < limit,
            "in {limit:?} this did not happen: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Polls until the condition holds.
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    poll(what, || condition().then_some(()));
}

/// A loopback port without a listener.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A plain GET; the whole answer, or `None` when none came.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
