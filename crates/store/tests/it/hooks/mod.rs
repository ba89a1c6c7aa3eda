//! Hooks: nothing is lost, nothing is made or taken twice, also with other servers on the database.

mod changes;
mod cursor;
mod holds;

use std::collections::{BTreeMap, BTreeSet};

use engine::{AttemptOutcome, RunId};
use store::{
    Store,
    events::EventRow,
    hooks::{self, Attempted, Composed, DisableAfter, NewHook, Outcome, RunHook, Sending, Slot},
    runs::Submit,
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    an_event_becomes_one_delivery_however_many_look,
    no_delivery_is_taken_by_two,
    of_one_run_one_delivery_is_due_at_a_time,
    a_claim_that_is_not_renewed_ends,
    a_hook_and_an_owner_have_their_limits,
    an_owner_is_found_however_many_others_there_are,
    what_is_due_is_found_by_its_index,
    a_late_answer_changes_nothing,
    the_hooks_of_runs_get_their_own_events,
    a_hook_of_many_failures_is_disabled,
    what_is_old_is_deleted,
);

const DISABLE_AFTER: DisableAfter = DisableAfter {
    failures: 3,
    time_ms: 1_000,
};
const CLAIM_MS: i64 = 6_000;

const OF_RUN: hooks::ComposeOfRun =
    |_, _, events| Ok(events.iter().map(|event| Some(compose(event))).collect());

fn compose(event: &EventRow) -> Composed {
    Composed {
        event: event.event_type.clone(),
        body: event.data.clone(),
    }
}

async fn hook(store: &Store, id: &'static str, events: &[&str]) {
    let hook = NewHook {
        id: id.to_owned(),
        url: "https://a.example/".to_owned(),
        events: events.iter().map(|&one| one.to_owned()).collect(),
        description: String::new(),
        secret: "whsec_".to_owned(),
    };
    assert!(
        write(store, move |batch| hooks::create(
            batch,
            &hook,
            100,
            &entry("hook.create", "hook", id)
        ))
        .await
    );
}

/// Reads on until there is nothing new; answers how many deliveries it made.
async fn expand(store: &Store) -> usize {
    let mut made = 0;
    loop {
        let plan = |read: &mut store::Read<'_, '_>| hooks::plan(read, OF_RUN, false);
        let plan = read(store, plan).await;
        if plan.is_empty() {
            return made;
        }
        let expanded = store
            .write(move |batch| hooks::expand(batch, &plan, compose, NOW))
            .await;
        made += expanded.unwrap().deliveries;
    }
}

async fn claim_at(store: &Store, claimant: &str, most: usize, now: i64) -> Vec<Sending> {
    let (mut due, _) = due(store, &[], now).await;
    due.truncate(most);
    let claimant = claimant.to_owned();
    write(store, move |batch| {
        hooks::claim(batch, &claimant, &due, now + CLAIM_MS, now)
    })
    .await
}

async fn due(store: &Store, sending: &[Slot], now: i64) -> (Vec<Slot>, Option<i64>) {
    let sending = sending.to_vec();
    let due = move |read: &mut store::Read<'_, '_>| hooks::due(read, &sending, now);
    read(store, due).await
}

async fn take(store: &Store, most: usize) -> Vec<Sending> {
    claim_at(store, "a", most, NOW).await
}

async fn finish(store: &Store, sending: &Sending, outcome: Outcome, now: i64) -> bool {
    finish_as(store, "a", sending, outcome, now).await
}

async fn finish_as(
    store: &Store,
    claimant: &str,
    sending: &Sending,
    outcome: Outcome,
    now: i64,
) -> bool {
    let attempted = Attempted {
        hook_id: sending.hook_id.clone(),
        number: sending.number,
        claimant: claimant.to_owned(),
        attempt: sending.attempt,
        outcome,
        response_status: Some(200),
        response: b"\0ok".to_vec(),
        error: None,
    };
    write(store, move |batch| {
        hooks::finish(batch, &attempted, DISABLE_AFTER, now)
    })
    .await
}

/// One run from its submit to its end: three events.
async fn complete(store: &Store) -> RunId {
    let run = running(store, job()).await;
    ended(store, &run, AttemptOutcome::Completed).await;
    run.id
}

