//! A server with an executor that reaches the engine, and what is asked of it.

use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::Method;
use private_docker::Location;
use serde_json::{Value, json};
use tokio::{process::Command, time::sleep};

use crate::{
    client::Client,
    server::{Environment, Server},
};

const LIMIT: Duration = Duration::from_secs(300);
/// How often it is looked whether a change is over.
const LOOK: Duration = Duration::from_millis(5);

/// The server and its engine.
pub(super) struct Site {
    pub(super) server: Server,
    pub(super) docker: Location,
    client: Client,
}

impl Site {
    /// Starts it, with an empty database.
    pub(super) async fn start(environment: &Environment, slots: usize) -> Result<Self> {
        let directory = environment.docker.as_deref();
        let directory = directory.context("`cargo xtask bench playgrounds` starts an engine")?;
        let docker = Location::new(directory);
        let arguments = [
            "--with-executor".to_owned(),
            "--no-plugins".to_owned(),
            format!("--slots={slots}"),
            format!("--docker-host={}", docker.url()),
            format!("--compose={}", docker.compose().display()),
            "--router-listen=127.0.0.1:0".to_owned(),
        ];
        let server = Server::start_with(environment, &arguments).await?;
        let client = server.client().await?;
        let mut site = Self {
            server,
            docker,
            client,
        };
        let begun = Instant::now();
        while site.get("/api/playrooms").await?[0]["status"] != "active" {
            ensure!(begun.elapsed() < LIMIT, "no executor reaches the engine");
            sleep(LOOK).await;
        }
        Ok(site)
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, &Value::Null).await
    }

    pub(super) async fn ask(&mut self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let sent = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let (status, answer) = self.client.call(method, path, sent).await?;
        let text = String::from_utf8_lossy(&answer);
        ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Makes a playspec of a Compose file, and answers its id.
    pub(super) async fn playspec(&mut self, name: &str, compose: &str) -> Result<Value> {
        let body = json!({"playspec": {"name": name, "base_compose_yaml": compose}});
        let made = self.ask(Method::POST, "/api/playspecs", &body).await?;
        Ok(made["id"].clone())
    }

    /// Asks for a playground, and answers its id.
    pub(super) async fn create(&mut self, mut playground: Value, playspec: &Value) -> Result<i64> {
        playground["playspec_id"] = playspec.clone();
        let body = json!({ "playground": playground });
        let made = self.ask(Method::POST, "/api/playgrounds", &body).await?;
        made["id"].as_i64().context("no id")
    }

    /// Waits until it runs.
    pub(super) async fn runs(&mut self, id: i64) -> Result<()> {
        let (path, begun) = (format!("/api/playgrounds/{id}/status"), Instant::now());
        loop {
            let state = self.get(&path).await?;
            match state["status"].as_str() {
                Some("running") => return Ok(()),
                Some("error") => bail!("{state:#}"),
                _ => ensure!(begun.elapsed() < LIMIT, "it does not run: {state:#}"),
            }
            sleep(LOOK).await;
        }
    }

    /// Destroys it.
    pub(super) async fn destroy(&mut self, id: i64) -> Result<()> {
        let path = format!("/api/playgrounds/{id}");
        self.ask(Method::DELETE, &path, &Value::Null).await?;
        let begun = Instant::now();
        while self
            .client
            .call(Method::GET, &path, Bytes::new())
            .await?
            .0
            .is_success()
        {
            ensure!(begun.elapsed() < LIMIT, "it is not destroyed");
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The router's address, and the host of the playground's first URL.
    pub(super) async fn place(&mut self, id: i64) -> Result<(SocketAddr, String)> {
        let body = self.get(&format!("/api/playgrounds/{id}")).await?;
        let url = body["service_urls"][0]["url"].as_str().context("no URL")?;
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let port = host.rsplit(':').next().context("no port")?.parse()?;
        Ok((SocketAddr::from(([127, 0, 0, 1], port)), host.to_owned()))
    }

    /// What the engine's own client program prints.
    pub(super) async fn docker(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("docker");
        command.args(["--host", &self.docker.url()]).args(arguments);
        printed(&mut command).await
    }
}

/// Runs a program to its end; answers what it printed.
pub(super) async fn printed(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.with_context(|| format!("failed to start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(super) fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
