//! From `job …` to the verb.

use super::{act, logs, show, submit, wait};
use crate::{
    args::Job,
    exit::{Exit, Failure},
};

pub(crate) async fn run(job: Job) -> Result<Exit, Failure> {
    match job {
        Job::Submit(submit) => submit::run(*submit).await,
        Job::Get(get) => show::get(get).await,
        Job::List(list) => show::list(list).await,
        Job::Logs(logs) => logs::run(logs).await,
        Job::Cancel(ids) => act::run(ids, act::Verb::Cancel).await,
        Job::Retry(ids) => act::run(ids, act::Verb::Retry).await,
        Job::Wait(jobs) => wait::run(jobs).await,
    }
}
