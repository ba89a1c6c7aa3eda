//! One run of a program: live output, and no end that leaves a process behind.

use std::{
    collections::VecDeque,
    io,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, Command},
    time,
};
use tokio_util::sync::CancellationToken;

/// So many of the last lines are kept for the diagnosis.
const KEPT: usize = 200;
/// A longer line is cut.
const LONGEST: u64 = 16 * 1024;
/// Standard output beyond this is an error.
const OUTPUT: u64 = 16 * 1024 * 1024;

/// How a run of a program failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChildError {
    /// It could not be started, or its output not be read.
    #[error("failed to run {program}: {error}")]
    Io {
        /// The name of the program.
        program: &'static str,
        /// What happened.
        error: Arc<io::Error>,
    },
    /// It ended with an error.
    #[error("{program} ended with exit code {exit_code}: {}", lines.last().map_or("", String::as_str))]
    Failed {
        /// The name of the program.
        program: &'static str,
        /// Its exit code; -1 when a signal ended it.
        exit_code: i32,
        /// The last lines that it printed.
        lines: Vec<String>,
    },
    /// It did not end in time, and was killed with all that it had started.
    #[error("{program} did not end within {} s", after.as_secs())]
    TimedOut {
        /// The name of the program.
        program: &'static str,
        /// The time that it had.
        after: Duration,
        /// The last lines that it printed.
        lines: Vec<String>,
    },
    /// It was cancelled, and killed with all that it had started.
    #[error("{program} was cancelled")]
    Cancelled {
        /// The name of the program.
        program: &'static str,
    },
    /// It printed something else than was asked for.
    #[error("the output of {program} is not understood: {reason}")]
    Output {
        /// The name of the program.
        program: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ChildError {
    /// The last lines that it printed, if it failed by itself or was too slow.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        match self {
            Self::Failed { lines, .. } | Self::TimedOut { lines, .. } => lines,
            Self::Io { .. } | Self::Cancelled { .. } | Self::Output { .. } => &[],
        }
    }

    /// The same with each of these lines in another form.
    pub(crate) fn map_lines(mut self, form: impl Fn(&str) -> String) -> Self {
        if let Self::Failed { lines, .. } | Self::TimedOut { lines, .. } = &mut self {
            lines.iter_mut().for_each(|line| *line = form(line));
        }
        self
    }
}

/// A program that is about to run, and what bounds it.
pub(crate) struct Run<'a> {
    /// Its name, for errors.
    pub(crate) program: &'static str,
    pub(crate) command: Command,
    pub(crate) timeout: Duration,
    pub(crate) cancel: &'a CancellationToken,
}

impl Run<'_> {
    /// Runs it, calls back with its process group once it has started and with each line of its standard
    /// error; answers with its standard output. Dropping this kills the group.
    pub(crate) async fn finish(
        mut self,
        started: impl FnOnce(u32) -> io::Result<()>,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Vec<u8>, ChildError> {
        let program = self.program;
        let failed = |error: io::Error| ChildError::Io {
            program,
            error: Arc::new(error),
        };
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group(self.command.process_group(0).spawn().map_err(failed)?);
        group.0.id().map_or(Ok(()), started).map_err(failed)?;
        let mut kept = VecDeque::new();
        let ended = tokio::select! {
            ended = group.finish(&mut kept, line) => Some(ended),
            () = self.cancel.cancelled() => return Err(ChildError::Cancelled { program }),
            () = time::sleep(self.timeout) => None,
        };
        let lines = Vec::from(kept);
        let Some(ended) = ended else {
            let after = self.timeout;
            return Err(ChildError::TimedOut {
                program,
                after,
                lines,
            });
        };
        let (status, output) = ended.map_err(failed)?;
        if !status.success() {
            let exit_code = status.code().unwrap_or(-1);
            return Err(ChildError::Failed {
                program,
                exit_code,
                lines,
            });
        }
        if output.len() as u64 > OUTPUT {
            let reason = "it is longer than 16 MiB".to_owned();
            return Err(ChildError::Output { program, reason });
        }
        Ok(output)
    }
}

/// A process with all that it starts: whatever ends the wait for it kills what is left of them.
struct Group(Child);

