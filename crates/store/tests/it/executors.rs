//! Who was heard of, what they did and what they hold.

use engine::AttemptOutcome;
use store::executors::{self, Executor};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    an_executor_is_known_from_its_first_claim_on,
    what_an_executor_registered
);

async fn list(store: &store::Store, since: i64) -> Vec<Executor> {
    read(store, move |read| executors::list(read, since)).await
}

async fn an_executor_is_known_from_its_first_claim_on(db: &Database) {
    let store = db.open();
    assert!(store.claim(claim("idle", 1)).await.unwrap().is_empty());
    let [idle] = &list(&store, NOW).await[..] else {
        panic!("not known")
    };
    assert_eq!(idle.name.as_str(), "idle");
    assert_eq!(idle.ip.as_str(), "192.0.2.1");
    assert_eq!(idle.seen_at, NOW);
    assert_eq!((idle.completed, idle.holds.len()), (0, 0));

    let first = running(&store, job()).await;
    let second = running(&store, job()).await;
    let known = list(&store, NOW).await;
    let names: Vec<_> = known
        .iter()
        .map(|executor| executor.name.as_str())
        .collect();
    assert_eq!(names, ["a", "idle"]);
    let held = [
        (first.id, "example".to_owned()),
        (second.id, "example".to_owned()),
    ];
    assert_eq!(known[0].holds, held);

    ended(&store, &first, AttemptOutcome::Completed).await;
    // Told again, it still counts once.
    ended(&store, &first, AttemptOutcome::Completed).await;
    ended(&store, &second, AttemptOutcome::Failed).await;
    let mut beat = heartbeat(&second);
    beat.now = NOW + 5_000;
    assert!(store.heartbeat(beat).await.is_err());
    let known = list(&store, NOW).await;
    assert_eq!((known[0].completed, known[0].holds.len()), (1, 0));
    assert_eq!(
        known[0].ip, "192.0.2.1",
        "a finish without an address took the address away"
    );

    // One that holds something stays in the list however long it is silent.
    let mut late = claim("late", 1);
    late.now = NOW + 60_000;
    submitted(&store, job()).await;
    assert!(!store.claim(claim("silent", 1)).await.unwrap().is_empty());
    store.claim(late).await.unwrap();
    let names: Vec<_> = list(&store, NOW + 60_000)
        .await
        .into_iter()
        .map(|executor| executor.name)
        .collect();
    assert_eq!(names, ["late", "silent"]);
    write(&store, |batch| executors::forget(batch, NOW + 60_000)).await;
    let names: Vec<_> = list(&store, 0)
        .await
        .into_iter()
        .map(|executor| executor.name)
        .collect();
    assert!(
        names.contains(&"silent".to_owned()),
        "it holds a run and was forgotten"
    );
}

async fn what_an_executor_registered(db: &Database) {
    let store = db.open();
    let register = |ip: &'static str, body: &'static [u8], plugins: &[&str], now| {
        let row = executors::Registered {
            ip: ip.to_owned(),
            registration: body.to_vec(),
            capabilities: plugins.iter().map(|name| (*name).to_owned()).collect(),
            now,
            ..registered("e")
        };
        store.write(move |batch| executors::register(batch, &row))
    };
    let plugins = |name: &'static str| store.read(move |read| executors::capabilities(read, name));
    register("192.0.2.7", b"{\"slots\":1}\0", &["one", "two"], NOW)
        .await
        .unwrap();
    let taken = running(&store, job()).await;
    ended(&store, &taken, AttemptOutcome::Completed).await;
    assert_eq!(plugins("e").await.unwrap(), ["one", "two"]);
    register("192.0.2.8", b"{\"slots\":2}", &[], NOW + 1)
        .await
        .unwrap();
    assert!(plugins("e").await.unwrap().is_empty());
    assert!(plugins("unknown").await.unwrap().is_empty());
    let since = |since| store.read(move |read| executors::registrations(read, since));
    let all = since(NOW + 1).await.unwrap();
    assert_eq!(all, [("e".to_owned(), b"{\"slots\":2}".to_vec())]);
    assert!(since(NOW + 2).await.unwrap().is_empty());
    let known = list(&store, NOW + 1).await;
    let [executor] = &known[..] else {
        panic!("{known:?}")
    };
    assert_eq!(executor.ip, "192.0.2.8");
    assert_eq!(
        executor.registration.as_deref(),
        Some(&b"{\"slots\":2}"[..])
    );
}
