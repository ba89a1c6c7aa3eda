//! A click of a person into the live browser, as clients of the original send it.

use axum::extract::State;
use engine::Kind;
use wire::{
    browser::BrowserInput,
    playbooks::{ClickBrowser, ClickedBrowser},
};

use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathRunId},
    refusal::{Refusal, RefusalKind},
    runs::steer_browser,
};

/// Clicks at a place of the page of a paused execution, in CSS pixels of its window.
#[utoipa::path(post, path = "/api/executions/{id}/browser/click", tag = "executions",
    request_body = ClickBrowser, params(("id" = String, Path, description = "Execution id")),
    responses((status = 200, description = "Clicked", body = ClickedBrowser),
        (status = 400, description = "A field is wrong, or it is not paused or has no browser"),
        (status = 404, description = "No such execution")))]
pub(crate) async fn click(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    audit_context: AuditContext,
    Json(ClickBrowser { x, y }): Json<ClickBrowser>,
) -> Result<axum::Json<ClickedBrowser>, Refusal> {
    let run = move |read: &mut store::Read<'_, '_>| match store::runs::outline(read, id)?.run {
        run if run.kind == Kind::Execution => Ok(run),
        _ => Err(store::Error::NotFound(id)),
    };
    let run = app.store.read(run).await?;
    let input = BrowserInput::Click {
        x,
        y,
        button: "left".to_owned(),
        count: 1,
    };
    let steered = steer_browser(&app, &run, input, audit_context).await;
    steered.map_err(|refusal| match refusal.kind {
        RefusalKind::Conflict => Refusal::bad_request(refusal.message),
        _ => refusal,
    })?;
    Ok(axum::Json(ClickedBrowser {
        status: "success".to_owned(),
        message: format!("Clicked at ({x}, {y})"),
        execution_id: id.to_string(),
        coordinates: ClickBrowser { x, y },
    }))
}
