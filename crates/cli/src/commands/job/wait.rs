//! `job wait`.

use futures_util::{StreamExt, stream};
use wire::jobs::Job;

use super::{Follower, Outcome, Show};
use crate::{
    args::Wait,
    commands::connection::{self, first_contact},
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
};

/// How many jobs are watched at once; each takes a connection.
const WATCHED: usize = 64;

pub(super) async fn run(wait: Wait) -> Result<Exit, Failure> {
    let client = connection::open(&wait.ids.address)?;
    first_contact(&client).await?;
    let patience = wait.patience.reconnect_for;
    let ends = stream::iter(wait.ids.ids.iter().enumerate()).map(|(position, id)| {
        let client = &client;
        async move {
            let mut follower = Follower::new(client, id, Show::Nothing, patience);
            (position, id, follower.ended_job(patience).await)
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
