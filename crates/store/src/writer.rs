//! The thread that writes. It takes everything that waits, applies it in one transaction, commits
//! once, and only then answers.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::{
    Batch, Error, Wake,
    executors::Noted,
    metrics::Commits,
    runs::{self, Beat, Claim, Claimed, Finish, Heartbeat, Submit, Submitted},
    seam::{Committed, Connection},
    wake::Notice,
};

/// Items that one transaction takes at most.
const BATCH_ITEMS: usize = 1_024;
/// How often a batch is run anew when transactions are in each other's way.
const CONFLICT_TRIES: usize = 8;

/// Where the answer goes. A caller that has gone away does not matter.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// What became of each of several finishes.
type Ends = Vec<Result<engine::Run, Error>>;

/// Work of any form. It may run more than once; its answer is sent when it is on disk.
pub(crate) trait Work: Send {
    fn run(&mut self, batch: &mut Batch<'_, '_>) -> Result<(), Error>;
    fn answer(self: Box<Self>, result: Result<(), Error>);
}

/// One thing that waits to be written.
pub(crate) enum Item {
    Submit(Submit, Answer<Submitted>),
    Claim(Claim, Answer<Vec<Claimed>>),
    Heartbeat(Heartbeat, Answer<Beat>),
    Finish(Vec<Finish>, Answer<Ends>),
    Other(Box<dyn Work>),
    Stop,
}

/// A writer with its connection.
pub(crate) struct Writer {
    connection: Connection,
    wake: Wake,
    commits: Commits,
    /// Which store this is, for notices.
    name: u64,
    /// Whether other servers are to be told.
    tells: bool,
    noted: Noted,
}

/// The results of a batch, until they may be told.
struct Outcome {
    submits: Vec<Result<Submitted, Error>>,
    claims: Vec<Vec<Claimed>>,
    beats: Vec<Result<Beat, Error>>,
    finishes: Ends,
    others: Vec<Result<(), Error>>,
    notice: Option<Notice>,
}

