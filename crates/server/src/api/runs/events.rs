//! The events of one run, live, as server-sent events.

use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;

use super::found;
use crate::{
    access::Principal,
    api::events::messages,
    app::App,
    http::extract::{Params, PathRunId},
    live::{Filter, Form, filter, sse},
    refusal::Refusal,
};

/// Which events of a run.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunEventsQuery {
    /// Only events with a higher number; without it, and without `Last-Event-ID`, all.
    after: Option<i64>,
    /// Only these types, separated by commas; each `*` in one stands for anything.
    types: Option<String>,
}

/// Follows the events of a run, as `/api/events` does those of all. It goes on after the run's end, because
/// the run may be retried.
#[utoipa::path(get, path = "/api/runs/{id}/events", tag = "runs",
    params(("id" = String, Path, description = "Run id"), RunEventsQuery),
    responses((status = 200, description = "Server-sent events", body = wire::events::Event,
            content_type = "text/event-stream"),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run")))]
pub(crate) async fn follow(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    Params(query): Params<RunEventsQuery>,
    headers: HeaderMap,
    link: sse::OptionalLink,
) -> Result<Response, Refusal> {
    found(&app, &principal, id).await?;
    let last = sse::last_id(&headers).map_err(|message| Refusal::field(sse::LAST_ID, message))?;
    if query.after.is_some_and(|after| after < 0) {
        return Err(Refusal::field("after", "after must not be negative"));
    }
    let after = match last.or(query.after) {
        Some(after) => Some(after),
        None => {
            // The events before the run's own are nothing to it, whether they are gone or not.
            let first = app
                .store
                .read(move |read| store::events::after(read, 0, Some(id), 1));
            first.await?.first().map(|event| event.seq - 1)
        }
    };
    let filter = Filter {
        run: Some(id),
        kind: None,
        types: filter::types(query.types)?,
    };
    let reader = app.tail.reader(after, filter).await?;
    let messages = messages(app.clone(), reader);
    Ok(sse::answer(&app, Form::EVENTS, link, messages))
}
