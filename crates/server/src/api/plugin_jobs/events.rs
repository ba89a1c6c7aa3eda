//! The events of one plugin job, live, as server-sent events.

use std::collections::VecDeque;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use engine::RunId;
use futures_util::{Stream, stream};
use store::{Topic, TopicWait};
use wire::plugin_jobs::{ErrorBody, JobEvent};

use super::{
    event_data::{in_words, is_last},
    loaded,
};
use crate::{
    app::App,
    http::extract::PathRunId,
    live::Form,
    live::sse::{self, Chunk},
    refusal::Refusal,
};

/// Events that are read at once.
const PAGE: i64 = 32;

/// Follows the events of a job from its creation on, until it has ended: `jobStart`, `pluginStart`,
/// `pluginComplete`, `pluginError`, `pluginSkip`, `jobComplete`, `jobError`. Each message has an `id`, after which
/// `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/playground/jobs/{id}/events", tag = "plugin jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "Server-sent events", body = JobEvent,
            content_type = "text/event-stream"),
        (status = 204, description = "The reader has seen the end, and need not come again"),
        (status = 400, description = "`Last-Event-ID` is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn follow(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    headers: HeaderMap,
    link: sse::OptionalLink,
) -> Result<Response, Refusal> {
    let after = sse::last_id(&headers)
        .map_err(Refusal::bad_request)?
        .unwrap_or(0);
    let look = move |read: &mut store::Read<'_, '_>| {
        let status = loaded::find(read, id)?.details.run.state.status();
        let more = store::events::after(read, after, Some(id), 1)?;
        Ok(status.is_terminal() && more.is_empty())
    };
    let is_over = app.store.read(look).await?;
    if is_over && headers.contains_key(sse::LAST_ID) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let messages = messages(app.clone(), id, after);
    Ok(sse::answer(&app, Form::PLUGIN_JOB, link, messages))
}

struct Follower {
    app: App,
    id: RunId,
    /// Number of the last event that was looked at.
    after: i64,
    ready: VecDeque<Chunk>,
    ended: bool,
}

fn messages(app: App, id: RunId, after: i64) -> impl Stream<Item = Chunk> + Send {
    let changed = app.store.wake().topic(Topic::Run(id));
    let mut follower = Follower {
        app,
        id,
        after,
        ready: VecDeque::new(),
        ended: false,
    };
    // The answer begins at once.
    follower.alive();
    stream::unfold((follower, changed), |(mut follower, changed)| async move {
        loop {
            if let Some(chunk) = follower.ready.pop_front() {
                return Some((chunk, (follower, changed)));
            }
            if follower.ended {
                return None;
            }
            if let Err(error) = follower.look(&changed).await {
                tracing::warn!(%error, "the events of a plugin job ended");
                return None;
            }
        }
    })
}

impl Follower {
    fn alive(&mut self) {
        self.ready.push_back(Chunk {
            bytes: sse::comment(),
            position: self.after,
        });
    }

    /// Takes what is new, or waits for it.
    async fn look(&mut self, changed: &TopicWait) -> Result<(), store::Error> {
        // Ask to be woken before looking: what comes in between is not missed.
        let woken = changed.next();
        let (id, after) = (self.id, self.after);
        let look = move |read: &mut store::Read<'_, '_>| {
            // The state first: the events before the end are there when the end is seen.
            let status = store::runs::statuses(read, &[id])?.pop().flatten();
            let events = store::events::after(read, after, Some(id), PAGE)?;
            let event_data = in_words(read, id, &events)?;
            let event_data: Vec<_> = events
                .iter()
                .map(|event| event.seq)
                .zip(event_data)
                .collect();
            // One that was deleted has nothing more to tell.
            Ok((status.is_none_or(engine::Status::is_terminal), event_data))
        };
        let (ended, event_data) = self.app.store.read(look).await?;
        if event_data.is_empty() {
            self.ended = ended;
            if !ended {
                self.wait(woken).await;
            }
            return Ok(());
        }
        for (seq, event) in event_data {
            self.after = seq;
            let Some(event) = event else { continue };
            self.ready.push_back(Chunk {
                bytes: sse::message(Some(seq.to_string()), &event.event, &event),
                position: seq,
            });
            self.ended |= is_last(&event);
        }
        Ok(())
    }

    async fn wait(&mut self, woken: impl Future<Output = ()>) {
        tokio::select! {
            () = woken => {}
            () = self.app.stopping.cancelled() => self.ended = true,
            () = tokio::time::sleep(sse::KEEP_ALIVE) => self.alive(),
        }
    }
}
