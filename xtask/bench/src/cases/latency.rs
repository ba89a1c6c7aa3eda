//! From the call of submit to the start on an idle executor that waits in a claim: 500 jobs, one
//! each 8 to 23 ms. The start is the moment when the executor holds the claim's answer.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::{
    sync::mpsc::{self, Sender},
    time::sleep,
};

use crate::{
    bodies,
    client::Client,
    report::{Measure, percentiles},
    server::{Environment, Server},
    statistics::ms_between,
};

const JOBS: u64 = 500;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let server = Server::start(environment).await?;
    let (sender, mut started) = mpsc::channel(1);
    let executor = server.client().await?;
    let mut producer = server.client().await?;
    let pairs = tokio::select! {
        outcome = wait_and_complete(executor, sender) => {
            outcome?;
            bail!("the executor ended by itself")
        }
        pairs = submit_each(&mut producer, &mut started) => pairs?,
    };
    let from_call: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
    let from_return: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let mut measures = percentiles("latency, submit called to start", &from_call)?;
    measures.extend(percentiles(
        "latency, submit returned to start",
        &from_return,
    )?);
    Ok(measures)
}

async fn wait_and_complete(mut client: Client, started: Sender<Instant>) -> Result<()> {
    let claim = bodies::claim_waiting(30);
    loop {
        for job in client.claim(claim.clone()).await? {
            started.send(Instant::now()).await?;
            client.complete(&job).await?;
        }
    }
}

/// For each job the milliseconds from the call and from the return of its submit to its start.
async fn submit_each(
    producer: &mut Client,
    started: &mut mpsc::Receiver<Instant>,
) -> Result<Vec<(f64, f64)>> {
    let mut pairs = Vec::new();
    for index in 0..JOBS {
        // Spread over 8 to 23 ms, in the same order each time.
        sleep(Duration::from_millis(8 + index * 7 % 16)).await;
        let called = Instant::now();
        producer.submit().await?;
        let returned = Instant::now();
        let start = started.recv().await.context("the executor is gone")?;
        pairs.push((ms_between(called, start), ms_between(returned, start)));
    }
    Ok(pairs)
}
