//! What programs print, while they run and afterwards.

use axum::{extract::State, http::HeaderMap, response::Response};
use wire::jobs::ErrorBody;

use super::{find, view};
use crate::{
    app::App,
    http::extract::{Params, PathRunId},
    live::sse,
    refusal::Refusal,
    runs::output::{self, OptionalHold, OutputQuery, OutputReader},
};

/// What a job printed: by default what there is now of one stream of its newest attempt, as it was
/// printed; with `follow=1` everything from the first byte on, live, as server-sent events.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/logs", tag = "jobs",
    params(("id" = String, Path, description = "Job id"), OutputQuery),
    responses((status = 200, description = "Output",
            content((String = "text/plain"), (String = "text/event-stream"))),
        (status = 204, description = "The reader has seen the end, and need not come again"),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such job", body = ErrorBody)))]
pub(crate) async fn read(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    Params(query): Params<OutputQuery>,
    headers: HeaderMap,
    link: sse::OptionalLink,
    held: OptionalHold,
) -> Result<Response, Refusal> {
    let details = find::details(&app, id).await?;
    let after = sse::last_id(&headers).map_err(|message| Refusal::field(sse::LAST_ID, message))?;
    let saw_end = sse::saw_end(&headers);
    let reader = OutputReader {
        after,
        saw_end,
        link,
        held,
    };
    Ok(output::read(app, details, &query, reader, view::status).await)
}
