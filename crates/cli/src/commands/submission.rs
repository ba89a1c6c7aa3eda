//! A job is submitted and watched until it ends or the user detaches.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde::Serialize;

use crate::{
    args::{DEFAULT_SERVER, Handover},
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
    signals::StopSignals,
};

/// A job that waits for so long makes us look whether anybody is there to run it.
pub(super) const LONELY: Duration = Duration::from_secs(3);

/// The job's id, as soon as the server told it.
pub(super) type Id = Arc<OnceLock<String>>;

/// How to go on with a job that is watched no longer.
pub(super) struct Farewell {
    /// What it is: `job`.
    pub(super) noun: &'static str,
    /// The command that watches it, and its flags: `job logs`, `--follow`.
    pub(super) watch: (&'static str, &'static str),
    /// The command that cancels it.
    pub(super) cancel: &'static str,
}

/// Does the work in a task of its own: a full pipe may block it, and Ctrl-C must work all the same.
pub(super) async fn watched<F>(
    server: &str,
    farewell: &Farewell,
    work: impl FnOnce(Id) -> F,
) -> Result<Exit, Failure>
where
    F: Future<Output = Result<Exit, Failure>> + Send + 'static,
{
    let mut signals = StopSignals::new()?;
    let id = Id::default();
    let mut work = tokio::spawn(work(Arc::clone(&id)));
    tokio::select! {
        exit = signals.next() => {
            say(&farewell.text(id.get().map(String::as_str), server));
            Ok(exit)
        }
        end = &mut work => end.map_err(|error| Failure::new(Exit::FAILED, error.to_string()))?,
    }
}

impl Farewell {
    fn text(&self, id: Option<&str>, server: &str) -> String {
        let Some(id) = id else {
            return "\ninterrupted before the server confirmed a job".to_owned();
        };
        let Self {
            noun,
            watch: (watch, flags),
            cancel,
        } = self;
        let flag = match server {
            DEFAULT_SERVER => String::new(),
            server => format!(" --server {server}"),
        };
        format!(
            "\ndetached; {noun} {id} goes on\n  \
             watch it:  playhouse {watch}{flag}{flags} {id}\n  \
             cancel it: playhouse {cancel}{flag} {id}"
        )
    }
}

/// The key of a submission. With one of its own it can be repeated when the answer is lost.
pub(super) fn key(handover: &Handover) -> String {
    let given = handover.idempotency_key.clone();
    given.unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
}

/// Prints what a command that does not wait prints: the id, or the server's answer.
pub(super) fn detached(id: &str, answer: &impl Serialize, json: bool) -> Result<Exit, Failure> {
    if json {
        print_json(answer)?;
    } else {
        print_line(id)?;
    }
    Ok(Exit::OK)
}