async fn an_event_becomes_one_delivery_however_many_look(db: &Database) {
    let stores = db.stores();
    hook(&stores[0], "h1", &["*"]).await;
    hook(&stores[0], "h2", &["job.completed"]).await;
    complete(&stores[1]).await;
    let writers = (0..4_usize).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                submit_all(&store, submit([job(), job()])).await;
                expand(&store).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    expand(&stores[0]).await;
    let seqs = "SELECT count(*), count(DISTINCT seq), min(seq), max(seq), max(number)
        FROM deliveries WHERE hook_id = ";
    let events = db.rows("SELECT newest FROM event_head")[0][0].clone();
    let all = &db.rows(&format!("{seqs}'h1'"))[0];
    assert_eq!(
        all[..],
        [&events, &events, "1", &events, &events].map(str::to_owned)
    );
    assert_eq!(db.rows(&format!("{seqs}'h2'"))[0][0], "1");
}

async fn no_delivery_is_taken_by_two(db: &Database) {
    let stores = db.stores();
    hook(&stores[0], "h", &["*"]).await;
    for _ in 0..5 {
        submit_all(&stores[0], submit((0..40).map(|_| job()))).await;
    }
    assert_eq!(expand(&stores[0]).await, 200);
    let takers = (0..6_usize).map(|number| {
        let store = stores[number % 2].clone();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            loop {
                let new = claim_at(&store, &number.to_string(), 7, NOW).await;
                if new.is_empty() && due(&store, &[], NOW).await.0.is_empty() {
                    return taken;
                }
                taken.extend(new.into_iter().map(|one| one.number));
            }
        })
    });
    let mut seen = BTreeSet::new();
    for taker in takers.collect::<Vec<_>>() {
        for number in taker.await.unwrap() {
            assert!(seen.insert(number), "{number} was taken twice");
        }
    }
    assert_eq!(seen.len(), 200);
}

async fn of_one_run_one_delivery_is_due_at_a_time(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["*"]).await;
    complete(&store).await;
    let other = submitted(&store, job()).await;
    assert_eq!(expand(&store).await, 4);
    let taken = take(&store, 9).await;
    let events: Vec<_> = taken
        .iter()
        .map(|one| (one.number, one.event.as_str()))
        .collect();
    assert_eq!(events, [(1, "job.submitted"), (4, "job.submitted")]);
    assert_eq!(taken[1].run_id, Some(other));
    assert!(take(&store, 9).await.is_empty());
    // A failure keeps the others waiting, its end does not.
    let again = Outcome::Again {
        due_at: NOW + 5_000,
        pause: false,
    };
    assert!(finish(&store, &taken[0], again, NOW).await);
    assert!(claim_at(&store, "a", 9, NOW + 4_999).await.is_empty());
    let second = claim_at(&store, "a", 9, NOW + 5_000).await;
    assert_eq!(second[0].number, 1);
    assert_eq!(second[0].attempt, 2);
    assert_eq!(second[0].failure_count, 1);
    assert!(finish(&store, &second[0], Outcome::Failed, NOW + 5_000).await);
    let next = claim_at(&store, "a", 9, NOW + 5_000).await;
    assert_eq!((next.len(), next[0].number), (1, 2));
    assert!(finish(&store, &next[0], Outcome::Delivered, NOW + 5_000).await);
    assert_eq!(claim_at(&store, "a", 9, NOW + 5_000).await[0].number, 3);
    let row = read(&store, |read| hooks::delivery(read, "h", 2))
        .await
        .unwrap();
    assert_eq!(row.response.as_deref(), Some(&b"\0ok"[..]));
}

async fn a_claim_that_is_not_renewed_ends(db: &Database) {
    let stores = db.stores();
    hook(&stores[0], "h", &["*"]).await;
    submitted(&stores[0], job()).await;
    expand(&stores[0]).await;
    assert_eq!(claim_at(&stores[0], "a", 1, NOW).await.len(), 1);
    let claims = [("h".to_owned(), 1)];
    let until = NOW + 4_000 + CLAIM_MS;
    write(&stores[0], move |batch| {
        hooks::renew(batch, "a", &claims, until)
    })
    .await;
    assert!(claim_at(&stores[1], "b", 1, until - 1).await.is_empty());
    let taken = claim_at(&stores[1], "b", 1, until).await;
    assert_eq!(taken[0].attempt, 2);
    // A sender that lost it renews and releases nothing.
    let claims = [("h".to_owned(), 1)];
    write(&stores[0], move |batch| {
        hooks::release(batch, "a", &claims, NOW)
    })
    .await;
    assert!(claim_at(&stores[0], "a", 1, until + 1).await.is_empty());
}

