//! The global event log, live, as server-sent events.

use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::{Bytes, BytesMut};
use engine::{Kind, RunId};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::App,
    http::extract::Params,
    live::{
        Filter, Form, LiveEvent, Reader, ReaderStep, filter,
        sse::{self, Chunk},
    },
    refusal::Refusal,
};

/// The kinds of events that are about no run.
const OTHERS: [&str; 3] = ["hook", "schedule", "playground"];

/// Which events, and from where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only events with a higher number; without it, and without `Last-Event-ID`, only new ones.
    after: Option<i64>,
    /// Only events of this kind: `job`, `plugin_job`, `execution`, `operation`, `hook`, `schedule` or
    /// `playground`.
    kind: Option<String>,
    /// Only this run.
    run_id: Option<String>,
    /// Only these types, separated by commas; each `*` in one stands for anything.
    types: Option<String>,
}

/// Where to begin, and what is wanted.
pub(crate) fn wanted(wanted: Wanted) -> Result<(Option<i64>, Filter), Refusal> {
    let run = wanted.run_id.as_deref().map(str::parse::<RunId>);
    let run = run.transpose();
    let run = run.map_err(|_| Refusal::bad_request("run_id is not a run id"))?;
    if wanted.after.is_some_and(|after| after < 0) {
        return Err(Refusal::bad_request("after must not be negative"));
    }
    if let Some(kind) = &wanted.kind
        && kind.parse::<Kind>().is_err()
        && !OTHERS.contains(&kind.as_str())
    {
        let known: Vec<&str> = Kind::ALL
            .iter()
            .map(|kind| kind.as_str())
            .chain(OTHERS)
            .collect();
        let message = format!("kind must be one of {}", known.join(", "));
        return Err(Refusal::bad_request(message));
    }
    let filter = Filter {
        run,
        kind: wanted.kind,
        types: filter::types(wanted.types)?,
    };
    Ok((wanted.after, filter))
}

/// Follows the event log: each message's `id` is the event's number. A reader that resumes before
/// the oldest event or after the newest, or that falls behind the oldest, gets a `reset`; one that
/// is about to be cut off, because it does not keep up or the server stops, a `resume`.
#[utoipa::path(get, path = "/api/events", tag = "events", params(Wanted),
    responses((status = 200, description = "Server-sent events", body = wire::events::Event,
        content_type = "text/event-stream"), (status = 400, description = "A parameter is wrong")))]
pub(crate) async fn follow(
    State(app): State<App>,
    headers: HeaderMap,
    link: sse::OptionalLink,
    Params(asked): Params<Wanted>,
) -> Result<Response, Refusal> {
    let (after, filter) = wanted(asked)?;
    let last = sse::last_id(&headers).map_err(Refusal::bad_request)?;
    let reader = app.tail.reader(last.or(after), filter).await?;
    let messages = messages(app.clone(), reader);
    Ok(sse::answer(&app, Form::EVENTS, link, messages))
}

/// What a stream does next.
enum Next {
    Place,
    Follow,
    End,
}

pub(super) fn messages(app: App, reader: Reader) -> impl Stream<Item = Chunk> + Send {
    // The place first: a reader whose connection breaks before the first event resumes there.
    let begin = (app, reader, Next::Place);
    stream::unfold(begin, |(app, mut reader, next)| async move {
        let (bytes, next) = match next {
            Next::Place => (sse::place(reader.position()), Next::Follow),
            Next::Follow => say(&app, &mut reader).await,
            Next::End => return None,
        };
        let position = reader.position();
        Some((Chunk { bytes, position }, (app, reader, next)))
    })
}

async fn say(app: &App, reader: &mut Reader) -> (Bytes, Next) {
    tokio::select! {
        () = app.stopping.cancelled() => (sse::resume(reader.position()), Next::End),
        () = tokio::time::sleep(app.settings.keep_alive) => (sse::place(reader.position()), Next::Follow),
        step = reader.next() => match step {
            Ok(ReaderStep::Events(events)) => (joined(&events), Next::Follow),
            Ok(ReaderStep::Reset { oldest }) => {
                (sse::message(None, "reset", &json!({"oldest": oldest})), Next::Follow)
            }
            Err(error) => {
                tracing::warn!(%error, "an event stream ended");
                (sse::resume(reader.position()), Next::End)
            }
        }
    }
}

/// Many messages are one write.
fn joined(events: &[std::sync::Arc<LiveEvent>]) -> Bytes {
    if let [event] = events {
        return event.sse().clone();
    }
    let mut bytes = BytesMut::new();
    for event in events {
        bytes.extend_from_slice(event.sse());
    }
    bytes.freeze()
}
