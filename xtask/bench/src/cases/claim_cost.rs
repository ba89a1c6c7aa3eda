//! What one claim takes with a thousand, a hundred thousand and a million jobs pending: the median
//! over single claims from one client. And the server's memory at the end.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::bulk::submit_many;
use crate::{
    bodies,
    client::Client,
    report::Measure,
    server::{Environment, Server},
    statistics::{percentile, sorted},
};

const SIZES: [(u64, &str); 3] = [
    (1_000, "1 thousand"),
    (100_000, "100 thousand"),
    (1_000_000, "1 million"),
];
const CLAIMS: u64 = 500;
const ROUNDS: usize = 3;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let server = Server::start(environment).await?;
    let mut client = server.client().await?;
    let mut measures = Vec::new();
    let mut pending = 0;
    for (size, label) in SIZES {
        for _ in 0..ROUNDS {
            submit_many(&mut client, size + CLAIMS - pending).await?;
            let median_us = median_claim_us(&mut client).await?;
            pending = size;
            measures.push(Measure::new(
                format!("claim, {label} pending"),
                "us",
                median_us,
            ));
        }
    }
    measures.push(Measure::new(
        "resident, 1 million pending",
        "MiB",
        server.resident_mib()?,
    ));
    Ok(measures)
}

async fn median_claim_us(client: &mut Client) -> Result<f64> {
    let claim = bodies::claim();
    let (mut jobs, mut micros) = (Vec::new(), Vec::new());
    for _ in 0..CLAIMS {
        let begun = Instant::now();
        let claimed = client.claim(claim.clone()).await?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
        if claimed.is_empty() {
            bail!("a claim found nothing");
        }
        jobs.extend(claimed);
    }
    client.exchange(&jobs, 0).await?;
    percentile(&sorted(&micros), 50.0).context("nothing was measured")
}
