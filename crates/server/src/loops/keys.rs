//! Hears which keys were made and revoked elsewhere, and notes which were used.

use std::time::Duration;

use crate::{app::App, loops::pause};

/// A key that was revoked on another server is refused here within a second; calls that wait end.
const EVERY: Duration = Duration::from_millis(250);

pub(crate) async fn run(app: App) {
    while pause(&app, EVERY).await {
        if let Err(error) = tick(&app).await {
            tracing::warn!(%error, "the keys could not be read");
        }
    }
}

/// Looks once.
pub(crate) async fn tick(app: &App) -> Result<(), store::Error> {
    app.keys.look(&app.store).await?;
    app.keys.note_used(&app.store).await
}
