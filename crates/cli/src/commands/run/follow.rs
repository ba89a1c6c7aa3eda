//! Follows a run's output to its end, over lost connections and restarts of the server.

use std::{io::IsTerminal, pin::pin, time::Duration};

use futures_util::StreamExt;
use tokio::time::timeout;
use wire::{
    client::{Client, Error, LogMessage},
    jobs::{LogText, Stream},
    runs::RunAttempt,
};

use super::StepList;
use crate::{
    commands::connection::Absence,
    exit::Failure,
    output::{print_bytes, print_error_bytes, say},
};

/// What of a run's output is shown, and where.
#[derive(Clone)]
pub(crate) enum Show {
    /// Each stream on ours of the same name.
    Both,
    /// One stream, on standard output.
    Only(Stream),
    /// Both on standard error, each line behind a bar: for a person who looks on.
    Aside,
    /// In the list of an execution's steps.
    Steps(StepList),
    /// Nothing: only the end counts.
    Nothing,
}

impl Show {
    fn text(&self, text: &LogText) -> Result<(), Failure> {
        match self {
            Self::Both if text.stream == Stream::Stderr => print_error_bytes(text.text.as_bytes()),
            Self::Both => print_bytes(text.text.as_bytes()),
            Self::Only(stream) if *stream == text.stream => print_bytes(text.text.as_bytes()),
            Self::Aside => {
                text.text
                    .lines()
                    .for_each(|line| say(&format!("  | {line}")));
                Ok(())
            }
            Self::Steps(list) => {
                list.output(text);
                Ok(())
            }
            Self::Only(_) | Self::Nothing => Ok(()),
        }
    }
}

/// Follows one run.
pub(crate) struct Follower<'a> {
    client: &'a Client,
    id: &'a str,
    show: Show,
    absence: Absence,
    /// Where to go on after a break.
    last_id: Option<String>,
    attempt: Option<u32>,
    /// True when the last thing shown did not end its line.
    within_line: bool,
}

impl<'a> Follower<'a> {
    /// Follows `id`; holds on for `timeout` each time the server goes away.
    pub(crate) fn new(client: &'a Client, id: &'a str, show: Show, timeout: Duration) -> Self {
        let absence = Absence::new(timeout);
        Self {
            client,
            id,
            show,
            absence,
            last_id: None,
            attempt: None,
            within_line: false,
        }
    }

    /// Shows the output until the run ends.
    pub(crate) async fn reach_end(&mut self) -> Result<(), Failure> {
        loop {
            let error = match self.connection().await? {
                Ok(()) => break,
                Err(error) => error,
            };
            self.absence.wait(error).await?;
        }
        self.end_line();
        Ok(())
    }

    /// Shows the output of one connection; `Ok(Ok(()))` when the run ended.
    async fn connection(&mut self) -> Result<Result<(), Error>, Failure> {
        let messages = match self
            .client
            .follow_run(self.id, self.last_id.as_deref())
            .await
        {
            Ok(messages) => messages,
            Err(error) => return Ok(Err(error)),
        };
        let mut messages = pin!(messages);
        while let Some(message) = messages.next().await {
            match message {
                Ok(LogMessage::Text(id, text)) => {
                    self.absence.over();
                    self.text(&text).await?;
                    // A mark has none: from the chunk before it is gone on.
                    if !id.is_empty() {
                        self.last_id = Some(id);
                    }
                }
                Ok(LogMessage::End(_)) => {
                    self.absence.over();
                    return Ok(Ok(()));
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Err(Error::Unreachable("the output broke off".to_owned())))
    }

    /// Ends the line that the program left open, so that a message does not stick to it. Only for
    /// people: elsewhere the output stays as it is.
    fn end_line(&mut self) {
        if std::mem::take(&mut self.within_line) && std::io::stderr().is_terminal() {
            say("");
        }
    }

    /// How an attempt ended, before the next is named; nothing where the server does not say.
    async fn end_of(&self, attempt: u32) -> String {
        // The output does not wait for it.
        let run = timeout(Duration::from_secs(1), self.client.run(self.id)).await;
        let attempts = run.ok().and_then(Result::ok).map(|run| run.attempts);
        let is_it = |one: &RunAttempt| one.number == i64::from(attempt);
        let Some(ended) = attempts.into_iter().flatten().find(is_it) else {
            return String::new();
        };
        let why = ended.error.map(|why| format!(" ({why})"));
        let why = why.unwrap_or_default();
        format!("attempt {attempt} ended as {}{why}; now ", ended.status)
    }

    async fn text(&mut self, text: &LogText) -> Result<(), Failure> {
        let before = self.attempt.replace(text.attempt);
        if before.is_some_and(|before| before != text.attempt)
            && !matches!(self.show, Show::Nothing | Show::Steps(_))
        {
            let why = self.end_of(text.attempt.saturating_sub(1)).await;
            self.end_line();
            say(&format!("playhouse: {why}attempt {}", text.attempt));
        }
        self.within_line = matches!(self.show, Show::Both) && !text.text.ends_with('\n');
        self.show.text(text)
    }
}
