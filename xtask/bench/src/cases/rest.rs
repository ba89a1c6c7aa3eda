//! A server that has nothing to do: how soon it is healthy, and its size.

use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

use crate::{
    report::Measure,
    server::{Environment, Server},
};

const SETTLED_AFTER: Duration = Duration::from_secs(2);

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let server = Server::start(environment).await?;
    let first_ms = server.healthy_after.as_secs_f64() * 1000.0;
    let server = server.restart(environment).await?;
    let again_ms = server.healthy_after.as_secs_f64() * 1000.0;
    sleep(SETTLED_AFTER).await;
    let resident_mib = server.resident_mib()?;
    Ok(vec![
        Measure::new("start to healthy, new database", "ms", first_ms),
        Measure::new("start to healthy, after kill -9", "ms", again_ms),
        Measure::new("resident, idle", "MiB", resident_mib),
    ])
}
