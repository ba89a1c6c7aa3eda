//! One transaction's worth of work, and what belongs at its end: event numbers, counters, the list
//! of who is to be woken.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Change, Kind, Priority, Run, RunId, Signals, Status};

use crate::{
    Error, Read,
    audit::{self, AuditEntry},
    counters::{self, Counts},
    driver::Tx,
    events::{self, NewEvent},
    executors::{self, Noted, Seen},
    metrics::BatchMetrics,
    runs::Before,
    wake::Notice,
};

/// More names than this in a notice, and everybody looks.
const NOTICE_NAMES: usize = 100;

/// A transaction with what it has gathered for its end.
pub struct Batch<'tx, 'connection> {
    pub(crate) tx: &'tx mut Tx<'connection>,
    gathered: Gathered,
}

/// What the end of the transaction writes and tells.
#[derive(Default)]
struct Gathered {
    events: Vec<NewEvent>,
    counts: Counts,
    ready: BTreeMap<String, usize>,
    /// Of the newest change.
    now: i64,
    metrics: BatchMetrics,
    executors: BTreeSet<String>,
    runs: BTreeSet<RunId>,
    /// Runs whose children ended.
    parents: BTreeSet<RunId>,
    /// Operations on playgrounds that ended.
    operations: BTreeSet<RunId>,
    seen: BTreeMap<String, Seen>,
    entries: Vec<AuditEntry>,
}

impl Gathered {
    fn merge(&mut self, other: Self) {
        self.events.extend(other.events);
        for (key, n) in other.counts {
            *self.counts.entry(key).or_default() += n;
        }
        for (queue, count) in other.ready {
            *self.ready.entry(queue).or_default() += count;
        }
        self.now = self.now.max(other.now);
        self.metrics.merge(other.metrics);
        self.executors.extend(other.executors);
        self.runs.extend(other.runs);
        self.parents.extend(other.parents);
        self.operations.extend(other.operations);
        for (executor, seen) in other.seen {
            self.seen.entry(executor).or_default().merge(seen);
        }
        self.entries.extend(other.entries);
    }
}

impl<'tx, 'connection> Batch<'tx, 'connection> {
    pub(crate) fn new(tx: &'tx mut Tx<'connection>) -> Self {
        Self {
            tx,
            gathered: Gathered::default(),
        }
    }

    /// What stands here now, with what this transaction has done.
    pub fn read(&mut self) -> Read<'_, 'connection> {
        Read { tx: self.tx }
    }

