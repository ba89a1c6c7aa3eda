//! Requests as the tests make them, and the steps that most of them take.

use std::sync::atomic::{AtomicU64, Ordering};

use engine::{AttemptOutcome, Command, Holder, Kind, NewRun, Run, RunId, Stage};
use store::{
    Batch, Error, Read, Store,
    audit::{Actor, AuditEntry, Target},
    executors::Registered,
    runs::{
        self, Claim, Claimed, Details, Finish, Heartbeat, PartReport, Report, Submission, Submit,
        Submitted,
    },
};

pub(crate) const NOW: i64 = 1_700_000_000_000;
pub(crate) const LEASE_MS: i64 = 30_000;
pub(crate) const AGING_STEP_MS: i64 = 600_000;

/// An id of version 7 that was made at `at`. Ids rise, and their last bytes differ.
pub(crate) fn id_at(at: i64) -> RunId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at.to_be_bytes()[2..]);
    bytes[6] = 0x70;
    bytes[8..].copy_from_slice(&next);
    RunId::from_bytes(bytes)
}

pub(crate) fn job() -> NewRun {
    NewRun::new(id_at(NOW), Kind::Job, "example", "job")
}

/// A run with parts.
pub(crate) fn execution() -> NewRun {
    NewRun {
        kind: Kind::Execution,
        ..job()
    }
}

pub(crate) fn submit(runs: impl IntoIterator<Item = NewRun>) -> Submit {
    submit_at(NOW, runs)
}

pub(crate) fn submit_at(now: i64, runs: impl IntoIterator<Item = NewRun>) -> Submit {
    let runs = runs.into_iter().map(|run| {
        let input = run.id.as_bytes().to_vec();
        Submission::new(run, input)
    });
    Submit::new(runs, AGING_STEP_MS, now)
}

/// An action of an actor.
pub(crate) fn entry(action: &str, kind: &str, id: &str) -> AuditEntry {
    act_at(NOW, action, kind, id)
}

pub(crate) fn act_at(now: i64, action: &str, kind: &str, id: &str) -> AuditEntry {
    let actor = Actor {
        id: "k1".to_owned(),
        name: "a user".to_owned(),
    };
    let origin = "192.0.2.9".to_owned();
    AuditEntry::new(now, actor, origin, action, Target::one(kind, id))
}

pub(crate) fn claim(executor: &str, max: usize) -> Claim {
    Claim {
        executor: executor.to_owned(),
        executor_ip: "192.0.2.1".to_owned(),
        queues: vec!["job".to_owned()],
        max,
        lease_ms: LEASE_MS,
        now: NOW,
        ..Claim::default()
    }
}

/// An executor that can run nothing in particular.
pub(crate) fn registered(name: &str) -> Registered {
    Registered {
        name: name.to_owned(),
        registration: b"{}".to_vec(),
        now: NOW,
        ..Registered::default()
    }
}

/// What a holder reports of a part.
pub(crate) fn part(number: i64, stage: Stage, body: &str) -> PartReport {
    PartReport {
        number,
        name: format!("part {number}"),
        path: String::new(),
        stage,
        tries: 1,
        body: body.into(),
        event_data: String::new(),
    }
}

/// The holder of `run`.
pub(crate) fn holder(run: &Run) -> Holder {
    Holder {
        executor: run.executor.clone().unwrap_or_default(),
        token: Some(run.token),
    }
}

pub(crate) fn heartbeat(run: &Run) -> Heartbeat {
    Heartbeat {
        id: run.id,
        holder: holder(run),
        lease_ms: LEASE_MS,
        now: NOW,
    }
}

pub(crate) fn finish(run: &Run, outcome: AttemptOutcome) -> Finish {
    let error = (outcome != AttemptOutcome::Completed).then(|| "exit code 1".to_owned());
    let report = Report {
        error,
        exit_code: Some(0),
        ..Report::default()
    };
    Finish {
        id: run.id,
        holder: holder(run),
        outcome,
        report,
        jitter: 0.0,
        aging_step_ms: AGING_STEP_MS,
        now: NOW,
    }
}

