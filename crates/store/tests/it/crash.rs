//! PostgreSQL goes away and comes back: nothing acknowledged is missing, nothing refused is there.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use engine::{AttemptOutcome, RunId, Status};
use private_postgres::Server;
use store::{Error, Location, Store, retention, runs::Submitted};
use tokio::task::JoinHandle;

use crate::{
    database::{Database, on_server, open, until},
    proxy::{Mode, Proxy},
    sample::*,
};

/// What clients were told.
#[derive(Default)]
struct Ledger {
    submitted: BTreeSet<RunId>,
    refused: BTreeSet<RunId>,
    finished: BTreeSet<RunId>,
}

#[test]
fn a_killed_server_loses_nothing_acknowledged() {
    let mut server = Server::start(&[]).unwrap();
    on_server(&server.url(), async |db| {
        let stores = [db.open(), db.open()];
        let (ledger, stop) = (Arc::new(Mutex::default()), Arc::new(AtomicBool::new(false)));
        let tasks: Vec<_> = (0..8_usize)
            .map(|number| {
                let store = stores[number % 2].clone();
                tokio::spawn(load(store, ledger.clone(), stop.clone()))
            })
            .collect();
        for _ in 0..4 {
            let before = ledger.lock().unwrap().finished.len();
            until("work goes on", async || {
                (ledger.lock().unwrap().finished.len() > before + 40).then_some(())
            })
            .await;
            server.stop().unwrap();
            server.start_again().unwrap();
        }
        let before = ledger.lock().unwrap().finished.len();
        until("work goes on after the last start", async || {
            (ledger.lock().unwrap().finished.len() > before + 40).then_some(())
        })
        .await;
        stop.store(true, Ordering::SeqCst);
        for task in tasks {
            task.await.unwrap();
        }
        check(db, &ledger.lock().unwrap());
    });
}

