//! `plugin-job cancel` and `plugin-job wait`.

use futures_util::{StreamExt, stream};
use wire::plugin_jobs::Job;

use super::{follow, outcome::Outcome};
use crate::{
    args::{Ids, Wait},
    commands::connection::{self, first_contact},
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
};

/// How many jobs are watched at once; each takes a connection.
const WATCHED: usize = 64;

/// Cancels every job, also after one of them was refused; ends with the first refusal's code.
pub(super) async fn cancel(ids: Ids) -> Result<Exit, Failure> {
    let client = connection::open(&ids.address)?;
    let mut exit = Exit::OK;
    for id in &ids.ids {
        match client.cancel_plugin_job(id).await {
            Ok(job) if ids.format.json => print_json(&job)?,
            Ok(job) => {
                let stopping = job.result.is_none();
                let standing = if stopping { "stopping" } else { "cancelled" };
                print_line(&format!("{}  {standing}", job.id))?;
            }
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

pub(super) async fn wait(wait: Wait) -> Result<Exit, Failure> {
    let client = connection::open(&wait.ids.address)?;
    first_contact(&client).await?;
    let patience = wait.patience.reconnect_for;
    let ends = stream::iter(wait.ids.ids.iter().enumerate()).map(|(position, id)| {
        let client = &client;
        async move {
            let end = follow::ended_job(client, id, false, patience).await;
            (position, id, end)
        }
    });
    let mut ends = ends.buffer_unordered(WATCHED);
    let mut first: Option<(usize, Exit)> = None;
    while let Some((position, id, end)) = ends.next().await {
        let exit = match end {
            Ok(job) => report(&job, wait.ids.format.json)?,
            Err(failure) if failure.exit == Exit::UNREACHABLE => return Err(failure),
            Err(failure) => {
                let exit = failure.exit;
                say(&failure.about(id).text());
                exit
            }
        };
        if exit != Exit::OK && first.is_none_or(|(before, _)| position < before) {
            first = Some((position, exit));
        }
    }
    Ok(first.map_or(Exit::OK, |(_, exit)| exit))
}

fn report(job: &Job, json: bool) -> Result<Exit, Failure> {
    let outcome = Outcome::of(job);
    if json {
        print_json(job)?;
    } else {
        print_line(&format!("{}  {}", job.id, outcome.text))?;
    }
    Ok(outcome.exit)
}
