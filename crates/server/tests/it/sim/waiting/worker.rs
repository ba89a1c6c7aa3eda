//! Executors that look at a run and act on what they saw, maybe when that is no longer true.

use std::collections::BTreeMap;

use engine::{
    AttemptOutcome, Command, Holder, OnTimeout, Run, RunId, Signals, Stage, Wait, WaitFor,
};
use store::{
    Error,
    runs::{self, Claim, Finish, Heartbeat, PartReport, Report},
};

use super::{AGING_STEP_MS, LEASE_MS, WaitingWorld, model::WorkStep};

const SLOTS: usize = 3;
/// How long a part sleeps.
const SLEEP_MS: i64 = 20_000;

/// What a worker saw of a run.
#[derive(Clone, Debug)]
struct Look {
    signals: Signals,
    /// The first part that has not ended, with when it started.
    part: Option<(i64, WorkStep, Option<i64>)>,
    approved: bool,
    /// The children of the part, and how many of them have not ended.
    children: Option<(usize, usize)>,
    failed: bool,
    at: i64,
}

#[derive(Clone, Debug)]
struct Held {
    run: RunId,
    holder: Holder,
    look: Option<Look>,
    /// A request that may or may not have arrived.
    unheard: Option<Request>,
}

/// What a worker asks of the store.
#[derive(Clone, Debug)]
pub(super) struct Request {
    run: RunId,
    holder: Holder,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    Advance(Vec<PartReport>, i64),
    Park(Wait, i64),
    Finish(AttemptOutcome),
    Release,
}

pub(super) struct Worker {
    name: String,
    holds: Vec<Held>,
    stalled_until: i64,
}

impl Worker {
    pub(super) fn new(number: usize) -> Self {
        Self {
            name: format!("worker-{number}"),
            holds: Vec::new(),
            stalled_until: 0,
        }
    }

    pub(super) fn recover(&mut self) {
        self.stalled_until = 0;
    }
}

impl WaitingWorld {
    pub(super) async fn work(&mut self) {
        let place = self.chance.index(self.workers.len()).unwrap_or(0);
        if self.workers[place].stalled_until <= self.now {
            self.work_at(place).await;
        }
    }

    /// A worker goes on with what it has, and takes more.
    pub(super) async fn work_at(&mut self, place: usize) {
        for held in std::mem::take(&mut self.workers[place].holds) {
            if let Some(held) = self.turn(held).await {
                self.workers[place].holds.push(held);
            }
        }
        let free = SLOTS - self.workers[place].holds.len();
        let claim = Claim {
            executor: self.workers[place].name.clone(),
            queues: vec!["execution".to_owned()],
            max: free,
            lease_ms: LEASE_MS,
            now: self.now,
            ..Claim::default()
        };
        // An answer that is lost leaves leases that no worker knows.
        let lost = !self.calm && self.chance.percent(5);
        for claimed in self.store().claim(claim).await.expect("an answer") {
            let Run { id, token, .. } = claimed.run;
            let model = self.model(id);
            let cleans_up = model.cancelled && model.cleans_up && model.started;
            let may = !model.paused && (!model.cancelled || cleans_up);
            assert!(may, "{id} was claimed");
            (model.lease, model.progress, model.started) = (Some(token), false, true);
            if cleans_up {
                self.tally.count("a cancelled run was claimed to clean up");
            }
            let executor = self.workers[place].name.clone();
            self.note(|| format!("{executor} claimed {id} with token {token}"));
            let held = Held {
                run: id,
                holder: Holder {
                    executor,
                    token: Some(token),
                },
                look: None,
                unheard: None,
            };
            if !lost {
                self.workers[place].holds.push(held);
            }
            self.check(id).await;
        }
    }

    /// It looks, acts, or both; `None` when it holds the run no longer.
    async fn turn(&mut self, mut held: Held) -> Option<Held> {
        let request = match held.unheard.take() {
            Some(request) => request,
            None => {
                if held.look.is_none() || self.calm || self.chance.percent(25) {
                    held.look = Some(self.look(&held).await?);
                    if !self.calm && self.chance.percent(50) {
                        return Some(held);
                    }
                }
                // What it does now follows from what it saw then.
                let look = held.look.take().expect("it looked");
                let Some(action) = self.action(held.run, &look).await else {
                    return Some(held);
                };
                Request {
                    run: held.run,
                    holder: held.holder.clone(),
                    action,
                }
            }
        };
        let lost = !self.calm && self.chance.percent(5);
        let accepted = !lost && self.send(&request, false).await;
        if !self.calm && self.chance.percent(10) {
            let at = self.now + self.chance.within(0, 60_000);
            self.late.push((at, request.clone()));
        }
        let keeps = matches!(request.action, Action::Advance(..));
        if lost || (!self.calm && self.chance.percent(10)) {
            // It hears no answer, and does the same again.
            held.unheard = Some(request);
            return Some(held);
        }
        (keeps || !accepted).then_some(held)
    }

