//! Deletes what is old.

use std::time::Duration;

use engine::Kind;

use crate::{app::App, clock::millis, kinds, loops::pause};

const EVERY: Duration = Duration::from_secs(60);
/// When there is more to delete: others get their turn in between.
const SOON: Duration = Duration::from_millis(20);
/// A writer of a shared database that was not there for so long is dead: a live one says each minute
/// that it is.
const DEAD_WRITER: Duration = Duration::from_secs(24 * 3600);
/// A question of which nothing was heard for so long was left behind by a server.
const OPEN_QUESTION: Duration = Duration::from_secs(600);
const IDEMPOTENCY: Duration = Duration::from_secs(24 * 3600);

pub(crate) async fn run(app: App) {
    let mut wait = EVERY;
    while pause(&app, wait).await {
        wait = match tick(&app).await {
            Ok(Tick { deleted, more }) => {
                if deleted > 0 {
                    tracing::info!(deleted, "old runs deleted");
                }
                if more { SOON } else { EVERY }
            }
            Err(error) => {
                tracing::error!(%error, "old rows could not be deleted");
                EVERY
            }
        };
    }
}

/// What a tick did.
pub(crate) struct Tick {
    /// How many runs it deleted.
    pub(crate) deleted: u64,
    /// Whether there may be more that is too old.
    pub(crate) more: bool,
}

/// Deletes some of what is too old now, each thing in a short transaction of its own.
pub(crate) async fn tick(app: &App) -> Result<Tick, store::Error> {
    let (store, now) = (&app.store, app.now_ms());
    // First of all: others must not take this server for dead.
    store.attend(now).await?;
    let before = now - millis(app.settings.retention);
    let of_kind = {
        let app = app.clone();
        move |kind| now - millis((kinds::of(kind).kept)(&app.settings))
    };
    let audit = now - millis(app.settings.audit_retention);
    let (keys, writers) = (now - millis(IDEMPOTENCY), now - millis(DEAD_WRITER));
    // What was created and never started ends, and is deleted like whatever ended.
    let held = Kind::ALL.iter().copied();
    for kind in held.filter(|kind| kinds::of(*kind).starts_held) {
        let before = of_kind(kind);
        store
            .write(move |batch| store::runs::cancel_unstarted(batch, kind, before, now))
            .await?;
    }
    let runs = store
        .write(move |batch| store::retention::runs(batch, &of_kind))
        .await?;
    app.metrics.runs_deleted(runs.deleted);
    let swept = [
        runs,
        store.write(store::retention::pending_deletions).await?,
        store
            .write(move |batch| store::retention::events(batch, before))
            .await?,
        store
            .write(move |batch| store::retention::idempotency_keys(batch, keys))
            .await?,
        store
            .write(move |batch| store::executors::forget(batch, before))
            .await?,
        store
            .write(move |batch| store::hooks::retain(batch, before))
            .await?,
        store
            .write(move |batch| store::audit::retain(batch, audit, now))
            .await?,
    ];
    store
        .write(move |batch| store::retention::writers(batch, writers))
        .await?;
    app.store
        .write(move |batch| store::tickets::sweep(batch, now))
        .await?;
    let states = now - millis(app.settings.browser_state_retention);
    app.store
        .write(move |batch| store::browser_states::retain(batch, states))
        .await?;
    let questions = now - millis(OPEN_QUESTION);
    app.store
        .write(move |batch| store::questions::sweep(batch, questions))
        .await?;
    let more = swept.iter().any(|swept| swept.more);
    if !more {
        super::blobs::tick(app).await?;
    }
    Ok(Tick {
        deleted: runs.deleted,
        more,
    })
}
