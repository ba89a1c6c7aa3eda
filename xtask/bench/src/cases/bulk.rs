//! Bulk submit, 1,000 items a call, from one client and from four.

use std::{net::SocketAddr, time::Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::{
    bodies,
    client::Client,
    report::Measure,
    server::{Environment, Server},
};

const ITEMS: usize = 1000;
const CALLS: usize = 60;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for clients in [1, 4] {
        let server = Server::start(environment).await?;
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(perform(server.address, CALLS / clients));
        }
        while let Some(outcome) = tasks.join_next().await {
            outcome??;
        }
        let rate = (CALLS * ITEMS) as f64 / begun.elapsed().as_secs_f64();
        let name = format!("bulk submit, 1,000 a call, {clients} clients");
        measures.push(Measure::new(name, "jobs/s", rate));
    }
    Ok(measures)
}

async fn perform(server: SocketAddr, calls: usize) -> Result<()> {
    let mut client = Client::connect(server).await?;
    let body = bodies::bulk(ITEMS);
    for _ in 0..calls {
        client.submit_bulk(body.clone()).await?;
    }
    Ok(())
}

/// Submits so many jobs, in bulks of up to 10,000.
pub(super) async fn submit_many(client: &mut Client, jobs: u64) -> Result<()> {
    let body = bodies::bulk(10_000);
    for _ in 0..jobs / 10_000 {
        client.submit_bulk(body.clone()).await?;
    }
    let rest = jobs % 10_000;
    if rest > 0 {
        client.submit_bulk(bodies::bulk(rest as usize)).await?;
    }
    Ok(())
}