    /// What there is to see: first the signals, so that what comes later has a newer generation.
    async fn look(&mut self, held: &Held) -> Option<Look> {
        let (id, now) = (held.run, self.now);
        let beat = Heartbeat {
            id,
            holder: held.holder.clone(),
            lease_ms: LEASE_MS,
            now,
        };
        let beat = self.store().heartbeat(beat).await;
        let owns = self.model(id).lease == held.holder.token;
        assert_eq!(beat.is_ok(), owns, "{id}: {beat:?}");
        let signals = beat.ok()?.signals;
        let parts = self.store().read(move |read| runs::parts(read, id, 0, 100));
        let parts = parts.await.expect("an answer").into_iter();
        let parts: BTreeMap<i64, _> = parts.map(|part| (part.number, part)).collect();
        let model = self.model(id);
        let part = model.current().map(|(number, step)| {
            let part = parts.get(&number);
            let started = part.filter(|part| part.stage == Stage::Started);
            (number, step, started.map(|part| part.started_at))
        });
        let number = part.map_or(0, |(number, ..)| number);
        let approved = model.approved.contains(&number);
        let failed = model.ended.values().any(|stage| *stage == Stage::Failed);
        let children = model.children.get(&number).cloned();
        let children = match children {
            Some(ids) => Some((ids.len(), self.live(&ids).await)),
            None => None,
        };
        Some(Look {
            signals,
            part,
            approved,
            children,
            failed,
            at: now,
        })
    }

    /// What follows from a look; `None` when it has to look again.
    async fn action(&mut self, id: RunId, look: &Look) -> Option<Action> {
        let Signals {
            generation,
            pause,
            skip,
            cancel,
        } = look.signals;
        let park = |wait| Some(Action::Park(wait, generation));
        if cancel > 0 {
            return Some(Action::Finish(AttemptOutcome::Failed));
        }
        let Some((number, step, started)) = look.part else {
            let outcome = match look.failed {
                true => AttemptOutcome::Failed,
                false => AttemptOutcome::Completed,
            };
            return Some(Action::Finish(outcome));
        };
        if !self.calm && self.chance.percent(3) {
            return Some(Action::Release);
        }
        if pause > 0 {
            return park(Wait::new(WaitFor::Operator));
        }
        if skip > 0 {
            let skipped = vec![report(number, Stage::Skipped)];
            return Some(Action::Advance(skipped, generation));
        }
        let Some(started) = started else {
            return Some(Action::Advance(vec![report(number, Stage::Started)], 0));
        };
        match (step, look.children) {
            (WorkStep::Approval, _) if !look.approved => park(Wait::new(WaitFor::Approval)),
            (WorkStep::Sleep, _) if look.at < started + SLEEP_MS => {
                let timeout = Some((started + SLEEP_MS, OnTimeout::Resume));
                park(Wait {
                    timeout,
                    ..Wait::new(WaitFor::Time)
                })
            }
            (WorkStep::AnyChild | WorkStep::AllChildren, None) => {
                self.submit_children(id, number).await;
                None
            }
            (WorkStep::AnyChild, Some((all, live))) if live == all => {
                park(Wait::new(WaitFor::Child))
            }
            (WorkStep::AllChildren, Some((_, live))) if live > 0 => {
                park(Wait::new(WaitFor::Children))
            }
            _ => Some(self.part_ends(id, number)),
        }
    }

    /// The part ends, mostly well, and the next one begins in the same request.
    fn part_ends(&mut self, id: RunId, number: i64) -> Action {
        let stage = match self.chance.percent(95) {
            true => Stage::Completed,
            false => Stage::Failed,
        };
        let mut reports = vec![report(number, stage)];
        let (last, _) = (1..)
            .zip(&self.model(id).steps)
            .last()
            .expect("it has steps");
        if number < last {
            reports.push(report(number + 1, Stage::Started));
        }
        Action::Advance(reports, 0)
    }

    async fn submit_children(&mut self, id: RunId, number: i64) {
        if self.model(id).children.contains_key(&number) {
            return;
        }
        let mut plans = Vec::new();
        for _ in 0..self.chance.within(1, 4) {
            let step = match self.chance.percent(30) {
                true => WorkStep::Approval,
                false => WorkStep::Work,
            };
            plans.push(vec![step]);
        }
        let children = self.submit(Some(id), plans).await;
        if !children.is_empty() {
            self.model(id).children.insert(number, children);
        }
    }