    /// Runs `work` so that nothing of it remains when it fails.
    pub(crate) fn savepoint<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut inner = Gathered::default();
        let result = self.tx.savepoint(|tx| {
            let mut batch = Batch::new(tx);
            let result = work(&mut batch);
            inner = batch.gathered;
            result
        });
        if result.is_ok() {
            self.gathered.merge(inner);
        }
        result
    }

    /// Notes what a change tells the world and does to the counters, and whose child it ends. `before` is
    /// what the run was before the change.
    pub(crate) fn note(&mut self, before: Option<Before>, change: &Change, now: i64) {
        let run = &change.run;
        let signals = before.map_or(Signals::default(), |before| before.signals);
        let before = before.map(|before| before.status);
        let status = run.state.status();
        self.gathered.now = self.gathered.now.max(now);
        if before != Some(status) {
            self.moved(run, before, status);
        }
        let words = change.events.iter().map(|event| event.event_type.as_str());
        self.gathered.metrics.note(before, run, words);
        for event in &change.events {
            self.gathered.events.push(NewEvent {
                at: now,
                event_type: format!("{}.{}", run.kind, event.event_type.of(run.kind)),
                kind: run.kind.as_str(),
                run: Some(run.id),
                data: events::data(run, event),
            });
        }
        // A follower of a job follows its output.
        if !change.events.is_empty() && run.kind != Kind::Job {
            self.touch(run.id);
        }
        if run.signals.generation > signals.generation && status == Status::Running {
            self.gathered.executors.extend(run.executor.clone());
        }
        if status.is_terminal() && before != Some(status) {
            self.gathered.parents.extend(run.parent);
            if run.kind == Kind::Operation {
                self.gathered.operations.insert(run.id);
            }
        }
    }

    /// Tells the world of something that is no change of a run: `event_type` is `<kind>.<what>`.
    pub(crate) fn tell(
        &mut self,
        kind: &'static str,
        event_type: &str,
        data: &serde_json::Value,
        at: i64,
    ) {
        self.gathered.events.push(NewEvent {
            at,
            event_type: event_type.to_owned(),
            kind,
            run: None,
            data: data.to_string(),
        });
    }

    /// Tells of something that happened about a run and does not change it; `word` is what the event's type
    /// has behind the kind.
    pub(crate) fn tell_of(&mut self, run: &Run, word: &str, data: serde_json::Value, at: i64) {
        let mut all = serde_json::Map::new();
        all.insert("name".to_owned(), run.name.clone().into());
        all.insert("status".to_owned(), run.state.status().as_str().into());
        if let serde_json::Value::Object(data) = data {
            all.extend(data);
        }
        self.gathered.events.push(NewEvent {
            at,
            event_type: format!("{}.{word}", run.kind),
            kind: run.kind.as_str(),
            run: Some(run.id),
            data: serde_json::Value::Object(all).to_string(),
        });
        self.touch(run.id);
    }

    /// Writes down who did what this transaction does.
    pub fn record(&mut self, entry: &AuditEntry) {
        self.gathered.entries.push(entry.clone());
    }

    fn moved(&mut self, run: &Run, before: Option<Status>, status: Status) {
        if let Some(before) = before {
            self.count(run.kind, before, run.priority, -1);
        }
        self.count(run.kind, status, run.priority, 1);
        if status == Status::Queued {
            match self.gathered.ready.get_mut(&run.queue) {
                Some(count) => *count += 1,
                None => {
                    self.gathered.ready.insert(run.queue.clone(), 1);
                }
            }
        } else if before == Some(Status::Queued)
            && let Some(count) = self.gathered.ready.get_mut(&run.queue)
        {
            *count = count.saturating_sub(1);
        }
        if before == Some(Status::Running) || status.is_terminal() {
            self.touch(run.id);
        }
    }

    /// Changes a counter by `n`.
    pub(crate) fn count(&mut self, kind: Kind, status: Status, priority: Priority, n: i64) {
        *self
            .gathered
            .counts
            .entry((kind, status, priority))
            .or_default() += n;
    }

    /// Runs whose children ended in this transaction, and the time of its newest change.
    pub(crate) fn take_parents(&mut self) -> (BTreeSet<RunId>, i64) {
        (
            std::mem::take(&mut self.gathered.parents),
            self.gathered.now,
        )
    }

    /// Wakes these runs at the end of the transaction, as the end of a child does.
    pub(crate) fn wake(&mut self, runs: impl IntoIterator<Item = RunId>, now: i64) {
        self.gathered.parents.extend(runs);
        self.gathered.now = self.gathered.now.max(now);
    }

    /// Operations on playgrounds that ended in this transaction, and the time of its newest change.
    pub(crate) fn take_operations(&mut self) -> (BTreeSet<RunId>, i64) {
        (
            std::mem::take(&mut self.gathered.operations),
            self.gathered.now,
        )
    }

    /// This run may have followers.
    pub(crate) fn touch(&mut self, run: RunId) {
        self.gathered.runs.insert(run);
    }

    /// The executor's waiting call has something to look for.
    pub(crate) fn signal(&mut self, executor: &str) {
        self.gathered.executors.insert(executor.to_owned());
    }

    /// An executor was heard of.
    pub(crate) fn seen(&mut self, executor: &str, seen: Seen) {
        match self.gathered.seen.get_mut(executor) {
            Some(known) => known.merge(seen),
            None => {
                self.gathered.seen.insert(executor.to_owned(), seen);
            }
        }
    }

    /// How many runs this transaction has made ready so far, by queue, and the time of its newest
    /// change.
    pub(crate) fn ready(&self) -> (&BTreeMap<String, usize>, i64) {
        (&self.gathered.ready, self.gathered.now)
    }

    /// Writes what was gathered; says who is to be woken, if anybody, and what is to be counted.
    pub(crate) fn end(self, noted: &mut Noted) -> Result<(Option<Notice>, BatchMetrics), Error> {
        let Self { tx, mut gathered } = self;
        // What its own claims took is for no other executor.
        gathered.ready.retain(|_, count| *count > 0);
        executors::write_seen(tx, &gathered.seen, noted)?;
        counters::write(tx, &gathered.counts)?;
        let head = events::write(tx, &gathered.events)?;
        audit::write(tx, &gathered.entries)?;
        let names = gathered.ready.len() + gathered.executors.len() + gathered.runs.len();
        if head == 0 && names == 0 {
            return Ok((None, gathered.metrics));
        }
        if names > NOTICE_NAMES {
            let notice = Notice {
                head,
                all: true,
                ..Notice::default()
            };
            return Ok((Some(notice), gathered.metrics));
        }
        let notice = Notice {
            head,
            ready: gathered.ready.into_iter().collect(),
            executors: gathered.executors.into_iter().collect(),
            runs: gathered.runs.iter().map(ToString::to_string).collect(),
            ..Notice::default()
        };
        Ok((Some(notice), gathered.metrics))
    }
}
