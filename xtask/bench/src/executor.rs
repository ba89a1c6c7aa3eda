//! An executor whose work is nothing: one connection claims, another reports, as fast as both go.
//! A job's slot is free as soon as its work is done; reporting needs none.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use anyhow::Result;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::{bodies, client::Client, scan::Claimed};

/// The most results that one call may report.
const REPORT_LIMIT: usize = 1000;

/// Claims up to `max` jobs at once and completes them until it is dropped, counting each one whose
/// completion the server has accepted.
pub(crate) async fn perform(
    server: SocketAddr,
    max: usize,
    accepted: Arc<AtomicU64>,
) -> Result<()> {
    let (sender, receiver) = mpsc::channel((REPORT_LIMIT / max).max(1));
    let (claimer, reporter) = (
        Client::connect(server).await?,
        Client::connect(server).await?,
    );
    tokio::try_join!(
        claim(claimer, max, sender),
        report(reporter, receiver, &accepted)
    )?;
    Ok(())
}

async fn claim(mut client: Client, max: usize, done: Sender<Vec<Claimed>>) -> Result<()> {
    let body = bodies::claim_many(max);
    loop {
        let jobs = client.claim(body.clone()).await?;
        if !jobs.is_empty() && done.send(jobs).await.is_err() {
            return Ok(());
        }
    }
}

async fn report(
    mut client: Client,
    mut done: Receiver<Vec<Claimed>>,
    accepted: &AtomicU64,
) -> Result<()> {
    while let Some(mut jobs) = done.recv().await {
        while jobs.len() < REPORT_LIMIT
            && let Ok(more) = done.try_recv()
        {
            jobs.extend(more);
        }
        for part in jobs.chunks(REPORT_LIMIT) {
            client.report(part).await?;
            accepted.fetch_add(part.len() as u64, Relaxed);
        }
    }
    Ok(())
}