    /// A request arrives. Answers whether the store accepted it, which must be right.
    async fn send(&mut self, request: &Request, late: bool) -> bool {
        let before = self.run(request.run).await;
        let result = self.deliver(request).await;
        let Request {
            run: id,
            holder,
            action,
        } = request;
        let id = *id;
        let parent = self.model(id).parent;
        self.note(|| {
            format!(
                "{holder:?} {action:?} of {id}: {:?}",
                result.as_ref().map(|run| &run.state)
            )
        });
        let model = self.model(id);
        let owns = model.lease == holder.token;
        let accepted = match &result {
            Ok(after) if after.version == before.version => {
                self.tally.count("a repeated report changed nothing");
                true
            }
            Ok(_) => {
                assert!(owns, "{id}: a lease was gone");
                model.accepted(action);
                if matches!(action, Action::Finish(_)) && before.signals.pause > 0 {
                    self.tally.count("a finish raced with a pause");
                }
                match action {
                    Action::Park(..) => self.tally.count("a run was parked"),
                    Action::Advance(reports, _) if reports[0].stage == Stage::Skipped => {
                        self.tally.count("a skipped part was reported");
                    }
                    _ => {}
                }
                true
            }
            Err(Error::Part { .. }) => {
                assert!(owns && late, "{id}: {result:?}");
                false
            }
            Err(Error::Rejected(_)) if owns => {
                assert!(matches!(action, Action::Park(..)), "{id}: {result:?}");
                self.tally.count("a park was refused");
                false
            }
            Err(Error::Rejected(_)) => {
                if late {
                    self.tally.count("a late request was refused");
                }
                false
            }
            Err(error) => panic!("{id}: {error}"),
        };
        if let Some(parent) = parent
            && let Ok(after) = &result
            && after.state.status().is_terminal()
            && self.run(parent).await.state == engine::State::Queued
        {
            self.tally.count("a child woke its parent");
        }
        self.check_family(id).await;
        accepted
    }

    async fn deliver(&mut self, request: &Request) -> Result<Run, Error> {
        let (id, now) = (request.run, self.now);
        let Request { holder, action, .. } = request.clone();
        let store = self.store();
        match action {
            Action::Advance(reports, acknowledged) => {
                let advance = move |batch: &mut store::Batch<'_, '_>| {
                    let report = runs::ProgressReport {
                        parts: &reports,
                        state: None,
                        acknowledged,
                    };
                    runs::advance(batch, id, holder.clone(), &report, now)
                };
                store.write(advance).await
            }
            Action::Park(wait, seen) => {
                let park = move |batch: &mut store::Batch<'_, '_>| {
                    runs::park(batch, id, holder.clone(), wait, seen, now)
                };
                store.write(park).await
            }
            Action::Finish(outcome) => {
                let finish = Finish {
                    id,
                    holder,
                    outcome,
                    report: Report::default(),
                    jitter: 0.5,
                    aging_step_ms: AGING_STEP_MS,
                    now,
                };
                let finished = store.finish(vec![finish]).await.expect("an answer");
                finished.into_iter().next().expect("one answer")
            }
            Action::Release => {
                let release = Command::Release {
                    holder,
                    reason: None,
                };
                let work =
                    move |batch: &mut store::Batch<'_, '_>| runs::apply(batch, id, &release, now);
                store.write(work).await
            }
        }
    }

    /// Copies of requests arrive whose time has come.
    pub(super) async fn deliver_late(&mut self) {
        let (now, calm) = (self.now, self.calm);
        let late = std::mem::take(&mut self.late);
        let (due, rest): (Vec<_>, Vec<_>) =
            late.into_iter().partition(|(at, _)| calm || *at <= now);
        self.late = rest;
        for (_, request) in due {
            self.send(&request, true).await;
        }
    }

    /// It is killed and forgets everything.
    pub(super) fn crash(&mut self) {
        let place = self.chance.index(self.workers.len()).unwrap_or(0);
        self.workers[place].holds.clear();
        self.note(|| format!("worker-{place} crashed"));
    }

    /// It stands still, maybe for longer than its leases.
    pub(super) fn stall(&mut self) {
        let place = self.chance.index(self.workers.len()).unwrap_or(0);
        self.workers[place].stalled_until = self.now + self.chance.within(1_000, 90_000);
        self.note(|| format!("worker-{place} stalls"));
    }
}

impl super::model::Model {
    /// The store took an action of the holder.
    fn accepted(&mut self, action: &Action) {
        match action {
            Action::Advance(reports, _) => {
                for report in reports.iter().filter(|report| report.stage.is_end()) {
                    self.ended.insert(report.number, report.stage);
                    self.progress |= report.stage != Stage::Skipped;
                }
            }
            Action::Finish(outcome) => {
                self.lease = None;
                self.failed(*outcome);
            }
            Action::Park(..) => self.lease = None,
            Action::Release => self.given_up(),
        }
    }
}

fn report(number: i64, stage: Stage) -> PartReport {
    PartReport {
        number,
        name: format!("part {number}"),
        path: String::new(),
        stage,
        tries: 1,
        body: Vec::new(),
        event_data: String::new(),
    }
}
