//! Chromium's processes: one group that ends as a whole, with its profile.
//!
//! The browser reads its commands from a pipe whose other end only this process has. When this process
//! dies, however it dies, the pipe ends and Chromium ends by itself.

use std::{
    collections::VecDeque,
    env, fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::watch,
    time,
};

use super::{LaunchOptions, SandboxSupport, display, find, flags, remains};
use crate::error::BrowserError;

/// So many of the last lines that it printed are kept for an error.
const KEPT_LINES: usize = 20;
/// How long a browser may take that was killed, or has closed its pipe.
const END_LIMIT: Duration = Duration::from_secs(3);
/// The shell moves the pipes to where Chromium expects them: 3 to read from, 4 to write to. Doing it here
/// would need unsafe code between fork and exec.
const MOVE_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// Killed processes are gone after some milliseconds, on a busy machine after more.
const ROUNDS: usize = 200;
const ROUND: Duration = Duration::from_millis(5);
/// A longer path leaves no room for `org.chromium.Chromium.123456/SingletonSocket` behind it.
const LONGEST_TEMPORARY: usize = 60;

type PrintedLines = Arc<Mutex<VecDeque<String>>>;

/// A running Chromium with all its processes. Dropping it kills them.
pub(crate) struct ChromiumProcess {
    group: Pid,
    ended: watch::Receiver<Option<ExitStatus>>,
    lines: PrintedLines,
    profile: Option<TempDir>,
}

/// All of our environment that it gets, besides what leads a visible one to its display: ours may hold keys, and it runs what pages bring.
const INHERITED: [&str; 7] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// How it is said that a signal has ended it.
pub(crate) const KILLED: &str = "it was killed by signal";

impl ChromiumProcess {
    /// Starts it; answers with the pipe to it.
    pub(crate) fn start(
        options: &LaunchOptions,
    ) -> Result<(Self, ChildStdout, ChildStdin), BrowserError> {
        let program = find(options.program.as_deref())?;
        let failed = |reason: String| BrowserError::Launch {
            program: program.clone(),
            reason,
        };
        let display = if options.visible {
            display::variables(|name| env::var_os(name)).map_err(failed)?
        } else {
            Vec::new()
        };
        let profile = tempfile::Builder::new()
            .prefix("chromium-")
            .tempdir_in(&options.work_directory)
            .map_err(|error| BrowserError::File {
                path: options.work_directory.clone(),
                reason: error.to_string(),
            })?;
        let sandbox = SandboxSupport::detect(&program);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", MOVE_PIPES])
            .arg(&program)
            .args(flags::arguments(options, profile.path(), &sandbox))
            .env_clear()
            .envs(
                INHERITED
                    .iter()
                    .filter_map(|name| Some((name, env::var_os(name)?))),
            )
            .envs(display)
            .env("HOME", profile.path())
            .envs(temporary_directory(profile.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(group), (Some(input), Some(output), Some(errors))) = (group, pipes) else {
            return Err(failed(String::from("it has no pipes")));
        };
        let group = Pid::from_raw(group);
        let lines = PrintedLines::default();
        tokio::spawn(keep_lines(errors, Arc::clone(&lines)));
        let (sender, ended) = watch::channel(None);
        tokio::spawn(supervise(child, group, sender));
        let process = Self {
            group,
            ended,
            lines,
            profile: Some(profile),
        };
        Ok((process, output, input))
    }

    /// Its process id, which is that of its process group.
    pub(crate) fn id(&self) -> i32 {
        self.group.as_raw()
    }

    /// Its directory, as long as it lives.
    pub(crate) fn profile(&self) -> Option<&Path> {
        self.profile.as_ref().map(TempDir::path)
    }

    /// Resolves once its process has ended, with how: the exit code or the signal.
    pub(crate) fn ended(&self) -> impl Future<Output = String> + Send + 'static {
        let mut ended = self.ended.clone();
        async move {
            let ended = time::timeout(END_LIMIT, ended.wait_for(Option::is_some)).await;
            match ended {
                Ok(Ok(status)) => status.map_or_else(String::new, describe),
                // It closed the pipe and goes on: a hung shutdown.
                _ => String::from("it closed its connection"),
            }
        }
    }

    /// The last lines that it printed.
    pub(crate) fn printed(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    /// Kills all its processes and removes the profile. Asking Chromium to end would take half a second, for
    /// writing what is removed then.
    pub(crate) async fn end(mut self) {
        let mut ended = self.ended.clone();
        for _ in 0..ROUNDS {
            if !self.kill() {
                break;
            }
            time::sleep(ROUND).await;
        }
        let _ = time::timeout(END_LIMIT, ended.wait_for(Option::is_some)).await;
        if let Some(profile) = self.profile.take() {
            remove(&profile);
        }
    }

    /// Kills what is left of it. Answers whether there was something.
    fn kill(&self) -> bool {
        // It fails only when the group is gone.
        let _ = killpg(self.group, Signal::SIGKILL);
        let left = self
            .profile()
            .map_or_else(Vec::new, |profile| remains::of(self.group, profile));
        for process in &left {
            let _ = kill(*process, Signal::SIGKILL);
        }
        !left.is_empty()
    }
}

impl Drop for ChromiumProcess {
    fn drop(&mut self) {
        if self.profile.is_none() {
            return;
        }
        for _ in 0..ROUNDS {
            if !self.kill() {
                break;
            }
            thread::sleep(ROUND);
        }
        if let Some(profile) = self.profile.take() {
            remove(&profile);
        }
    }
}

/// Waits for the end of the main process, and sees that nothing of its group outlives it.
async fn supervise(mut child: Child, group: Pid, ended: watch::Sender<Option<ExitStatus>>) {
    let status = child.wait().await.unwrap_or_default();
    let _ = killpg(group, Signal::SIGKILL);
    ended.send_replace(Some(status));
}

/// Chromium's temporary files are in the profile and go with it. Its socket is one of them, and the path of a
/// socket has at most 108 bytes.
fn temporary_directory(profile: &Path) -> Option<(&'static str, &Path)> {
    (profile.as_os_str().len() <= LONGEST_TEMPORARY).then_some(("TMPDIR", profile))
}

fn remove(profile: &TempDir) {
    // Where the path was too long, the socket is elsewhere, and a link says where.
    let socket = fs::read_link(profile.path().join("SingletonSocket"));
    if let Ok(socket) = &socket
        && let Some(directory) = socket.parent()
        && directory
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("org.chromium.Chromium."))
    {
        // It may be gone.
        let _ = fs::remove_dir_all(directory);
    }
    for _ in 0..20 {
        match fs::remove_dir_all(profile.path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                thread::sleep(Duration::from_millis(5));
            }
            _ => return,
        }
    }
}

fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(number), _) => match Signal::try_from(number) {
            Ok(signal) => format!("{KILLED} {number} ({})", signal.as_str()),
            Err(_) => format!("{KILLED} {number}"),
        },
        (None, code) => format!("it exited with code {}", code.unwrap_or_default()),
    }
}

async fn keep_lines(errors: impl AsyncRead + Unpin, lines: PrintedLines) {
    let mut reader = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut reader).take(4096);
        if !matches!(limited.read_until(b'\n', &mut line).await, Ok(1..)) {
            return;
        }
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
}
