//! `plugin-job …`.

mod follow;
mod outcome;
mod show;
mod submit;

use super::each;
use crate::{
    args::{PluginJob, Wait},
    exit::{Exit, Failure},
};

pub(super) async fn run(job: PluginJob) -> Result<Exit, Failure> {
    match job {
        PluginJob::Submit(submit) => submit::run(*submit).await,
        PluginJob::Get(get) => show::get(get).await,
        PluginJob::List(list) => show::list(list).await,
        PluginJob::Cancel(ids) => {
            each::act(&ids, async |client, id| client.cancel_plugin_job(id).await).await
        }
        PluginJob::Wait(jobs) => wait(&jobs).await,
    }
}

async fn wait(wait: &Wait) -> Result<Exit, Failure> {
    let timeout = wait.reconnect.reconnect_for;
    each::wait(wait, async |client, id| {
        follow::ended_job(client, id, false, timeout).await
    })
    .await
}
