//! Jobs that steps start in the network of a playground.

use engine::Kind;
use store::{Read, runs::Submission};
use wire::executors::PlaygroundOfJob;

use crate::{
    app::App,
    kinds,
    playgrounds::{
        PlaygroundStatus as P, invalid_state, load, missing_playground, placed::capability, row_of,
    },
    refusal::Refusal,
};

/// Where a job can run that reaches the services of a playground.
const ALLOWED: [P; 3] = [P::Running, P::HasChanges, P::Error];

/// Has a job run where the services of a playground can be reached.
pub(crate) async fn of_job(
    app: &App,
    name: &str,
    mut submission: Submission,
) -> Result<Submission, Refusal> {
    let id = row_of(app, name).await?.id;
    let read = move |read: &mut Read<'_, '_>| {
        let Some(row) = store::playgrounds::find(read, id)? else {
            return Ok(None);
        };
        let room = store::playgrounds::playroom(read, row.playroom_id)?;
        let loaded = load(read, row)?;
        Ok(room.map(|room| (loaded, room)))
    };
    let found = app.store.read(read).await?;
    let (loaded, room) = found.ok_or_else(|| missing_playground(name))?;
    if !ALLOWED.contains(&loaded.status) {
        return Err(invalid_state("a job in it", loaded.status, &ALLOWED, false));
    }
    let urls = loaded.urls.into_iter().map(|one| (one.name, one.url));
    let playground = PlaygroundOfJob {
        id,
        owner: room.owner_mark,
        playroom: room.key,
        urls: urls.collect(),
    };
    let mut input: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&submission.input)
            .map_err(|_| Refusal::internal("the input of a job is no object"))?;
    // Strings and numbers have a JSON form.
    let playground = serde_json::to_value(playground).unwrap_or_default();
    input.insert("playground".to_owned(), playground);
    submission.input = serde_json::to_vec(&input).unwrap_or_default();
    // With what the job requires by itself.
    let required = submission.run.queue.split_once(':');
    let required = required.map(|(_, words)| kinds::capabilities(words).map(str::to_owned));
    let mut capabilities: Vec<String> = required.into_iter().flatten().collect();
    capabilities.push(capability(room.id));
    submission.run.queue = kinds::of(Kind::Job).queues.queue(&capabilities);
    Ok(submission)
}
