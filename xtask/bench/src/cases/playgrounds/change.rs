//! Create and rollout of three services, one after another with the compose tool on the same file.

use std::{fs, path::Path, time::Instant};

use anyhow::Result;
use http::Method;
use private_docker::BUSYBOX;
use serde_json::{Value, json};
use tokio::process::Command;

use super::site::{Site, millis, printed};
use crate::{report::Measure, server::Environment};

const COMPOSE: &str = "
services:
  web:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"$$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    labels: {playgrounds.expose: '80'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 250ms, retries: 50}
    depends_on: {api: {condition: service_healthy}}
    stop_grace_period: 0s
  api:
    image: IMAGE
    command: [sh, -c, 'mkdir -p /www; echo \"$$VERSION\" > /www/index.html; exec httpd -f -p 80 -h /www']
    environment: {VERSION: '${VERSION:-one}'}
    healthcheck: {test: [CMD, wget, -q, -O-, 'http://127.0.0.1/'], interval: 250ms, retries: 50}
    stop_grace_period: 0s
  worker:
    image: IMAGE
    command: [sleep, '100000']
    stop_grace_period: 0s
";

/// Each of them so often, in alternation.
const TIMES: usize = 5;

pub(in crate::cases) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut site = Site::start(environment, 2).await?;
    let compose = COMPOSE.replace("IMAGE", BUSYBOX);
    let file = environment.work_dir.join("compose.yaml");
    fs::write(&file, &compose)?;
    let spec = site.playspec("bench", &compose).await?;
    let mut took = [const { Vec::new() }; 4];
    for number in 0..TIMES {
        for (times, time) in took[..2]
            .iter_mut()
            .zip(ours(&mut site, &spec, number).await?)
        {
            times.push(time);
        }
        for (times, time) in took[2..].iter_mut().zip(theirs(&site, &file).await?) {
            times.push(time);
        }
    }
    let [create, rollout, up, again] = took.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[TIMES / 2]
    });
    Ok(vec![
        Measure::new("create to running", "ms", create),
        Measure::new("the same file, compose up --wait", "ms", up),
        Measure::new("create by compose", "times", create / up),
        Measure::new("rollout of two of three services", "ms", rollout),
        Measure::new("the same change, compose up --wait", "ms", again),
        Measure::new("rollout by compose", "times", rollout / again),
    ])
}

/// Create and rollout.
async fn ours(site: &mut Site, spec: &Value, number: usize) -> Result<[f64; 2]> {
    let begun = Instant::now();
    let id = site
        .create(json!({"name": format!("bench-{number}")}), spec)
        .await?;
    site.runs(id).await?;
    let created = millis(begun);
    let path = format!("/api/playgrounds/{id}");
    let begun = Instant::now();
    let change = json!({"playground": {"env_overrides": {"VERSION": "two"}}});
    site.ask(Method::PATCH, &path, &change).await?;
    site.ask(Method::POST, &format!("{path}/rollout"), &json!({}))
        .await?;
    site.runs(id).await?;
    let changed = millis(begun);
    site.destroy(id).await?;
    Ok([created, changed])
}

/// The same by the tool alone.
async fn theirs(site: &Site, file: &Path) -> Result<[f64; 2]> {
    let mut took = [0.0; 2];
    for (time, version) in took.iter_mut().zip(["one", "two"]) {
        let begun = Instant::now();
        compose(site, file, version, &["up", "--detach", "--wait"]).await?;
        *time = millis(begun);
    }
    compose(site, file, "two", &["down", "--timeout", "0"]).await?;
    Ok(took)
}

async fn compose(site: &Site, file: &Path, version: &str, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new(site.docker.compose());
    command
        .args(["--project-name", "bare", "--file"])
        .arg(file)
        .args(arguments)
        .env("DOCKER_HOST", site.docker.url())
        .env("VERSION", version);
    printed(&mut command).await.map(drop)
}