/// Submits jobs of one owner, each with a hook of another host.
async fn many_hosts(store: &Store, owner: &str, hosts: std::ops::Range<usize>) {
    let mut submit = submit(hosts.clone().map(|_| job()));
    for (run, host) in submit.runs.iter_mut().zip(hosts) {
        run.hook = Some(RunHook {
            url: format!("https://{host:04}.example/"),
            owner: owner.to_owned(),
            headers: BTreeMap::new(),
            events: vec!["job.submitted".to_owned()],
            secret: None,
            max_attempts: None,
        });
    }
    submit_all(store, submit).await;
}

/// Takes deliveries until none gets a slot.
async fn fill(store: &Store, slots: &mut Vec<Slot>) {
    loop {
        let (due, _) = due(store, slots, NOW).await;
        if due.is_empty() {
            return;
        }
        slots.extend(due.iter().cloned());
        let claim = move |batch: &mut store::Batch<'_, '_>| {
            hooks::claim(batch, "a", &due, NOW + CLAIM_MS, NOW)
        };
        write(store, claim).await;
    }
}

async fn a_hook_and_an_owner_have_their_limits(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["job.submitted"]).await;
    many_hosts(&store, "a", 0..100).await;
    expand(&store).await;
    // Those of the hook are the oldest; they take its slots and no more.
    let mut slots = Vec::new();
    fill(&store, &mut slots).await;
    let of = |owner: &str| slots.iter().filter(|slot| slot.owner == owner).count();
    assert_eq!((of("k1"), of("a"), slots.len()), (8, 64, 72));
    // Another owner finds a slot while there are any.
    for owner in ["b", "c", "d", "e"] {
        many_hosts(&store, owner, 0..100).await;
    }
    expand(&store).await;
    fill(&store, &mut slots).await;
    assert_eq!(slots.len(), hooks::SLOTS);
}

async fn an_owner_is_found_however_many_others_there_are(db: &Database) {
    let store = db.open();
    many_hosts(&store, "a", 0..2_500).await;
    assert_eq!(expand(&store).await, 2_500);
    many_hosts(&store, "b", 0..1).await;
    assert_eq!(expand(&store).await, 1);
    let (slots, _) = due(&store, &[], NOW).await;
    let of = |owner: &str| slots.iter().filter(|slot| slot.owner == owner).count();
    assert_eq!((of("a"), of("b")), (64, 1));
}

async fn what_is_due_is_found_by_its_index(db: &Database) {
    let store = db.open();
    for owner in ["a", "b", "c"] {
        many_hosts(&store, owner, 0..2_000).await;
    }
    expand(&store).await;
    db.rows("ANALYZE");
    let plan = write(&store, hooks::due_plan).await;
    let plan = plan.to_lowercase();
    // PostgreSQL does not show each step of a recursion.
    assert!(plan.matches("deliveries_due").count() >= 2, "{plan}");
    let scans = [
        "seq scan",
        "scan deliveries\n",
        "temp b-tree for order",
        "sort",
    ];
    let scanned = scans.iter().find(|scan| plan.contains(**scan));
    assert!(scanned.is_none(), "{scanned:?}:\n{plan}");
}

async fn a_late_answer_changes_nothing(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["*"]).await;
    submitted(&store, job()).await;
    expand(&store).await;
    let first = claim_at(&store, "a", 1, NOW).await.remove(0);
    let second = claim_at(&store, "b", 1, NOW + CLAIM_MS).await.remove(0);
    assert!(!finish(&store, &first, Outcome::Delivered, NOW).await);
    assert!(finish_as(&store, "b", &second, Outcome::Delivered, NOW).await);
    assert!(!finish_as(&store, "b", &second, Outcome::Failed, NOW).await);
    let row = read(&store, |read| hooks::delivery(read, "h", 1))
        .await
        .unwrap();
    assert_eq!((row.status.as_str(), row.attempts), ("delivered", 2));
    write(&store, |batch| {
        hooks::delete(batch, "h", &entry("hook.delete", "hook", "h"))
    })
    .await;
    assert!(!finish_as(&store, "b", &second, Outcome::Delivered, NOW).await);
}

