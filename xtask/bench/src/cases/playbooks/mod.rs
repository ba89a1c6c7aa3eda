//! Executions of playbooks end to end, by the executor inside of the server. The bodies of the measured steps are
//! requests to the bench itself, whose clock sees each one begin and end: what lies between is the server's.

mod others;
mod target;

use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    client::Client,
    report::{Measure, percentiles},
    server::{Environment, Server},
};
use target::Target;

pub(super) use others::measure as measure_others;

/// Steps of the long playbook.
const STEPS: usize = 10_000;
/// Steps that are compared with each other.
const SPAN: usize = 100;
/// How often an execution is started for its first step.
const STARTS: usize = 100;
const FAN_OUT: usize = 100;
/// Executions at once, and the steps of each.
const AT_ONCE: usize = 200;
const STEPS_OF_EACH: usize = 5;
/// Trivial steps of the two playbooks whose difference is the cost of a step.
const TRIVIAL: [usize; 2] = [500, 1_500];
/// How often it is looked whether a short execution has ended.
const SOON: Duration = Duration::from_millis(5);
const LIMIT: Duration = Duration::from_secs(600);

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let target = Target::serve().await?;
    let library = library(environment, &target.url)?;
    let arguments = [
        "--with-executor".to_owned(),
        format!("--slots={AT_ONCE}"),
        format!("--library={}", library.display()),
    ];
    let server = Server::start_with(environment, &arguments).await?;
    let mut client = server.client().await?;
    // The first execution finds cold caches.
    run(&mut client, "one").await?;
    target.take();
    let mut measures = gaps(&mut client, &target).await?;
    measures.extend(starts(&mut client, &target).await?);
    measures.extend(fan_out(&mut client, &target).await?);
    measures.extend(at_once(&mut client).await?);
    measures.push(Measure::new(
        "a trivial step",
        "ms",
        trivial(&mut client).await?,
    ));
    Ok(measures)
}

/// The playbooks that are measured.
fn library(environment: &Environment, url: &str) -> Result<PathBuf> {
    let library = environment.work_dir.join("playbooks");
    fs::create_dir_all(&library)?;
    let write = |name: &str, steps: &str| {
        let text = format!("name: {name}\nversion: '1'\nsteps:\n{steps}");
        fs::write(library.join(format!("{name}.yaml")), text)
    };
    let request = |id: usize| {
        format!("- {{id: s{id}, name: S, type: http.request, parameters: {{url: '{url}/'}}}}\n")
    };
    write("one", &request(0))?;
    write("long", &(0..STEPS).map(request).collect::<String>())?;
    write("each", &(0..STEPS_OF_EACH).map(request).collect::<String>())?;
    let items: Vec<String> = (0..FAN_OUT).map(|item| item.to_string()).collect();
    let mut fan = "- {id: fan, name: F, type: http.request, ".to_owned();
    let _ = writeln!(
        fan,
        "for_each: {{items: [{}], concurrency: {FAN_OUT}}}, parameters: {{url: '{url}/'}}}}",
        items.join(", ")
    );
    write("fan", &fan)?;
    for count in TRIVIAL {
        let log = |id: usize| {
            format!("- {{id: s{id}, name: S, type: utility.log, parameters: {{message: hello}}}}\n")
        };
        write(
            &format!("trivial-{count}"),
            &(0..count).map(log).collect::<String>(),
        )?;
    }
    Ok(library)
}

/// Between the end of one step's body and the beginning of the next one's.
async fn gaps(client: &mut Client, target: &Target) -> Result<Vec<Measure>> {
    let id = start(client, "long").await?;
    // To look at a run of thousands of parts takes time of the machine: not while it is measured.
    ended(client, &id, Duration::from_millis(500)).await?;
    let seen = target.take();
    ensure!(seen.len() == STEPS, "{} steps were seen", seen.len());
    let gaps: Vec<f64> = seen
        .windows(2)
        .map(|pair| millis(pair[1].began - pair[0].ended))
        .collect();
    let (first, last) = (&gaps[..SPAN], &gaps[gaps.len() - SPAN..]);
    let first = percentiles(&format!("gap, first {SPAN} of {STEPS}"), first)?;
    let last = percentiles(&format!("gap, last {SPAN} of {STEPS}"), last)?;
    let ratio = last[0].value / first[0].value;
    let mut measures = percentiles(&format!("gap, all of {STEPS}"), &gaps)?;
    measures.extend(first.into_iter().chain(last));
    measures.push(Measure::new("gap, last p50 by first p50", "times", ratio));
    Ok(measures)
}

