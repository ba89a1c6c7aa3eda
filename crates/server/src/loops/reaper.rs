//! Ends leases that were not extended.

use crate::{app::App, loops::pause};

pub(crate) async fn run(app: App) {
    // Executors could not extend anything while no server was there: one lease of grace.
    if !pause(&app, app.settings.lease).await {
        return;
    }
    loop {
        let wait = match tick(&app).await {
            Ok(_) => app.settings.scan,
            Err(error) => {
                tracing::error!(%error, "expired leases could not be taken away");
                // Nor could executors extend theirs while the database was away: grace again.
                app.settings.lease
            }
        };
        if !pause(&app, wait).await {
            return;
        }
    }
}

/// Takes away what has expired; answers how many leases.
pub(crate) async fn tick(app: &App) -> Result<usize, store::Error> {
    let (lease_ms, aging_step_ms) = (app.lease_ms(), app.aging_step_ms());
    let mut lost = 0;
    loop {
        let (clock, now) = (app.clock.clone(), app.now_ms());
        let jitter = move || clock.jitter();
        let swept = app
            .store
            .write(move |batch| store::runs::expire(batch, lease_ms, aging_step_ms, &jitter, now))
            .await?;
        if swept.is_empty() {
            return Ok(lost);
        }
        for run_id in &swept {
            tracing::warn!(%run_id, "the lease or the time of a run is over");
        }
        lost += swept.len();
        app.metrics.leases_lost(swept.len() as u64);
    }
}