async fn load(store: Store, ledger: Arc<Mutex<Ledger>>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        let new = job();
        let id = new.id;
        match store.submit(submit([new])).await {
            Ok(_) => ledger.lock().unwrap().submitted.insert(id),
            Err(Error::Unavailable(_)) => ledger.lock().unwrap().refused.insert(id),
            Err(Error::Unknown(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        match store.claim(claim("a", 2)).await {
            Ok(taken) => {
                for taken in taken {
                    match finished(&store, taken).await {
                        Ok(id) => ledger.lock().unwrap().finished.insert(id),
                        Err(Error::Unavailable(_) | Error::Unknown(_)) => break,
                        Err(error) => panic!("{error}"),
                    };
                }
            }
            // A client waits a little before it tries again.
            Err(Error::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(Error::Unknown(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn finished(store: &Store, taken: store::runs::Claimed) -> Result<RunId, Error> {
    let mut ends = store
        .finish(vec![finish(&taken.run, AttemptOutcome::Completed)])
        .await?;
    ends.pop().unwrap().map(|run| run.id)
}

fn check(db: &Database, ledger: &Ledger) {
    let store = db.open();
    let ids: Vec<RunId> = ledger
        .submitted
        .iter()
        .chain(&ledger.refused)
        .copied()
        .collect();
    let asked = ids.clone();
    let statuses = tokio::task::block_in_place(|| {
        let read = store.read(move |read| store::runs::statuses(read, &asked));
        tokio::runtime::Handle::current().block_on(read).unwrap()
    });
    assert!(!ledger.refused.is_empty(), "the server was never away");
    for (id, status) in ids.iter().zip(statuses) {
        if ledger.refused.contains(id) {
            assert_eq!(status, None, "{id} was refused and is there");
        } else {
            let status = status.unwrap_or_else(|| panic!("{id} was acknowledged and is lost"));
            let finished = ledger.finished.contains(id);
            assert!(
                !finished || status == Status::Completed,
                "{id} was finished and is {status}"
            );
        }
    }
    db.check();
}

/// A store whose way to the server can be cut.
fn behind(proxy: &Proxy) -> Store {
    let url = format!("postgres://playhouse@127.0.0.1:{}/postgres", proxy.port);
    open(&Location::Postgres(url)).unwrap()
}

/// Submits a run and cuts the connection at its commit; answers its id, and later the answer.
async fn cut(
    store: &Store,
    proxy: &Proxy,
    mode: Mode,
) -> (RunId, JoinHandle<Result<Submitted, Error>>) {
    let new = job();
    let id = new.id;
    proxy.set(mode);
    let writer = store.clone();
    let answer = tokio::spawn(async move { writer.submit(submit([new])).await });
    until("the commit comes by", async || {
        (proxy.mode() == Mode::Refuse).then_some(())
    })
    .await;
    (id, answer)
}

#[test]
fn a_commit_whose_answer_is_lost_is_looked_up() {
    let server = Server::start(&[]).unwrap();
    on_server(&server.url(), async |db| {
        let (direct, proxy) = (db.open(), Proxy::to(server.port()));
        let store = behind(&proxy);
        for (mode, expected) in [
            (Mode::CutAfter, true),
            (Mode::CutBefore, false),
            (Mode::CutBefore, false),
            (Mode::CutAfter, true),
        ] {
            let (id, answer) = cut(&store, &proxy, mode).await;
            // Others write meanwhile.
            submitted(&direct, job()).await;
            proxy.set(Mode::Pass);
            let answer = answer.await.unwrap();
            let there = read(&direct, move |read| store::runs::statuses(read, &[id])).await;
            assert_eq!(there[0].is_some(), expected, "{mode:?}");
            match answer {
                Ok(submitted) => assert!(expected && submitted.ids == [id], "{mode:?}"),
                Err(Error::Unavailable(_)) => assert!(!expected, "{mode:?}"),
                Err(error) => panic!("{mode:?}: {error}"),
            }
            submitted(&store, job()).await;
        }
        db.check();
    });
}

/// The row of a writer that slept for too long is gone.
#[test]
fn a_writer_that_was_taken_for_dead_knows_that_it_does_not_know() {
    let server = Server::start(&[]).unwrap();
    on_server(&server.url(), async |db| {
        let (direct, proxy) = (db.open(), Proxy::to(server.port()));
        let store = behind(&proxy);
        let rows = || db.rows("SELECT count(*) FROM writers")[0][0].clone();
        assert_eq!(rows(), "4");
        db.rows("INSERT INTO writers (name, batch, seen_at) VALUES ('killed/0', 7, 1)");
        // Those that say that they are there stay, however old the others are.
        let forget = |before| direct.write(move |batch| retention::writers(batch, before));
        direct.attend(NOW + 10).await.unwrap();
        store.attend(NOW + 10).await.unwrap();
        assert_eq!(forget(NOW + 10).await.unwrap(), 1);
        assert_eq!(rows(), "4");

        let (id, answer) = cut(&store, &proxy, Mode::CutAfter).await;
        until("the submit is on disk", async || {
            let there = direct.read(move |read| store::runs::statuses(read, &[id]));
            there.await.unwrap()[0]
        })
        .await;
        direct.attend(NOW + 20).await.unwrap();
        assert_eq!(forget(NOW + 20).await.unwrap(), 2);
        proxy.set(Mode::Pass);
        let answer = answer.await.unwrap();
        assert!(matches!(answer, Err(Error::Unknown(_))), "{answer:?}");
        // It goes on, and its next commits are looked up as before.
        let (id, answer) = cut(&store, &proxy, Mode::CutAfter).await;
        proxy.set(Mode::Pass);
        assert_eq!(answer.await.unwrap().unwrap().ids, [id]);
        db.check();
    });
}

/// After a crash the server gives the number of a transaction that left no trace to another one.
#[test]
fn a_commit_that_a_crash_undid_is_not_taken_for_another() {
    let mut server = Server::start(&[]).unwrap();
    on_server(&server.url(), async |db| {
        let proxy = Proxy::to(server.port());
        let store = behind(&proxy);
        let (id, answer) = cut(&store, &proxy, Mode::CutBefore).await;
        server.stop().unwrap();
        server.start_again().unwrap();
        let direct = db.open();
        for _ in 0..100 {
            submitted(&direct, job()).await;
        }
        proxy.set(Mode::Pass);
        let answer = answer.await.unwrap();
        assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
        let there = read(&direct, move |read| store::runs::statuses(read, &[id])).await;
        assert_eq!(there, [None]);
        submitted(&store, job()).await;
        db.check();
    });
}

/// No caller used the store while the server was restarted: no caller notices.
#[test]
fn an_idle_store_survives_a_restart_unnoticed() {
    let mut server = Server::start(&[]).unwrap();
    on_server(&server.url(), async |db| {
        let store = db.open();
        let id = submitted(&store, job()).await;
        server.stop().unwrap();
        server.start_again().unwrap();
        assert_eq!(details(&store, id).await.run.id, id);
        submitted(&store, job()).await;
        let run = claimed(&store, "a").await;
        assert_eq!(run.id, id);
        db.check();
    });
}
