//! `run …`: runs of every kind.

mod artifacts;
mod asks;
mod download;
mod follow;
mod list;
mod outcome;
mod resolve;
mod show;
mod steps;
mod watch;

use serde_json::{Map, Value};
use wire::playbooks::RetryExecution;

use super::{connection, each};
use crate::{
    args::{Ids, RetryRuns, RunArgs, RunIds},
    exit::{Exit, Failure},
};

pub(super) use follow::{Follower, Show};
pub(super) use steps::StepList;
pub(super) use watch::follow_to_end;

pub(super) async fn run(run: RunArgs) -> Result<Exit, Failure> {
    match run {
        RunArgs::List(list) => list::run(*list).await,
        RunArgs::Get(get) => show::run(get).await,
        RunArgs::Watch(watch) => watch::run(watch).await,
        RunArgs::Artifacts(run) => artifacts::run(run).await,
        RunArgs::Download(download) => download::run(download).await,
        RunArgs::Pause(runs) => ask(runs, "pause").await,
        RunArgs::Resume(runs) => ask(runs, "resume").await,
        RunArgs::Skip(runs) => ask(runs, "skip").await,
        RunArgs::Cancel(runs) => ask(runs, "cancel").await,
        RunArgs::Retry(retry) => self::retry(retry).await,
    }
}

async fn ask(runs: RunIds, control: &str) -> Result<Exit, Failure> {
    let ids = resolved(runs).await?;
    each::act(&ids, async |client, id| {
        client.control_run(id, control).await
    })
    .await
}

async fn retry(retry: RetryRuns) -> Result<Exit, Failure> {
    if retry.from.is_none() && retry.parameter.is_empty() {
        return ask(retry.runs, "retry").await;
    }
    let parameters = retry.parameter.into_iter();
    let parameters: Map<_, _> = parameters
        .map(|(name, value)| (name, Value::from(value)))
        .collect();
    let wanted = RetryExecution {
        from_step: retry.from,
        parameters: (!parameters.is_empty()).then_some(parameters),
    };
    let ids = resolved(retry.runs).await?;
    each::act(&ids, async |client, id| {
        client.retry_execution(id, &wanted).await?;
        client.run(id).await
    })
    .await
}

async fn resolved(runs: RunIds) -> Result<Ids, Failure> {
    let client = connection::open(&runs.client.address)?;
    let mut ids = Vec::with_capacity(runs.ids.len());
    for id in &runs.ids {
        ids.push(resolve::id(&client, id).await?);
    }
    Ok(Ids {
        ids,
        client: runs.client,
    })
}
