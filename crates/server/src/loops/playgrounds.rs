//! Playgrounds whose time is over are destroyed, with a warning before, and those whose destroy had to wait for the end
//! of another operation; jobs whose services have exited are completed.

use std::time::Duration;

use engine::RunId;
use store::{
    Batch, Read,
    audit::{Actor, AuditEntry, Target},
    playgrounds,
};
use wire::executors::operations::OperationAction;

use crate::{
    app::App,
    loops::pause,
    playgrounds::{LIFETIMES, Start, Started, complete_if_done, life_of, start},
    refusal::RefusalKind,
};

const EVERY: Duration = Duration::from_secs(5);
/// Playgrounds that one look takes at most.
const ROWS: i64 = 100;
/// The end of one that was busy, dirty, or could not be destroyed is tried again after so long.
const AGAIN_MS: i64 = 60_000;

pub(crate) async fn run(app: App) {
    while pause(&app, EVERY).await {
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "playgrounds could not be looked at");
        }
    }
}

/// Looks once; answers the operations that it started.
pub(crate) async fn tick(app: &App) -> Result<Vec<RunId>, store::Error> {
    warn(app).await?;
    let mut started = destroy_later(app).await?;
    started.extend(expire(app).await?);
    started.extend(complete(app).await?);
    Ok(started)
}

/// Tells of those whose time is over soon.
async fn warn(app: &App) -> Result<(), store::Error> {
    let now = app.now_ms();
    let until = now.saturating_add(LIFETIMES.warning_ms);
    let soon = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::unwarned(read, until, ROWS))
        .await?;
    for (id, started_at, expires_at) in soon {
        let life = playground::lifetime::Lifetime {
            started_at,
            expires_at: Some(expires_at),
        };
        if LIFETIMES.warning_at(life).is_some_and(|at| at <= now) {
            let of = (id, expires_at);
            app.store
                .write(move |batch: &mut Batch<'_, '_>| playgrounds::warn(batch, of, now))
                .await?;
        }
    }
    Ok(())
}

/// Destroys those whose time is over, unless their checkouts have changes.
async fn expire(app: &App) -> Result<Vec<RunId>, store::Error> {
    let now = app.now_ms();
    let due = app
        .store
        .read(move |read: &mut Read<'_, '_>| {
            playgrounds::expired(read, now, now.saturating_sub(AGAIN_MS), ROWS)
        })
        .await?;
    let mut started = Vec::new();
    for row in due.into_iter().filter(|row| life_of(row).is_over(now)) {
        let id = row.id;
        // First of all: one that cannot be destroyed does not keep the others.
        app.store
            .write(move |batch: &mut Batch<'_, '_>| playgrounds::note_tried(batch, id, now))
            .await?;
        let entry = entry("expiry", id, now);
        let asked = Start {
            unless_dirty: true,
            ..Start::plain(id, OperationAction::Destroy, entry)
        };
        started.extend(begin(app, asked).await?);
    }
    Ok(started)
}

/// Destroys those whose other operation has ended, which was cancelled for that.
async fn destroy_later(app: &App) -> Result<Vec<RunId>, store::Error> {
    let now = app.now_ms();
    let read = |read: &mut Read<'_, '_>| playgrounds::to_destroy(read, ROWS);
    let mut started = Vec::new();
    for id in app.store.read(read).await? {
        let entry = entry("destroy", id, now);
        let asked = Start::plain(id, OperationAction::Destroy, entry);
        started.extend(begin(app, asked).await?);
    }
    Ok(started)
}

/// Completes jobs whose services have exited: what an executor said of them may not have led to it.
async fn complete(app: &App) -> Result<Vec<RunId>, store::Error> {
    let rows = app.store.read(playgrounds::list).await?;
    let mut started = Vec::new();
    for row in rows.into_iter().filter(|row| row.job_mode) {
        match complete_if_done(app, row.id).await {
            Ok(run) => started.extend(run),
            Err(refusal) if refusal.kind == RefusalKind::Internal => {
                return Err(store::Error::Unavailable(refusal.message));
            }
            Err(refusal) => {
                tracing::warn!(
                    playground = row.id,
                    why = refusal.message,
                    "a job was not completed"
                );
            }
        }
    }
    Ok(started)
}

fn entry(actor: &str, id: i64, now: i64) -> AuditEntry {
    let target = Target::one("playground", id.to_string());
    let source = "loop".to_owned();
    AuditEntry::new(
        now,
        Actor::word(actor),
        source,
        "playground.destroy",
        target,
    )
}

async fn begin(app: &App, asked: Start) -> Result<Option<RunId>, store::Error> {
    match start(app, asked).await {
        Ok(Started::Run(run)) => Ok(Some(run)),
        Ok(Started::Repeated | Started::Later) => Ok(None),
        // It is busy, or gone: it is looked at again.
        Err(refusal) if refusal.kind != RefusalKind::Internal => Ok(None),
        Err(refusal) => Err(store::Error::Unavailable(refusal.message)),
    }
}
