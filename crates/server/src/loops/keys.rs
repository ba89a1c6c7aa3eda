//! Hears which keys were made and revoked elsewhere, and notes which were used.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::{app::App, loops::pause};

/// A key that was revoked on another server is refused here within a second; calls that wait end.
const EVERY: Duration = Duration::from_millis(250);

/// The one does not wait for the other: to note is a write, and writers may be busy.
pub(crate) async fn run(app: App) {
    tokio::join!(hear(&app), note(&app));
}

async fn hear(app: &App) {
    while pause(app, EVERY).await {
        // Requests look for themselves.
        if !app.keys.are_watched() {
            continue;
        }
        if let Err(error) = app.keys.look(&app.store).await {
            tracing::warn!(%error, "the keys could not be read");
        }
    }
}

async fn note(app: &App) {
    while pause(app, EVERY).await {
        if let Err(error) = app.keys.note_used(&app.store).await {
            tracing::warn!(%error, "which keys were used could not be noted");
        }
    }
}

/// Looks and notes once.
pub(crate) async fn tick(app: &App) -> Result<(), store::Error> {
    app.keys.look(&app.store).await?;
    app.keys.note_used(&app.store).await
}
