//! The way through an execution: which steps run, and what becomes of them.

mod begin;
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
use playbook::{ExecutionOutcome, JournalPart, PartStage, Progress, Step, StepKey};
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use wire::executors::PartReport;

use super::{
    call::{Context, StepEnd},
    earlier::Resumed,
    operator::Operator,
    report,
    secrets::Opened,
    titles::{Title, Titles},
    waits::StepWaits,
};
use crate::attempt::{
    outcome::Unsent,
    progress_reporter::{Halt, ProgressReporter, Retry, Waiting, within},
};

/// Why the execution does not go on for now.
pub(super) enum FlowEnd {
    /// The execution has ended.
    Ended(ExecutionOutcome),
    /// The run is to wait.
    StepWaits(Waiting),
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
    opened: Arc<OnceLock<Opened>>,
    /// The field of its part that says until when it waits.
    field: &'static str,
    /// It is not performed before an operator has decided, for this reason.
    asks: Option<String>,
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
    /// When the time of a step that holds others is over.
    composites: BTreeMap<StepKey, (Instant, f64)>,
    titles: Titles,
    /// Told when a step waits.
    woken: Arc<Notify>,
    cancelled: bool,
    /// A step has ended in an execution that pauses after each.
    pauses: bool,
    /// When the time of the last steps is over.
    finally_until: Option<Instant>,
    /// What the execution leaves was reported.
    outputs_reported: bool,
}

impl<'a> Flow<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        progress_reporter: ProgressReporter<'a>,
        operator: Operator,
        progress: Progress,
        (resumed, titles): (BTreeMap<StepKey, Resumed>, Titles),
    ) -> Self {
        Self {
            context,
            progress_reporter,
            operator,
            progress,
            resumed,
            running: FuturesUnordered::new(),
            begun: BTreeMap::new(),
            ended: VecDeque::new(),
            composites: BTreeMap::new(),
            titles,
            woken: Arc::default(),
            cancelled: false,
            pauses: false,
            finally_until: None,
            outputs_reported: false,
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
            if let Some(wait) = self.wait() {
                self.report(self.waiting()).await?;
                // A wait may have ended meanwhile.
                if self.ended.is_empty() {
                    return Ok(FlowEnd::StepWaits(wait));
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
            let mut retry = Retry::default();
            while let Err(error) =
                within(runner.client.send_output(taken.id, chunk, bytes.clone())).await
            {
                retry.after(*taken, error).await?;
            }
        }
        let seen = self.operator.signals().generation;
        if self.progress_reporter.park(wait, seen).await? {
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
        let parts = self.progress.take_parts();
        let mut reports: Vec<PartReport> = Vec::with_capacity(parts.len() + more.len());
        for part in parts {
            reports.push(report::report(&part, &self.titles.of(&part.key)));
            if part.stage != PartStage::Started {
                self.titles.ended(&part.key);
                self.composites.remove(&part.key);
            }
            if let Some(begun) = self.begun.get_mut(&part.key) {
                begun.part = part;
            }
        }
        reports.extend(more);
        let state = self.outputs();
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

    /// What the execution leaves, once.
    fn outputs(&mut self) -> Option<Value> {
        let Some(ExecutionOutcome::Completed { outputs, .. }) = self.progress.outcome() else {
            return None;
        };
        let new = !outputs.is_empty() && !std::mem::replace(&mut self.outputs_reported, true);
        new.then(|| json!({ "outputs": outputs }))
    }

    /// StepWaits until there is something to do, and settles what has ended.
    async fn next(&mut self) -> Result<(), Halt> {
        if self.ended.is_empty() {
            let until = self.time_is_over();
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
