//! The way through an execution: which steps run, and what becomes of them.

mod begin;
mod limits;
mod logins;
mod settle;
mod wait;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, OnceLock},
};

use futures_util::{
    StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::FuturesUnordered,
};
use limits::Limits;
use logins::Logins;
use playbook::{ExecutionOutcome, JournalPart, PartStage, Progress, Step, StepKey};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::sleep_until};
use tokio_util::sync::CancellationToken;
use wire::{JsonText, executors::PartReport};

use super::{
    call::{Context, StepEnd},
    earlier::{Earlier, Resumed},
    operator::Operator,
    report,
    secrets::TrySecrets,
    titles::{Title, Titles},
    waits::{StepState, StepWaits},
};
use crate::{
    attempt::{
        outcome::Unsent,
        progress_reporter::{Halt, ProgressReporter, Waiting, wait_after, within},
    },
    backoff::Backoff,
};

/// Why the execution does not go on for now.
pub(super) enum FlowEnd {
    /// The execution has ended.
    Ended(ExecutionOutcome),
    /// The run is to wait.
    Parks(Waiting),
}

/// A try of a step, or the wait before it.
type Try<'a> = BoxFuture<'a, (StepKey, StepEnd)>;

/// A step that has begun.
struct Begun {
    /// As it was reported last.
    part: JournalPart,
    title: Title,
    step: Arc<Step>,
    /// It holds others.
    composite: bool,
    /// Until when it sleeps, if it slept when the run was parked.
    until_ms: Option<i64>,
    waits: StepWaits,
    stop: CancellationToken,
    /// The credentials that it needs, once they are opened.
    opened: Arc<OnceLock<TrySecrets>>,
    /// The field of its part that says until when it waits.
    field: &'static str,
    /// It is not performed before an operator has decided, for this reason.
    asks: Option<String>,
}

impl Begun {
    fn is_waiting(&self) -> bool {
        self.asks.is_some() || self.waits.state() != StepState::Busy
    }
}

pub(super) struct Flow<'a> {
    context: &'a Context<'a>,
    progress_reporter: ProgressReporter<'a>,
    operator: Operator,
    progress: Progress,
    /// What goes on from an earlier attempt.
    resumed: BTreeMap<StepKey, Resumed>,
    running: FuturesUnordered<Try<'a>>,
    begun: BTreeMap<StepKey, Begun>,
    /// Tries that have ended and are not settled.
    ended: VecDeque<(StepKey, StepEnd)>,
    limits: Limits,
    logins: Logins,
    titles: Titles,
    /// Told when a step waits.
    woken: Arc<Notify>,
    cancelled: bool,
    /// A step has ended in an execution that pauses after each.
    pauses: bool,
    /// What was reported of the whole execution.
    state: Value,
}

