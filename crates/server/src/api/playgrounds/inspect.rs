//! What was generated for a playground, and what helps when it does not work.

use std::collections::BTreeSet;

use axum::{Extension, extract::State};
use serde::Deserialize;
use serde_json::json;
use store::{Read, playgrounds};
use wire::playgrounds::{DebugService, EnvMetadataView, GeneratedCompose, PlaygroundDebug};

use super::show::{self, ShownPlayground};
use crate::{
    access::Principal,
    app::App,
    http::extract::{Params, PathParams},
    playgrounds::{Masking, RevisionSecrets, SpecBody, Wanted, described_services, phases, row_of},
    refusal::Refusal,
};

/// The document that was generated last, and the environment that belongs to it.
struct Generated {
    shown: ShownPlayground,
    compose_yaml: Option<String>,
    environment: wire::executors::operations::PlaygroundEnvironment,
}

/// What the last operation generated, or else what runs.
async fn generated(app: &App, principal: &Principal, name: &str) -> Result<Generated, Refusal> {
    let row = row_of(app, name).await?;
    let mut shown = show::loaded(app, principal, row.id).await?;
    let mut compose_yaml = shown.secrets.compose_yaml.take();
    let mut environment = shown.secrets.environment.take();
    if let Some(applied) = shown.loaded.row.applied
        && (compose_yaml.is_none() || environment.is_none())
    {
        let id = row.id;
        let read = move |read: &mut Read<'_, '_>| playgrounds::revision(read, id, applied.revision);
        if let Some(revision) = app.store.read(read).await? {
            let sealer = app.vault.sealer(&app.store).await?;
            let secrets: RevisionSecrets = sealer.open_of_playground(id, &revision.sealed)?;
            shown.masking.learn(&secrets.environment);
            compose_yaml.get_or_insert(secrets.compose_yaml);
            environment.get_or_insert(secrets.environment);
        }
    }
    Ok(Generated {
        shown,
        compose_yaml,
        environment: environment.unwrap_or_default(),
    })
}

/// The Compose document that was generated.
#[utoipa::path(get, path = "/api/playgrounds/{id}/compose", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The document", body = GeneratedCompose),
        (status = 404, description = "No such playground")))]
pub(crate) async fn compose(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<GeneratedCompose>, Refusal> {
    let found = generated(&app, &principal, &id).await?;
    let (row, masking) = (&found.shown.loaded.row, &found.shown.masking);
    Ok(axum::Json(GeneratedCompose {
        compose_yaml: found.compose_yaml.map(|yaml| masking.document(&yaml)),
        compose_project: row.project.clone(),
        revision: row.applied.map(|applied| applied.revision),
    }))
}

/// Whose environment is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EnvironmentQuery {
    /// The environment of this service alone.
    service: Option<String>,
}

/// The merged environment with its sources.
#[utoipa::path(get, path = "/api/playgrounds/{id}/env_metadata", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name"), EnvironmentQuery),
    responses((status = 200, description = "The environment", body = EnvMetadataView),
        (status = 404, description = "No such playground, or no such service")))]
pub(crate) async fn env_metadata(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
    Params(query): Params<EnvironmentQuery>,
) -> Result<axum::Json<EnvMetadataView>, Refusal> {
    let found = generated(&app, &principal, &id).await?;
    let masking = &found.shown.masking;
    let Some(service) = query.service else {
        return Ok(axum::Json(masking.environment(&found.environment)));
    };
    match found.environment.services.get(&service) {
        Some(environment) => Ok(axum::Json(masking.environment(environment))),
        None => Err(no_service(&service)),
    }
}

/// There is no such service.
pub(super) fn no_service(name: &str) -> Refusal {
    let shown: String = name.chars().take(100).collect();
    Refusal::not_found(format!("the playground has no service `{shown}`"))
}

/// What helps to find out why a playground does not work.
#[utoipa::path(get, path = "/api/playgrounds/{id}/debug", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "What is known", body = PlaygroundDebug),
        (status = 404, description = "No such playground")))]
pub(crate) async fn debug(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<PlaygroundDebug>, Refusal> {
    let mut found = generated(&app, &principal, &id).await?;
    let template = found.shown.secrets.augmented_template.take();
    let (loaded, masking) = (found.shown.loaded, found.shown.masking);
    let row = loaded.row;
    let wanted = Wanted::of(&row)?;
    let spec_id = row.playspec_id;
    let spec = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::playspec(read, Some(spec_id), ""))
        .await?;
    let spec = spec.as_ref().map(SpecBody::of).transpose()?;
    Ok(axum::Json(PlaygroundDebug {
        id: row.id,
        compose_project: row.project,
        generated_compose_yaml: found.compose_yaml.map(|yaml| masking.document(&yaml)),
        augmented_compose_template: template.map(|yaml| masking.document(&yaml)),
        build_overrides: masking
            .masked(json!(wanted.build_overrides().unwrap_or_default()))
            .unwrap_or_default(),
        services_configuration: services(&wanted, &spec.unwrap_or_default())
            .into_iter()
            .filter_map(|service| masking.masked(service))
            .collect(),
        build_records: lines_masked(loaded.outcome.builds, &masking),
        branch_clones: masking.masked(loaded.outcome.clones).unwrap_or_default(),
        status: loaded.status.as_str().to_owned(),
        services: loaded.services,
        failure: loaded
            .outcome
            .failure
            .and_then(|failure| masking.masked(failure)),
        warnings: masking.masked(loaded.outcome.warnings).unwrap_or_default(),
        plan: loaded.outcome.plan,
        creation_steps: phases(&loaded.phases),
    }))
}

fn lines_masked(
    mut builds: Vec<wire::executors::operations::BuildRecord>,
    masking: &Masking,
) -> Vec<wire::executors::operations::BuildRecord> {
    for build in &mut builds {
        for line in &mut build.logs {
            *line = masking.text(line);
        }
    }
    builds
}

/// What is set of each service, by the playspec and by the playground.
fn services(wanted: &Wanted, spec: &SpecBody) -> Vec<DebugService> {
    let described = described_services(spec);
    let names: BTreeSet<&String> = described
        .iter()
        .map(|service| &service.name)
        .chain(wanted.services.keys())
        .collect();
    let services = names.into_iter().map(|name| DebugService {
        name: name.clone(),
        playspec: described.iter().find(|one| one.name == *name).cloned(),
        playground: wanted.services.get(name).cloned(),
    });
    services.collect()
}
