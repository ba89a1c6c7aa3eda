//! What waits to be written, and how it is answered.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use engine::{Command, Holder};
use tokio::sync::oneshot;

use crate::{
    Batch, Error,
    metrics::BatchMetrics,
    runs::{self, Beat, Claim, Claimed, Finish, Heartbeat, Submit, Submitted},
    wake::Notice,
};

/// Where the answer goes. A caller that has gone away does not matter.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// What became of each of several finishes.
pub(crate) type Ends = Vec<Result<engine::Run, Error>>;

/// Work of any form. It may run more than once; its answer is sent when it is on disk.
pub(crate) trait Work: Send {
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), Error>;
    fn answer(self: Box<Self>, result: Result<(), Error>);
}

/// A closure, with its value until the commit.
pub(crate) struct Closure<T, F> {
    work: F,
    value: Option<T>,
    answer: Answer<T>,
}

impl<T, F> Closure<T, F> {
    pub(crate) fn new(work: F, answer: Answer<T>) -> Self {
        Self {
            work,
            value: None,
            answer,
        }
    }
}

impl<T: Send, F: Fn(&mut Batch<'_, '_>) -> Result<T, Error> + Send> Work for Closure<T, F> {
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), Error> {
        self.value = Some((self.work)(batch)?);
        Ok(())
    }

    fn answer(self: Box<Self>, result: Result<(), Error>) {
        let Self { value, answer, .. } = *self;
        // The caller may have gone.
        let _ = answer.send(result.and_then(|()| value.ok_or(Error::Closed)));
    }
}

/// A claim and where its answer goes.
pub(crate) struct ClaimCall {
    pub(crate) claim: Claim,
    /// Whether it is answered only when there is something.
    pub(crate) waits: Waits,
    pub(crate) answer: Answer<Vec<Claimed>>,
}

/// Whether a claim waits for runs, until it is called back. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct Waits(Arc<AtomicBool>);

impl Waits {
    pub(crate) fn new(waits: bool) -> Self {
        Self(Arc::new(AtomicBool::new(waits)))
    }

    pub(crate) fn are_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn end(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// One thing that waits to be written.
pub(crate) enum Item {
    Submit(Submit, Answer<Submitted>),
    Claim(ClaimCall),
    Heartbeat(Heartbeat, Answer<Beat>),
    Finish(Vec<Finish>, Answer<Ends>),
    /// Both in one batch.
    Exchange(Vec<Finish>, Answer<Ends>, ClaimCall),
    Other(Box<dyn Work>),
    Stop,
}

/// The items of a batch, by form.
#[derive(Default)]
pub(crate) struct Items {
    pub(crate) submits: Vec<(Submit, Answer<Submitted>)>,
    pub(crate) claims: Vec<ClaimCall>,
    pub(crate) beats: Vec<(Heartbeat, Answer<Beat>)>,
    pub(crate) finishes: Vec<(Vec<Finish>, Answer<Ends>)>,
    pub(crate) others: Vec<Box<dyn Work>>,
}

/// The results of a batch, until they may be told.
pub(crate) struct Outcome {
    pub(crate) submits: Vec<Result<Submitted, Error>>,
    pub(crate) claims: Vec<Vec<Claimed>>,
    pub(crate) beats: Vec<Result<Beat, Error>>,
    pub(crate) finishes: Ends,
    pub(crate) others: Vec<Result<(), Error>>,
    pub(crate) notice: Option<Notice>,
    pub(crate) metrics: BatchMetrics,
}

/// What a batch leaves to be done after its answers.
#[derive(Default)]
pub(crate) struct Left {
    /// Claimed by a caller that has gone away.
    pub(crate) orphans: Vec<Claimed>,
    /// Claims that found nothing and wait on.
    pub(crate) unserved: Vec<ClaimCall>,
}

impl Items {
    /// Sorts an item in; true when it is the last.
    pub(crate) fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Submit(submit, answer) => self.submits.push((submit, answer)),
            Item::Claim(call) => self.claims.push(call),
            Item::Heartbeat(beat, answer) => self.beats.push((beat, answer)),
            Item::Finish(finishes, answer) => self.finishes.push((finishes, answer)),
            Item::Exchange(finishes, answer, call) => {
                self.finishes.push((finishes, answer));
                self.claims.push(call);
            }
            Item::Other(work) => self.others.push(work),
            Item::Stop => return true,
        }
        false
    }

