//! A server that has nothing to do, with its executor and ten million parts that have ended: what it still
//! executes, and what it takes of a core.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use engine::{AttemptOutcome, Holder, Kind, NewRun, RunId, Stage};
use http::{Method, StatusCode};
use jiff::Timestamp;
use store::{
    Location, Store,
    runs::{Claim, Finish, PartReport, ProgressReport, Report, Submission, Submit, advance},
};
use tokio::{task::spawn_blocking, time::sleep};

use super::parts::location;
use crate::{
    client::Client,
    report::Measure,
    server::{Environment, Server},
};

const RUNS: i64 = 1_000;
const PARTS_OF_EACH: i64 = 10_000;
/// Parts of one report.
const TOGETHER: i64 = 1_000;
const EXECUTOR: &str = "bench";
const QUEUE: &str = "execution";
const LEASE_MS: i64 = 3_600_000;
/// What follows a start is over.
const SETTLED_AFTER: Duration = Duration::from_secs(20);
const MEASURED: Duration = Duration::from_secs(60);

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    // The server makes its schema and gives its database up.
    drop(Server::start(environment).await?);
    fill(environment).await?;
    let server = Server::resume_with(environment, &["--with-executor".to_owned()]).await?;
    let mut client = server.client().await?;
    sleep(SETTLED_AFTER).await;
    let (statements, cpu) = (statements(&mut client).await?, server.cpu_time()?);
    sleep(MEASURED).await;
    let statements = statements_since(&mut client, statements).await?;
    let cpu = server.cpu_time()?.saturating_sub(cpu);
    let share = cpu.as_secs_f64() / MEASURED.as_secs_f64() * 100.0;
    let parts = RUNS * PARTS_OF_EACH / 1_000_000;
    let idle = |what: &str| format!("{what}, idle with {parts} million ended parts");
    Ok(vec![
        Measure::new(idle("statements"), "1/min", statements),
        Measure::new(idle("CPU"), "% of a core", share),
        Measure::new(idle("resident"), "MiB", server.resident_mib()?),
    ])
}

async fn statements_since(client: &mut Client, before: f64) -> Result<f64> {
    Ok(statements(client).await? - before)
}

/// Statements since the server's start.
pub(super) async fn statements(client: &mut Client) -> Result<f64> {
    let answer = client.call(Method::GET, "/api/v1/metrics", Default::default());
    let (status, body) = answer.await?;
    ensure!(status == StatusCode::OK, "metrics: {status}");
    let text = String::from_utf8_lossy(&body);
    let name = "playhouse_database_statements_total ";
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    Ok(line.context("no count of statements")?.trim().parse()?)
}

/// Ends executions with all their parts.
async fn fill(environment: &Environment) -> Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the bench makes the runs, no server does"
    )]
    let now = Timestamp::now().as_millisecond();
    let location: Location = location(environment);
    let store = spawn_blocking(move || Store::open(&location, 1, now)).await??;
    for number in 0..RUNS {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&now.to_be_bytes()[2..]);
        id[8..].copy_from_slice(&number.to_be_bytes());
        one(&store, RunId::from_bytes(id), now).await?;
    }
    Ok(spawn_blocking(move || drop(store)).await?)
}

async fn one(store: &Store, id: RunId, now: i64) -> Result<()> {
    let run = NewRun::new(id, Kind::Execution, "bench", QUEUE);
    store
        .submit(Submit::new([Submission::new(run, "{}")], 0, now))
        .await?;
    let claim = Claim {
        executor: EXECUTOR.to_owned(),
        queues: vec![QUEUE.to_owned()],
        max: 1,
        lease_ms: LEASE_MS,
        now,
        ..Claim::default()
    };
    let claimed = store.claim(claim).await?;
    let token = claimed.first().context("nothing was claimed")?.run.token;
    let holder = Holder {
        executor: EXECUTOR.to_owned(),
        token: Some(token),
    };
    for first in (1..=PARTS_OF_EACH).step_by(usize::try_from(TOGETHER)?) {
        let parts: Vec<PartReport> = (first..first + TOGETHER).map(ended_part).collect();
        let holder = holder.clone();
        let report = move |batch: &mut store::Batch<'_, '_>| {
            let report = ProgressReport {
                parts: &parts,
                state: None,
                acknowledged: 0,
            };
            advance(batch, id, holder.clone(), &report, now)
        };
        store.write(report).await?;
    }
    let finish = Finish {
        id,
        holder,
        outcome: AttemptOutcome::Completed,
        report: Report::default(),
        jitter: 0.0,
        aging_step_ms: 0,
        now,
    };
    store.finish(vec![finish]).await?;
    Ok(())
}

fn ended_part(number: i64) -> PartReport {
    PartReport {
        number,
        name: "step".to_owned(),
        path: String::new(),
        stage: Stage::Completed,
        tries: 1,
        body: r#"{"changed":true,"stdout":"ok"}"#.into(),
        event_data: String::new(),
    }
}
