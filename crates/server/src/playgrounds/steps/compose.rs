//! Playspecs of Compose files of the library.

use bytes::Bytes;
use futures_util::TryStreamExt;
use store::{
    Batch, Read,
    audit::{AuditEntry, Target},
    playgrounds::{self, NewPlayspec, PlayspecMade},
};
use wire::{executors::ComposeOfLibrary, playgrounds::PlayspecChange};

use crate::{
    app::App,
    playgrounds::{FieldErrors, SpecBody, checked_name, invalid, quota_exceeded, start::detailed},
    refusal::Refusal,
};

/// Playspecs at most.
const PLAYSPECS: i64 = 1_000;
/// The longest Compose file of the library, in bytes.
const COMPOSE_LIMIT: i64 = 1 << 20;
/// How often it is tried again when another one is made at the same time.
const TRIES: usize = 5;

/// The playspec of a Compose file of the library; it is made if there is none.
pub(super) async fn playspec_of(
    app: &App,
    compose: &ComposeOfLibrary,
    entry: AuditEntry,
) -> Result<i64, Refusal> {
    let hash = compose.sha256.get(..12).unwrap_or_default();
    let name = format!("{}@{hash}", compose.path);
    let text = text_of(app, compose).await?;
    let mut errors = FieldErrors::default();
    errors.note("name", checked_name(&name));
    let change = PlayspecChange {
        name: Some(name.clone()),
        base_compose_yaml: Some(text.clone()),
        ..PlayspecChange::default()
    };
    let body = SpecBody::default().changed(change, &mut errors);
    errors.refuse()?;
    for _ in 0..TRIES {
        let named = name.clone();
        let find = move |read: &mut Read<'_, '_>| playgrounds::playspec(read, None, &named);
        if let Some(found) = app.store.read(find).await? {
            if SpecBody::of(&found)?.base_compose_yaml == text {
                return Ok(found.id);
            }
            let message = format!(
                "`{}`: the playspec `{name}` was changed and is not this file any more: rename it",
                compose.path
            );
            return Err(invalid("compose", message));
        }
        let new = NewPlayspec {
            name: name.clone(),
            body: body.encode(),
            now: app.now_ms(),
            idempotency: None,
            entry: detailed(entry.clone().on(Target::one("playspec", "")), &name),
        };
        let make =
            move |batch: &mut Batch<'_, '_>| playgrounds::create_playspec(batch, &new, PLAYSPECS);
        match app.store.write(make).await? {
            PlayspecMade::Made(id) | PlayspecMade::Repeated(id) => return Ok(id),
            PlayspecMade::NameTaken => {}
            PlayspecMade::TooMany => return Err(quota_exceeded("playspecs", PLAYSPECS)),
        }
    }
    Err(Refusal::conflict(
        "the playspec was changed at the same time: try again",
    ))
}

/// The text of a file of the library.
async fn text_of(app: &App, compose: &ComposeOfLibrary) -> Result<String, Refusal> {
    let wrong = |why: &str| invalid("compose", format!("`{}` {why}", compose.path));
    let sha256 = compose.sha256.clone();
    let blob = app
        .store
        .read(move |read| store::blobs::find(read, &sha256));
    let blob = blob.await?.ok_or_else(|| wrong("is not kept any more"))?;
    if blob.size_bytes > COMPOSE_LIMIT {
        return Err(wrong("is longer than 1 MiB"));
    }
    let pieces = app.blobs.read(&blob).await?;
    let pieces = pieces.ok_or_else(|| wrong("is not kept any more"))?;
    let pieces = pieces.try_collect::<Vec<Bytes>>().await;
    let pieces = pieces.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    String::from_utf8(pieces.concat()).map_err(|_| wrong("is no text"))
}
