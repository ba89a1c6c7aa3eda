//! Server and executors under simulated time: every choice comes from a seed, so a failure can be
//! repeated. The database is a real SQLite file, of runs that wait also a real PostgreSQL; the calls are
//! the real client's, the server is closed and opened again; only time, chance and the executors are
//! simulated.

mod ageing;
mod audit;
mod chance;
mod clock;
mod executor;
mod jobs;
mod ledger;
mod plugin_jobs;
mod tally;
mod waiting;
mod world;

use std::{
    panic::AssertUnwindSafe,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tally::Tally;
use tempfile::TempDir;
use waiting::WaitingWorld;
use world::World;

use crate::database::Databases;

/// Seeds of an ordinary test run.
const SEEDS: u64 = 100;
/// Steps with faults; then everybody behaves until all jobs have ended.
const STEPS: usize = 120;

/// First seed and how many: `PLAYHOUSE_SIM_SEED` and `PLAYHOUSE_SIM_SEEDS`. A first seed alone
/// means that one.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests read it"
)]
fn seeds() -> (u64, u64) {
    let number = |name| {
        let text: Option<String> = std::env::var(name).ok();
        text.map(|text| {
            text.parse::<u64>()
                .unwrap_or_else(|_| panic!("{name} is no number"))
        })
    };
    let first = number("PLAYHOUSE_SIM_SEED");
    let count = number("PLAYHOUSE_SIM_SEEDS");
    let default = if first.is_some() { 1 } else { SEEDS };
    (first.unwrap_or(0), count.unwrap_or(default))
}

/// A directory in memory where there is one: nothing here survives a loss of power, and hundreds of
/// thousands of syncs would only measure the disk.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory)
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary directory")
}

/// Plays a simulation on a runtime of one thread.
fn on_runtime<T>(simulation: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(simulation)
}

/// Runs one seed to its end; answers what happened in it.
fn play(seed: u64) -> World {
    on_runtime(async {
        let mut world = World::open(seed, directory()).await;
        for _ in 0..STEPS {
            world.step().await;
        }
        world.calm().await;
        world.audit().await;
        world
    })
}

/// The same of runs that wait.
fn play_waiting(seed: u64) -> WaitingWorld {
    on_runtime(WaitingWorld::play(seed, directory()))
}

#[test]
fn what_was_promised_holds_for_every_seed() {
    play_all(|seed| play(seed).into_tally(), &tally::EXPECTED);
}

#[test]
fn runs_that_wait_keep_every_promise() {
    let play = |seed| std::mem::take(&mut play_waiting(seed).tally);
    play_all(play, &waiting::EXPECTED);
}

/// A commit of PostgreSQL takes longer: a twentieth of the seeds. That enough happens in them is shown on
/// SQLite.
#[test]
fn runs_that_wait_keep_every_promise_on_postgres() {
    let play = |seed| {
        let _databases = Databases::on_postgres();
        std::mem::take(&mut play_waiting(seed).tally)
    };
    let (first, count) = seeds();
    play_some((first, count.div_ceil(20)), play, &[]);
}

fn play_all(play: impl Fn(u64) -> Tally + Sync, expected: &[&str]) {
    play_some(seeds(), play, expected);
}

fn play_some((first, count): (u64, u64), play: impl Fn(u64) -> Tally + Sync, expected: &[&str]) {
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let total = Mutex::new(Tally::default());
    let player = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= first + count {
                break;
            }
            match std::panic::catch_unwind(AssertUnwindSafe(|| play(seed))) {
                Ok(tally) => total.lock().expect("no panic").add_all(&tally),
                Err(_) => failed.lock().expect("no panic").push(seed),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(player);
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "{}", replay(&failed));
    total
        .into_inner()
        .expect("no panic")
        .refuse_vacuity(count, expected);
}

fn replay(failed: &[u64]) -> String {
    let line = |seed| format!("seed {seed} failed; again: cargo xtask sim --seed {seed}");
    failed.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_seed_plays_the_same_again() {
    assert_eq!(play(7).into_trace(), play(7).into_trace());
    assert_eq!(play_waiting(7).trace, play_waiting(7).trace);
}
