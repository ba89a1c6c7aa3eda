//! `plugin-job …`.

mod act;
mod follow;
mod outcome;
mod show;
mod submit;

use crate::{
    args::PluginJob,
    exit::{Exit, Failure},
};

pub(super) async fn run(job: PluginJob) -> Result<Exit, Failure> {
    match job {
        PluginJob::Submit(submit) => submit::run(*submit).await,
        PluginJob::Get(get) => show::get(get).await,
        PluginJob::List(list) => show::list(list).await,
        PluginJob::Cancel(ids) => act::cancel(ids).await,
        PluginJob::Wait(wait) => act::wait(wait).await,
    }
}
