//! An operator accepts what a step has seen as what later executions should see.

use axum::extract::State;
use futures_util::TryStreamExt;
use store::{Batch, audit::Target};
use wire::{
    browser::{AcceptBaseline, AcceptedBaseline, compared_folder},
    playbooks::ExecutionInput,
};

use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathParams, run_id},
    library::{BASELINE_LIMIT, playbook_path},
    refusal::Refusal,
};

/// What every PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Takes the picture that a step of type `browser.compare_screenshot` took as the one that is expected: it becomes a
/// file beside the playbook, in place of an earlier one.
#[utoipa::path(post, path = "/api/executions/{id}/baselines/{name}", tag = "executions",
    request_body = AcceptBaseline, params(("id" = String, Path, description = "Execution id"),
        ("name" = String, Path, description = "Names the picture, as the step does")),
    responses((status = 200, description = "It is a file of the library", body = AcceptedBaseline),
        (status = 400, description = "A field is wrong"),
        (status = 404, description = "No such execution, or it took no such picture")))]
pub(crate) async fn accept(
    State(app): State<App>,
    PathParams((id, name)): PathParams<(String, String)>,
    audit_context: AuditContext,
    Json(AcceptBaseline { playbook }): Json<AcceptBaseline>,
) -> Result<axum::Json<AcceptedBaseline>, Refusal> {
    let id = run_id(&id)?;
    let folder = compared_folder(playbook.as_deref(), &name);
    let artifact = format!("{folder}/actual.png");
    let find = move |read: &mut store::Read<'_, '_>| {
        let input = store::runs::input(read, id)?;
        Ok((input, store::artifacts::find(read, id, &artifact)?))
    };
    let (input, found) = app.store.read(find).await?;
    let input: ExecutionInput = serde_json::from_slice(&input).map_err(|_| Refusal::no_run(id))?;
    let playbook = playbook.unwrap_or_else(|| input.playbook_path.clone());
    if !input.playbooks.contains_key(&playbook) {
        return Err(Refusal::field("playbook", "is not one of the execution's"));
    }
    let missing = || Refusal::not_found(format!("the execution compared no picture `{name}`"));
    let blob = found.ok_or_else(missing)?.blob;
    if blob.size_bytes > BASELINE_LIMIT as i64 {
        return Err(Refusal::bad_request(
            "the picture is too large to be compared",
        ));
    }
    let bytes = app.blobs.read(&blob).await?.ok_or_else(missing)?;
    let picture = bytes
        .try_fold(Vec::new(), async |mut whole: Vec<u8>, piece| {
            whole.extend_from_slice(&piece);
            Ok(whole)
        })
        .await
        .map_err(|error| Refusal::internal(error.to_string()))?;
    // A step of any type may leave an artefact of this name.
    if !picture.starts_with(PNG) {
        return Err(Refusal::bad_request(format!(
            "the artefact `{folder}/actual.png` is no PNG"
        )));
    }
    let size_bytes = picture.len() as u64;
    let path = playbook_path(&playbook)?;
    let path = app
        .library
        .put_baseline(&path, &name, picture.into())
        .await?;
    let entry = audit_context
        .entry(app.now_ms(), Target::one("playbook", &playbook))
        .detail(format!("{path} from execution {id}"));
    let record = move |batch: &mut Batch<'_, '_>| {
        batch.record(&entry);
        Ok(())
    };
    app.store.write(record).await?;
    Ok(axum::Json(AcceptedBaseline { path, size_bytes }))
}
