//! Playrooms that executors reach, and what they see of the playgrounds there.

use std::collections::BTreeMap;

use store::{
    Batch, Read,
    playgrounds::{self, Observed, PlaygroundRow, PlayroomRow},
};
use wire::executors::{
    PlayroomInfo,
    operations::{ObservedPlayground, PlacedPlayground, PlacedPlaygrounds, ReportPlaygrounds},
};

use super::{Directory, RevisionSecrets, Wanted, complete_if_done, loaded};
use crate::{app::App, http::extract::run_id, refusal::Refusal};

/// What an executor must have to perform operations in a playroom. No plugin has such a name.
pub(crate) fn capability(playroom_id: i64) -> String {
    format!("playroom/{playroom_id}")
}

/// Makes the playrooms that an executor registers, and answers the capabilities that it has with them. A playroom
/// whose engine is another one, at an executor that was heard of lately, gets an error.
pub(crate) async fn registered(
    app: &App,
    executor: &str,
    rooms: &mut [PlayroomInfo],
) -> Result<Vec<String>, Refusal> {
    if rooms.is_empty() {
        return Ok(Vec::new());
    }
    let directory = Directory::read(app).await?;
    let now = app.now_ms();
    let mut capabilities = Vec::new();
    for room in rooms {
        let (key, mark) = (room.name.clone(), app.clock.run_id().to_string());
        let ensure =
            move |batch: &mut Batch<'_, '_>| playgrounds::ensure_playroom(batch, &key, &mark, now);
        let row = app.store.write(ensure).await?;
        if room.error.is_some() {
            continue;
        }
        let rival = rival(&directory, executor, room, &row);
        if let Some(rival) = rival {
            room.error = Some(format!(
                "playroom `{}` has another Docker engine, which executor `{rival}` reaches: register this one \
                 under another name",
                room.name
            ));
            continue;
        }
        let (id, engine) = (row.id, room.engine_id.clone());
        let bind = move |batch: &mut Batch<'_, '_>| playgrounds::bind_engine(batch, id, &engine);
        app.store.write(bind).await?;
        capabilities.push(capability(row.id));
    }
    Ok(capabilities)
}

/// The executor that has this playroom with another engine.
fn rival<'a>(
    directory: &'a Directory,
    executor: &str,
    room: &PlayroomInfo,
    row: &PlayroomRow,
) -> Option<&'a str> {
    if row.engine_id.is_empty() || row.engine_id == room.engine_id {
        return None;
    }
    let others = directory.of(&room.name).into_iter();
    let mut others = others.filter(|other| {
        other.executor != executor
            && other.info.error.is_none()
            && other.info.engine_id != room.engine_id
    });
    others.next().map(|other| other.executor.as_str())
}

/// Notes what an executor sees of playgrounds, and answers which ones there are in its playrooms.
pub(crate) async fn observe(
    app: &App,
    executor: &str,
    report: ReportPlaygrounds,
) -> Result<PlacedPlaygrounds, Refusal> {
    let rooms = rooms_of(app, executor).await?;
    let ids: Vec<i64> = rooms.iter().map(|room| room.id).collect();
    let rows = app
        .store
        .read(move |read| playgrounds::in_playrooms(read, &ids))
        .await?;
    for observed in report.playgrounds {
        // One of another playroom, or one that is gone, is not the executor's to say.
        if let Some(row) = rows.iter().find(|row| row.id == observed.id) {
            note(app, row, observed).await?;
        }
    }
    let mut placed = Vec::with_capacity(rows.len());
    for row in rows {
        placed.push(self::placed(app, row).await?);
    }
    let owners = rooms.into_iter().map(|room| (room.key, room.owner_mark));
    Ok(PlacedPlaygrounds {
        playgrounds: placed,
        owners: owners.collect::<BTreeMap<_, _>>(),
    })
}

/// The playrooms that an executor has the capabilities for.
async fn rooms_of(app: &App, executor: &str) -> Result<Vec<PlayroomRow>, store::Error> {
    let name = executor.to_owned();
    let read = move |read: &mut Read<'_, '_>| {
        let own = store::executors::capabilities(read, &name)?;
        let rooms = playgrounds::playrooms(read)?;
        let is_own = |room: &PlayroomRow| own.contains(&capability(room.id));
        Ok(rooms.into_iter().filter(is_own).collect())
    };
    app.store.read(read).await
}

/// Notes what an executor sees of one playground, if that is news.
async fn note(app: &App, row: &PlaygroundRow, observed: ObservedPlayground) -> Result<(), Refusal> {
    let seen = observed.last_operation.as_deref().map(run_id).transpose();
    let seen =
        seen.map_err(|_| Refusal::field("last_operation", "last_operation must be a run id"))?;
    let is_old = seen.is_some_and(|run| run != row.last.run);
    if is_old || loaded::services(row)? == observed.services {
        return Ok(());
    }
    let (before, _) = loaded::status(row)?;
    let (after, wrong) = loaded::status_with(row, &observed.services)?;
    let event = (before != after).then(|| {
        serde_json::json!({
            "id": row.id,
            "name": row.name,
            "previous_status": before.as_str(),
            "status": after.as_str(),
            "reason": wrong,
        })
    });
    let observed = Observed {
        playground_id: row.id,
        last_run: row.last.run,
        // Strings and numbers have a JSON form.
        services: serde_json::to_vec(&observed.services).unwrap_or_default(),
        event,
        now: app.now_ms(),
    };
    let work = move |batch: &mut Batch<'_, '_>| playgrounds::observe(batch, &observed);
    app.store.write(work).await?;
    if row.job_mode
        && row.last.status.is_terminal()
        && let Err(refusal) = complete_if_done(app, row.id).await
    {
        // The loop looks at it again.
        tracing::debug!(playground = row.id, why = refusal.message, "not completed");
    }
    Ok(())
}

async fn placed(app: &App, row: PlaygroundRow) -> Result<PlacedPlayground, Refusal> {
    let (status, _) = loaded::status(&row)?;
    let wanted = Wanted::of(&row)?;
    let routes = match row.applied {
        None => serde_json::Value::Null,
        Some(applied) => {
            let (id, number) = (row.id, applied.revision);
            let revision = move |read: &mut Read<'_, '_>| playgrounds::revision(read, id, number);
            match app.store.read(revision).await? {
                None => serde_json::Value::Null,
                Some(revision) => {
                    let sealer = app.vault.sealer(&app.store).await?;
                    let secrets: RevisionSecrets =
                        sealer.open_of_playground(row.id, &revision.sealed)?;
                    secrets.routes
                }
            }
        }
    };
    Ok(PlacedPlayground {
        id: row.id,
        changing: !row.last.status.is_terminal(),
        last_operation: Some(row.last.run.to_string()),
        name: row.name,
        project: row.project,
        playroom: row.playroom.1,
        status: status.as_str().to_owned(),
        job_mode: row.job_mode,
        watched_services: wanted.watched_services,
        routes,
    })
}
