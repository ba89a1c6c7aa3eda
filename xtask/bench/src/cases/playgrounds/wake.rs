//! The first request to a playground that sleeps, beside a bare start of its container.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use private_docker::SAMPLE;
use serde_json::json;
use tokio::{
    net::{TcpStream, UnixStream},
    time::{sleep, timeout},
};

use super::site::{Site, millis};
use crate::{client::Client, report::Measure, server::Environment, statistics::sorted};

const COMPOSE: &str = "
services:
  web:
    image: IMAGE
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 0s
";
const TIMES: usize = 10;
const LIMIT: Duration = Duration::from_secs(60);

pub(in crate::cases) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut site = Site::start(environment, 2).await?;
    let spec = site
        .playspec("bench", &COMPOSE.replace("IMAGE", SAMPLE))
        .await?;
    let sleepy = json!({"name": "sleepy", "sleep_after_seconds": 1});
    let id = site.create(sleepy, &spec).await?;
    site.runs(id).await?;
    let (router, host) = site.place(id).await?;
    let filter = format!("label=playhouse.playground={id}");
    let found = site
        .docker(&["ps", "-q", "--no-trunc", "--filter", &filter])
        .await?;
    let container = found.trim().to_owned();
    // A container of its own: one of a playground that sleeps is stopped again.
    let network = format!("pg-{id}-sleepy_default");
    let made = site
        .docker(&["create", "--network", &network, SAMPLE])
        .await?;
    let other = made.trim().to_owned();
    let (mut woken, mut started) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        asleep(&site, &container).await?;
        let begun = Instant::now();
        let mut client = Client::connect_as(router, &host).await?;
        let (status, _) = client.call(Method::GET, "/", Bytes::new()).await?;
        ensure!(status == StatusCode::OK, "the router answers {status}");
        woken.push(millis(begun));
        asleep(&site, &container).await?;
        started.push(bare(&site, &other).await?);
        site.docker(&["stop", "--time", "0", &other]).await?;
    }
    site.docker(&["rm", "--force", &other]).await?;
    site.destroy(id).await?;
    let middle = |times: &[f64]| sorted(times)[TIMES / 2];
    let (woken, started) = (middle(&woken), middle(&started));
    Ok(vec![
        Measure::new("wake by a request", "ms", woken),
        Measure::new("bare start until it listens", "ms", started),
        Measure::new("wake beyond a bare start", "ms", woken - started),
    ])
}

async fn asleep(site: &Site, container: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let running = ["inspect", "--format", "{{.State.Running}}", container];
        if site.docker(&running).await?.trim() == "false" {
            // What stopped it is over.
            sleep(Duration::from_millis(300)).await;
            return Ok(());
        }
        ensure!(begun.elapsed() < LIMIT, "it does not sleep");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Starts the container by the engine's API, and waits until it takes connections.
async fn bare(site: &Site, container: &str) -> Result<f64> {
    let begun = Instant::now();
    let stream = UnixStream::connect(site.docker.socket()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post(format!("/containers/{container}/start")).header("host", "docker");
    let answer = sender
        .send_request(request.body(Empty::<Bytes>::new())?)
        .await?;
    ensure!(answer.status().is_success(), "start: {}", answer.status());
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let look = Instant::now();
    let address = site
        .docker(&["inspect", "--format", format, container])
        .await?;
    // The look took a process, which waking does not.
    let looked = millis(look);
    let address: std::net::IpAddr = address.trim().parse().context("no address")?;
    // What is sent before its network is there is lost.
    let connect = || timeout(Duration::from_millis(40), TcpStream::connect((address, 80)));
    while !matches!(connect().await, Ok(Ok(_))) {
        ensure!(begun.elapsed() < LIMIT, "it does not listen");
        sleep(Duration::from_millis(1)).await;
    }
    Ok(millis(begun) - looked)
}
