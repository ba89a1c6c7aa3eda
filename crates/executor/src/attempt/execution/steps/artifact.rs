//! What a step keeps as an artefact of its run.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use tokio::{fs::File, io::AsyncWriteExt, task::spawn_blocking};
use tokio_util::io::StreamReader;
use wire::client::Payload;

use super::http::client::reason;
use crate::{
    attempt::{
        Watched, WorkDir,
        execution::call::{Context, StepCall, StepEnd},
    },
    backoff::Backoff,
};

/// Keeps some bytes under a name.
pub(super) async fn keep(call: &StepCall<'_>, name: &str, content: Bytes) -> Result<(), StepEnd> {
    keep_unredacted(call, name, call.context.redactor.bytes(content)).await
}

/// The same of what has no secret in it, and would be destroyed by looking for the bytes of one.
pub(super) async fn keep_unredacted(
    call: &StepCall<'_>,
    name: &str,
    content: Bytes,
) -> Result<(), StepEnd> {
    keep_of(call.context, name, content).await
}

/// The same, of the execution itself.
pub(in crate::attempt::execution) async fn keep_of(
    context: &Context<'_>,
    name: &str,
    content: Bytes,
) -> Result<(), StepEnd> {
    check(name)?;
    let name = context.redactor.text(name.to_owned());
    let (runner, taken) = (context.runner, context.taken);
    let of = context.lease_of();
    let mut backoff = Backoff::default();
    loop {
        let payload = Payload::Bytes(content.clone());
        match runner
            .client
            .put_artifact(taken.id, &name, &of, payload)
            .await
        {
            Ok(_) => return Ok(()),
            Err(error) if error.is_transient() => backoff.wait().await,
            Err(error) => {
                let why = format!("the server does not keep the artefact `{name}`: {error}");
                return Err(StepEnd::failed(why));
            }
        }
    }
}

/// Moves a file, however long it is, to where it is kept under a name. Answers its length.
pub(super) async fn keep_file(
    call: &StepCall<'_>,
    name: &str,
    from: &Path,
) -> Result<u64, StepEnd> {
    check(name)?;
    let environment = &call.context.runner.environment;
    let work_dir = environment.work_dir().await.map_err(StepEnd::Abandoned)?;
    let to = work_dir.output().join(name);
    let moved = async {
        if let Some(folder) = to.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        tokio::fs::rename(from, &to).await?;
        io::Result::Ok(tokio::fs::metadata(&to).await?.len())
    };
    let size = moved.await;
    let size = size.map_err(|error| StepEnd::failed(error.to_string()))?;
    upload(call, work_dir).await.map(|()| size)
}

/// Keeps what a server answers under a name: over a file, however long it is. Answers its length.
pub(super) async fn keep_response(
    call: &StepCall<'_>,
    name: &str,
    response: reqwest::Response,
) -> Result<u64, StepEnd> {
    check(name)?;
    let work_dir = call
        .context
        .runner
        .environment
        .work_dir()
        .await
        .map_err(StepEnd::Abandoned)?;
    let path = work_dir.output().join(name);
    let written = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let mut file = File::create(&path).await?;
        let pieces = response
            .bytes_stream()
            .map_err(|error| io::Error::other(reason(&error)))
            .boxed();
        let size = tokio::io::copy(&mut StreamReader::new(pieces), &mut file).await?;
        file.flush().await?;
        io::Result::Ok(size)
    };
    let size = written
        .await
        .map_err(|error| StepEnd::failed(error.to_string()))?;
    upload(call, work_dir).await.map(|()| size)
}

/// Keeps all that a directory has for it, and removes the directory.
async fn upload(call: &StepCall<'_>, work_dir: WorkDir) -> Result<(), StepEnd> {
    let (runner, taken) = (call.context.runner, call.context.taken);
    let watched = Watched {
        lease: call.context.lease.clone(),
        kill: &call.stop,
        deadline: None,
    };
    let uploaded = runner
        .upload_artifacts(
            taken,
            work_dir.output(),
            watched,
            None,
            Some(call.context.redactor.clone()),
        )
        .await;
    let span = tracing::Span::current();
    let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
    match uploaded {
        Ok(omitted) if omitted.is_empty() => Ok(()),
        Ok(omitted) => Err(StepEnd::failed(omitted.trim())),
        Err(_) => Err(StepEnd::Stopped),
    }
}

/// A file that a step is given. The executor's own machine has more than a playbook may send away: only what
/// lies in the directory for that can be read.
pub(super) async fn given(call: &StepCall<'_>, path: &str) -> Result<File, StepEnd> {
    let given = given_path(call, path).await?;
    let opened = File::open(given).await;
    opened.map_err(|error| StepEnd::failed(format!("file `{path}` cannot be read: {error}")))
}

/// Where such a file is.
pub(super) async fn given_path(call: &StepCall<'_>, path: &str) -> Result<PathBuf, StepEnd> {
    let failed = |error| StepEnd::failed(format!("file `{path}` cannot be read: {error}"));
    let Some(allowed) = &call.context.runner.environment.settings.files_dir else {
        let why = "this executor gives no files to playbooks: name a directory with --files-dir";
        return Err(StepEnd::refused(why));
    };
    let allowed = tokio::fs::canonicalize(allowed).await.map_err(failed)?;
    // Of an absolute path `join` leaves the path alone.
    let wanted = tokio::fs::canonicalize(allowed.join(path))
        .await
        .map_err(failed)?;
    if !wanted.starts_with(&allowed) {
        let why = format!("file `{path}` is not in the directory of files for playbooks");
        return Err(StepEnd::refused(why));
    }
    Ok(wanted)
}

fn check(name: &str) -> Result<(), StepEnd> {
    wire::artifacts::check_name(name).map_err(|why| {
        StepEnd::refused(format!(
            "`{name}` cannot be the name of an artefact: it {why}"
        ))
    })
}