    pub(crate) fn len(&self) -> usize {
        self.submits.len()
            + self.claims.len()
            + self.beats.len()
            + self.finishes.len()
            + self.others.len()
    }

    /// Each item in a batch of its own.
    pub(crate) fn singles(self) -> Vec<Self> {
        let mut singles = Vec::with_capacity(self.len());
        let new = Self::default;
        singles.extend(self.finishes.into_iter().map(|item| Self {
            finishes: vec![item],
            ..new()
        }));
        singles.extend(self.submits.into_iter().map(|item| Self {
            submits: vec![item],
            ..new()
        }));
        singles.extend(self.beats.into_iter().map(|item| Self {
            beats: vec![item],
            ..new()
        }));
        singles.extend(self.others.into_iter().map(|item| Self {
            others: vec![item],
            ..new()
        }));
        singles.extend(self.claims.into_iter().map(|item| Self {
            claims: vec![item],
            ..new()
        }));
        singles
    }

    /// Sends the answers, but for those that are still to come.
    pub(crate) fn answer(self, outcome: Outcome) -> Left {
        // The caller may have gone: what was done stays done.
        let mut left = Left::default();
        for ((submit, answer), result) in self.submits.into_iter().zip(outcome.submits) {
            // Whoever is answered lets others have the memory of what was submitted.
            drop(submit);
            let _ = answer.send(result);
        }
        for (call, claimed) in self.claims.into_iter().zip(outcome.claims) {
            if call.waits.are_on() && claimed.is_empty() {
                left.unserved.push(call);
            } else if let Err(Ok(claimed)) = call.answer.send(Ok(claimed)) {
                left.orphans.extend(claimed);
            }
        }
        for ((_, answer), result) in self.beats.into_iter().zip(outcome.beats) {
            let _ = answer.send(result);
        }
        let mut results = outcome.finishes.into_iter();
        for (finishes, answer) in self.finishes {
            let _ = answer.send(Ok(results.by_ref().take(finishes.len()).collect()));
        }
        for (work, result) in self.others.into_iter().zip(outcome.others) {
            work.answer(result);
        }
        left
    }

    pub(crate) fn refuse(self, error: &Error) {
        for (_, answer) in self.submits {
            let _ = answer.send(Err(error.clone()));
        }
        for call in self.claims {
            let _ = call.answer.send(Err(error.clone()));
        }
        for (_, answer) in self.beats {
            let _ = answer.send(Err(error.clone()));
        }
        for (_, answer) in self.finishes {
            let _ = answer.send(Err(error.clone()));
        }
        for work in self.others {
            work.answer(Err(error.clone()));
        }
    }
}

/// Runs whose claimer hung up before it was answered. No code ran, so it must not count.
pub(crate) struct ReleaseRuns(pub(crate) Vec<Claimed>);

impl Work for ReleaseRuns {
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), Error> {
        for Claimed { run, .. } in &self.0 {
            let executor = run.executor.clone().unwrap_or_default();
            let holder = Holder {
                executor,
                token: Some(run.token),
            };
            let now = run.started_at.unwrap_or(run.created_at);
            match runs::apply(
                batch,
                run.id,
                &Command::Release {
                    holder,
                    reason: None,
                },
                now,
            ) {
                // Another executor has it by now, and the others are to be released all the same.
                Ok(_) | Err(Error::NotFound(_) | Error::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn answer(self: Box<Self>, result: Result<(), Error>) {
        // The reaper finds them when their leases end.
        if let Err(error) = result {
            tracing::warn!(%error, "claimed runs could not be given back");
        }
    }
}
