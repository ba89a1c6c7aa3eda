//! What the store has acknowledged of a run, and what follows from that.

use std::collections::{BTreeMap, BTreeSet};

use engine::{AttemptOutcome, Run, RunId, Signal, Stage, State, Status, WaitFor};
use store::runs;

use super::WaitingWorld;

/// What a part of the work does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkStep {
    Work,
    Approval,
    Sleep,
    AnyChild,
    AllChildren,
}

impl WorkStep {
    pub(super) const ALL: [Self; 5] = [
        Self::Work,
        Self::Approval,
        Self::Sleep,
        Self::AnyChild,
        Self::AllChildren,
    ];
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) parent: Option<RunId>,
    pub(super) steps: Vec<WorkStep>,
    /// The children of a part.
    pub(super) children: BTreeMap<i64, Vec<RunId>>,
    /// Parts whose approval was given.
    pub(super) approved: BTreeSet<i64>,
    /// Parts that ended, and how.
    pub(super) ended: BTreeMap<i64, Stage>,
    pub(super) lease: Option<i64>,
    /// A part ended under the current lease.
    pub(super) progress: bool,
    failures: i64,
    pub(super) paused: bool,
    pub(super) cancelled: bool,
    /// It has something to do after a cancel, once it has started.
    pub(super) cleans_up: bool,
    pub(super) started: bool,
    /// How often a skip was accepted.
    pub(super) skips: usize,
    pub(super) over: bool,
}

impl Model {
    pub(super) fn new(parent: Option<RunId>, steps: Vec<WorkStep>, cleans_up: bool) -> Self {
        Self {
            parent,
            cleans_up,
            started: false,
            steps,
            children: BTreeMap::new(),
            approved: BTreeSet::new(),
            ended: BTreeMap::new(),
            lease: None,
            progress: false,
            failures: 0,
            paused: false,
            cancelled: false,
            skips: 0,
            over: false,
        }
    }

    /// The first part that has not ended, and what it does.
    pub(super) fn current(&self) -> Option<(i64, WorkStep)> {
        let parts = (1..).zip(self.steps.iter().copied());
        parts
            .into_iter()
            .find(|(number, _)| !self.ended.contains_key(number))
    }

    /// The part whose approval can be given now.
    pub(super) fn approval(&self) -> Option<i64> {
        let (number, step) = self.current().filter(|_| !self.over)?;
        (step == WorkStep::Approval && !self.approved.contains(&number)).then_some(number)
    }

    /// The holder reported the end of its attempt.
    pub(super) fn failed(&mut self, outcome: AttemptOutcome) {
        self.failures += i64::from(outcome != AttemptOutcome::Completed && !self.cancelled);
    }

    /// The lease expired.
    pub(super) fn lost(&mut self) {
        let goes_on = self.cleans_up && self.failures + 1 < engine::DEFAULT_MAX_ATTEMPTS;
        self.failures += i64::from(!self.progress && (!self.cancelled || goes_on));
        self.given_up();
    }

    /// Nobody owns the lease any more. A run that cleans up forgets the pause.
    pub(super) fn given_up(&mut self) {
        self.lease = None;
        self.paused &= !(self.cancelled && self.cleans_up);
    }
}

/// The word for a signal that changed something.
pub(super) fn signalled(signal: Signal, before: &Run, after: &Run) -> Option<&'static str> {
    if before.version == after.version {
        return None;
    }
    let was = before.state.status();
    Some(match (signal, was) {
        (Signal::Pause, Status::Running) => "a pause reached a running run",
        (Signal::Pause, Status::Waiting) => "a pause reached a waiting run",
        (Signal::Pause, _) => "a pause took effect at once",
        (Signal::Resume, Status::Running) => "a run was resumed before it paused",
        (Signal::Resume, _) => "a paused run was resumed",
        (Signal::Skip, Status::Running) => "a skip reached a running run",
        (Signal::Skip, Status::Waiting) if before.signals.pause == 0 => "a skip woke a run",
        (Signal::Cancel, Status::Running) => "a cancel reached a running run",
        (Signal::Cancel, Status::Waiting) => "a cancel reached a waiting run",
        _ => return None,
    })
}

impl WaitingWorld {
    pub(super) fn model(&mut self, id: RunId) -> &mut Model {
        self.models.get_mut(&id).expect("a known run")
    }

    pub(super) async fn run(&self, id: RunId) -> Run {
        let details = self.store().read(move |read| runs::details(read, id));
        details.await.expect("it was acknowledged").run
    }

    /// Checks a run, its parent and its children.
    pub(super) async fn check_family(&mut self, id: RunId) {
        self.take_along(id).await;
        self.check(id).await;
        if let Some(parent) = self.model(id).parent {
            self.check(parent).await;
        }
        self.check_below(id).await;
    }

