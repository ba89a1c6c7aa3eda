//! Playspecs as bodies.

use store::{
    Read,
    playgrounds::{self, FileRow, PlayspecRow, RegistryRow},
};
use wire::{
    Timestamp,
    playgrounds::{MountedFileView, Playspec, PlayspecSummary, RegistryCredential},
};

use crate::{
    app::App,
    playgrounds::{SpecBody, described_services, missing_playspec},
    refusal::Refusal,
};

pub(super) fn summary(row: &PlayspecRow) -> Result<PlayspecSummary, Refusal> {
    let body = SpecBody::of(row)?;
    Ok(PlayspecSummary {
        id: row.id,
        name: row.name.clone(),
        description: body.description,
        locked: row.playgrounds > 0,
        persist_volumes: body.persist_volumes,
        playground_count: row.playgrounds,
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    })
}

/// A playspec with its files and logins.
pub(super) async fn shown(app: &App, id: i64) -> Result<Playspec, Refusal> {
    let read = move |read: &mut Read<'_, '_>| {
        let Some(row) = playgrounds::playspec(read, Some(id), "")? else {
            return Ok(None);
        };
        let files = playgrounds::files(read, id)?;
        let registries = playgrounds::registries(read, id)?;
        Ok(Some((row, files, registries)))
    };
    let found = app.store.read(read).await?;
    let (row, files, registries) = found.ok_or_else(|| missing_playspec(&id.to_string()))?;
    let body = SpecBody::of(&row)?;
    Ok(Playspec {
        summary: summary(&row)?,
        services: described_services(&body),
        base_compose_yaml: body.base_compose_yaml,
        compose_path: body.compose_path,
        repo_url: body.repo_url,
        mounted_files: files.into_iter().map(file).collect(),
        credentials: registries.into_iter().map(registry).collect(),
    })
}

pub(super) fn file(row: FileRow) -> MountedFileView {
    MountedFileView {
        id: row.id,
        name: row.name,
        mount_path: row.mount_path,
        // A list of strings was written there.
        target_services: serde_json::from_str(&row.services).unwrap_or_default(),
        readonly: row.readonly,
        size: row.size_bytes,
        sha256: row.sha256,
        created_at: Timestamp(row.created_at),
    }
}

pub(super) fn registry(row: RegistryRow) -> RegistryCredential {
    RegistryCredential {
        id: row.id,
        registry_type: row.registry_type,
        registry_url: row.registry_url,
        username: row.username,
        created_at: Timestamp(row.created_at),
    }
}
