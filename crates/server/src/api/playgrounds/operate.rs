//! Operations on playgrounds.

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::{
    Read,
    audit::Target,
    playgrounds::{self, PlaygroundRow},
};
use wire::{
    executors::operations::OperationAction,
    playgrounds::{OperatePlayground, Playground, RollBack},
};

use super::{body::optional, history, replay, show};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::{
        body,
        extract::{Params, PathParams},
        json,
    },
    playgrounds::{Start, Started, invalid, row_of, start},
    refusal::Refusal,
};

/// How an operation is asked for, besides its body.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperateQuery {
    /// `1` plans and changes nothing; the answer is the plan.
    #[serde(default)]
    dry_run: Option<String>,
}

impl OperateQuery {
    fn plans(&self) -> bool {
        self.dry_run
            .as_deref()
            .is_some_and(|word| !matches!(word, "" | "0" | "false"))
    }
}

/// What every handler gets.
pub(crate) struct Asked {
    app: App,
    principal: Principal,
    audit_context: AuditContext,
    headers: HeaderMap,
    uri: Uri,
    body: Vec<u8>,
}

impl Asked {
    async fn of(
        app: App,
        principal: Principal,
        audit_context: AuditContext,
        request: Request,
    ) -> Result<Self, Refusal> {
        let (headers, uri) = (request.headers().clone(), request.uri().clone());
        Ok(Self {
            app,
            principal,
            audit_context,
            headers,
            uri,
            body: body::read_json(request, json::BODY_LIMIT).await?,
        })
    }
}

/// A handler for each operation.
macro_rules! handlers {
    ($($name:ident = $action:ident, $path:literal, $does:literal;)+) => { $(
        #[doc = $does]
        #[utoipa::path(post, path = $path, tag = "playgrounds",
            request_body = Option<OperatePlayground>,
            params(("id" = String, Path, description = "Its id, or its name"), OperateQuery,
                ("Idempotency-Key" = Option<String>, Header,
                    description = "The same key and body within 24 hours: one operation")),
            responses((status = 200, description = "The playground; an operation is queued",
                    body = Playground),
                (status = 400, description = "The body is malformed"),
                (status = 404, description = "No such playground"),
                (status = 409, description = "Another operation has not ended"),
                (status = 422, description = "Its status does not allow it")))]
        pub(crate) async fn $name(
            State(app): State<App>,
            Extension(principal): Extension<Principal>,
            audit_context: AuditContext,
            PathParams(id): PathParams<String>,
            Params(query): Params<OperateQuery>,
            request: Request,
        ) -> Result<Response, Refusal> {
            let asked = Asked::of(app, principal, audit_context, request).await?;
            let request: OperatePlayground = optional(&asked.body)?;
            let row = row_of(&asked.app, &id).await?;
            let force = request.force.unwrap_or(false);
            operate(asked, row, (OperationAction::$action, None), force, query.plans()).await
        }
    )+ };
}

handlers! {
    rollout = Rollout, "/api/playgrounds/{id}/rollout",
        "Changes what differs from what is wanted, and leaves the rest running. With `dry_run=1` it only plans.";
    hard_restart = HardRestart, "/api/playgrounds/{id}/hard_restart",
        "Removes all containers and provisions again. Volumes stay if the playspec persists them.";
    retry_compose = Create, "/api/playgrounds/{id}/retry_compose",
        "Provisions again what failed, and goes on with what is there.";
    stop = Stop, "/api/playgrounds/{id}/stop", "Stops all containers, and keeps them.";
    start_again = Start, "/api/playgrounds/{id}/start", "Starts the containers that were stopped.";
}

/// Applies an earlier revision; without one, the one before that which runs.
#[utoipa::path(post, path = "/api/playgrounds/{id}/rollback", tag = "playgrounds",
    request_body = Option<RollBack>,
    params(("id" = String, Path, description = "Its id, or its name"), OperateQuery,
        ("Idempotency-Key" = Option<String>, Header,
            description = "The same key and body within 24 hours: one operation")),
    responses((status = 200, description = "The playground; an operation is queued", body = Playground),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playground"),
        (status = 409, description = "Another operation has not ended"),
        (status = 422, description = "No such revision, or its status does not allow it")))]
pub(crate) async fn rollback(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Params(query): Params<OperateQuery>,
    request: Request,
) -> Result<Response, Refusal> {
    let asked = Asked::of(app, principal, audit_context, request).await?;
    let request: RollBack = optional(&asked.body)?;
    let row = row_of(&asked.app, &id).await?;
    let revision = revision_of(&asked.app, &row, request.revision).await?;
    let force = request.force.unwrap_or(false);
    let action = (OperationAction::Rollback, Some(revision));
    operate(asked, row, action, force, query.plans()).await
}

/// The revision to go back to.
async fn revision_of(app: &App, row: &PlaygroundRow, asked: Option<i64>) -> Result<i64, Refusal> {
    let id = row.id;
    let known = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::revisions(read, id))
        .await?;
    let current = row.applied.map_or(0, |applied| applied.revision);
    let mut numbers = known.iter().map(|revision| revision.number);
    let found = match asked {
        Some(number) => numbers.find(|known| *known == number),
        // Newest first.
        None => numbers.find(|known| *known < current),
    };
    found.ok_or_else(|| {
        let known: Vec<String> = known.iter().map(|one| one.number.to_string()).collect();
        let message = match known.is_empty() {
            true => "does not exist: nothing was applied yet".to_owned(),
            false => format!("does not exist: known are {}", known.join(", ")),
        };
        invalid("revision", message)
    })
}

async fn operate(
    asked: Asked,
    row: PlaygroundRow,
    (action, revision): (OperationAction, Option<i64>),
    force: bool,
    dry_run: bool,
) -> Result<Response, Refusal> {
    let Asked {
        app,
        principal,
        audit_context,
        headers,
        uri,
        body,
    } = asked;
    if dry_run && !action.can_plan() {
        let message = format!(
            "`{}` has no plan: it changes nothing but what runs",
            action.as_str()
        );
        return Err(invalid("dry_run", message));
    }
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let idempotency = replay::key(&headers, path, &body)?;
    let target = Target::one("playground", row.id.to_string());
    let started = start(
        &app,
        Start {
            revision,
            force,
            dry_run,
            idempotency,
            ..Start::plain(row.id, action, audit_context.entry(app.now_ms(), target))
        },
    )
    .await?;
    match started {
        Started::Run(run) if dry_run => history::planned(&app, &row, run).await,
        started => {
            let shown = show::shown(&app, &principal, row.id).await?;
            let headers = replay::headers(started == Started::Repeated);
            Ok((headers, axum::Json(shown)).into_response())
        }
    }
}
