//! From `job …` to the verb.

use super::{ended, logs, show, submit};
use crate::{
    args::{Job, Wait},
    commands::{each, run::Show},
    exit::{Exit, Failure},
};

pub(crate) async fn run(job: Job) -> Result<Exit, Failure> {
    match job {
        Job::Submit(submit) => submit::run(*submit).await,
        Job::Get(get) => show::get(get).await,
        Job::List(list) => show::list(list).await,
        Job::Logs(logs) => logs::run(logs).await,
        Job::Cancel(ids) => each::act(&ids, async |client, id| client.cancel(id).await).await,
        Job::Retry(ids) => each::act(&ids, async |client, id| client.retry(id).await).await,
        Job::Wait(jobs) => wait(&jobs).await,
    }
}

async fn wait(wait: &Wait) -> Result<Exit, Failure> {
    let timeout = wait.reconnect.reconnect_for;
    each::wait(wait, async |client, id| {
        ended(client, id, Show::Nothing, timeout).await
    })
    .await
}
