//! What an operation is given.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use engine::{Kind, NewRun, Priority};
use store::{
    playgrounds::{FileRow, PlayroomRow, PlayspecRow, exclusive_key},
    runs::Submission,
};
use wire::executors::operations::{
    ContainerCommand, MountedFile, OperationAction, OperationInput, OperationTarget,
    RoutingDefaults, ServiceSources,
};

use super::{RoomBody, SpecBody, Wanted, described_services, placed::capability};
use crate::{app::App, kinds};

/// An attempt that clones, builds and waits for health may take so long, in milliseconds; a build has 45 minutes.
const LONG_MS: i64 = 2 * 3_600_000;
/// One that only stops or removes.
const SHORT_MS: i64 = 20 * 60_000;

/// What an operation is to do, with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperationRequest<'a> {
    pub(crate) action: OperationAction,
    /// The playground's id and name.
    pub(crate) id: i64,
    pub(crate) name: &'a str,
    pub(crate) project: &'a str,
    pub(crate) job_mode: bool,
    pub(crate) persists: bool,
    pub(crate) room: (&'a PlayroomRow, &'a RoomBody),
    pub(crate) spec: (&'a PlayspecRow, &'a SpecBody),
    pub(crate) files: &'a [FileRow],
    pub(crate) wanted: &'a Wanted,
    /// Which version of what is wanted that is.
    pub(crate) version: i64,
    /// The values of its environment, sealed.
    pub(crate) sealed: &'a [u8],
    /// Of a rollback.
    pub(crate) revision: Option<i64>,
    pub(crate) dry_run: bool,
    pub(crate) unless_dirty: bool,
    /// Of `exec`.
    pub(crate) command: Option<&'a ContainerCommand>,
}

/// The run of an operation.
pub(crate) fn submission(app: &App, request: OperationRequest<'_>) -> Submission {
    let input = input(request);
    let row = kinds::of(Kind::Operation);
    let queue = row.queues.queue(&[capability(request.room.0.id)]);
    let long = !matches!(
        request.action,
        OperationAction::Stop | OperationAction::Destroy | OperationAction::Start
    );
    let run = NewRun {
        // A person waits for most of them.
        priority: Priority::Foreground,
        exclusive_key: Some(exclusive_key(request.id)),
        timeout_ms: Some(if long { LONG_MS } else { SHORT_MS }),
        // What is cancelled after it began is undone.
        cleans_up: true,
        ..NewRun::new(
            app.clock.run_id(),
            Kind::Operation,
            request.action.as_str(),
            &queue,
        )
    };
    let labels = [
        ("playground", request.name.to_owned()),
        ("playground_id", request.id.to_string()),
    ];
    Submission {
        run,
        // Strings, numbers and JSON values have a JSON form.
        input: serde_json::to_vec(&input).unwrap_or_default(),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        blobs: request
            .files
            .iter()
            .map(|file| file.sha256.clone())
            .collect(),
        hook: None,
    }
}

fn input(request: OperationRequest<'_>) -> OperationInput {
    let OperationRequest {
        room: (room, room_body),
        spec: (spec, spec_body),
        wanted,
        ..
    } = request;
    let playspec_services = described_services(spec_body);
    let named = playspec_services
        .iter()
        .filter_map(|service| service.git_credential.as_ref());
    let credentials = named.chain(wanted.credentials()).cloned().collect();
    OperationInput {
        action: request.action,
        playground: OperationTarget {
            id: request.id,
            name: request.name.to_owned(),
            project: request.project.to_owned(),
            owner: room.owner_mark.clone(),
            playroom: room.key.clone(),
            playroom_id: room.id,
            playspec_id: spec.id,
            job_mode: request.job_mode,
            watched_services: wanted.watched_services.clone(),
            persist_volumes: request.persists,
            sleep_after_seconds: wanted.sleep_after_seconds,
        },
        sources: ServiceSources {
            compose_yaml: spec_body.base_compose_yaml.clone(),
            compose_path: spec_body.compose_path.clone(),
            repo_url: spec_body.repo_url.clone(),
            playspec_services,
            services: wanted.services.clone(),
            // It was parsed before it was stored.
            build_overrides: wanted.build_overrides().unwrap_or_default(),
            only_services: wanted.only_services.clone(),
            except_services: wanted.except_services.clone(),
            mounted_files: request.files.iter().map(mounted).collect(),
        },
        routing: RoutingDefaults {
            root_domain: room_body.domains.first().cloned(),
            service_subdomains: wanted.service_subdomains.clone(),
        },
        policy: room_body.policy.clone(),
        limits: room_body.limits.clone(),
        revision: request.revision,
        command: request.command.cloned(),
        dry_run: request.dry_run,
        unless_dirty: request.unless_dirty,
        credentials,
        versions: (request.version, spec.version),
        sealed: Some(STANDARD.encode(request.sealed)),
    }
}

fn mounted(file: &FileRow) -> MountedFile {
    MountedFile {
        sha256: file.sha256.clone(),
        size: file.size_bytes,
        name: file.name.clone(),
        mount_path: file.mount_path.clone(),
        // A list of strings was written there.
        target_services: serde_json::from_str(&file.services).unwrap_or_default(),
        readonly: file.readonly,
    }
}
