//! Deletes blobs that nothing names, as a part of the retention loop.

use futures_util::StreamExt;

use crate::app::App;

/// A blob that nothing names, and an object that no row names, are kept so long: a job that names the
/// blob may be submitted yet, and the upload of the object may be under way at another server.
const GRACE_MS: i64 = 24 * 3_600_000;
/// Rows that one tick looks at.
const ROWS: i64 = 5_000;
/// The objects are listed so often: that is one request for a thousand of them.
const LIST_EVERY_MS: i64 = 3_600_000;
/// Objects that are looked up at once.
const OBJECTS: usize = 1_000;

/// Looks at the next rows and now and then at all objects. First a row goes, then its object; a crash
/// between the two leaves an object without a row.
pub(crate) async fn tick(app: &App) -> Result<(), store::Error> {
    let (now, mut sweep) = (app.now_ms(), app.blobs.sweep());
    let (after, before) = (sweep.after, now - GRACE_MS);
    let collected = app
        .store
        .write(move |batch| store::blobs::collect(batch, &after, ROWS, before))
        .await?;
    app.blobs.remove(collected.objects).await;
    sweep.after = collected.next;
    if sweep.listed_at.is_none_or(|at| at + LIST_EVERY_MS <= now) {
        sweep.listed_at = Some(now);
        remove_unnamed(app, before).await?;
    }
    app.blobs.set_sweep(sweep);
    Ok(())
}

/// Deletes the objects that no row names: what a crash left behind.
async fn remove_unnamed(app: &App, before: i64) -> Result<(), store::Error> {
    let mut pages = app.blobs.older(before).chunks(OBJECTS);
    while let Some(page) = pages.next().await {
        let mut names = Vec::with_capacity(page.len());
        for name in page {
            match name {
                Ok(name) => names.push(name),
                Err(error) => tracing::warn!(%error, "the objects could not be listed"),
            }
        }
        let unnamed = app
            .store
            .read(move |read| store::blobs::unnamed(read, names.clone()))
            .await?;
        app.blobs.remove(unnamed).await;
    }
    Ok(())
}
