//! Browsers of executions, beside Playwright for Node with the same Chromium and the same page.

mod page;
mod peer;
mod viewers;

use std::{
    fmt::Write,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;
use wire::runs::RunPart;

use crate::{
    client::Client,
    machine,
    report::Measure,
    server::{Environment, Server},
};

pub(super) use viewers::measure as measure_viewers;

/// Fields of the page, each of which is filled and has a button that is clicked. With the page that is opened and the
/// text that is verified that makes fifty actions.
const FIELDS: usize = 24;
const AT_ONCE: usize = 20;
const LIMIT: Duration = Duration::from_secs(300);
/// How often memory is looked at.
const LOOK_PERIOD: Duration = Duration::from_millis(100);

/// The same flow by both, one after the other.
pub(super) async fn measure_flow(environment: &Environment) -> Result<Vec<Measure>> {
    let url = page::serve().await?;
    let server = start(environment, &url, 1).await?;
    let mut client = server.client().await?;
    // The first finds cold caches.
    finished(&mut client, &server, "flow").await?;
    let ours = finished(&mut client, &server, "flow").await?;
    let theirs = peer::flow(&url).await?;
    let mut measures = Vec::new();
    for (who, flow) in [("ours", &ours), ("Playwright", &theirs)] {
        measures.push(Measure::new(
            format!("start to first page, {who}"),
            "ms",
            flow.first_ms,
        ));
        measures.push(Measure::new(
            format!("49 actions, {who}"),
            "ms",
            flow.actions_ms,
        ));
        measures.push(Measure::new(
            format!("50 actions with launch, {who}"),
            "ms",
            flow.all_ms,
        ));
        measures.push(Measure::new(
            format!("peak memory, {who}"),
            "MiB",
            flow.peak_mib,
        ));
    }
    let ratio = ours.all_ms / theirs.all_ms;
    measures.push(Measure::new(
        "50 actions with launch, ours by Playwright's",
        "times",
        ratio,
    ));
    let ratio = ours.actions_ms / theirs.actions_ms;
    measures.push(Measure::new(
        "49 actions, ours by Playwright's",
        "times",
        ratio,
    ));
    let ratio = ours.peak_mib / theirs.peak_mib;
    measures.push(Measure::new(
        "peak memory, ours by Playwright's",
        "times",
        ratio,
    ));
    Ok(measures)
}

/// Many executions at once, each with a context of its own.
pub(super) async fn measure_many(environment: &Environment) -> Result<Vec<Measure>> {
    let url = page::serve().await?;
    let server = start(environment, &url, AT_ONCE).await?;
    let mut client = server.client().await?;
    let idle = machine::tree_mib(server.pid());
    let begun = Instant::now();
    let mut ids = Vec::new();
    for _ in 0..AT_ONCE {
        ids.push(started(&mut client, "flow").await?);
    }
    let mut peak = 0.0;
    for id in ids {
        let ended = ended(&mut client, &server, &id).await?;
        peak = ended.1.max(peak);
    }
    let all = begun.elapsed().as_secs_f64();
    Ok(vec![
        Measure::new(format!("{AT_ONCE} flows at once"), "s", all),
        Measure::new(format!("{AT_ONCE} flows at once, peak memory"), "MiB", peak),
        Measure::new("before them", "MiB", idle),
    ])
}

/// One flow.
struct Flow {
    first_ms: f64,
    actions_ms: f64,
    all_ms: f64,
    peak_mib: f64,
}

/// A server whose library has the flow.
async fn start(environment: &Environment, url: &str, slots: usize) -> Result<Server> {
    let library = environment.work_dir.join("playbooks");
    fs::create_dir_all(&library)?;
    let mut steps = format!(
        "- {{id: open, name: Open, type: browser.navigate, parameters: {{url: '{url}'}}}}\n"
    );
    for field in 0..FIELDS {
        writeln!(
            steps,
            "- {{id: f{field}, name: F, type: browser.fill, parameters: {{selector: '#field-{field}', value: value {field}}}}}\n\
             - {{id: c{field}, name: C, type: browser.click, parameters: {{selector: '#button-{field}'}}}}"
        )?;
    }
    writeln!(
        steps,
        "- {{id: end, name: End, type: browser.verify_text, parameters: {{selector: '#result', text: clicks {FIELDS}}}}}"
    )?;
    let write = |name: &str, steps: &str| {
        let text = format!("name: {name}\nversion: '1'\nsteps:\n{steps}");
        fs::write(library.join(format!("{name}.yaml")), text)
    };
    write("flow", &steps)?;
    write("moving", &viewers::steps(url))?;
    let arguments = [
        "--with-executor".to_owned(),
        "--no-docker".to_owned(),
        format!("--slots={slots}"),
        format!("--library={}", library.display()),
    ];
    Server::start_with(environment, &arguments).await
}

async fn started(client: &mut Client, playbook: &str) -> Result<String> {
    let body = json!({"playbook_path": format!("{playbook}.yaml")}).to_string();
    let (status, answer) = client
        .call(Method::POST, "/api/executions", body.into())
        .await?;
    let answer: Value = serde_json::from_slice(&answer)?;
    if status != StatusCode::OK {
        bail!("{playbook} was not started: {status}: {answer}");
    }
    let id = answer["execution_id"].as_str().context("no id")?;
    Ok(id.to_owned())
}

/// Waits for the end of an execution. Answers it, and the most memory that was seen meanwhile.
async fn ended(client: &mut Client, server: &Server, id: &str) -> Result<(Value, f64)> {
    let begun = Instant::now();
    let mut peak: f64 = 0.0;
    loop {
        let path = format!("/api/executions/{id}");
        let (_, answer) = client.call(Method::GET, &path, Bytes::new()).await?;
        let execution: Value = serde_json::from_slice(&answer)?;
        match execution["status"].as_str() {
            Some("completed") => return Ok((execution, peak)),
            Some("failed" | "cancelled") => bail!("{id}: {}", execution["error"]),
            _ if begun.elapsed() > LIMIT => bail!("{id} has not ended in time"),
            _ => {}
        }
        peak = peak.max(machine::tree_mib(server.pid()));
        sleep(LOOK_PERIOD).await;
    }
}

/// Starts an execution, waits for its end, and reads its times.
async fn finished(client: &mut Client, server: &Server, playbook: &str) -> Result<Flow> {
    let id = started(client, playbook).await?;
    let (_, peak_mib) = ended(client, server, &id).await?;
    let steps = steps(client, &id).await?;
    let (first, last) = (steps.first(), steps.last());
    let (first, last) = (first.context("no step")?, last.context("no step")?);
    Ok(Flow {
        first_ms: first.1 - first.0,
        actions_ms: last.1 - first.1,
        all_ms: last.1 - first.0,
        peak_mib,
    })
}

/// When each step began and ended, in milliseconds: the contract's own times are whole seconds.
async fn steps(client: &mut Client, id: &str) -> Result<Vec<(f64, f64)>> {
    let path = format!("/api/runs/{id}/parts?limit=1000");
    let (_, answer) = client.call(Method::GET, &path, Bytes::new()).await?;
    let parts: Vec<RunPart> = serde_json::from_slice(&answer)?;
    let times = parts.iter().map(|part| {
        let ended = part.ended_at.context("a step has no end")?;
        Ok((part.started_at.0 as f64, ended.0 as f64))
    });
    times.collect()
}
