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

use super::{connection, each};
use crate::{
    args::{Ids, RunArgs, RunIds},
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
        RunArgs::Retry(runs) => ask(runs, "retry").await,
    }
}

async fn ask(runs: RunIds, control: &str) -> Result<Exit, Failure> {
    let client = connection::open(&runs.client.address)?;
    let mut ids = Vec::with_capacity(runs.ids.len());
    for id in &runs.ids {
        ids.push(resolve::id(&client, id).await?);
    }
    let ids = Ids {
        ids,
        client: runs.client,
    };
    each::act(&ids, async |client, id| {
        client.control_run(id, control).await
    })
    .await
}
