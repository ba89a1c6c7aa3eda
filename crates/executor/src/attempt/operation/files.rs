//! Files of a playspec that are mounted into services: fetched once, known by their content.

use std::{collections::BTreeMap, fs, io, path::Path};

use futures_util::TryStreamExt;
use playground::compose::{ComposeDocument, FileMount};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use wire::{client, executors::operations::MountedFile};

use super::{
    context::{Operation, on_disk},
    error::OperationError,
};
use crate::{
    attempt::progress_reporter::{Halt, wait_after},
    backoff::Backoff,
};

/// Why a file is not there.
enum NotFetched {
    Server(client::Error),
    Disk(io::Error),
    /// It has other content than the playspec says.
    Other(String),
}

impl Operation<'_> {
    /// Fetches the files that are not there yet; answers which service mounts which.
    pub(super) async fn mounted_files(
        &self,
        document: &ComposeDocument,
    ) -> Result<BTreeMap<String, Vec<FileMount>>, OperationError> {
        let files = &self.input.sources.mounted_files;
        let mut mounts: BTreeMap<String, Vec<FileMount>> = BTreeMap::new();
        if files.is_empty() {
            return Ok(mounts);
        }
        let place = self.directory.files();
        let made = place.clone();
        on_disk("the playground's files", move || fs::create_dir_all(made)).await?;
        for file in files {
            let path = place.join(&file.sha256);
            self.fetch(file, &path).await?;
            let mount = FileMount {
                source: path.to_string_lossy().into_owned(),
                target: file.mount_path.clone(),
                read_only: file.readonly,
            };
            let targets = &file.target_services;
            let services = document.services.keys();
            for service in services.filter(|name| targets.is_empty() || targets.contains(name)) {
                mounts
                    .entry(service.clone())
                    .or_default()
                    .push(mount.clone());
            }
        }
        Ok(mounts)
    }

    async fn fetch(&self, file: &MountedFile, path: &Path) -> Result<(), OperationError> {
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if file.sha256.len() != 64 || !file.sha256.bytes().all(hexadecimal) {
            return Err(Halt::Refused(format!("`{}` is not a SHA-256", file.sha256)).into());
        }
        // One that services can write to may have changed there since, which is meant.
        if path.exists() {
            return Ok(());
        }
        let mut backoff = Backoff::default();
        loop {
            match self.try_fetch(file, path).await {
                Ok(()) => return Ok(()),
                Err(NotFetched::Server(error)) => {
                    wait_after(&mut backoff, self.taken, error).await?;
                }
                Err(NotFetched::Disk(error)) => {
                    return Err(OperationError::io(
                        &format!("the mounted file `{}`", file.name),
                        &error,
                    ));
                }
                Err(NotFetched::Other(sha256)) => {
                    let message = format!(
                        "the file `{}` has the SHA-256 {sha256}, not {}",
                        file.name, file.sha256
                    );
                    return Err(Halt::Refused(message).into());
                }
            }
        }
    }

    async fn try_fetch(&self, file: &MountedFile, path: &Path) -> Result<(), NotFetched> {
        let url = format!("/api/v1/binaries/{}", file.sha256);
        let reply = self.runner.client.download(&url);
        let mut body = reply.await.map_err(NotFetched::Server)?.into_body();
        let beside = path.with_extension("new");
        let mut written = tokio::fs::File::create(&beside)
            .await
            .map_err(NotFetched::Disk)?;
        let mut digest = Sha256::new();
        let broken =
            |error: io::Error| NotFetched::Server(client::Error::Unreachable(error.to_string()));
        while let Some(bytes) = body.try_next().await.map_err(broken)? {
            digest.update(&bytes);
            written.write_all(&bytes).await.map_err(NotFetched::Disk)?;
        }
        written.sync_all().await.map_err(NotFetched::Disk)?;
        let sha256: String = digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if sha256 != file.sha256 {
            return Err(NotFetched::Other(sha256));
        }
        tokio::fs::rename(&beside, path)
            .await
            .map_err(NotFetched::Disk)
    }
}
