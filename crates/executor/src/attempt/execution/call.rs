//! One try of a step: what it is given and what it comes to.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use playbook::StepKey;
use serde_json::{Map, Value};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use wire::{executors::LeaseOf, playbooks::ExecutionInput};

use super::{
    clock,
    run_log::RunLog,
    secrets::TrySecrets,
    steps::{self, Clients, Sessions},
    waits::StepWaits,
};
use crate::{
    attempt::{AttemptRunner, Taken},
    browsers::BrowserSession,
    lease::Lease,
    redactor::Redactor,
};

/// What all steps of an execution share.
pub(super) struct Context<'a> {
    pub(super) runner: &'a AttemptRunner,
    pub(super) taken: Taken<'a>,
    pub(super) input: &'a ExecutionInput,
    /// The lease, in which no cancel is seen: the execution stops its steps itself, so that its last ones can
    /// run after a cancel.
    pub(super) lease: watch::Receiver<Lease>,
    pub(super) log: Arc<RunLog>,
    /// Knows every secret that was opened.
    pub(super) redactor: Redactor,
    /// What was opened for earlier attempts.
    pub(super) reopened: OnceLock<TrySecrets>,
    pub(super) clients: Clients,
    pub(super) sessions: Sessions,
    pub(super) browser: Arc<BrowserSession>,
}

impl Context<'_> {
    /// The lease under which the execution is performed.
    pub(super) fn lease_of(&self) -> LeaseOf {
        LeaseOf {
            executor: self.runner.environment.settings.name.clone(),
            token: self.taken.token,
        }
    }
}

/// One try of a step.
pub(super) struct StepCall<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) key: StepKey,
    /// The number of its part.
    pub(super) number: i64,
    /// Which try it is, from 1.
    pub(super) tries: u32,
    /// What the step is called.
    pub(super) name: String,
    /// The path of its playbook.
    pub(super) playbook: String,
    /// What it does.
    pub(super) kind: String,
    pub(super) parameters: Parameters,
    /// The variables of its playbook.
    pub(super) variables: Map<String, Value>,
    /// How long the try may take.
    pub(super) timeout: Duration,
    /// The login of an earlier attempt at its gateway.
    pub(super) login: EarlierLogin,
    /// Until when it sleeps, when it slept before the run was parked.
    pub(super) until_ms: Option<i64>,
    pub(super) waits: StepWaits,
    /// Cancelled: the step is to end at once.
    pub(super) stop: CancellationToken,
}

/// A login that an earlier attempt made: the session ended with the attempt.
#[derive(Default)]
pub(super) enum EarlierLogin {
    #[default]
    None,
    /// It can be made again with these parameters.
    Known(Arc<Parameters>),
    /// It cannot be made again.
    Lost,
}

/// What a try came to.
pub(super) enum StepEnd {
    /// It is done.
    Completed(Left),
    /// It failed, and left this.
    Failed(StepError, Left),
    /// This executor lacks something for it, which another one may have.
    Abandoned(String),
    /// It was stopped, as was asked for.
    Stopped,
    /// Its wait is over: the try can begin.
    Waited,
}

/// What a step leaves for later ones.
#[derive(Default)]
pub(super) struct Left {
    pub(super) output: Option<Value>,
    /// The variables that it sets.
    pub(super) set: Map<String, Value>,
}

/// Why a step failed.
pub(super) struct StepError {
    pub(super) message: String,
    /// Another try would end alike.
    pub(super) last: bool,
}

impl Left {
    pub(super) fn output(output: Value) -> Self {
        Self {
            output: Some(output),
            ..Self::default()
        }
    }
}

impl StepEnd {
    pub(super) fn failed(message: impl Into<String>) -> Self {
        let message = message.into();
        let last = false;
        Self::Failed(StepError { message, last }, Left::default())
    }

    /// Its parameters are wrong, or it can be performed nowhere: another try ends alike.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        let message = message.into();
        let last = true;
        Self::Failed(StepError { message, last }, Left::default())
    }
}

/// What steps answer: an error is an end as well.
pub(super) type Done = Result<Left, StepEnd>;

impl StepCall<'_> {
    /// Performs the try.
    pub(super) async fn perform(self) -> (StepKey, StepEnd) {
        let end = match steps::perform(&self).await {
            Ok(left) => StepEnd::Completed(left),
            Err(end) => end,
        };
        let end = end.redacted(&self.context.redactor);
        (self.key, end)
    }

    /// Does what needs no end of its own: it is given up when the step is to end.
    pub(super) async fn stoppable(&self, work: impl Future<Output = Done>) -> Done {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(StepEnd::Stopped),
            done = work => done,
        }
    }

    /// The same, at most until its time is over.
    pub(super) async fn within(&self, work: impl Future<Output = Done>) -> Done {
        let work = async {
            tokio::select! {
                biased;
                done = work => done,
                () = sleep_until(self.deadline()) => Err(self.timed_out()),
            }
        };
        self.stoppable(work).await
    }

    /// When the try's time is over, if it begins now.
    pub(super) fn deadline(&self) -> Instant {
        clock::from_now(self.timeout)
    }

    pub(super) fn timed_out(&self) -> StepEnd {
        StepEnd::failed(format!(
            "Step timed out after {} seconds",
            self.timeout.as_secs_f64()
        ))
    }
}

/// The rendered parameters of a step, read leniently: templates of the original make text of numbers.
pub(super) struct Parameters(pub(super) Map<String, Value>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn required(&self, name: &str) -> Result<&Value, StepEnd> {
        let missing = || StepEnd::refused(format!("parameter `{name}` is missing"));
        self.get(name).ok_or_else(missing)
    }

    /// Text; what is no text is written as JSON.
    pub(super) fn text(&self, name: &str) -> Result<String, StepEnd> {
        self.required(name).map(text)
    }

    pub(super) fn optional_text(&self, name: &str) -> Option<String> {
        self.get(name).map(text)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, StepEnd> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong(name, "a number", value)),
        }
    }

    /// A time in seconds.
    pub(super) fn seconds(&self, name: &str, default: f64) -> Result<Duration, StepEnd> {
        let seconds = self.number(name)?.unwrap_or(default);
        if seconds < 0.0 {
            return Err(wrong(name, "a number of seconds", &seconds.into()));
        }
        Ok(clock::seconds(seconds))
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, StepEnd> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok(true),
                "false" | "no" | "off" | "0" | "" => Ok(false),
                _ => Err(wrong(name, "true or false", &self.0[name])),
            },
            Some(other) => Err(wrong(name, "true or false", other)),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&Vec<Value>>, StepEnd> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(wrong(name, "a list", other)),
        }
    }

    pub(super) fn map(&self, name: &str) -> Result<Option<&Map<String, Value>>, StepEnd> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(other) => Err(wrong(name, "a map", other)),
        }
    }

    /// A map whose values are text.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<(String, String)>, StepEnd> {
        let map = self.map(name)?.into_iter().flatten();
        Ok(map
            .map(|(name, value)| (name.clone(), text(value)))
            .collect())
    }
}

/// A value as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn wrong(name: &str, what: &str, value: &Value) -> StepEnd {
    StepEnd::refused(format!("parameter `{name}` is not {what}: {value}"))
}
