//! The bare contract: submit, claim, complete, three requests a job, each client one after another.

use std::{net::SocketAddr, time::Instant};

use anyhow::Result;
use bytes::Bytes;
use tokio::task::JoinSet;

use crate::{
    bodies,
    client::Client,
    report::Measure,
    server::{Environment, Server},
};

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for clients in [1, 16, 64] {
        let server = Server::start(environment).await?;
        let begun = Instant::now();
        let until = begun + environment.duration;
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(perform(server.address, until));
        }
        let mut jobs = 0;
        while let Some(count) = tasks.join_next().await {
            jobs += count??;
        }
        let rate = f64::from(jobs) / begun.elapsed().as_secs_f64();
        measures.push(Measure::new(
            format!("one by one, {clients} clients"),
            "jobs/s",
            rate,
        ));
    }
    Ok(measures)
}

async fn perform(server: SocketAddr, until: Instant) -> Result<u32> {
    let mut client = Client::connect(server).await?;
    let claim = bodies::claim();
    let mut completed = 0;
    while Instant::now() < until {
        client.submit().await?;
        complete_one(&mut client, &claim).await?;
        completed += 1;
    }
    Ok(completed)
}

/// Completes some job: not more are taken than were submitted, so there is one.
async fn complete_one(client: &mut Client, claim: &Bytes) -> Result<()> {
    loop {
        if let Some(job) = client.claim(claim.clone()).await?.first() {
            return client.complete(job).await;
        }
    }
}
