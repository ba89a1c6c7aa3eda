//! How late viewers see what a page paints, and what they cost the run.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinSet};
use tokio_tungstenite::client_async;

use super::{FIELDS, ended, page, start, started, steps as steps_of};
use crate::{
    client::Client,
    machine,
    report::{Measure, percentiles},
    server::{Environment, Server},
};

/// How many viewers there are.
const VIEWERS: [usize; 3] = [0, 1, 20];
/// How often the flow is repeated for each of them.
const ROUNDS: usize = 3;

/// A page that moves all the time, in which the fields are filled and the buttons clicked.
pub(super) fn steps(url: &str) -> String {
    let mut steps = format!(
        "- {{id: open, name: Open, type: browser.navigate, parameters: {{url: '{url}moving'}}}}\n"
    );
    // Until all viewers are there.
    steps.push_str("- {id: settle, name: Settle, type: browser.evaluate, parameters: {expression: 'new Promise(done => setTimeout(done, 3500))'}}\n");
    for field in 0..FIELDS {
        // Into a String, which takes everything.
        let _ = writeln!(
            steps,
            "- {{id: f{field}, name: F, type: browser.fill, parameters: {{selector: '#field-{field}', value: value {field}}}}}\n\
             - {{id: c{field}, name: C, type: browser.click, parameters: {{selector: '#button-{field}'}}}}"
        );
    }
    steps
}

pub(in crate::cases) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let url = page::serve().await?;
    let server = start(environment, &url, 1).await?;
    let mut client = server.client().await?;
    let mut measures = Vec::new();
    let mut alone = 0.0;
    let mut late = Vec::new();
    flow(&mut client, &server, 0).await?;
    for viewers in VIEWERS {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let (took, seen) = flow(&mut client, &server, viewers).await?;
            times.push(took);
            if viewers == 1 {
                late.extend(seen);
            }
        }
        times.sort_by(f64::total_cmp);
        let median = times[ROUNDS / 2];
        if viewers == 0 {
            alone = median;
        }
        let name = format!("48 actions, {viewers} viewers");
        measures.push(Measure::new(name, "ms", median));
        if viewers > 0 {
            let name = format!("48 actions, {viewers} viewers by none");
            measures.push(Measure::new(name, "times", median / alone));
        }
    }
    let frames = late.len() as f64;
    measures.extend(percentiles("paint to viewer", &late)?);
    measures.push(Measure::new(
        "frames of one viewer",
        "",
        frames / ROUNDS as f64,
    ));
    Ok(measures)
}

/// One flow with so many viewers: how long its actions took, and how late its first viewer saw each frame.
async fn flow(client: &mut Client, server: &Server, viewers: usize) -> Result<(f64, Vec<f64>)> {
    let id = started(client, "moving").await?;
    let mut sockets = JoinSet::new();
    let late = Arc::new(Mutex::new(Vec::new()));
    for number in 0..viewers {
        let first = (number == 0).then(|| Arc::clone(&late));
        sockets.spawn(look(server.address.to_string(), id.clone(), first));
    }
    ended(client, server, &id).await?;
    let steps = steps_of(client, &id).await?;
    let (begun, acted) = (steps[2].0, steps[steps.len() - 1].1);
    sockets.shutdown().await;
    let late = std::mem::take(&mut *late.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((acted - begun, late))
}

/// Looks on until the socket is closed, and notes how late each frame was, in milliseconds.
async fn look(address: String, id: String, late: Option<Arc<Mutex<Vec<f64>>>>) -> Result<()> {
    let stream = TcpStream::connect(&address).await?;
    let url = format!("ws://{address}/ws/runs/{id}/frames");
    let (mut socket, _) = client_async(url, stream).await?;
    while let Some(message) = socket.next().await {
        let now = machine::now_ms();
        let message = message?;
        let Some(late) = &late else { continue };
        let message: Value = serde_json::from_str(&message.to_string()).unwrap_or_default();
        if let Some(painted) = message["painted_at"].as_str() {
            let painted: jiff::Timestamp = painted.parse()?;
            let seen_after = now - painted.as_microsecond() as f64 / 1000.0;
            late.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(seen_after);
        }
    }
    Ok(())
}
