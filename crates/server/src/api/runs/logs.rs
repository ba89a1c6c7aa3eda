//! What a run prints.

use axum::{Extension, extract::State, http::HeaderMap, response::Response};

use super::found;
use crate::{
    access::Principal,
    app::App,
    http::extract::{Params, PathRunId},
    kinds,
    live::sse,
    refusal::Refusal,
    runs::output::{self, OutputQuery, OutputReader},
};

/// What a run printed: by default what there is now of one stream of its newest attempt, as it was printed;
/// with `follow=1` everything from the first byte on, live, as server-sent events.
#[utoipa::path(get, path = "/api/runs/{id}/logs", tag = "runs",
    params(("id" = String, Path, description = "Run id"), OutputQuery),
    responses((status = 200, description = "Output",
            content((String = "text/plain"), (String = "text/event-stream"))),
        (status = 204, description = "The reader has seen the end, and need not come again"),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run")))]
pub(crate) async fn read(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    Params(query): Params<OutputQuery>,
    headers: HeaderMap,
    link: sse::OptionalLink,
) -> Result<Response, Refusal> {
    let details = found(&app, &principal, id).await?;
    let after = sse::last_id(&headers).map_err(|message| Refusal::field(sse::LAST_ID, message))?;
    let reader = OutputReader {
        after,
        saw_end: sse::saw_end(&headers),
        link,
        held: None,
    };
    let word_of = kinds::of(details.run.kind).word_of;
    Ok(output::read(app, details, &query, reader, word_of).await)
}
