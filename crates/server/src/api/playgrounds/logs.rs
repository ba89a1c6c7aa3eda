//! What services print: from their containers, or what was kept of those that are gone.

use std::collections::VecDeque;

use axum::{
    Extension,
    body::{Body, BodyDataStream},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use store::{Read, playgrounds};
use tokio::time::timeout;
use wire::{
    Timestamp,
    executors::{LogsQuestion, Question, ServiceLogLine},
    playgrounds::{ServiceLogs, ServiceLogsQuery},
};

use super::{inspect::no_service, show};
use crate::{
    access::Principal,
    app::App,
    http::extract::{Params, PathParams},
    live::{Form, sse},
    playgrounds::{Directory, LoadedPlayground, PlaygroundStatus, invalid, row_of},
    questions,
    refusal::{Refusal, RefusalKind},
};

const TAIL: i64 = 100;
const TAIL_LIMIT: i64 = 1_000;
/// The longest line that is followed, in bytes.
const LINE_LIMIT: usize = 1 << 20;

/// The last lines of a service; with `follow=1`, or when the caller accepts `text/event-stream`, everything that it
/// prints from then on, as server-sent events `line` whose data are `{service, stream, line, at}`.
#[utoipa::path(get, path = "/api/playgrounds/{id}/logs/{service}", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name"),
        ("service" = String, Path, description = "The service"), ServiceLogsQuery),
    responses((status = 200, description = "Lines",
            content((ServiceLogs = "application/json"), (String = "text/event-stream"))),
        (status = 400, description = "A parameter is malformed"),
        (status = 404, description = "No such playground, no such service, or it has printed nothing yet"),
        (status = 422, description = "A parameter is wrong"),
        (status = 503, description = "No executor that reaches the playroom answers, and nothing was kept")))]
pub(crate) async fn read(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams((id, service)): PathParams<(String, String)>,
    Params(query): Params<ServiceLogsQuery>,
    headers: HeaderMap,
    link: sse::OptionalLink,
) -> Result<Response, Refusal> {
    let follow = follows(&query, &headers);
    let question = question(&query, follow)?;
    let row = row_of(&app, &id).await?;
    let loaded = show::loaded(&app, &principal, row.id).await?.loaded;
    if !loaded.services.iter().any(|one| one.name == service) {
        return Err(no_service(&service));
    }
    let question = LogsQuestion {
        playground_id: row.id,
        project: row.project.clone(),
        service: Some(service.clone()),
        ..question
    };
    let tail = question.tail;
    let live = match asks(&loaded, &service) {
        true => live(&app, &loaded, question).await,
        false => Err(nothing_live(&service)),
    };
    let error = match live {
        Ok(body) if follow => return Ok(sse::answer(&app, Form::LOG, link, events(&app, body))),
        Ok(body) => match collected(body, tail).await {
            Ok(lines) => return Ok(answer(service, lines, "live")),
            Err(error) => error,
        },
        Err(error) => error,
    };
    // A reader that follows does not take what was kept for what is printed.
    match cached(&app, row.id, &service, tail).await? {
        Some(lines) if !follow => Ok(answer(service, lines, "cached")),
        _ => Err(error),
    }
}

fn follows(query: &ServiceLogsQuery, headers: &HeaderMap) -> bool {
    let asked = query.follow.as_deref();
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    asked.is_some_and(|word| !matches!(word, "" | "0" | "false"))
        || accepted.is_some_and(|value| value.contains("text/event-stream"))
}

/// The lines that are asked for.
fn question(query: &ServiceLogsQuery, follow: bool) -> Result<LogsQuestion, Refusal> {
    let tail = query.tail.unwrap_or(TAIL);
    if tail < 1 {
        return Err(invalid("tail", "must be at least 1"));
    }
    let since = query
        .since
        .as_deref()
        .map(str::parse::<Timestamp>)
        .transpose();
    let since = since.map_err(|_| invalid("since", "must be an ISO 8601 time"))?;
    Ok(LogsQuestion {
        // The contract names a maximum, not a refusal.
        tail: u32::try_from(tail.min(TAIL_LIMIT)).unwrap_or(u32::MAX),
        follow,
        since: since.map(|Timestamp(at)| at),
        ..LogsQuestion::default()
    })
}

/// Whether there may be a container to ask about.
fn asks(loaded: &LoadedPlayground, service: &str) -> bool {
    let seen = loaded.services.iter().find(|one| one.name == service);
    let changing = !loaded.row.last.status.is_terminal();
    loaded.status != PlaygroundStatus::Completed
        && (changing || seen.is_some_and(|one| one.status != "stopped"))
}

