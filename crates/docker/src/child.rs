//! One run of a program: live output, and no end that leaves a process behind.

use std::{collections::VecDeque, io, process::ExitStatus, sync::Arc, time::Duration};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    net::unix::pipe::Receiver,
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
    /// Takes its standard output for lines as well, between those of its standard error.
    pub(crate) merged: bool,
}

impl Run<'_> {
    /// Runs it, calls back with its process group once it has started and with each line of its standard
    /// error; answers with its standard output. Dropping this kills the group.
    pub(crate) async fn finish(
        self,
        started: impl FnOnce(u32) -> io::Result<()>,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Vec<u8>, ChildError> {
        let (program, after) = (self.program, self.timeout);
        let failed = |error: io::Error| ChildError::Io {
            program,
            error: Arc::new(error),
        };
        let mut group = Group::spawn(self.command, self.merged).map_err(failed)?;
        group.child.id().map_or(Ok(()), started).map_err(failed)?;
        let mut kept = VecDeque::new();
        let ended = tokio::select! {
            ended = group.finish(&mut kept, line) => Some(ended),
            () = self.cancel.cancelled() => return Err(ChildError::Cancelled { program }),
            () = time::sleep(after) => None,
        };
        let lines = Vec::from(kept);
        let Some(ended) = ended else {
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
struct Group {
    child: Child,
    lines: Receiver,
    output: Option<Receiver>,
}

impl Group {
    /// Starts it. What it was started from is gone then, with our copies of its pipes and its lock.
    fn spawn(mut command: Command, merged: bool) -> io::Result<Self> {
        let (lines, writer) = io::pipe()?;
        let output = if merged {
            command.stdout(writer.try_clone()?);
            None
        } else {
            let (output, writer) = io::pipe()?;
            command.stdout(writer);
            Some(output)
        };
        command.stderr(writer);
        Ok(Self {
            child: command.process_group(0).spawn()?,
            lines: Receiver::from_owned_fd(lines.into())?,
            output: output
                .map(|output| Receiver::from_owned_fd(output.into()))
                .transpose()?,
        })
    }

    async fn finish(
        &mut self,
        kept: &mut VecDeque<String>,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> io::Result<(ExitStatus, Vec<u8>)> {
        let lines = each_line(&mut self.lines, |text| {
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(text.to_owned());
            line(text);
        });
        let output = read_all(self.output.as_mut());
        let (output, lines) = tokio::join!(output, lines);
        lines?;
        Ok((self.child.wait().await?, output?))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // None once it was awaited: then its number may be another process's.
        if let Some(Ok(group)) = self.child.id().map(i32::try_from) {
            // It fails only when the group is gone.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// Everything, of which no more is kept than shows that it is too long.
async fn read_all(stream: Option<&mut Receiver>) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    let Some(stream) = stream else {
        return Ok(output);
    };
    let mut limited = stream.take(OUTPUT + 1);
    limited.read_to_end(&mut output).await?;
    tokio::io::copy(limited.into_inner(), &mut tokio::io::sink()).await?;
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
mod tests;
