//! Writes the server's part of each run's trace: the whole run, and its last wait in the queue.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{Run, State};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;
use wire::trace::{Part, Span};

use crate::app::App;

/// Runs that end in a burst; a collector gets no more of them.
const WAITING: usize = 4_096;

/// Writes traces until it is stopped, if anybody wants them. It is no loop among the loops, as those end
/// when the server begins to stop: calls under way then still end runs.
pub(crate) struct Traces {
    over: CancellationToken,
    task: JoinSet<()>,
}

impl Traces {
    pub(crate) fn start(app: &App) -> Self {
        let (over, mut task) = (CancellationToken::new(), JoinSet::new());
        if app.settings.spans.wanted() {
            let (sender, ended) = mpsc::channel(WAITING);
            app.store.observe(sender);
            task.spawn(run(app.clone(), ended, over.clone()));
        }
        Self { over, task }
    }

    /// Writes what is left. Whatever may end runs has ended.
    pub(crate) async fn stop(mut self) {
        self.over.cancel();
        if let Some(Err(error)) = self.task.join_next().await {
            tracing::error!(%error, "traces of runs were not written");
        }
    }
}

async fn run(app: App, mut ended: mpsc::Receiver<Run>, over: CancellationToken) {
    loop {
        tokio::select! {
            () = over.cancelled() => break,
            run = ended.recv() => match run {
                Some(run) => tell(&app, &run),
                None => return,
            },
        }
    }
    while let Ok(run) = ended.try_recv() {
        tell(&app, &run);
    }
}

fn tell(app: &App, run: &Run) {
    let (State::Done { at, .. }, Some(started_at)) = (&run.state, run.started_at) else {
        return;
    };
    let status = run.state.status();
    let ready_at = engine::ready_at(run.sort_key, run.priority, app.aging_step_ms());
    let loaded = Span {
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
        attributes: vec![("playhouse.run.class", run.priority.to_string())],
        ..loaded.clone()
    };
    app.settings.spans.ended(loaded);
    app.settings.spans.ended(queue);
}

fn time(epoch_ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(epoch_ms).unwrap_or_default())
}
