//! 20,000 jobs wait, one executor completes them: from its start until all are accepted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::sleep;

use super::bulk::submit_many;
use crate::{
    executor::perform,
    report::Measure,
    server::{Environment, Server},
};

const JOBS: u64 = 20_000;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for (max, label) in [(24, "24 a claim"), (500, "500 a claim")] {
        let server = Server::start(environment).await?;
        submit_many(&mut server.client().await?, JOBS).await?;
        let accepted = Arc::default();
        let begun = Instant::now();
        tokio::select! {
            outcome = perform(server.address, max, Arc::clone(&accepted)) => outcome?,
            () = reached(&accepted) => {}
        }
        let rate = JOBS as f64 / begun.elapsed().as_secs_f64();
        measures.push(Measure::new(
            format!("burn-down of 20,000, {label}"),
            "jobs/s",
            rate,
        ));
    }
    Ok(measures)
}

async fn reached(accepted: &AtomicU64) {
    while accepted.load(Relaxed) < JOBS {
        sleep(Duration::from_millis(1)).await;
    }
}
