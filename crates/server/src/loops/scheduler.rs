//! Makes scheduled runs ready when their time has come, and ends waits that took too long.

use std::time::Duration;

use crate::{app::App, loops::pause};

/// It looks at least this often: another server may have scheduled something, and clocks may jump.
const LONGEST_MS: i64 = 1_000;

pub(crate) async fn run(app: App) {
    loop {
        let next = match tick(&app).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "scheduled and waiting runs could not be looked at");
                None
            }
        };
        let wait = next
            .map_or(LONGEST_MS, |due_at| due_at - app.now_ms())
            .clamp(1, LONGEST_MS);
        if !pause(&app, Duration::from_millis(wait.unsigned_abs())).await {
            return;
        }
    }
}

/// Does what is due; answers when the next is due, epoch milliseconds.
pub(crate) async fn tick(app: &App) -> Result<Option<i64>, store::Error> {
    // Most ticks find nothing: a read does not disturb the writer.
    let next = app.store.read(store::runs::next_due).await?;
    let now = app.now_ms();
    if next.is_none_or(|due_at| due_at > now) {
        return Ok(next);
    }
    loop {
        let (aging_step_ms, now) = (app.aging_step_ms(), app.now_ms());
        let (made, next) = app
            .store
            .write(move |batch| store::runs::due(batch, aging_step_ms, now))
            .await?;
        if made == 0 {
            // What is due and could not be made ready is no reason to look at once.
            return Ok(next.filter(|due_at| *due_at > now));
        }
        if next.is_none_or(|due_at| due_at > now) {
            return Ok(next);
        }
    }
}
