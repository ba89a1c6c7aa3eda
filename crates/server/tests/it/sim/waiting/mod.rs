//! Runs that wait, under simulated time: operators pause, resume, skip, cancel and approve while holders
//! park and finish, children end and wake their parents, executors crash, stall and repeat themselves.
//! The store is the real one, on either database, and is closed and opened again.

mod model;
mod rivals;
mod worker;

use std::collections::BTreeMap;

use engine::{Command, Kind, NewRun, RunId, Signal, State, Status, WaitFor};
use store::{
    Error, Store,
    runs::{self, Submission, Submit},
};
use tempfile::TempDir;

use self::{
    model::{Model, WorkStep},
    worker::{Request, Worker},
};
use super::{chance::Chance, tally::Tally};
use crate::{
    database,
    test_server::{NOON_MS, counted_id},
};

const AGING_STEP_MS: i64 = 600_000;
const LEASE_MS: i64 = 30_000;
const WORKERS: usize = 3;
/// Steps with faults; then all faults end.
const STEPS: usize = 150;
/// No more runs than this, so that they are busy with each other.
const RUNS: usize = 12;

/// What must have happened at least once in four seeds on average.
pub(super) const EXPECTED: [&str; 23] = [
    "a cancel reached a running run",
    "a cancel reached a waiting run",
    "a cancelled run was claimed to clean up",
    "a child woke its parent",
    "a finish raced with a pause",
    "a late request was refused",
    "a lease expired",
    "a park was refused",
    "a pause reached a running run",
    "a pause reached a waiting run",
    "a pause took effect at once",
    "a paused run was resumed",
    "a repeated report changed nothing",
    "a rival came too late",
    "a rival changed nothing",
    "a run was parked",
    "a run was resumed before it paused",
    "a skip reached a running run",
    "a skip woke a run",
    "a skipped part was reported",
    "a wait was over",
    "an approval reached a running run",
    "an approval woke a run",
];

pub(super) struct WaitingWorld {
    chance: Chance,
    pub(super) tally: Tally,
    now: i64,
    ids: u64,
    workers: Vec<Worker>,
    /// Copies of requests that arrive late.
    late: Vec<(i64, Request)>,
    models: BTreeMap<RunId, Model>,
    calm: bool,
    pub(super) trace: Vec<String>,
    store: Option<Store>,
    dir: TempDir,
}

impl WaitingWorld {
    /// Plays one seed to its end.
    pub(super) async fn play(seed: u64, dir: TempDir) -> Self {
        let mut world = Self {
            chance: Chance::new(seed),
            tally: Tally::default(),
            now: NOON_MS,
            ids: 0,
            workers: (0..WORKERS).map(Worker::new).collect(),
            late: Vec::new(),
            models: BTreeMap::new(),
            calm: false,
            trace: Vec::new(),
            store: None,
            dir,
        };
        world.open().await;
        for _ in 0..STEPS {
            world.step().await;
        }
        world.end().await;
        world.audit().await;
        world
    }

    async fn open(&mut self) {
        self.store = None;
        let store = database::store(self.dir.path(), self.now).await;
        store.set_aging_step_ms(AGING_STEP_MS);
        self.store = Some(store);
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("a store is open")
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        let at = self.now - NOON_MS;
        self.trace.push(format!("{at:>8} ms: {}", what()));
    }

    /// One step with faults.
    async fn step(&mut self) {
        let by = self.chance.within(0, 4_000);
        self.advance(by).await;
        match self.chance.within(0, 100) {
            0..12 => self.submit_root().await,
            12..60 => self.work().await,
            60..63 => self.crash(),
            63..66 => self.stall(),
            66..67 => self.open().await,
            67..75 => self.signal(Signal::Pause).await,
            75..83 => self.signal(Signal::Resume).await,
            83..88 => self.signal(Signal::Skip).await,
            88..91 => self.signal(Signal::Cancel).await,
            91..93 => self.rivals().await,
            _ => self.approve().await,
        }
    }

