//! From the beginning of a run's id to the id.

use wire::{client::Client, runs::RunQuery};

use crate::exit::{Exit, Failure};

const ID_LENGTH: usize = 36;
const PREFIX_MIN: usize = 8;

/// The id that begins with this text.
pub(super) async fn id(client: &Client, text: &str) -> Result<String, Failure> {
    if text.len() >= ID_LENGTH {
        return Ok(text.to_owned());
    }
    if text.len() < PREFIX_MIN {
        return Err(Failure::usage(format!(
            "`{text}` is too short: give a run's id, or at least {PREFIX_MIN} characters of its beginning"
        )));
    }
    let text = text.to_lowercase();
    let query = RunQuery {
        text: Some(text.clone()),
        limit: Some(2),
        ..RunQuery::default()
    };
    let (mut runs, _) = client.runs(&query).await?;
    runs.retain(|run| run.id.starts_with(&text));
    match (runs.pop(), runs.pop()) {
        (Some(run), None) => Ok(run.id),
        (Some(one), Some(other)) => Err(Failure::usage(format!(
            "several runs have an id that begins with {text}, such as {} and {}",
            other.id, one.id
        ))),
        _ => Err(Failure::new(
            Exit::NOT_FOUND,
            format!("no run has an id that begins with {text}"),
        )
        .hint("`playhouse run list` lists runs.")),
    }
}
