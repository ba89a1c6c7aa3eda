//! The global event log, live.

use std::collections::VecDeque;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use engine::RunId;
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::json;
use store::events::{EventRow, Extent};
use tokio::sync::watch;

use super::sse;
use crate::{app::App, problem::Problem};

/// Events that are read from the database at once.
const PAGE: i64 = 500;

/// Which events, and from where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only events with a higher number; without it, and without `Last-Event-ID`, only new ones.
    after: Option<i64>,
    /// Only runs of this kind.
    kind: Option<String>,
    /// Only this run.
    run_id: Option<String>,
    /// Only these types, separated by commas; `*` at the end of one stands for anything.
    types: Option<String>,
}

/// Follows the event log: each message's `id` is the event's number. A reader that resumes before
/// the oldest event or after the newest, or that falls behind the oldest, gets a `reset`.
#[utoipa::path(get, path = "/api/events", tag = "events", params(Wanted),
    responses((status = 200, description = "Server-sent events", body = wire::events::Event,
        content_type = "text/event-stream"), (status = 400, description = "A parameter is wrong")))]
pub(crate) async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let bad = |detail: String| Problem {
        status: StatusCode::BAD_REQUEST,
        detail,
    };
    let Query(wanted) = query.map_err(|rejection| bad(rejection.body_text()))?;
    let run = wanted
        .run_id
        .as_deref()
        .map(str::parse::<RunId>)
        .transpose();
    let run = run.map_err(|_| bad("run_id is not a run id".to_owned()))?;
    if wanted.after.is_some_and(|after| after < 0) {
        return Err(bad("after must not be negative".to_owned()));
    }
    let last = sse::last_id(&headers).map_err(bad)?;
    // Watch before looking: what is committed in between is not missed.
    let head = app.store.wake().head();
    let extent = app.store.read(store::events::extent).await?;
    let start = last.or(wanted.after).unwrap_or(extent.newest);
    let mut ready = VecDeque::new();
    // A number that is not given out yet is of another log, such as one that was restored since.
    let known = start >= extent.removed && start <= extent.newest;
    if !known {
        ready.push_back(reset(extent));
    }
    let filter = Filter {
        run,
        kind: wanted.kind,
        types: wanted
            .types
            .map(|types| types.split(',').map(|t| t.trim().to_owned()).collect()),
    };
    let cursor = start.min(extent.newest).max(extent.removed);
    Ok(sse::answer(messages(Reader {
        app,
        head,
        filter,
        cursor,
        ready,
    })))
}

struct Filter {
    run: Option<RunId>,
    kind: Option<String>,
    types: Option<Vec<String>>,
}

impl Filter {
    fn wants(&self, event: &EventRow) -> bool {
        let kind = self.kind.as_ref().is_none_or(|kind| *kind == event.kind);
        let named = |pattern: &String| store::events::names(pattern, &event.event_type);
        kind && self
            .types
            .as_ref()
            .is_none_or(|types| types.iter().any(named))
    }
}

struct Reader {
    app: App,
    head: watch::Receiver<i64>,
    filter: Filter,
    cursor: i64,
    ready: VecDeque<Bytes>,
}

fn messages(reader: Reader) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(reader, |mut reader| async move {
        loop {
            if let Some(message) = reader.ready.pop_front() {
                return Some((message, reader));
            }
            reader.head.borrow_and_update();
            match reader.page().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "an event stream ended");
                    return None;
                }
            }
            tokio::select! {
                () = reader.app.stopping.cancelled() => return None,
                changed = reader.head.changed() => changed.ok()?,
                () = tokio::time::sleep(sse::KEEP_ALIVE) => return Some((sse::comment(), reader)),
            }
        }
    })
}

impl Reader {
    /// Reads on; true when there was something, wanted or not.
    async fn page(&mut self) -> Result<bool, store::Error> {
        let (cursor, run) = (self.cursor, self.filter.run);
        let (extent, page) = self
            .app
            .store
            .read(move |read| {
                let extent = store::events::extent(read)?;
                Ok((extent, store::events::after(read, cursor, run, PAGE)?))
            })
            .await?;
        // Retention may be faster than a slow reader.
        let overtaken = cursor < extent.removed;
        if overtaken {
            self.ready.push_back(reset(extent));
        }
        let last = page.last().map_or(cursor, |event| event.seq);
        self.cursor = if i64::try_from(page.len()).is_ok_and(|read| read < PAGE) {
            // What the filter passed over is behind the reader as well.
            last.max(extent.newest)
        } else {
            last
        };
        if page.is_empty() {
            return Ok(overtaken);
        }
        let wanted = page.iter().filter(|event| self.filter.wants(event));
        self.ready.extend(
            wanted.map(|event| sse::message(Some(event.seq), &event.event_type, &body(event))),
        );
        Ok(true)
    }
}

/// Tells a reader that it missed events, and which is the oldest that is left.
fn reset(extent: Extent) -> Bytes {
    sse::message(None, "reset", &json!({"oldest": extent.removed + 1}))
}

fn body(event: &EventRow) -> wire::events::Event {
    let at = jiff::Timestamp::from_millisecond(event.at).unwrap_or_default();
    wire::events::Event {
        seq: event.seq,
        at: format!("{at:.3}"),
        event_type: event.event_type.clone(),
        kind: event.kind.clone(),
        run_id: event.run_id.map(|run| run.to_string()),
        data: serde_json::from_str(&event.data).unwrap_or_default(),
    }
}