/// From the request that starts an execution to the beginning of its first step.
async fn starts(client: &mut Client, target: &Target) -> Result<Vec<Measure>> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        run(client, "one").await?;
        let first = target.take().into_iter().next();
        times.push(millis(first.context("no step was seen")?.began - begun));
    }
    percentiles("start to first step", &times)
}

async fn fan_out(client: &mut Client, target: &Target) -> Result<Vec<Measure>> {
    run(client, "fan").await?;
    let seen = target.take();
    ensure!(seen.len() == FAN_OUT, "{} items were seen", seen.len());
    let first = seen.iter().map(|one| one.began).min();
    let last = seen.iter().map(|one| one.began).max();
    let span = last
        .zip(first)
        .map_or(Duration::ZERO, |(last, first)| last - first);
    let name = format!("fan-out of {FAN_OUT}: first to last begins");
    Ok(vec![Measure::new(name, "ms", millis(span))])
}

/// Many executions at once, from the first start to the last end.
async fn at_once(client: &mut Client) -> Result<Vec<Measure>> {
    let begun = Instant::now();
    let mut ids = Vec::new();
    for _ in 0..AT_ONCE {
        ids.push(start(client, "each").await?);
    }
    for id in &ids {
        ended(client, id, SOON).await?;
    }
    let took = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let steps = (AT_ONCE * STEPS_OF_EACH) as f64;
    let name = format!("{AT_ONCE} executions of {STEPS_OF_EACH} steps at once");
    Ok(vec![
        Measure::new(format!("{name}: all"), "s", took),
        Measure::new(format!("{name}: steps"), "1/s", steps / took),
    ])
}

/// What a step costs that does next to nothing, in milliseconds.
async fn trivial(client: &mut Client) -> Result<f64> {
    let mut took = [0.0; 2];
    for (took, count) in took.iter_mut().zip(TRIVIAL) {
        let begun = Instant::now();
        run(client, &format!("trivial-{count}")).await?;
        *took = millis(begun.elapsed());
    }
    Ok(per_step(took))
}

/// The cost of one of the steps by which the longer list is longer.
fn per_step([short, long]: [f64; 2]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let more = (TRIVIAL[1] - TRIVIAL[0]) as f64;
    (long - short) / more
}

/// Starts an execution and waits for its end.
async fn run(client: &mut Client, playbook: &str) -> Result<()> {
    let id = start(client, playbook).await?;
    ended(client, &id, SOON).await
}

async fn start(client: &mut Client, playbook: &str) -> Result<String> {
    let body = json!({"playbook_path": format!("{playbook}.yaml")}).to_string();
    let (status, body) = client
        .call(Method::POST, "/api/executions", body.into())
        .await?;
    ensure!(
        status == StatusCode::OK,
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    let started: Value = serde_json::from_slice(&body)?;
    let id = started["execution_id"].as_str().context("no id")?;
    Ok(id.to_owned())
}

/// Waits without taking much of the machine.
async fn ended(client: &mut Client, id: &str, look_every: Duration) -> Result<()> {
    let (path, begun) = (format!("/api/runs/{id}"), Instant::now());
    while begun.elapsed() < LIMIT {
        let (_, body) = client.call(Method::GET, &path, Bytes::new()).await?;
        let run: Value = serde_json::from_slice(&body)?;
        match run["status"].as_str() {
            Some("completed") => return Ok(()),
            Some("failed" | "cancelled") => bail!("the execution failed: {run}"),
            _ => sleep(look_every).await,
        }
    }
    bail!("the execution did not end within {LIMIT:?}")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
