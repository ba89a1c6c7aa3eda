//! Commands on several jobs: a failure of one does not stop the others.

use futures_util::{StreamExt, stream};
use wire::client::{Client, Error};

use super::{
    connection::{self, first_contact},
    outcome::AnyJob,
};
use crate::{
    args::{Ids, Wait},
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
};

/// How many jobs are watched at once; each takes a connection.
const WATCHED: usize = 64;

/// Acts on every job, also after one of them was refused; ends with the first refusal's code.
pub(super) async fn act<J: AnyJob>(
    ids: &Ids,
    act: impl AsyncFn(&Client, &str) -> Result<J, Error>,
) -> Result<Exit, Failure> {
    let client = connection::open(&ids.client.address)?;
    let mut exit = Exit::OK;
    for id in &ids.ids {
        match act(&client, id).await {
            Ok(job) if ids.client.format.json => print_json(&job)?,
            Ok(job) => print_line(&format!("{}  {}", job.id(), job.standing()))?,
            Err(error) => {
                let failed = refused(id, error.into())?;
                if exit == Exit::OK {
                    exit = failed;
                }
            }
        }
    }
    Ok(exit)
}

/// Waits for the end of every job, and tells of each when it ends; ends as the first one, in the order
/// given, that did not succeed.
pub(super) async fn wait<J: AnyJob>(
    wait: &Wait,
    end: impl AsyncFn(&Client, &str) -> Result<J, Failure>,
) -> Result<Exit, Failure> {
    let client = connection::open(&wait.ids.client.address)?;
    first_contact(&client).await?;
    let ends = stream::iter(wait.ids.ids.iter().enumerate()).map(|(position, id)| {
        let (client, end) = (&client, &end);
        async move { (position, id, end(client, id).await) }
    });
    let mut ends = ends.buffer_unordered(WATCHED);
    let mut first: Option<(usize, Exit)> = None;
    while let Some((position, id, end)) = ends.next().await {
        let exit = match end {
            Ok(job) => report(&job, wait.ids.client.format.json)?,
            Err(failure) => refused(id, failure)?,
        };
        if exit != Exit::OK && first.is_none_or(|(before, _)| position < before) {
            first = Some((position, exit));
        }
    }
    Ok(first.map_or(Exit::OK, |(_, exit)| exit))
}

/// Tells what is wrong with one job. Without a server every further call would fail too.
fn refused(id: &str, failure: Failure) -> Result<Exit, Failure> {
    if failure.exit == Exit::UNREACHABLE {
        return Err(failure);
    }
    let exit = failure.exit;
    say(&failure.about(id).text());
    Ok(exit)
}

fn report(job: &impl AnyJob, json: bool) -> Result<Exit, Failure> {
    let outcome = job.outcome();
    if json {
        print_json(job)?;
    } else {
        print_line(&format!("{}  {}", job.id(), outcome.text))?;
    }
    Ok(outcome.exit)
}
