//! Writes down what was refused since the last time.

use std::time::Duration;

use crate::{app::App, loops::pause};

/// Each time is a handful of lines at most, whatever comes.
const EVERY: Duration = Duration::from_secs(60);

pub(crate) async fn run(app: App) {
    loop {
        let goes_on = pause(&app, EVERY).await;
        if let Err(error) = tick(&app).await {
            tracing::error!(%error, "refused requests could not be written down");
        }
        if !goes_on {
            return;
        }
    }
}

/// Writes down what was counted; answers how many lines that made.
pub(crate) async fn tick(app: &App) -> Result<usize, store::Error> {
    let taken = app.refusals.take();
    let entries = taken.entries();
    let count = entries.len();
    if count == 0 {
        return Ok(0);
    }
    let work = move |batch: &mut store::Batch<'_, '_>| {
        entries.iter().for_each(|entry| batch.record(entry));
        Ok(())
    };
    match app.store.write(work).await {
        Ok(()) => Ok(count),
        Err(error) => {
            app.refusals.release(taken);
            Err(error)
        }
    }
}
