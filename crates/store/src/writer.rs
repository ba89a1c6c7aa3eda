//! The thread that writes. It takes everything that waits, applies it in one transaction, commits
//! once, and only then answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use crate::{
    Batch, Error, Wake,
    driver::{Committed, Connection},
    executors::Noted,
    items::{Item, Items, Outcome, ReleaseRuns},
    metrics::Commits,
    playgrounds,
    runs::{self, Claim, Finish, Heartbeat, Submit},
    wake::Notice,
};

/// Items that one transaction takes at most.
const BATCH_ITEMS: usize = 1_024;
/// How often a batch is run when transactions are in each other's way, before its items are run one
/// by one.
const BATCH_TRIES: usize = 3;
/// How often a single item is run. Of those that meet one gets through each time.
const ITEM_TRIES: usize = 50;

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
    /// See [`engine::sort_key`]; the store's.
    aging_step_ms: Arc<AtomicI64>,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        wake: Wake,
        commits: Commits,
        name: u64,
        tells: bool,
        aging_step_ms: Arc<AtomicI64>,
    ) -> Self {
        Self {
            connection,
            wake,
            commits,
            name,
            tells,
            noted: Noted::new(),
            aging_step_ms,
        }
    }

    /// Serves items until a stop comes and nothing waits any more.
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
        let (round, claims) = (self.wake.round(), items.claims.len());
        match self.commit(&mut items) {
            Ok(outcome) => self.tell(items, outcome, round),
            Err(error) if count == 1 => {
                // What it would have made ready was for these.
                self.wake.park(items.claims.split_off(claims), round);
                items.refuse(&error);
            }
            Err(error @ (Error::Unavailable(_) | Error::Unknown(_))) => items.refuse(&error),
            Err(error) => {
                tracing::warn!(%error, items = count, "a batch failed; running its items one by one");
                for item in items.singles() {
                    self.work(item);
                }
            }
        }
    }

    /// `round` is that of before the batch.
    fn tell(&mut self, items: Items, outcome: Outcome, round: u64) {
        let notice = outcome.notice.clone();
        if let Some(notice) = &notice {
            // Before the answers: a claim that follows one is to look.
            self.wake.turn_families(notice);
        }
        let left = items.answer(outcome);
        // Before the notice: what this batch made ready beyond its own claims may be for them.
        self.wake.park(left.unserved, round);
        if let Some(notice) = notice {
            self.wake.committed(&notice);
        }
        if !left.orphans.is_empty() {
            self.work(Items {
                others: vec![Box::new(ReleaseRuns(left.orphans))],
                ..Items::default()
            });
        }
    }

    fn commit(&mut self, items: &mut Items) -> Result<Outcome, Error> {
        let single = items.len() == 1;
        let limit = if single { ITEM_TRIES } else { BATCH_TRIES };
        let mut tries = 1;
        loop {
            match self.attempt(items) {
                Err(Error::Conflict(reason)) if tries < limit => {
                    tracing::debug!(reason, "running a batch again");
                }
                // Another server may have written a key between our look and our write: the next
                // look sees it.
                Err(Error::Constraint(reason)) if single && tries == 1 => {
                    tracing::debug!(reason, "running an item again");
                }
                result => return result,
            }
            tries += 1;
        }
    }

    fn attempt(&mut self, items: &mut Items) -> Result<Outcome, Error> {
        let timer = self.commits.start(items.len());
        self.connection.begin()?;
        let outcome = {
            let mut tx = self.connection.tx();
            let aging_step_ms = self.aging_step_ms.load(Ordering::Relaxed);
            let batch = Batch::new(&mut tx);
            apply(items, batch, &self.wake, &mut self.noted, aging_step_ms)
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
        let notice = notice.map(Notice::encode);
        match self.connection.commit(notice.as_deref()) {
            Committed::Yes => {
                timer.done(&outcome.metrics);
                Ok(outcome)
            }
            Committed::No(error) => Err(error),
        }
    }
}

fn apply(
    items: &mut Items,
    mut batch: Batch<'_, '_>,
    wake: &Wake,
    noted: &mut Noted,
    aging_step_ms: i64,
) -> Result<Outcome, Error> {
    let submits: Vec<&Submit> = items.submits.iter().map(|(submit, _)| submit).collect();
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
        let result = batch.savepoint(|batch| work.run(batch));
        match result {
            Err(error) if error.is_fatal() => return Err(error),
            result => others.push(result),
        }
    }
    // How an operation ended is news for those that wait for it.
    playgrounds::settle(&mut batch)?;
    runs::wake_parents(&mut batch, aging_step_ms)?;
    items.claims.extend(wake.hand_over(&batch));
    let claims: Vec<&Claim> = items.claims.iter().map(|call| &call.claim).collect();
    let claims = runs::claim_all(&mut batch, &claims)?;
    let (notice, metrics) = batch.end(noted)?;
    Ok(Outcome {
        submits,
        claims,
        beats,
        finishes,
        others,
        notice,
        metrics,
    })
}
