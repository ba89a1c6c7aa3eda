//! `job cancel` and `job retry`.

use wire::client::Client;
use wire::jobs::Job;

use crate::{
    args::Ids,
    commands::connection,
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
};

/// What to do with the jobs.
#[derive(Clone, Copy)]
pub(super) enum Verb {
    Cancel,
    Retry,
}

impl Verb {
    async fn apply(self, client: &Client, id: &str) -> Result<Job, wire::client::Error> {
        match self {
            Self::Cancel => client.cancel(id).await,
            Self::Retry => client.retry(id).await,
        }
    }
}

/// Acts on every job, also after one of them was refused; ends with the first refusal's code.
pub(super) async fn run(ids: Ids, verb: Verb) -> Result<Exit, Failure> {
    let client = connection::open(&ids.address)?;
    let mut exit = Exit::OK;
    for id in &ids.ids {
        match verb.apply(&client, id).await {
            Ok(job) if ids.format.json => print_json(&job)?,
            Ok(job) => print_line(&format!("{}  {}", job.id, standing(&job)))?,
            Err(error) => {
                let failure = Failure::from(error);
                // Without a server every further call would fail too.
                if failure.exit == Exit::UNREACHABLE {
                    return Err(failure);
                }
                if exit == Exit::OK {
                    exit = failure.exit;
                }
                say(&failure.about(id).text());
            }
        }
    }
    Ok(exit)
}

fn standing(job: &Job) -> &str {
    let stopping = job.status == "running" && job.cancel_requested == Some(true);
    if stopping { "stopping" } else { &job.status }
}
