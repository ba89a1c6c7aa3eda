//! Plugin jobs end to end over HTTP: created, started and waited for, with a real executor.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use super::plugins::{LEAST, plugin_in};
use crate::{
    client::Client,
    report::Measure,
    server::{Environment, Server},
};

/// Connections, each with one job at a time.
const WATCHERS: usize = 32;
/// Jobs of one connection.
const JOBS: usize = 50;
const PLUGINS: usize = 5;

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let folder = environment.work_dir.join("for-jobs");
    let component = wat::parse_str(LEAST)?;
    let names: Vec<String> = (1..=PLUGINS).map(|number| format!("p{number}")).collect();
    for name in &names {
        plugin_in(&folder, name, "wasm", "\"entry\"", &component)?;
    }
    let server = Server::start(environment).await?;
    let executor = Executor::start(environment, &server, &folder)?;
    let mut client = server.client().await?;
    let known = || async {
        let mut client = server.client().await?;
        let get = client.call(Method::GET, "/playground/plugins", Bytes::new());
        let (_, body) = get.await?;
        let plugins: Vec<Value> = serde_json::from_slice(&body)?;
        Ok::<_, anyhow::Error>(plugins.iter().any(|one| one["name"] == "p5"))
    };
    while !known().await? {
        sleep(Duration::from_millis(20)).await;
    }
    // The first calls find cold caches.
    one(&mut client, &names).await?;
    let mut measures = Vec::new();
    for count in [1, PLUGINS] {
        let begun = Instant::now();
        let mut watchers = JoinSet::new();
        for _ in 0..WATCHERS {
            let (mut client, names) = (server.client().await?, names[..count].to_vec());
            watchers.spawn(async move {
                for _ in 0..JOBS {
                    one(&mut client, &names).await?;
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(watched) = watchers.join_next().await {
            watched??;
        }
        let rate = (WATCHERS * JOBS) as f64 / begun.elapsed().as_secs_f64();
        let name = format!("plugins: jobs of {count}, end to end");
        measures.push(Measure::new(name, "jobs/s", rate));
    }
    drop(executor);
    Ok(measures)
}

/// Creates a job, starts it, waits for its end.
async fn one(client: &mut Client, plugins: &[String]) -> Result<()> {
    let body = json!({"input": {"text": "word ".repeat(200)}, "plugins": plugins}).to_string();
    let create = client.call(Method::POST, "/playground/jobs", body.into());
    let (status, created) = create.await?;
    ensure!(status == StatusCode::OK, "create: {status}");
    let created: Value = serde_json::from_slice(&created)?;
    let id = created["id"].as_str().context("a job has an id")?;
    let path = format!("/playground/jobs/{id}/start?wait=60");
    let (_, ended) = client.call(Method::POST, &path, Bytes::new()).await?;
    let ended: Value = serde_json::from_slice(&ended)?;
    let metrics = ended["result"]["metrics"].as_array().map(Vec::len);
    ensure!(
        metrics == Some(plugins.len()),
        "a job did not complete: {ended}"
    );
    Ok(())
}

/// Killed when it is dropped.
struct Executor(Child);

impl Executor {
    fn start(environment: &Environment, server: &Server, plugins: &Path) -> Result<Self> {
        let place = |name: &str| environment.work_dir.join(name);
        let child = Command::new(&environment.playhouse)
            .args(["executor", "--name=bench", "--slots=16", "--server"])
            .arg(format!("http://{}", server.address))
            .arg("--work-dir")
            .arg(place("executor-work"))
            .arg("--cache-dir")
            .arg(place("executor-cache"))
            .arg("--plugins-dir")
            .arg(plugins)
            .stdin(Stdio::null())
            .stderr(File::create(place("executor-log"))?)
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        if let Err(error) = ended {
            eprintln!("failed to end the executor: {error}");
        }
    }
}
