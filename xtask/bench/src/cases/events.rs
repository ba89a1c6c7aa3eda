//! From a commit to the readers of the event log: a job every 50 ms, and each reader's time of the
//! event that tells of it. The commit is between the call and the return of the submit.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    follower::{Follower, Form},
    report::{Measure, percentiles},
    server::{Environment, Server},
    statistics::ms_between,
};

const JOBS: usize = 100;
const PACE: Duration = Duration::from_millis(50);
const READERS: [usize; 3] = [1, 100, 1_000];

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for form in [Form::Sse, Form::WebSocket] {
        for readers in READERS {
            measures.extend(with(environment, form, readers).await?);
        }
    }
    Ok(measures)
}

async fn with(environment: &Environment, form: Form, readers: usize) -> Result<Vec<Measure>> {
    let server = Server::start(environment).await?;
    let mut followers = JoinSet::new();
    for _ in 0..readers {
        let follower = Follower::open(server.address, form).await?;
        followers.spawn(follower.receive(JOBS));
    }
    let mut producer = server.client().await?;
    let (mut called, mut returned) = (Vec::new(), Vec::new());
    for _ in 0..JOBS {
        sleep(PACE).await;
        called.push(Instant::now());
        producer.submit().await?;
        returned.push(Instant::now());
    }
    let (mut from_call, mut from_return) = (Vec::new(), Vec::new());
    while let Some(received) = followers.join_next().await {
        for (index, at) in received??.into_iter().enumerate() {
            from_call.push(ms_between(called[index], at));
            // Many hear of it before the submitter does.
            from_return.push(ms_between(returned[index], at).max(0.0));
        }
    }
    let label = format!("{readers} {}", form.label());
    let mut measures = percentiles(
        &format!("events, {label}: submit called to reader"),
        &from_call,
    )?;
    let name = format!("events, {label}: submit returned to reader");
    measures.extend(percentiles(&name, &from_return)?);
    measures.push(Measure::new(
        format!("events, {label}: resident"),
        "MiB",
        server.resident_mib()?,
    ));
    Ok(measures)
}
