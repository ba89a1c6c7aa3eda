//! What happens without being asked: one file for each loop, each with one `tick`.

pub(crate) mod audit;
mod blobs;
pub(crate) mod keys;
pub(crate) mod outbox;
pub(crate) mod playgrounds;
pub(crate) mod reaper;
pub(crate) mod retention;
pub(crate) mod scheduler;
pub(crate) mod schedules;

use std::time::Duration;

use tokio::task::JoinSet;

use crate::app::App;

/// Starts every loop. None of them ends before the server does.
pub(crate) fn start(app: &App) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    loops.spawn(reaper::run(app.clone()));
    loops.spawn(scheduler::run(app.clone()));
    loops.spawn(schedules::run(app.clone()));
    loops.spawn(retention::run(app.clone()));
    loops.spawn(keys::run(app.clone()));
    loops.spawn(audit::run(app.clone()));
    loops.spawn(outbox::run(app.clone()));
    loops.spawn(playgrounds::run(app.clone()));
    loops
}

/// Waits, but not past the server's end; false when that has come.
pub(crate) async fn pause(app: &App, time: Duration) -> bool {
    tokio::select! {
        () = app.stopping.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