impl Group {
    async fn finish(
        &mut self,
        kept: &mut VecDeque<String>,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> io::Result<(ExitStatus, Vec<u8>)> {
        let missing = || io::Error::other("a pipe is missing");
        let mut stdout = self.0.stdout.take().ok_or_else(missing)?;
        let stderr = self.0.stderr.take().ok_or_else(missing)?;
        let lines = each_line(stderr, |text| {
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(text.to_owned());
            line(text);
        });
        let (output, lines) = tokio::join!(read_all(&mut stdout), lines);
        lines?;
        Ok((self.0.wait().await?, output?))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // None once it was awaited: then its number may be another process's.
        if let Some(Ok(group)) = self.0.id().map(i32::try_from) {
            // It fails only when the group is gone.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// Everything, of which no more is kept than shows that it is too long.
async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    stream.take(OUTPUT + 1).read_to_end(&mut output).await?;
    tokio::io::copy(stream, &mut tokio::io::sink()).await?;
    Ok(output)
}

/// Calls back for each line, however it is encoded and however long it is.
async fn each_line(stream: impl AsyncRead + Unpin, mut line: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let mut limited = (&mut reader).take(LONGEST);
        if limited.read_until(b'\n', &mut bytes).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes);
        // What overwrites a line on a terminal are lines here.
        for text in text.split(['\r', '\n']).filter(|text| !text.is_empty()) {
            line(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(
        script: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> (Result<Vec<u8>, ChildError>, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        let run = Run {
            program: "sh",
            command,
            timeout,
            cancel,
        };
        let mut lines = Vec::new();
        let ended = run
            .finish(|_| Ok(()), &mut |line| lines.push(line.to_owned()))
            .await;
        (ended, lines)
    }

    #[tokio::test]
    async fn both_streams_are_read_while_it_runs() {
        let script = "head -c 300000 /dev/zero >&2; echo >&2; printf 'a\\rb\\n' >&2; echo out";
        let long = Duration::from_secs(60);
        let (ended, lines) = shell(script, long, &CancellationToken::new()).await;
        assert_eq!(ended.unwrap(), b"out\n");
        assert_eq!(lines[lines.len() - 2..], ["a", "b"]);
        assert!(lines.iter().all(|line| line.len() as u64 <= LONGEST));
    }

    #[tokio::test]
    async fn an_error_has_the_last_lines() {
        let script = "for n in $(seq 500); do echo $n >&2; done; exit 3";
        let long = Duration::from_secs(60);
        let (ended, _) = shell(script, long, &CancellationToken::new()).await;
        let error = ended.unwrap_err();
        assert_eq!(error.to_string(), "sh ended with exit code 3: 500");
        assert_eq!((error.lines().len(), &*error.lines()[0]), (KEPT, "301"));
    }

    #[tokio::test]
    async fn a_slow_one_is_killed_with_its_children() {
        let script = "sleep 1000 & echo $! >&2; wait";
        let (ended, lines) = shell(script, Duration::from_secs(1), &CancellationToken::new()).await;
        assert!(
            matches!(ended, Err(ChildError::TimedOut { .. })),
            "{ended:?}"
        );
        gone(&lines[0]).await;
    }

    #[tokio::test]
    async fn a_cancelled_one_is_killed_with_its_children() {
        let cancel = CancellationToken::new();
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 1000 & echo $! >&2; wait"])
            .stdin(Stdio::null());
        let run = Run {
            program: "sh",
            command,
            timeout: Duration::from_secs(60),
            cancel: &cancel,
        };
        let mut lines = Vec::new();
        let mut line = |line: &str| {
            lines.push(line.to_owned());
            cancel.cancel();
        };
        let ended = run.finish(|_| Ok(()), &mut line).await;
        assert!(
            matches!(ended, Err(ChildError::Cancelled { .. })),
            "{ended:?}"
        );
        gone(&lines[0]).await;
    }

    /// A killed process is gone once its new parent has noticed.
    async fn gone(process: &str) {
        let process = std::path::PathBuf::from(format!("/proc/{process}/cmdline"));
        let empty = || std::fs::read(&process).is_ok_and(|line| !line.is_empty());
        time::timeout(Duration::from_secs(10), async {
            while empty() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the child is killed");
    }
}