/// The items of a batch, by form.
#[derive(Default)]
struct Items {
    submits: Vec<(Submit, Answer<Submitted>)>,
    claims: Vec<(Claim, Answer<Vec<Claimed>>)>,
    beats: Vec<(Heartbeat, Answer<Beat>)>,
    finishes: Vec<(Vec<Finish>, Answer<Ends>)>,
    others: Vec<Box<dyn Work>>,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        wake: Wake,
        commits: Commits,
        name: u64,
        tells: bool,
    ) -> Self {
        Self {
            connection,
            wake,
            commits,
            name,
            tells,
            noted: Noted::new(),
        }
    }

    /// Serves items until it is told to stop and nothing waits any more.
    pub(crate) fn serve(mut self, queue: &Receiver<Item>) {
        let mut stopping = false;
        loop {
            let first = match queue.recv_timeout(Duration::from_secs(3600)) {
                Ok(item) => item,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut items = Items::default();
            let mut count = 0;
            let mut next = Some(first);
            while let Some(item) = next {
                stopping |= items.take(item);
                count += 1;
                next = if count < BATCH_ITEMS {
                    queue.try_recv().ok()
                } else {
                    None
                };
            }
            self.work(items);
            if stopping {
                return;
            }
        }
    }

    /// Works one batch off. An item that makes its batch fail is found by running each alone.
    fn work(&mut self, mut items: Items) {
        let count = items.len();
        if count == 0 {
            return;
        }
        match self.commit(&mut items) {
            Ok(outcome) => self.tell(items, outcome),
            Err(error) if error.is_fatal() || count == 1 => items.refuse(&error),
            Err(error) => {
                tracing::warn!(%error, items = count, "a batch failed; running its items one by one");
                for item in items.singles() {
                    self.work(item);
                }
            }
        }
    }

    fn tell(&mut self, items: Items, outcome: Outcome) {
        let notice = outcome.notice.clone();
        items.answer(outcome);
        if let Some(notice) = notice {
            self.wake.committed(&notice);
        }
    }

    fn commit(&mut self, items: &mut Items) -> Result<Outcome, Error> {
        let mut tries = 0;
        loop {
            match self.attempt(items) {
                Err(Error::Conflict(reason)) if tries < CONFLICT_TRIES => {
                    tracing::debug!(reason, "running a batch anew");
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    fn attempt(&mut self, items: &mut Items) -> Result<Outcome, Error> {
        let timer = self.commits.start(items.len());
        self.connection.begin()?;
        let outcome = {
            let mut tx = self.connection.tx();
            apply(items, Batch::new(&mut tx), &mut self.noted)
        };
        let mut outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                self.connection.roll_back();
                return Err(error);
            }
        };
        if let Some(notice) = &mut outcome.notice {
            notice.from = self.name;
        }
        let notice = outcome.notice.as_ref().filter(|_| self.tells);
        let notice = notice.and_then(|notice| serde_json::to_string(notice).ok());
        match self.connection.commit(notice.as_deref()) {
            Committed::Yes => {
                timer.done();
                Ok(outcome)
            }
            Committed::No(error) => Err(error),
        }
    }
}

fn apply(items: &mut Items, mut batch: Batch<'_, '_>, noted: &mut Noted) -> Result<Outcome, Error> {
    let submits: Vec<&Submit> = items.submits.iter().map(|(submit, _)| submit).collect();
    let claims: Vec<&Claim> = items.claims.iter().map(|(claim, _)| claim).collect();
    let beats: Vec<&Heartbeat> = items.beats.iter().map(|(beat, _)| beat).collect();
    let finishes: Vec<&Finish> = items
        .finishes
        .iter()
        .flat_map(|(finishes, _)| finishes)
        .collect();
    // Finishes first: what they make ready, and what is submitted, the claims can take.
    let finishes = runs::finish_all(&mut batch, &finishes)?;
    let submits = runs::submit_all(&mut batch, &submits)?;
    let beats = runs::heartbeat_all(&mut batch, &beats)?;
    let mut others = Vec::with_capacity(items.others.len());
    for work in &mut items.others {
        let result = batch.guarded(|batch| work.run(batch));
        match result {
            Err(error) if error.is_fatal() => return Err(error),
            result => others.push(result),
        }
    }
    let claims = runs::claim_all(&mut batch, &claims)?;
    let notice = batch.end(noted)?;
    Ok(Outcome {
        submits,
        claims,
        beats,
        finishes,
        others,
        notice,
    })
}

impl Items {
    /// Sorts an item in; true when it is the last.
    fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Submit(submit, answer) => self.submits.push((submit, answer)),
            Item::Claim(claim, answer) => self.claims.push((claim, answer)),
            Item::Heartbeat(beat, answer) => self.beats.push((beat, answer)),
            Item::Finish(finishes, answer) => self.finishes.push((finishes, answer)),
            Item::Other(work) => self.others.push(work),
            Item::Stop => return true,
        }
        false
    }

    fn len(&self) -> usize {
        self.submits.len()
            + self.claims.len()
            + self.beats.len()
            + self.finishes.len()
            + self.others.len()
    }

    /// Each item in a batch of its own.
    fn singles(self) -> Vec<Self> {
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

    fn answer(self, outcome: Outcome) {
        // Nobody may be waiting any more: what was done stays done.
        for ((_, answer), result) in self.submits.into_iter().zip(outcome.submits) {
            let _ = answer.send(result);
        }
        for ((_, answer), claimed) in self.claims.into_iter().zip(outcome.claims) {
            let _ = answer.send(Ok(claimed));
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
    }

    fn refuse(self, error: &Error) {
        for (_, answer) in self.submits {
            let _ = answer.send(Err(error.clone()));
        }
        for (_, answer) in self.claims {
            let _ = answer.send(Err(error.clone()));
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