fn nothing_live(service: &str) -> Refusal {
    Refusal::not_found(format!(
        "service `{service}` has no container, and nothing was kept"
    ))
    .coded("LOGS_UNAVAILABLE")
}

/// Asks an executor that reaches the playroom.
async fn live(
    app: &App,
    loaded: &LoadedPlayground,
    question: LogsQuestion,
) -> Result<Body, Refusal> {
    let key = &loaded.row.playroom.1;
    let directory = Directory::read(app).await?;
    let Some(executor) = directory.executor(key) else {
        let why = directory.why_it_waits(key).unwrap_or_default();
        return Err(Refusal::new(RefusalKind::Unavailable, why).coded("LOGS_UNAVAILABLE"));
    };
    let asked = questions::ask(app, executor, &Question::PlaygroundLogs(question)).await;
    asked.map_err(|refusal| refusal.coded("LOGS_UNAVAILABLE"))
}

fn answer(service: String, lines: Vec<String>, source: &str) -> Response {
    axum::Json(ServiceLogs {
        service,
        lines,
        source: source.to_owned(),
    })
    .into_response()
}

/// The lines of an answer, the last `tail` of them.
async fn collected(body: Body, tail: u32) -> Result<Vec<String>, Refusal> {
    let mut lines = Lines::new(body);
    let mut last: VecDeque<String> = VecDeque::new();
    while let Some(line) = lines.next().await {
        let line = line.map_err(|error| Refusal::new(RefusalKind::Unavailable, error))?;
        last.push_back(line.line);
        if last.len() > tail as usize {
            last.pop_front();
        }
    }
    Ok(last.into())
}

/// What was kept of a service.
async fn cached(
    app: &App,
    id: i64,
    service: &str,
    tail: u32,
) -> Result<Option<Vec<String>>, Refusal> {
    let service = service.to_owned();
    let read = move |read: &mut Read<'_, '_>| playgrounds::logs(read, id, &service);
    let Some(body) = app.store.read(read).await? else {
        return Ok(None);
    };
    let lines: Vec<String> = serde_json::from_slice(&body)
        .map_err(|error| store::Error::Corrupt(format!("lines of a service: {error}")))?;
    let skipped = lines.len().saturating_sub(tail as usize);
    Ok(Some(lines.into_iter().skip(skipped).collect()))
}

/// An answer as server-sent events, until it ends or the server does.
fn events(app: &App, body: Body) -> impl Stream<Item = sse::Chunk> + Send + use<> {
    let start = (app.clone(), Some(Lines::new(body)));
    stream::unfold(start, |(app, lines)| async move {
        let mut lines = lines?;
        let next = tokio::select! {
            () = app.stopping.cancelled() => return None,
            next = timeout(sse::KEEP_ALIVE, lines.next()) => next,
        };
        let (bytes, lines) = match next {
            Err(_) => (sse::comment(), Some(lines)),
            Ok(Some(Ok(line))) => (sse::message(None, "line", &line), Some(lines)),
            Ok(Some(Err(error))) => {
                let end = json!({"error": error});
                (sse::message(None, "end", &end), None)
            }
            Ok(None) => (sse::message(None, "end", &json!({})), None),
        };
        let chunk = sse::Chunk { bytes, position: 0 };
        Some((chunk, (app, lines)))
    })
}

/// The lines of an answer as they come.
struct Lines {
    bytes: BodyDataStream,
    pending: Vec<u8>,
    ended: bool,
}

impl Lines {
    fn new(body: Body) -> Self {
        Self {
            bytes: body.into_data_stream(),
            pending: Vec::new(),
            ended: false,
        }
    }

    /// The next line; an error ends them.
    async fn next(&mut self) -> Option<Result<ServiceLogLine, String>> {
        loop {
            if let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                if let Some(line) = read_line(&line) {
                    return Some(Ok(line));
                }
                continue;
            }
            if self.ended {
                let line = std::mem::take(&mut self.pending);
                return read_line(&line).map(Ok);
            }
            match self.bytes.next().await {
                None => self.ended = true,
                Some(Err(error)) => {
                    self.ended = true;
                    self.pending.clear();
                    return Some(Err(error.to_string()));
                }
                Some(Ok(bytes)) => {
                    self.pending.extend_from_slice(&bytes);
                    if self.pending.len() > LINE_LIMIT.max(bytes.len()) * 2 {
                        self.ended = true;
                        self.pending.clear();
                        return Some(Err("a line is too long".to_owned()));
                    }
                }
            }
        }
    }
}

/// One line; what is none is left out.
fn read_line(bytes: &[u8]) -> Option<ServiceLogLine> {
    serde_json::from_slice(bytes.trim_ascii()).ok()
}