    /// Time passes, and the loops do their work.
    async fn advance(&mut self, by: i64) {
        self.now += by;
        let now = self.now;
        let due = self
            .store()
            .write(move |batch| runs::due(batch, AGING_STEP_MS, now));
        let (over, _) = due.await.expect("a tick");
        (0..over).for_each(|_| self.tally.count("a wait was over"));
        let expire = self
            .store()
            .write(move |batch| runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.5, now));
        let expired = expire.await.expect("a tick");
        for id in &expired {
            self.note(|| format!("the lease of {id} expired"));
            self.tally.count("a lease expired");
            self.model(*id).lost();
            self.take_along(*id).await;
        }
        for id in expired {
            self.check_family(id).await;
        }
        self.deliver_late().await;
    }

    async fn submit_root(&mut self) {
        let live = self.models.values().filter(|model| !model.over);
        if live.count() < RUNS {
            let count = self.chance.within(2, 6);
            let steps = (0..count)
                .map(|_| WorkStep::ALL[self.chance.index(WorkStep::ALL.len()).unwrap_or(0)]);
            let steps = steps.collect();
            self.submit(None, vec![steps]).await;
        }
    }

    /// Submits a run for each list of steps; none if the parent is cancelled.
    async fn submit(&mut self, parent: Option<RunId>, plans: Vec<Vec<WorkStep>>) -> Vec<RunId> {
        let mut ids = Vec::new();
        for _ in &plans {
            self.ids += 1;
            ids.push(counted_id(self.now, self.ids));
        }
        let cleans_up: Vec<bool> = ids.iter().map(|_| self.chance.percent(50)).collect();
        let submissions = ids.iter().zip(&cleans_up).map(|(id, cleans_up)| {
            let run = NewRun {
                parent,
                cleans_up: *cleans_up,
                ..NewRun::new(*id, Kind::Execution, "example", "execution")
            };
            Submission::new(run, "")
        });
        let submit = Submit::new(submissions, AGING_STEP_MS, self.now);
        match self.store().submit(submit).await {
            Ok(_) => {}
            Err(Error::CalledOff(_)) => {
                let parent = parent.expect("only children are refused");
                assert!(self.model(parent).cancelled, "{parent} takes no children");
                return Vec::new();
            }
            Err(error) => panic!("{error}"),
        }
        self.note(|| format!("submitted {ids:?} under {parent:?}: {plans:?}"));
        for ((id, steps), cleans_up) in ids.iter().zip(plans).zip(cleans_up) {
            let model = Model::new(parent, steps, cleans_up);
            self.models.insert(*id, model);
        }
        ids
    }

    /// An operator asks something of some run, often of one that is about to finish.
    async fn signal(&mut self, signal: Signal) {
        let finishing = self.chance.percent(20);
        let asked = |model: &Model| !model.over && (!finishing || model.current().is_none());
        let asked = self.models.iter().filter(|(_, model)| asked(model));
        let ids: Vec<RunId> = asked.map(|(id, _)| *id).collect();
        if let Some(index) = self.chance.index(ids.len()) {
            self.signal_to(ids[index], signal).await;
        }
    }

    async fn signal_to(&mut self, id: RunId, signal: Signal) {
        let before = self.run(id).await;
        let (command, now) = (
            Command::Signal {
                signal,
                aging_step_ms: AGING_STEP_MS,
            },
            self.now,
        );
        let applied = self
            .store()
            .write(move |batch| runs::apply(batch, id, &command, now))
            .await;
        self.note(|| {
            format!(
                "{signal} of {id}: {:?}",
                applied.as_ref().map(|run| &run.state)
            )
        });
        match applied {
            Ok(after) => {
                let waited = matches!(before.state, State::Waiting(_));
                if let Some(what) = model::signalled(signal, &before, &after) {
                    self.tally.count(what);
                }
                let model = self.model(id);
                match signal {
                    Signal::Pause => model.paused = true,
                    Signal::Resume => model.paused = false,
                    Signal::Skip => model.skips += usize::from(before != after),
                    Signal::Cancel => {
                        model.cancelled = true;
                        model.paused = after.signals.pause > 0;
                    }
                }
                if signal == Signal::Skip && waited && before.signals.pause == 0 {
                    assert_eq!(after.state, State::Queued, "{id}: a skip wakes it");
                }
                if before.version != after.version {
                    self.spread(id, signal).await;
                    self.check_below(id).await;
                }
            }
            Err(Error::Rejected(_)) => {
                let model = self.model(id);
                let right = match signal {
                    Signal::Resume => model.cancelled || !model.paused,
                    _ => model.cancelled,
                };
                assert!(right, "{id}: {signal} was refused: {before:?}");
            }
            Err(error) => panic!("{id}: {error}"),
        }
        self.check_family(id).await;
    }

    /// A signal went down the tree in the same commit.
    async fn spread(&mut self, id: RunId, signal: Signal) {
        let children = self.children(id);
        for child in children {
            let run = self.run(child).await;
            let model = self.model(child);
            if !run.state.status().is_terminal() {
                match signal {
                    Signal::Cancel => assert!(run.is_cancelled(), "{child} goes on"),
                    Signal::Pause if !model.cancelled => {
                        assert!(run.signals.pause > 0, "{child} goes on");
                    }
                    _ => {}
                }
            }
            model.cancelled |= run.is_cancelled();
            model.paused = run.signals.pause > 0;
            Box::pin(self.spread(child, signal)).await;
        }
    }

    /// A run that ended without success cancelled its children in the same commit.
    async fn take_along(&mut self, id: RunId) {
        let status = self.run(id).await.state.status();
        if matches!(status, Status::Failed | Status::Cancelled) {
            self.spread(id, Signal::Cancel).await;
        }
    }

    async fn check_below(&mut self, id: RunId) {
        for child in self.children(id) {
            Box::pin(self.check_below(child)).await;
            self.check(child).await;
        }
    }

    fn children(&self, id: RunId) -> Vec<RunId> {
        let children = self
            .models
            .iter()
            .filter(|(_, model)| model.parent == Some(id));
        children.map(|(id, _)| *id).collect()
    }

    /// An operator answers the approval that comes next in some run, maybe before the run asks.
    async fn approve(&mut self) {
        let open = self
            .models
            .iter()
            .filter(|(_, model)| model.approval().is_some());
        let ids: Vec<RunId> = open.map(|(id, _)| *id).collect();
        if let Some(index) = self.chance.index(ids.len()) {
            self.approve_in(ids[index]).await;
        }
    }

    async fn approve_in(&mut self, id: RunId) {
        let Some(number) = self.model(id).approval() else {
            return;
        };
        let (before, now) = (self.run(id).await, self.now);
        let wake = move |batch: &mut store::Batch<'_, '_>| {
            runs::wake(batch, id, WaitFor::Approval, AGING_STEP_MS, now)
        };
        let after = self.store().write(wake).await.expect("it is never refused");
        self.model(id).approved.insert(number);
        self.note(|| format!("approved part {number} of {id}: {:?}", after.state));
        match (&before.state, &after.state) {
            (State::Waiting(_), State::Queued) => self.tally.count("an approval woke a run"),
            (State::Running(_), _) => self.tally.count("an approval reached a running run"),
            _ => {}
        }
        self.check_family(id).await;
    }

    /// No faults any more, and operators let everything go on: every run must come to its end.
    async fn end(&mut self) {
        self.note(|| "calm".to_owned());
        self.calm = true;
        self.workers.iter_mut().for_each(Worker::recover);
        for _ in 0..500 {
            let live = self.models.iter().filter(|(_, model)| !model.over);
            let ids: Vec<RunId> = live.map(|(id, _)| *id).collect();
            if ids.is_empty() {
                return;
            }
            for id in ids {
                if self.model(id).paused {
                    self.signal_to(id, Signal::Resume).await;
                }
                self.approve_in(id).await;
            }
            self.advance(5_000).await;
            for worker in 0..self.workers.len() {
                self.work_at(worker).await;
            }
            for id in self.models.keys().copied().collect::<Vec<_>>() {
                self.check(id).await;
            }
        }
        panic!("runs do not come to an end");
    }
}

impl Drop for WaitingWorld {
    #[expect(clippy::print_stderr, reason = "what led to a failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let from = self.trace.len().saturating_sub(40);
            eprintln!("the last steps:\n{}", self.trace[from..].join("\n"));
        }
    }
}