/// What a holder reports in one request, with the state after it.
pub(crate) async fn try_report(
    store: &Store,
    by: &Run,
    parts: Vec<PartReport>,
    state: Option<&'static [u8]>,
) -> Result<Run, Error> {
    let (id, holder) = (by.id, holder(by));
    let advance = move |batch: &mut Batch<'_, '_>| {
        let report = runs::ProgressReport {
            parts: &parts,
            state,
            acknowledged: 0,
        };
        runs::advance(batch, id, holder.clone(), &report, NOW)
    };
    store.write(advance).await
}

/// What a holder reports, which must be accepted.
pub(crate) async fn report(store: &Store, by: &Run, parts: Vec<PartReport>) -> Run {
    try_report(store, by, parts, None).await.unwrap()
}

/// Writes, which must succeed.
pub(crate) async fn write<T: Send + 'static>(
    store: &Store,
    work: impl Fn(&mut Batch<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> T {
    store.write(work).await.unwrap()
}

/// Reads, which must succeed.
pub(crate) async fn read<T: Send + 'static>(
    store: &Store,
    query: impl FnOnce(&mut Read<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> T {
    store.read(query).await.unwrap()
}

/// Submits, which must succeed.
pub(crate) async fn submit_all(store: &Store, submit: Submit) -> Submitted {
    store.submit(submit).await.unwrap()
}

/// Claims; answers the ids.
pub(crate) async fn claimed_ids(store: &Store, executor: &str, max: usize) -> Vec<RunId> {
    ids(&store.claim(claim(executor, max)).await.unwrap())
}

/// Submits one run.
pub(crate) async fn submitted(store: &Store, run: NewRun) -> RunId {
    let id = run.id;
    let answer = store.submit(submit([run])).await.unwrap();
    assert_eq!(
        answer,
        Submitted {
            ids: vec![id],
            repeated: false
        }
    );
    id
}

/// Claims the next run, which there must be.
pub(crate) async fn claimed(store: &Store, executor: &str) -> Run {
    let mut claimed = store.claim(claim(executor, 1)).await.unwrap();
    claimed.pop().expect("nothing to claim").run
}

/// Submits one run and claims it.
pub(crate) async fn running(store: &Store, run: NewRun) -> Run {
    let id = submitted(store, run).await;
    let run = claimed(store, "a").await;
    assert_eq!(run.id, id);
    run
}

/// Ids of what a claim took.
pub(crate) fn ids(claimed: &[Claimed]) -> Vec<RunId> {
    claimed.iter().map(|claimed| claimed.run.id).collect()
}

/// Finishes one run.
pub(crate) async fn finished(store: &Store, finish: Finish) -> Result<Run, Error> {
    store.finish(vec![finish]).await.unwrap().pop().unwrap()
}

/// Finishes one run, which must be accepted.
pub(crate) async fn ended(store: &Store, run: &Run, outcome: AttemptOutcome) -> Run {
    finished(store, finish(run, outcome)).await.unwrap()
}

/// Queues the runs whose time has come; answers how many, and when the next comes.
pub(crate) async fn due(store: &Store, now: i64) -> (usize, Option<i64>) {
    write(store, move |batch| runs::due(batch, AGING_STEP_MS, now)).await
}

/// Applies one command, which must be legal.
pub(crate) async fn apply(store: &Store, id: RunId, command: Command, now: i64) -> Run {
    applied(store, id, command, now).await.unwrap()
}

/// Cancels a run.
pub(crate) async fn cancel(store: &Store, id: RunId) -> Run {
    apply(store, id, Command::signal(engine::Signal::Cancel), NOW).await
}

/// Applies one command.
pub(crate) async fn applied(
    store: &Store,
    id: RunId,
    command: Command,
    now: i64,
) -> Result<Run, Error> {
    store
        .write(move |batch| runs::apply(batch, id, &command, now))
        .await
}

pub(crate) async fn details(store: &Store, id: RunId) -> Details {
    store
        .read(move |read| runs::details(read, id))
        .await
        .unwrap()
}

/// Words of the run's events, in order.
pub(crate) async fn words(store: &Store, id: RunId) -> Vec<String> {
    let events = store
        .read(move |read| store::events::after(read, 0, Some(id), 1_000))
        .await;
    let word = |event: store::events::EventRow| {
        let (_, word) = event.event_type.split_once('.').unwrap();
        word.to_owned()
    };
    events.unwrap().into_iter().map(word).collect()
}
