//! Plugin jobs: each plugin in its order, what it left noted before the next one begins.

mod backoff;
mod bounds;
mod course;
mod isolated;
mod keeper;
mod logs;
mod notes;
mod room;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use wire::{executors::LeasedPluginJob, trace};

use super::{
    Conclusion, Ground, PATH, Performer, Taken, WorkDir,
    conclusion::{Ending, Stop},
    stopped, strays,
};
use crate::agent::Lease;

use course::Course;
pub use isolated::Isolated;
use notes::{Halt, Notes};
use room::Room;

impl<'a> Taken<'a> {
    fn plugin_job(job: &'a LeasedPluginJob) -> Self {
        Self {
            id: &job.id,
            token: job.lease_token,
        }
    }
}

impl Performer {
    /// Performs a plugin job under a lease; `kill` gives it back.
    pub(super) async fn perform_plugins(
        &self,
        job: &LeasedPluginJob,
        mut lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> Conclusion {
        let taken = Taken::plugin_job(job);
        let deadline = Instant::now().checked_add(Duration::from_millis(job.remaining_ms));
        let trace = self.trace(taken).prepared();
        let room = Room::new(
            Arc::clone(&self.ground),
            self.environment(taken),
            Some(lease.clone()),
        );
        let notes = Notes::new(&self.client, &self.ground.settings.name, taken);
        let mut course = Course::new(job, self.shelf.catalogue(), &room, notes);
        let end = tokio::select! {
            biased;
            stop = stopped(&mut lease, kill, deadline) => Err(Halt::Stop(stop)),
            end = course.run() => end,
        };
        let current = course.current().map(str::to_owned);
        drop(course);
        // Nothing of it runs any more when its end is told.
        room.close().await;
        trace.end(match end {
            Ok(error) => Conclusion::ended(self, taken, ending(error, false), Vec::new()),
            Err(Halt::Abandoned(what)) => Conclusion::Abandoned(what),
            Err(Halt::Refused(reason)) => {
                let error = format!("the server does not take the job's progress: {reason}");
                Conclusion::ended(self, taken, ending(Some(error), false), Vec::new())
            }
            Err(Halt::Stop(stop)) => Conclusion::stopped(self, taken, stop, |timed_out| {
                let place = current.map_or_else(String::new, |name| format!(" in plugin `{name}`"));
                let error = if timed_out {
                    format!("the job's time was over{place}")
                } else {
                    "cancelled".to_owned()
                };
                ending(Some(error), timed_out)
            }),
        })
    }

    fn environment(&self, taken: Taken<'_>) -> Vec<(String, String)> {
        match taken.id.parse() {
            Ok(run) if self.ground.settings.spans.wanted() => {
                let parent = trace::parent_header(run, taken.token);
                vec![("TRACEPARENT".to_owned(), parent)]
            }
            _ => Vec::new(),
        }
    }
}

/// How a plugin job ended: `error` says why it failed, if it did.
fn ending(error: Option<String>, timed_out: bool) -> Ending {
    Ending {
        completed: error.is_none(),
        exit_code: None,
        error_message: error,
        timed_out,
        stdout: String::new(),
        stderr: String::new(),
    }
}