    /// What the store says of a run must follow from what it acknowledged.
    pub(super) async fn check(&mut self, id: RunId) {
        let run = self.run(id).await;
        let parts = self.store().read(move |read| runs::parts(read, id, 0, 100));
        let parts = parts.await.expect("an answer");
        let done = |stage| matches!(stage, Stage::Completed | Stage::Failed | Stage::Skipped);
        let ended: BTreeMap<i64, Stage> = parts
            .iter()
            .filter(|part| done(part.stage))
            .map(|part| (part.number, part.stage))
            .collect();
        let status = run.state.status();
        let model = self.model(id);
        assert_eq!(ended, model.ended, "{id}: parts that ended");
        assert_eq!(run.failure_count, model.failures, "{id}: {run:?}");
        let lease = match &run.state {
            State::Running(lease) => Some(lease.token),
            _ => None,
        };
        assert_eq!(lease, model.lease, "{id}: {run:?}");
        if status.is_terminal() {
            model.over = true;
            let open = parts.iter().filter(|part| part.stage == Stage::Started);
            assert_eq!(open.count(), 0, "{id}: parts are open after the end");
        } else {
            assert!(!model.over, "{id} was over");
            assert_eq!(run.signals.pause > 0, model.paused, "{id}: {run:?}");
        }
        if model.cancelled {
            let right = matches!(
                status,
                Status::Running | Status::Cancelled | Status::Completed
            ) || (model.cleans_up && model.started && status == Status::Queued);
            assert!(right, "{id}: a cancelled run is {status}");
        }
        let (paused, current) = (model.paused, model.current());
        let approved = current.is_some_and(|(number, _)| model.approved.contains(&number));
        let children = current.and_then(|(number, _)| model.children.get(&number).cloned());
        match run.state {
            State::Waiting(wait) if paused => assert_eq!(wait.reason, WaitFor::Operator),
            State::Waiting(wait) => match wait.reason {
                WaitFor::Operator => panic!("{id} waits for an operator, and is not paused"),
                WaitFor::Playground => panic!("{id} waits for a playground, and has none"),
                WaitFor::Approval => assert!(!approved, "{id}: an approval was lost"),
                WaitFor::Time => assert!(wait.timeout.is_some()),
                WaitFor::Child => {
                    let children = children.expect("its part has children");
                    let live = self.live(&children).await;
                    assert_eq!(live, children.len(), "{id}: the end of a child was lost");
                }
                // Of any part: one that needed a single child leaves the others.
                WaitFor::Children => {
                    let live = self.live(&self.children(id)).await;
                    assert!(live > 0, "{id}: the ends of its children were lost");
                }
            },
            _ => assert!(
                !paused || status.is_terminal() || status == Status::Running,
                "{id}: a paused run is {status}"
            ),
        }
    }

    /// How many of these have not ended.
    pub(super) async fn live(&self, ids: &[RunId]) -> usize {
        let mut live = 0;
        for id in ids {
            live += usize::from(!self.run(*id).await.state.status().is_terminal());
        }
        live
    }

    /// The log of each run tells a story that is possible: a wake queues once, a cancelled run does not
    /// start, an end is the last.
    pub(super) async fn audit(&mut self) {
        for id in self.models.keys().copied().collect::<Vec<_>>() {
            let read = self
                .store()
                .read(move |read| store::events::after(read, 0, Some(id), 10_000));
            let events = read.await.expect("an answer");
            let words: Vec<&str> = events
                .iter()
                .map(|event| event.event_type.trim_start_matches("execution."))
                .collect();
            let mut state = "none";
            for word in &words {
                state = after(state, word).unwrap_or_else(|| panic!("{id}: {word}: {words:?}"));
            }
            assert_eq!(state, "over", "{id}: {words:?}");
            let skipped = words.iter().filter(|word| **word == "step_skipped").count();
            let skips = self.model(id).skips;
            assert!(skipped <= skips, "{id}: {words:?}");
        }
    }
}

/// Where a run stands after an event, if the event is possible there. A skip wakes a run that waits, unless
/// it is paused.
fn after(state: &'static str, word: &str) -> Option<&'static str> {
    Some(match (state, word) {
        ("none", "submitted") => "queued",
        ("queued" | "skipped", "started") => "running",
        ("running", "requeued") => "queued",
        ("running" | "queued" | "waiting" | "skipped", "waiting") => "waiting",
        ("waiting", "ready") | ("waiting" | "skipped", "resumed") => "queued",
        ("waiting", "skip_requested") => "skipped",
        ("running", "resumed" | "pause_requested" | "cancel_requested") => "running",
        ("running" | "queued", "skip_requested") => state,
        // It cleans up.
        ("queued" | "waiting" | "skipped", "cancel_requested") => "queued",
        ("running", word) if word.starts_with("step_") => "running",
        ("running", "completed" | "failed") => "over",
        (state, "cancelled") if state != "over" && state != "none" => "over",
        _ => return None,
    })
}
