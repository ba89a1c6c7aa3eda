//! Requests to one service, by wrk: through the router, through nginx with kept connections, and to the container.

use std::{
    fs,
    net::{IpAddr, SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use private_docker::SAMPLE;
use serde_json::json;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use super::site::{Site, printed};
use crate::{report::Measure, server::Environment};

const COMPOSE: &str = "
services:
  web:
    image: IMAGE
    labels: {playgrounds.expose: '80'}
    stop_grace_period: 0s
";
/// Connections of the load that is as high as it gets, and of one that leaves the cores air.
const CONNECTIONS: [usize; 2] = [64, 2];

pub(in crate::cases) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut site = Site::start(environment, 2).await?;
    let spec = site
        .playspec("bench", &COMPOSE.replace("IMAGE", SAMPLE))
        .await?;
    let id = site.create(json!({"name": "routed"}), &spec).await?;
    site.runs(id).await?;
    let (router, host) = site.place(id).await?;
    let filter = format!("label=playhouse.playground={id}");
    let found = site.docker(&["ps", "-q", "--filter", &filter]).await?;
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = site
        .docker(&["inspect", "--format", format, found.trim()])
        .await?;
    let container = SocketAddr::new(address.trim().parse::<IpAddr>()?, 80);
    let (nginx, process) = nginx(&environment.work_dir, container).await?;
    let ways = [("direct", container), ("nginx", nginx), ("router", router)];
    let mut measures = Vec::new();
    for connections in CONNECTIONS {
        let mut seen = Vec::new();
        for (name, address) in ways {
            let load = wrk(address, &host, connections, environment.duration).await?;
            let named = |what: &str| format!("{name}, {connections} connections: {what}");
            measures.push(Measure::new(named("requests"), "1/s", load.rate));
            measures.push(Measure::new(named("p50"), "ms", load.p50));
            measures.push(Measure::new(named("p99"), "ms", load.p99));
            seen.push(load);
        }
        let [direct, nginx, router] = &seen[..] else {
            continue;
        };
        let named = |what: &str| format!("{connections} connections: {what}");
        let rate = router.rate / nginx.rate;
        measures.push(Measure::new(
            named("router by nginx, requests"),
            "times",
            rate,
        ));
        for (name, way) in [("nginx", nginx), ("router", router)] {
            let added = format!("{name} adds to p99");
            measures.push(Measure::new(named(&added), "ms", way.p99 - direct.p99));
        }
    }
    process.end().await?;
    site.destroy(id).await?;
    Ok(measures)
}

/// Killed alone, nginx would leave its workers behind.
struct Nginx(Child);

impl Nginx {
    fn stop(&self) {
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
    }

    async fn end(mut self) -> Result<()> {
        self.stop();
        self.0.wait().await.map(drop).context("nginx does not end")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.stop();
    }
}

/// nginx as a reverse proxy, ready.
async fn nginx(work: &Path, target: SocketAddr) -> Result<(SocketAddr, Nginx)> {
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let directory = work.join("nginx");
    fs::create_dir_all(&directory)?;
    let shown = directory.display();
    let text = format!(
        "daemon off; worker_processes 2; pid {shown}/pid; error_log {shown}/error crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {shown}/body; proxy_temp_path {shown}/proxy; fastcgi_temp_path {shown}/f;
  uwsgi_temp_path {shown}/u; scgi_temp_path {shown}/s;
  keepalive_requests 1000000000;
  upstream service {{ server {target}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection '';
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_buffering off; proxy_request_buffering off;
    }}
  }}
}}
"
    );
    let file = directory.join("nginx.conf");
    fs::write(&file, text)?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-p").arg(&directory);
    let process = command
        .stdin(Stdio::null())
        .spawn()
        .map(Nginx)
        .context("failed to start nginx")?;
    for _ in 0..200 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok((address, process));
        }
        sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("nginx does not listen")
}

/// What one load saw.
struct Load {
    rate: f64,
    p50: f64,
    p99: f64,
}

async fn wrk(address: SocketAddr, host: &str, connections: usize, time: Duration) -> Result<Load> {
    let mut command = Command::new("wrk");
    command
        .args(["--threads", "1", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", time.as_secs().max(1))])
        .args([
            "--latency",
            "--timeout",
            "10s",
            "--header",
            &format!("Host: {host}"),
        ])
        .arg(format!("http://{address}/"));
    let text = printed(&mut command).await?;
    ensure!(
        !text.contains("Non-2xx") && !text.contains("Socket errors"),
        "{text}"
    );
    let after = |label: &str| {
        let mut lines = text.lines().map(str::trim);
        let found = lines.find_map(|line| line.strip_prefix(label));
        found
            .map(str::trim)
            .with_context(|| format!("no {label} in {text}"))
    };
    Ok(Load {
        rate: after("Requests/sec:")?.parse()?,
        p50: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
    })
}

/// A time as wrk writes it.
fn milliseconds(text: &str) -> Result<f64> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: f64 = digits.parse().with_context(|| format!("the time {text}"))?;
    match &text[digits.len()..] {
        "us" => Ok(number / 1_000.0),
        "ms" => Ok(number),
        "s" => Ok(number * 1_000.0),
        unit => anyhow::bail!("the unit {unit}"),
    }
}
