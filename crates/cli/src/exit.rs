//! How a command ends: its exit code, and what it says when it fails.

use std::{fmt, io};

use wire::client::Error;

use crate::table::plain;

/// Exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

/// Names the codes. What is said of a code here is what `--help` and `docs/CLI.md` say.
macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal;)+) => {
        impl Exit {
            $(#[doc = $meaning] pub(crate) const $name: Self = Self($code);)+
        }

        /// Every code with its meaning, in order.
        const MEANINGS: &[(u8, &str)] = &[$(($code, $meaning)),+];
    };
}

codes! {
    OK = 0, "done; for a job: its program exited with 0";
    FAILED = 1, "failed in a way that has no code of its own; `doctor`, `plugin check`: a check failed; `audit verify`: the chain is broken";
    USAGE = 2, "a flag, an argument, a setting or the settings file is wrong";
    REFUSED = 65, "the server refused the request";
    NOT_FOUND = 66, "no such job, no such plugin";
    UNREACHABLE = 69, "the server cannot be reached, or stayed away for too long";
    SERVER_FAILED = 70, "the server failed, or its answer was not understood";
    IO = 74, "a file or a stream of this machine could not be read or written";
    JOB_FAILED = 120, "the job failed without an exit code of its program; a plugin failed";
    JOB_CANCELLED = 121, "the job was cancelled";
    JOB_TIMED_OUT = 124, "the job, or the plugin, ran into its time limit";
    INTERRUPTED = 130, "stopped by Ctrl-C; a submitted job goes on";
    PIPE_CLOSED = 141, "the reader of the output went away";
    TERMINATED = 143, "stopped by SIGTERM or SIGHUP; a submitted job goes on";
}

/// Printed under `--help`.
pub(crate) fn help() -> String {
    let codes = MEANINGS.iter();
    let codes = codes.map(|(code, meaning)| format!("  {code:<3}  {meaning}\n"));
    format!(
        "Exit codes:\n{}`job submit` and `job wait` end with the program's own exit code when there \
         is one.",
        codes.collect::<String>()
    )
}

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

    /// Says which of several things it is about, unless the message does.
    pub(crate) fn about(mut self, what: &str) -> Self {
        if !self.message.contains(what) {
            self.message = format!("{}: {}", plain(what), self.message);
        }
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
        let message = match &error {
            // The code says already what the status would; the server's words say why.
            Error::Status { status, body }
                if !status.is_server_error() && !body.error.is_empty() =>
            {
                body.error.clone()
            }
            _ => error.to_string(),
        };
        let failure = Self::new(exit, message);
        match error.status().map(|status| status.as_u16()) {
            Some(401) => failure.hint("Give a key with PLAYHOUSE_KEY or --key-file."),
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MEANINGS, help};

    #[test]
    fn help_and_document_say_the_same_of_every_code() {
        let document = include_str!("../../../docs/CLI.md");
        let (_, section) = document
            .split_once("\n## Exit codes\n")
            .expect("a section on exit codes");
        let (section, _) = section.split_once("\n## ").expect("another section");
        let rows = section.lines().filter(|line| line.starts_with("| "));
        let rows: Vec<&str> = rows.skip(1).collect();
        let row = |(code, meaning): &(u8, &str)| format!("| {code} | {meaning} |");
        assert_eq!(rows, MEANINGS.iter().map(row).collect::<Vec<_>>());
        for (code, meaning) in MEANINGS {
            assert!(help().contains(&format!("\n  {code:<3}  {meaning}\n")));
        }
        assert!(MEANINGS.is_sorted());
    }
}
