//! `playground`.

mod compose_file;
mod create;
mod debug;
mod environment;
mod follow;
mod logs;
mod open;
mod operate;
mod show;
mod up;

use super::{connection, playspec};
use crate::{
    args::PlaygroundArgs,
    exit::{Exit, Failure},
};

pub(super) use compose_file::ComposeFile;

pub(super) async fn run(command: PlaygroundArgs) -> Result<Exit, Failure> {
    match command {
        PlaygroundArgs::Up(up) => up::run(up).await,
        PlaygroundArgs::Create(create) => create::run(*create).await,
        PlaygroundArgs::List(client) => show::list(&client).await,
        PlaygroundArgs::Status(one) => show::status(&one).await,
        PlaygroundArgs::Stats(one) => show::stats(&one).await,
        PlaygroundArgs::Open(open) => open::run(&open).await,
        PlaygroundArgs::Logs(logs) => logs::run(&logs).await,
        PlaygroundArgs::Rollout(rollout) => operate::rollout(&rollout).await,
        PlaygroundArgs::Restart(operate) => operate::run(&operate, "hard_restart").await,
        PlaygroundArgs::Stop(operate) => operate::run(&operate, "stop").await,
        PlaygroundArgs::Start(operate) => operate::run(&operate, "start").await,
        PlaygroundArgs::Rollback(rollback) => operate::roll_back(&rollback).await,
        PlaygroundArgs::Extend(extend) => operate::extend(&extend).await,
        PlaygroundArgs::Destroy(destroy) => operate::destroy(&destroy).await,
        PlaygroundArgs::Env(environment) => environment::run(&environment).await,
        PlaygroundArgs::Debug(debug) => debug::run(&debug).await,
    }
}
