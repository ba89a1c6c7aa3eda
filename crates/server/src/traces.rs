//! Writes the server's part of each run's trace: the whole run, and its last wait in the queue.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{Run, State};
use tokio::sync::mpsc;
use wire::trace::{Part, Span};

use crate::app::App;

/// Runs that end in a burst; a collector gets no more of them.
const WAITING: usize = 4_096;

pub(crate) async fn run(app: App) {
    let (sender, mut ended) = mpsc::channel(WAITING);
    app.store.observe(sender);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            run = ended.recv() => match run {
                Some(run) => tell(&app, &run),
                None => return,
            },
        }
    }
}

fn tell(app: &App, run: &Run) {
    let (State::Done { at, .. }, Some(started_at)) = (&run.state, run.started_at) else {
        return;
    };
    let status = run.state.status();
    let ready_at = engine::ready_at(run.rank, run.class, app.bound_ms());
    let whole = Span {
        run: run.id,
        part: Part::Run,
        start: time(run.created_at),
        end: time(*at),
        error: (status != engine::Status::Completed).then(|| status.to_string()),
        attributes: vec![
            ("playhouse.run.kind", run.kind.to_string()),
            ("playhouse.run.name", run.name.clone()),
            ("playhouse.run.status", status.to_string()),
            ("playhouse.run.attempts", run.starts.to_string()),
        ],
    };
    let queue = Span {
        part: Part::Queue,
        start: time(ready_at),
        end: time(started_at),
        error: None,
        attributes: vec![("playhouse.run.class", run.class.to_string())],
        ..whole.clone()
    };
    app.settings.spans.ended(whole);
    app.settings.spans.ended(queue);
}

fn time(epoch_ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(epoch_ms).unwrap_or_default())
}
