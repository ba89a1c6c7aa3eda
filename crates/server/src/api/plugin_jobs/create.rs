//! A plugin job is created.

use axum::extract::{Request, State};
use engine::RunId;
use wire::{
    Object,
    plugin_jobs::{ErrorBody, Job, NewPluginJob},
};

use super::{cancel::target, check, loaded, view};
use crate::{
    app::App,
    audit::AuditContext,
    http::body::{self, offload},
    http::json::{self, BODY_LIMIT, HANDED_ON_DEPTH_LIMIT},
    refusal::Refusal,
    runs::submit,
};

/// Creates a job; nothing runs before it is started. It is on disk when this answers.
#[utoipa::path(post, path = "/playground/jobs", tag = "plugin jobs", request_body = NewPluginJob,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same job, no second one")),
    responses((status = 200, description = "Created", body = Job),
        (status = 400, description = "Something is wrong with it", body = ErrorBody),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    audit_context: AuditContext,
    request: Request,
) -> Result<axum::Json<Job>, Refusal> {
    let key = submit::idempotency_key(request.headers())?;
    let body = body::read_json(request, BODY_LIMIT).await?;
    let plugin_directory = app.plugins.read(&app.store, app.active_since()).await?;
    let (app, read) = offload(body.len(), move || {
        let read = json::parse_within(&body, HANDED_ON_DEPTH_LIMIT);
        let read = read.map(|Object::<NewPluginJob>(job)| {
            // Keys of the other contract are other keys.
            let key = key.map(|key| (format!("plugin-jobs {key}"), submit::hash(&body)));
            (check::submission(&app, &plugin_directory, job), key)
        });
        (app, read)
    })
    .await;
    let id = match read? {
        (Ok(submission), key) => {
            let entry = audit_context.entry(app.now_ms(), target(submission.run.id));
            submit::enter(&app, vec![submission], key, entry).await?.ids[0]
        }
        (Err(wrong), key) => made_before(&app, key).await?.ok_or(wrong)?,
    };
    let loaded = app.store.read(move |read| loaded::find(read, id)).await?;
    Ok(axum::Json(view::job(&loaded)))
}

/// The job that was created under this key. Whether a repetition is right depends on nothing else: the
/// executors whose plugins the job names may have gone meanwhile.
async fn made_before(app: &App, key: Option<(String, Vec<u8>)>) -> Result<Option<RunId>, Refusal> {
    let Some((key, hash)) = key else {
        return Ok(None);
    };
    let before = app
        .store
        .read(move |read| store::runs::repeated(read, &key, &hash))
        .await?;
    Ok(before.map(|submitted| submitted.ids[0]))
}
