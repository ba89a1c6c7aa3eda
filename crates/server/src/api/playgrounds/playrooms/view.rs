//! Playrooms as bodies.

use serde_json::{Value, json};
use store::playgrounds::{PlaygroundRow, PlayroomRow};
use wire::{Timestamp, playgrounds::Playroom};

use crate::{
    app::App,
    playgrounds::{Directory, RoomBody},
    refusal::Refusal,
};

/// Playrooms with what executors say of them.
pub(super) async fn shown(app: &App, rows: Vec<PlayroomRow>) -> Result<Vec<Playroom>, Refusal> {
    let directory = Directory::read(app).await?;
    let playgrounds = app.store.read(store::playgrounds::list).await?;
    let rooms = rows
        .into_iter()
        .map(|row| one(row, &directory, &playgrounds));
    rooms.collect()
}

fn one(
    row: PlayroomRow,
    directory: &Directory,
    playgrounds: &[PlaygroundRow],
) -> Result<Playroom, Refusal> {
    let body = RoomBody::of(&row)?;
    let registered = directory.of(&row.key);
    let first = registered.first().map(|room| &room.info);
    let text = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
    let error = directory.why_it_waits(&row.key);
    let status = match (&*row.status, &error) {
        ("active", Some(_)) => "error",
        (status, _) => status,
    };
    let there = playgrounds.iter().filter(|one| one.playroom_id == row.id);
    Ok(Playroom {
        id: row.id,
        status: status.to_owned(),
        name: row.name,
        key: row.key,
        error_message: error,
        host: body.host,
        port: first
            .and_then(|info| info.router.as_ref())
            .map(|router| router.port),
        user: body.user,
        tutorial: false,
        domains: body.domains,
        acme_email: body.acme_email,
        ssh_public_key: None,
        executors: registered
            .iter()
            .map(|room| room.executor.clone())
            .collect(),
        engine_version: text(first.map(|info| &info.engine_version)),
        compose_version: text(first.map(|info| &info.compose_version)),
        platform: text(first.map(|info| &info.platform)),
        playground_count: i64::try_from(there.count()).unwrap_or(i64::MAX),
        policy: or_empty(body.policy),
        limits: or_empty(body.limits),
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    })
}

/// What nobody has set is shown as an empty object, as it would be sent.
fn or_empty(set: Value) -> Value {
    if set.is_null() { json!({}) } else { set }
}