async fn found(store: &Store, id: &str) -> hooks::Hook {
    let id = id.to_owned();
    read(store, move |read| hooks::find(read, &id))
        .await
        .expect("there is one")
}

async fn shown(store: &Store, id: &'static str, number: i64) -> hooks::DeliveryRow {
    let found = store.read(move |read| hooks::delivery(read, id, number));
    found.await.unwrap().expect("there is one")
}

/// A submit of one run with a hook of its own.
fn with_hook(max_attempts: Option<i64>) -> Submit {
    let mut submit = submit([job()]);
    submit.runs[0].hook = Some(RunHook {
        url: "https://b.example/".to_owned(),
        owner: "k1".to_owned(),
        headers: BTreeMap::from([("x-a".to_owned(), "b".to_owned())]),
        events: vec!["job.started".to_owned(), "job.completed".to_owned()],
        secret: None,
        max_attempts,
    });
    submit
}

async fn the_hooks_of_runs_get_their_own_events(db: &Database) {
    let store = db.open();
    complete(&store).await;
    assert_eq!(expand(&store).await, 0);
    let id = submit_all(&store, with_hook(Some(2))).await.ids[0];
    let run = claimed(&store, "a").await;
    ended(&store, &run, AttemptOutcome::Completed).await;
    complete(&store).await;
    assert_eq!(expand(&store).await, 2);
    let taken = take(&store, 9).await;
    assert_eq!((taken.len(), taken[0].event.as_str()), (1, "job.started"));
    assert_eq!(taken[0].hook_id.clone(), id.to_string());
    assert_eq!(taken[0].run_id, Some(id));
    assert_eq!(taken[0].max_attempts, Some(2));
    assert_eq!(taken[0].headers["x-a"].as_str(), "b");
    assert!(read(&store, hooks::list).await.is_empty());
    assert!(finish(&store, &taken[0], Outcome::Gone, NOW).await);
    assert!(take(&store, 9).await.is_empty());
    db.check();
}

async fn a_hook_of_many_failures_is_disabled(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["*"]).await;
    for _ in 0..4 {
        submitted(&store, job()).await;
    }
    expand(&store).await;
    let taken = take(&store, 9).await;
    let due_at = NOW + 100_000;
    let again = Outcome::Again {
        due_at,
        pause: false,
    };
    for (sending, at) in taken.iter().zip([NOW, NOW + 500, NOW + 999]) {
        assert!(finish(&store, sending, again, at).await);
    }
    let find = async || read(&store, |read| hooks::find(read, "h")).await.unwrap();
    let before = find().await;
    assert_eq!(before.failures, 3);
    assert_eq!(before.failing_since, Some(NOW));
    assert_eq!(before.disabled, None);
    assert!(finish(&store, &taken[3], again, NOW + 1_000).await);
    let (at, reason) = find().await.disabled.unwrap();
    assert_eq!(at, NOW + 1_000);
    assert_eq!(reason.as_str(), "4 attempts failed and none succeeded");
    assert!(claim_at(&store, "a", 9, due_at).await.is_empty());
    let told =
        db.rows("SELECT count(*) FROM events WHERE type = 'hook.disabled' AND run_id IS NULL");
    assert_eq!(told, [["1"]]);
    let failed = db.rows("SELECT count(*) FROM deliveries WHERE status = 'failed'");
    assert_eq!(failed, [["4"]]);
    db.check();
}

async fn what_is_old_is_deleted(db: &Database) {
    let store = db.open();
    hook(&store, "h", &["*"]).await;
    submit_all(&store, with_hook(None)).await;
    let run = claimed(&store, "a").await;
    ended(&store, &run, AttemptOutcome::Completed).await;
    expand(&store).await;
    loop {
        let taken = take(&store, 9).await;
        for sending in &taken {
            assert!(finish(&store, sending, Outcome::Delivered, NOW).await);
        }
        if taken.is_empty() {
            break;
        }
    }
    let retain = async || {
        write(&store, |batch| hooks::retain(batch, NOW + 1))
            .await
            .deleted
    };
    // The hook of the run stays as long as the run.
    assert_eq!(retain().await, 5);
    assert_eq!(db.rows("SELECT count(*) FROM hooks"), [["2"]]);
    while write(&store, |batch| store::retention::runs(batch, |_| NOW + 1))
        .await
        .more
    {}
    assert_eq!(retain().await, 1);
    assert_eq!(db.rows("SELECT id FROM hooks"), [["h"]]);
}
