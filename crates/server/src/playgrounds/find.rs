//! Playgrounds, playspecs and playrooms by what callers call them.

use store::playgrounds::{PlaygroundRow, find, find_named};

use crate::{app::App, refusal::Refusal};

/// What a path names: an id, or else a name.
pub(crate) fn id_in_path(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| *id > 0)
}

/// The playground with this id, or else with this name.
pub(crate) async fn row_of(app: &App, name: &str) -> Result<PlaygroundRow, Refusal> {
    let wanted = name.to_owned();
    let found = app.store.read(move |read| {
        if let Some(id) = id_in_path(&wanted)
            && let Some(row) = find(read, id)?
        {
            return Ok(Some(row));
        }
        find_named(read, &wanted)
    });
    found.await?.ok_or_else(|| missing_playground(name))
}

/// There is no such playground.
pub(crate) fn missing_playground(name: &str) -> Refusal {
    missing("playground", name)
}

/// There is no such playspec.
pub(crate) fn missing_playspec(name: &str) -> Refusal {
    missing("playspec", name)
}

fn missing(noun: &str, name: &str) -> Refusal {
    let shown: String = name.chars().take(100).collect();
    Refusal::not_found(format!("there is no {noun} `{shown}`"))
}

/// Whether a text can be a name.
pub(crate) fn checked_name(name: &str) -> Result<(), String> {
    const LIMIT: usize = 255;
    if name.trim().is_empty() {
        return Err("can't be blank".to_owned());
    }
    if name.len() > LIMIT {
        return Err(format!("is too long (at most {LIMIT} bytes)"));
    }
    match name.chars().any(char::is_control) {
        true => Err("must not contain control characters".to_owned()),
        false => Ok(()),
    }
}
