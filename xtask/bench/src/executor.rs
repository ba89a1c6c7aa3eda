//! An executor whose work is nothing. Either one connection claims and another reports, as fast as both go:
//! a job's slot is free as soon as its work is done. Or results and claims go together.

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

/// Exchanges `max` results for as many jobs until it is dropped, on one connection; with `ahead` on two, so
/// that one batch is worked on while the other is exchanged.
pub(crate) async fn exchange(
    server: SocketAddr,
    max: usize,
    ahead: bool,
    accepted: Arc<AtomicU64>,
) -> Result<()> {
    let turns = async || -> Result<()> {
        let mut client = Client::connect(server).await?;
        let mut jobs = Vec::new();
        loop {
            let next = client.exchange(&jobs, max).await?;
            accepted.fetch_add(jobs.len() as u64, Relaxed);
            jobs = next;
        }
    };
    let other = async || match ahead {
        true => turns().await,
        false => std::future::pending().await,
    };
    tokio::try_join!(turns(), other()).map(|((), ())| ())
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
            client.exchange(part, 0).await?;
            accepted.fetch_add(part.len() as u64, Relaxed);
        }
    }
    Ok(())
}
