//! One part after another of one run: part n ends and part n+1 begins, in one request that is one commit.
//! In process through the router, as the built-in executor sends it, and over HTTP.

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, Result, ensure};
use engine::{Kind, NewRun, RunId};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use server::{Assembled, Clock, Settings};
use store::{
    Location, Store,
    runs::{Claim, Submission, Submit},
};
use tokio::task::spawn_blocking;
use wire::executors::AdvanceRun;

use crate::{
    client::Client,
    database,
    report::{Measure, percentiles},
    server::{Environment, Server},
};

const EXECUTOR: &str = "bench";
const QUEUE: &str = "execution";
/// Longer than it takes.
const LEASE_MS: i64 = 3_600_000;
/// The cost is measured over so many parts, when there are so many before them.
const SPAN: usize = 100;
const EARLIER: [usize; 3] = [10, 1_000, 10_000];

/// A way to the server.
enum Way {
    InProcess(wire::client::Client),
    Http(Client),
}

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for way in ["in process", "over HTTP"] {
        let server = Server::start(environment).await?;
        // The server gives its database up, and makes its schema.
        drop(server);
        let id = claimed_run(environment).await?;
        let times = match way {
            "in process" => {
                let mut settings = Settings::new(data_dir(environment));
                settings.database_url = environment.database_url.as_deref().map(database::existing);
                let assembled = Assembled::open(settings, Clock::system()).await?;
                each_part(&mut Way::InProcess(assembled.client()), id).await?
            }
            _ => {
                let server = Server::resume(environment).await?;
                each_part(&mut Way::Http(server.client().await?), id).await?
            }
        };
        let mut spans = Vec::new();
        for earlier in EARLIER {
            let name = format!("a part after {earlier}, {way}");
            spans.push(percentiles(&name, &times[earlier..earlier + SPAN])?);
        }
        let p50 = |span: usize| spans[span][0].value;
        let ratio = p50(EARLIER.len() - 1) / p50(0);
        measures.extend(spans.into_iter().flatten());
        let name = format!("a part, last p50 by first p50, {way}");
        measures.push(Measure::new(name, "times", ratio));
    }
    Ok(measures)
}

fn data_dir(environment: &Environment) -> PathBuf {
    environment.work_dir.join("data")
}

/// Where the database of the server is that was started last.
pub(super) fn location(environment: &Environment) -> Location {
    match environment.database_url.as_deref() {
        Some(url) => Location::Postgres(database::existing(url)),
        None => Location::Sqlite(data_dir(environment).join("playhouse.db")),
    }
}

/// A run with parts, which the measuring executor has claimed.
async fn claimed_run(environment: &Environment) -> Result<RunId> {
    let location = location(environment);
    #[expect(
        clippy::disallowed_methods,
        reason = "the bench makes the run, no server does"
    )]
    let now = Timestamp::now().as_millisecond();
    let store = spawn_blocking(move || Store::open(&location, 1, now)).await??;
    let mut id = [0; 16];
    id[..6].copy_from_slice(&now.to_be_bytes()[2..]);
    let id = RunId::from_bytes(id);
    let run = NewRun::new(id, Kind::Execution, "bench", QUEUE);
    let submit = Submit::new([Submission::new(run, "{}")], 0, now);
    store.submit(submit).await?;
    let claim = Claim {
        executor: EXECUTOR.to_owned(),
        queues: vec![QUEUE.to_owned()],
        max: 1,
        lease_ms: LEASE_MS,
        now,
        ..Claim::default()
    };
    ensure!(store.claim(claim).await?.len() == 1, "nothing was claimed");
    spawn_blocking(move || drop(store)).await?;
    Ok(id)
}

/// How long each part took, in milliseconds.
async fn each_part(way: &mut Way, id: RunId) -> Result<Vec<f64>> {
    let last = EARLIER[EARLIER.len() - 1] + SPAN;
    let mut times = Vec::with_capacity(last);
    for number in 0..last {
        let part = |number: usize, stage: &str, body: Value| json!({"number": number, "name": "step", "stage": stage, "tries": 1, "body": body});
        let mut parts = vec![part(number + 1, "started", Value::Null)];
        if number > 0 {
            let body = json!({"changed": true, "stdout": "ok ".repeat(50)});
            parts.insert(0, part(number, "completed", body));
        }
        let report = json!({"executor": EXECUTOR, "token": 1, "parts": parts});
        let begun = Instant::now();
        match way {
            Way::InProcess(client) => {
                let report: AdvanceRun = serde_json::from_value(report)?;
                client.advance(&id.to_string(), &report).await?;
            }
            Way::Http(client) => {
                let path = format!("/api/runs/{id}/parts");
                let answer = client.call(Method::POST, &path, report.to_string().into());
                let (status, body) = answer.await?;
                let shown = || String::from_utf8_lossy(&body).into_owned();
                ensure!(status == StatusCode::OK, "{status}: {}", shown());
            }
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    times.get(last - 1).context("no part was measured")?;
    Ok(times)
}
