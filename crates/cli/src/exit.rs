//! How a command ends: its exit code, and what it says when it fails. `docs/CLI.md` and `--help`
//! list the codes.

use std::{fmt, io};

use wire::client::Error;

/// Exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

impl Exit {
    /// Done; for a job: its program exited with 0.
    pub(crate) const OK: Self = Self(0);
    /// It failed in a way that has no code of its own.
    pub(crate) const FAILED: Self = Self(1);
    /// A flag, an argument, a setting or the settings file is wrong.
    pub(crate) const USAGE: Self = Self(2);
    /// The server refused the request.
    pub(crate) const REFUSED: Self = Self(65);
    /// The server knows no such job.
    pub(crate) const NOT_FOUND: Self = Self(66);
    /// The server could not be reached, or stayed away for too long.
    pub(crate) const UNREACHABLE: Self = Self(69);
    /// The server failed, or its answer was not understood.
    pub(crate) const SERVER_FAILED: Self = Self(70);
    /// A file or a stream of this machine could not be read or written.
    pub(crate) const IO: Self = Self(74);
    /// The job failed without an exit code of its program.
    pub(crate) const JOB_FAILED: Self = Self(120);
    /// The job was cancelled.
    pub(crate) const JOB_CANCELLED: Self = Self(121);
    /// The job ran into its time limit.
    pub(crate) const JOB_TIMED_OUT: Self = Self(124);
    /// Whoever read the output went away.
    pub(crate) const PIPE_CLOSED: Self = Self(141);

    /// A signal stopped the command: 130 after Ctrl-C. A submitted job goes on.
    pub(crate) fn signal(number: u8) -> Self {
        Self(128 + number)
    }
}

/// Printed under `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done; for a job: its program exited with 0
  1    failed in a way that has no code of its own
  2    a flag, an argument, a setting or the settings file is wrong
  65   the server refused the request
  66   no such job
  69   the server cannot be reached
  70   the server failed, or its answer was not understood
  74   a file or a stream of this machine could not be read or written
  120  the job failed without an exit code of its program
  121  the job was cancelled
  124  the job ran into its time limit
  130  interrupted with Ctrl-C; a submitted job goes on
  141  the reader of the output went away
`job submit` and `job wait` end with the program's own exit code when there is one.";

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the process ends with.
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// A mistake in a flag, an argument or a setting.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, message)
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure of this machine's files; `what` says which and for what.
    pub(crate) fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(Exit::IO, format!("{what}: {error}"))
    }

    /// Standard output could not be written. A closed pipe is an ordinary way to end, and silent.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::PIPE_CLOSED, "");
        }
        Self::io("cannot write the output", error)
    }

    /// The message for people; empty when there is nothing to say.
    pub(crate) fn text(&self) -> String {
        match &self.hint {
            _ if self.message.is_empty() => String::new(),
            Some(hint) => format!("error: {}\n  {}", self.message, hint.replace('\n', "\n  ")),
            None => format!("error: {}", self.message),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Unreachable(_) => Exit::UNREACHABLE,
            Error::Status { status, .. } if status.as_u16() == 404 => Exit::NOT_FOUND,
            Error::Status { status, .. } if status.is_server_error() => Exit::SERVER_FAILED,
            Error::Status { .. } => Exit::REFUSED,
            Error::Answer(_) => Exit::SERVER_FAILED,
            Error::Request(_) => Exit::USAGE,
        };
        Self::new(exit, error.to_string())
    }
}
