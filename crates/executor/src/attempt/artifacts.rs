//! Uploads what a job left in its output directory, after the program's end and before its result.

use std::{collections::BTreeSet, io, path::Path, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{
    fs::File,
    io::AsyncReadExt,
    task::spawn_blocking,
    time::{Instant, sleep_until},
};
use wire::{
    client::{ByteStream, Payload},
    executors::LeaseOf,
};

use super::{
    AttemptRunner, Taken, Watched,
    outcome::Stop,
    output_dir::{ArtifactLimits, Output, OutputDir},
};
use crate::backoff::Backoff;

/// Uploads that are under way at once: the server stores them with one commit.
const AT_ONCE: usize = 8;
const CHUNK_BYTES: usize = 256 << 10;
/// How long the artefacts of a job may take that was cancelled or whose time was over.
const LAST_LIMIT: Duration = Duration::from_secs(10);

/// Another executor has the run.
pub(super) struct LeaseLost;

impl AttemptRunner {
    /// Uploads everything that was left in `dir`; `stop` says why the program was stopped, if it was.
    /// Returns lines that say what of it the server does not have.
    pub(super) async fn upload_artifacts(
        &self,
        taken: Taken<'_>,
        dir: &Path,
        watched: Watched<'_>,
        stop: Option<Stop>,
    ) -> Result<String, LeaseLost> {
        let settings = &self.environment.settings;
        let limits = ArtifactLimits {
            count: settings.artifact_limit,
            bytes: settings.artifact_limit_bytes,
        };
        let path = dir.to_owned();
        let listed = spawn_blocking(move || {
            let dir = OutputDir::open(&path)?;
            let output = dir.list(limits);
            io::Result::Ok((Arc::new(dir), output))
        });
        let (dir, output) = match listed.await.unwrap_or_else(|error| Err(error.into())) {
            Ok(listed) => listed,
            Err(error) => return Ok(format!("playhouse: no artefact was kept: {error}\n")),
        };
        let Output { files, mut omitted } = output;
        let mut left: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let mut uploads = stream::iter(files)
            .map(|(name, size)| {
                let dir = Arc::clone(&dir);
                async move {
                    let uploaded = self.upload_artifact(taken, dir, &name, size).await;
                    (name, uploaded)
                }
            })
            .buffer_unordered(AT_ONCE);
        let mut hindered = std::pin::pin!(hindered(watched, stop));
        loop {
            tokio::select! {
                biased;
                uploaded = uploads.next() => match uploaded {
                    Some((name, result)) => {
                        left.remove(&name);
                        if let Err(why) = result {
                            omitted.add(&name, &why);
                        }
                    }
                    None => break,
                },
                why = &mut hindered => {
                    let why = why.ok_or(LeaseLost)?;
                    left.iter().for_each(|name| omitted.add(name, why));
                    break;
                }
            }
        }
        Ok(omitted.text())
    }

    /// Uploads one file, again and again while the server is away.
    async fn upload_artifact(
        &self,
        taken: Taken<'_>,
        dir: Arc<OutputDir>,
        name: &str,
        size: u64,
    ) -> Result<(), String> {
        let of = LeaseOf {
            executor: self.environment.settings.name.clone(),
            token: taken.token,
        };
        let mut backoff = Backoff::default();
        loop {
            let (dir, wanted) = (Arc::clone(&dir), name.to_owned());
            let opened = spawn_blocking(move || dir.file(&wanted)).await;
            let opened = opened.unwrap_or_else(|error| Err(error.into()));
            let (file, _) = opened.map_err(|error| error.to_string())?;
            let body = Payload::Stream(chunks(File::from_std(file), size));
            match self.client.put_artifact(taken.id, name, &of, body).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_transient() => backoff.wait().await,
                Err(error) => return Err(format!("the server refused it: {error}")),
            }
        }
    }
}

/// The bytes of a file that it had when it was listed, whatever is still written to it.
fn chunks(file: File, size: u64) -> ByteStream {
    let file = file.take(size);
    Box::pin(stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK_BYTES];
        let length = file.read(&mut chunk).await?;
        chunk.truncate(length);
        Ok((length > 0).then(|| (chunk.into(), file)))
    }))
}

/// Waits until the uploads have to end; says why, or `None` when the lease is lost.
async fn hindered(watched: Watched<'_>, stop: Option<Stop>) -> Option<&'static str> {
    let Watched {
        mut lease,
        kill,
        deadline,
    } = watched;
    let deadline = match stop {
        None => deadline,
        Some(_) => Some(Instant::now() + LAST_LIMIT),
    };
    loop {
        let now = *lease.borrow_and_update();
        if now.lost {
            return None;
        }
        if now.is_cancelled() && stop.is_none() {
            return Some("the run was cancelled");
        }
        if now.deadline <= Instant::now() {
            return Some("the server did not answer");
        }
        let over = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = kill.cancelled() => return Some("the executor stops"),
            () = over => return Some("the run's time was over"),
            () = sleep_until(now.deadline) => {}
            changed = lease.changed() => if changed.is_err() { return None },
        }
    }
}
