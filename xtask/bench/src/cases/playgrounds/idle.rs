//! A hundred playgrounds that run and are not used: what they take of the server and its executor.

use std::time::Duration;

use anyhow::Result;
use private_docker::BUSYBOX;
use serde_json::json;
use tokio::time::sleep;

use super::site::Site;
use crate::{cases::idle::statements, report::Measure, server::Environment};

const COMPOSE: &str = "
services:
  web:
    image: IMAGE
    command: [httpd, -f, -p, '80']
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 0s
";
const MANY: usize = 100;
const SETTLED_AFTER: Duration = Duration::from_secs(20);
const MEASURED: Duration = Duration::from_secs(120);

pub(in crate::cases) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut site = Site::start(environment, 8).await?;
    let spec = site
        .playspec("bench", &COMPOSE.replace("IMAGE", BUSYBOX))
        .await?;
    let mut ids = Vec::new();
    for number in 0..MANY {
        let name = format!("idle-{number}");
        let subdomains = json!({ "web": name });
        let new = json!({"name": name, "service_subdomains": subdomains});
        ids.push(site.create(new, &spec).await?);
    }
    for id in &ids {
        site.runs(*id).await?;
    }
    sleep(SETTLED_AFTER).await;
    let mut client = site.server.client().await?;
    let (before, cpu) = (statements(&mut client).await?, site.server.cpu_time()?);
    sleep(MEASURED).await;
    let done = statements(&mut client).await? - before;
    let cpu = site.server.cpu_time()?.saturating_sub(cpu);
    let resident = site.server.resident_mib()?;
    for id in ids {
        site.destroy(id).await?;
    }
    let named = |what: &str| format!("{what}, {MANY} playgrounds idle");
    let minutes = MEASURED.as_secs_f64() / 60.0;
    let share = cpu.as_secs_f64() / MEASURED.as_secs_f64() * 100.0;
    Ok(vec![
        Measure::new(named("statements"), "1/min", done / minutes),
        Measure::new(named("CPU"), "% of a core", share),
        Measure::new(named("resident"), "MiB", resident),
    ])
}