impl<'a> Flow<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        progress_reporter: ProgressReporter<'a>,
        operator: Operator,
        progress: Progress,
        earlier: Earlier,
        titles: Titles,
    ) -> Self {
        Self {
            context,
            progress_reporter,
            operator,
            progress,
            resumed: earlier.resumed,
            running: FuturesUnordered::new(),
            begun: BTreeMap::new(),
            ended: VecDeque::new(),
            limits: Limits::new(earlier.finally_until),
            logins: Logins::new(earlier.logins),
            titles,
            woken: Arc::default(),
            cancelled: false,
            pauses: false,
            state: Value::Null,
        }
    }

    /// Goes on until the execution has ended or is to wait.
    pub(super) async fn go(&mut self) -> Result<FlowEnd, Halt> {
        loop {
            self.obey().await?;
            let tries = if self.is_paused() {
                Vec::new()
            } else {
                self.begin()
            };
            self.report(Vec::new()).await?;
            self.running.extend(tries);
            if let Some(outcome) = self.progress.outcome() {
                return Ok(FlowEnd::Ended(outcome.clone()));
            }
            if self.wait().is_some() {
                self.report(self.waiting()).await?;
                // A wait may have ended meanwhile, or a step looks again.
                if let Some(wait) = self.wait() {
                    return Ok(FlowEnd::Parks(wait));
                }
            }
            if self.running.is_empty() && self.ended.is_empty() {
                let reason = "no step can begin, and the playbook has not ended";
                return Err(Halt::Refused(reason.to_owned()));
            }
            self.next().await?;
        }
    }

    /// Parks the run, after the output that the server has not taken. False when operators ask for something
    /// new.
    pub(super) async fn park(&mut self, wait: &Waiting, unsent: &[Unsent]) -> Result<bool, Halt> {
        let Context { runner, taken, .. } = self.context;
        for Unsent { chunk, bytes } in unsent {
            let mut backoff = Backoff::default();
            // What the disk does not give back is a gap.
            let Some(bytes) = bytes.read() else {
                continue;
            };
            while let Err(error) =
                within(runner.client.send_output(taken.id, chunk, bytes.clone())).await
            {
                wait_after(&mut backoff, *taken, error).await?;
            }
        }
        if self.progress_reporter.park(wait).await? {
            return Ok(true);
        }
        let acted_on = self.operator.acted_on();
        let look = self.progress_reporter.advance(Vec::new(), None, acted_on);
        self.operator.answered(look.await?);
        Ok(false)
    }

    /// Stops everything that runs, and waits until nothing of it is left.
    pub(super) async fn stop_all(&mut self) {
        for begun in self.begun.values() {
            begun.stop.cancel();
        }
        while let Some(ended) = self.running.next().await {
            self.ended.push_back(ended);
        }
    }

    /// The name of a step that runs.
    pub(super) fn current(&self) -> Option<&str> {
        self.begun.keys().next().map(|key| key.name.as_str())
    }

    fn is_paused(&self) -> bool {
        !self.cancelled && (self.pauses || self.operator.is_paused())
    }

    /// Reports what changed, and goes on when it is on disk. What runs meanwhile goes on as well.
    async fn report(&mut self, more: Vec<PartReport>) -> Result<(), Halt> {
        // A step that was left out may have been the last one before `finally`.
        self.limits.follow(&self.progress);
        let parts = self.progress.take_parts();
        let mut reports: Vec<PartReport> = Vec::with_capacity(parts.len() + more.len());
        for part in parts {
            let times = report::Times {
                deadline: self.limits.of_step(&part.key),
                finally_until: self.limits.of_finally(&part.key.path),
            };
            reports.push(report::report(&part, &self.titles.of(&part.key), times));
            if part.stage != PartStage::Started {
                self.titles.ended(&part.key);
                self.limits.end(&part.key);
            }
            if let Some(begun) = self.begun.get_mut(&part.key) {
                begun.part = part;
            }
        }
        reports.extend(more);
        let state = self.changed_state().map(JsonText::from);
        if reports.is_empty() && state.is_none() && !self.operator.owes() {
            return Ok(());
        }
        let acted_on = self.operator.acted_on();
        let call = self.progress_reporter.advance(reports, state, acted_on);
        let mut call = std::pin::pin!(call);
        let signals = loop {
            tokio::select! {
                biased;
                answer = &mut call => break answer?,
                Some(ended) = self.running.next() => self.ended.push_back(ended),
            }
        };
        self.operator.answered(signals);
        Ok(())
    }

    /// What is reported of the whole execution, if it changed: how far it has come, and what it leaves.
    fn changed_state(&mut self) -> Option<Value> {
        let mut state = json!({
            "ended_steps": self.progress.ended_steps(),
            "failures": self.progress.failures(),
        });
        if let Some(ExecutionOutcome::Completed { outputs }) = self.progress.outcome()
            && !outputs.is_empty()
        {
            state["outputs"] = json!(outputs);
        }
        if state == self.state {
            return None;
        }
        self.state = state.clone();
        Some(state)
    }

    /// Waits until there is something to do, and settles what has ended.
    async fn next(&mut self) -> Result<(), Halt> {
        if self.ended.is_empty() {
            let until = self.limits.next();
            tokio::select! {
                biased;
                Some(ended) = self.running.next() => self.ended.push_back(ended),
                () = self.operator.changed() => {}
                () = self.woken.notified() => {}
                Some(()) = OptionFuture::from(until.map(sleep_until)) => {}
            }
        }
        while let Some((key, end)) = self.ended.pop_front() {
            self.settle(&key, end)?;
        }
        Ok(())
    }
}
