//! The ceiling: the row changes of the server's store from a bare SQLite loop, with the same tables,
//! the same durability and group commits of about the size that a busy server makes. No HTTP, no
//! rules, no threads. What the server reaches of it is the price of being a server.

mod bare;
mod statements;

use std::time::Instant;

use anyhow::Result;

use self::bare::Bare;
use crate::{report::Measure, server::Environment};

const JOBS: usize = 20_000;

/// One run. There is none for PostgreSQL.
pub(super) fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    if environment.database_url.is_some() {
        return Ok(measures);
    }
    for size in [24, 500] {
        let name = format!("ceiling, burn-down of 20,000, {size} a commit");
        measures.push(Measure::new(name, "jobs/s", burn_down(environment, size)?));
    }
    for size in [21, 64] {
        let name = format!("ceiling, submit, claim and complete {size} each a commit");
        measures.push(Measure::new(name, "jobs/s", cycle(environment, size)?));
    }
    Ok(measures)
}

/// Each commit completes one batch and claims the next, as a claiming and a reporting connection do.
fn burn_down(environment: &Environment, size: usize) -> Result<f64> {
    let mut bare = Bare::open(&environment.work_dir)?;
    for _ in 0..JOBS / 1000 {
        bare.commit(|tx| tx.submit(1000))?;
    }
    let begun = Instant::now();
    let (mut held, mut completed) = (Vec::new(), 0);
    while completed < JOBS {
        let claimed = bare.commit(|tx| {
            tx.complete(&held)?;
            tx.claim(size)
        })?;
        completed += held.len();
        held = claimed;
    }
    Ok(completed as f64 / begun.elapsed().as_secs_f64())
}

/// Each commit submits, claims and completes.
fn cycle(environment: &Environment, size: usize) -> Result<f64> {
    let mut bare = Bare::open(&environment.work_dir)?;
    let begun = Instant::now();
    let (mut held, mut completed) = (Vec::new(), 0);
    while begun.elapsed() < environment.duration {
        let claimed = bare.commit(|tx| {
            tx.complete(&held)?;
            tx.submit(size)?;
            tx.claim(size)
        })?;
        completed += held.len();
        held = claimed;
    }
    Ok(completed as f64 / begun.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, time::Duration};

    use super::*;

    /// The tables are the store's own: a change there that this loop does not follow fails here.
    #[test]
    fn the_loop_fits_the_tables_of_the_store() {
        let work_dir = env::temp_dir().join(format!("playhouse-ceiling-{}", std::process::id()));
        fs::create_dir_all(&work_dir).unwrap();
        let (playhouse, duration) = (PathBuf::new(), Duration::from_millis(50));
        let environment = Environment {
            playhouse,
            work_dir,
            database_url: None,
            docker: None,
            duration,
        };
        assert!(cycle(&environment, 10).unwrap() > 0.0);
        let mut bare = Bare::open(&environment.work_dir).unwrap();
        bare.commit(|tx| tx.submit(3)).unwrap();
        let held = bare.commit(|tx| tx.claim(2)).unwrap();
        assert_eq!(held.len(), 2);
        bare.commit(|tx| tx.complete(&held)).unwrap();
        assert_eq!(
            bare.counts().unwrap(),
            [("completed".into(), 2), ("queued".into(), 1)]
        );
        assert_eq!(bare.newest_event().unwrap(), 7);
    }
}
