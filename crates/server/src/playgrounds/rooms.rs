//! Playrooms by what callers call them.

use store::{Batch, playgrounds::PlayroomRow};
use wire::playgrounds::IdOrName;

use super::{FieldErrors, id_in_path};
use crate::{app::App, refusal::Refusal};

/// The playroom of the server's own machine.
const LOCAL: &str = "local";

/// Every playroom; the local one is there from the first look on.
pub(crate) async fn all(app: &App) -> Result<Vec<PlayroomRow>, Refusal> {
    let rooms = app.store.read(store::playgrounds::playrooms).await?;
    if !rooms.is_empty() {
        return Ok(rooms);
    }
    let (mark, now) = (app.clock.run_id().to_string(), app.now_ms());
    let work = move |batch: &mut Batch<'_, '_>| {
        store::playgrounds::ensure_playroom(batch, LOCAL, &mark, now)
    };
    Ok(vec![app.store.write(work).await?])
}

/// The playroom with this id, or else with this name or key.
pub(crate) async fn row_of(app: &App, name: &str) -> Result<PlayroomRow, Refusal> {
    let rooms = all(app).await?;
    let found = named(rooms, id_in_path(name), name);
    found.ok_or_else(|| {
        let shown: String = name.chars().take(100).collect();
        Refusal::not_found(format!("there is no playroom `{shown}`"))
    })
}

fn named(rooms: Vec<PlayroomRow>, id: Option<i64>, name: &str) -> Option<PlayroomRow> {
    let by_id = rooms.iter().position(|room| Some(room.id) == id);
    let by_name = || rooms.iter().position(|room| room.name == name);
    let by_key = || rooms.iter().position(|room| room.key == name);
    let place = by_id.or_else(by_name).or_else(by_key)?;
    rooms.into_iter().nth(place)
}

/// The playroom that is named; without a name the local one, or else the only one that is active.
pub(crate) async fn room_of(
    app: &App,
    asked: Option<&IdOrName>,
    errors: &mut FieldErrors,
) -> Result<Option<PlayroomRow>, Refusal> {
    let rooms = all(app).await?;
    let room = match asked {
        Some(asked) => match named(rooms, asked.id(), &asked.0) {
            Some(room) => room,
            None => {
                errors.add("playroom_id", "must exist");
                return Ok(None);
            }
        },
        None => match default(rooms) {
            Ok(room) => room,
            Err(message) => {
                errors.add("playroom_id", message);
                return Ok(None);
            }
        },
    };
    if room.status == "active" {
        return Ok(Some(room));
    }
    errors.add("playroom_id", "is disabled");
    Ok(None)
}

fn default(rooms: Vec<PlayroomRow>) -> Result<PlayroomRow, String> {
    let mut active: Vec<PlayroomRow> = rooms
        .into_iter()
        .filter(|room| room.status == "active")
        .collect();
    if let Some(place) = active.iter().position(|room| room.key == LOCAL) {
        return Ok(active.swap_remove(place));
    }
    match (active.pop(), active.pop()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("can't be blank: no playroom is active".to_owned()),
        (Some(_), Some(_)) => Err("can't be blank: there are several".to_owned()),
    }
}
