//! Deletes what is old.

use std::time::Duration;

use crate::{
    app::{App, millis},
    loops::pause,
};

const EVERY: Duration = Duration::from_secs(60);
const IDEMPOTENCY: Duration = Duration::from_secs(24 * 3600);
/// An uploaded program that no run has named yet is kept at least this long.
const UNUSED_PROGRAM: Duration = Duration::from_secs(24 * 3600);

pub(crate) async fn run(app: App) {
    while pause(&app, EVERY).await {
        match tick(&app).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "old runs deleted"),
            Err(error) => tracing::error!(%error, "old rows could not be deleted"),
        }
    }
}

/// Deletes what is too old now; answers how many runs.
pub(crate) async fn tick(app: &App) -> Result<usize, store::Error> {
    let now = app.now_ms();
    let before = now - millis(app.settings.retention);
    let mut deleted = 0;
    loop {
        let swept = app
            .store
            .write(move |batch| store::retention::runs(batch, before))
            .await?;
        deleted += swept;
        app.metrics.runs_deleted(swept as u64);
        if swept == 0 {
            break;
        }
    }
    while app
        .store
        .write(move |batch| store::retention::events(batch, before))
        .await?
        > 0
    {}
    let keys = now - millis(IDEMPOTENCY);
    app.store
        .write(move |batch| store::retention::idempotency_keys(batch, keys))
        .await?;
    app.store
        .write(move |batch| store::executors::forget(batch, before))
        .await?;
    app.store
        .write(move |batch| store::tickets::sweep(batch, now))
        .await?;
    collect_programs(app, now - millis(UNUSED_PROGRAM)).await?;
    Ok(deleted)
}

/// Deletes programs that nobody needs: first the rows, then the files, also those that a crash
/// between the two, or before an upload's row, left behind.
async fn collect_programs(app: &App, before: i64) -> Result<(), store::Error> {
    let _alone = app.programs.collect().await;
    let mut unused = app
        .store
        .write(move |batch| store::binaries::collect(batch, before))
        .await?;
    match app.programs.older(before).await {
        Ok(files) => unused.extend(app.store.read(|read| without_row(read, files)).await?),
        Err(error) => tracing::warn!(%error, "the uploaded programs could not be listed"),
    }
    for sha256 in unused {
        if let Err(error) = app.programs.remove(&sha256).await {
            tracing::warn!(%error, sha256, "an unused program could not be deleted");
        }
    }
    Ok(())
}

/// Those of `files` that the database does not know.
fn without_row(
    read: &mut store::Read<'_, '_>,
    files: Vec<String>,
) -> Result<Vec<String>, store::Error> {
    let mut found = Vec::new();
    for sha256 in files {
        if store::binaries::size(read, &sha256)?.is_none() {
            found.push(sha256);
        }
    }
    Ok(found)
}
