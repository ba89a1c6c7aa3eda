//! A playspec, and a playground of it, in one request.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
};
use store::audit::Target;
use wire::{
    Object,
    playgrounds::{IdOrName, Launch, Launched, NewPlayground, PlayspecChange},
};

use super::{create, playspecs, replay};
use crate::{
    access::{Principal, Scope},
    app::App,
    audit::AuditContext,
    http::{body, json},
    refusal::Refusal,
};

/// Makes a playspec from a Compose file, and a playground of it if that is asked for.
#[utoipa::path(post, path = "/api/launch", tag = "playgrounds", request_body = Launch,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same answer, nothing is made twice")),
    responses((status = 201, description = "Made", body = Launched),
        (status = 400, description = "The body is malformed"),
        (status = 422, description = "A field is wrong, or there are too many")))]
pub(crate) async fn launch(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    request: Request,
) -> Result<(StatusCode, HeaderMap, axum::Json<Launched>), Refusal> {
    let headers = request.headers().clone();
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let Object(launch): Object<Launch> = json::parse(&bytes)?;
    let makes = launch.create_playground.unwrap_or(false);
    if makes {
        principal.must_allow(Scope::PlaygroundsWrite)?;
    }
    let spec = PlayspecChange {
        name: launch.name.clone(),
        base_compose_yaml: launch.compose_yaml,
        persist_volumes: launch.persist_volumes,
        ..PlayspecChange::default()
    };
    let key = |part: &str| replay::key(&headers, part, &bytes);
    let entry = audit_context.entry(app.now_ms(), Target::one("playspec", ""));
    let (spec_id, replayed) =
        playspecs::made(&app, spec, key("/api/launch")?, entry.clone()).await?;
    let mut launched = Launched {
        playspecs_created: spec_id,
        ..Launched::default()
    };
    if makes {
        let new = NewPlayground {
            name: launch.name,
            playspec_id: Some(IdOrName(spec_id.to_string())),
            playroom_id: launch.playroom_id,
            variables: launch.variables,
            ..NewPlayground::default()
        };
        let key =
            key("/api/launch playground")?.map(|(key, hash)| (format!("{key} playground"), hash));
        let (id, _) = create::made(&app, new, key, entry).await?;
        launched.playground_id = Some(id);
    }
    Ok((
        StatusCode::CREATED,
        replay::headers(replayed),
        axum::Json(launched),
    ))
}
