//! Uploads what programs left in their output directories: after a program's end, and before that is
//! reported.

use std::{collections::BTreeSet, io, path::Path, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use http::StatusCode;
use tokio::{fs::File, io::AsyncReadExt, task::spawn_blocking, time::Instant};
use wire::{
    client::{ByteStream, Client, Payload},
    executors::LeaseOf,
};

use super::{
    AttemptRunner, Taken, Watched,
    outcome::Stop,
    output_dir::{ArtifactLimits, OutputDir, Tally},
    stopped, stopped_if,
};
use crate::{backoff::Backoff, redactor::Redactor};

/// Uploads that are under way at once: the server stores them with one commit.
const AT_ONCE: usize = 8;
const CHUNK_BYTES: usize = 256 << 10;
/// How long the artefacts of a job may take that was cancelled or whose time was over, and how long a server without
/// room is asked again.
const LAST_LIMIT: Duration = Duration::from_secs(10);

/// Another executor has the run.
pub(super) struct LeaseLost;

/// Uploads what one attempt leaves, within the limits of a run.
pub(super) struct ArtifactUploader<'a> {
    client: &'a Client,
    taken: Taken<'a>,
    watched: Watched<'a>,
    of: LeaseOf,
    limits: ArtifactLimits,
    tally: Tally,
    /// Takes secrets out of names and contents.
    redactor: Option<Redactor>,
}

impl<'a> ArtifactUploader<'a> {
    pub(super) fn new(runner: &'a AttemptRunner, taken: Taken<'a>, watched: Watched<'a>) -> Self {
        let settings = &runner.environment.settings;
        Self {
            client: &runner.client,
            taken,
            watched,
            of: LeaseOf {
                executor: settings.name.clone(),
                token: taken.token,
            },
            limits: ArtifactLimits {
                count: settings.artifact_limit,
                bytes: settings.artifact_limit_bytes,
            },
            tally: Tally::default(),
            redactor: None,
        }
    }

    /// Lines that say what the server does not have of what was left.
    pub(super) fn omitted(&self) -> String {
        self.tally.omitted.text()
    }

    /// Uploads everything that was left in `dir`, under names that begin with `prefix`; `stop` says why the
    /// program was stopped, if it was. An upload that is dropped counts nothing.
    pub(super) async fn upload(
        &mut self,
        dir: &Path,
        prefix: String,
        stop: Option<Stop>,
    ) -> Result<(), LeaseLost> {
        let (path, limits, mut tally) = (dir.to_owned(), self.limits, self.tally.clone());
        let listed = spawn_blocking(move || {
            let dir = OutputDir::open(&path, prefix)?;
            let files = dir.list(limits, &mut tally);
            io::Result::Ok((Arc::new(dir), files, tally))
        });
        let (dir, files, mut tally) = match listed.await.unwrap_or_else(|error| Err(error.into())) {
            Ok(listed) => listed,
            Err(error) => {
                self.tally.omitted.add_all(&error.to_string());
                return Ok(());
            }
        };
        let mut left: BTreeSet<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let this = &*self;
        let mut uploads = stream::iter(files)
            .map(|(name, size)| {
                let dir = Arc::clone(&dir);
                async move {
                    let uploaded = this.upload_one(dir, &name, size).await;
                    (name, uploaded)
                }
            })
            .buffer_unordered(AT_ONCE);
        let mut hindered = std::pin::pin!(hindered(this.watched.clone(), stop));
        loop {
            tokio::select! {
                biased;
                uploaded = uploads.next() => match uploaded {
                    Some((name, result)) => {
                        left.remove(&name);
                        if let Err(why) = result {
                            tally.omitted.add(&name, &why);
                        }
                    }
                    None => break,
                },
                why = &mut hindered => {
                    let why = why.ok_or(LeaseLost)?;
                    left.iter().for_each(|name| tally.omitted.add(name, why));
                    break;
                }
            }
        }
        drop(uploads);
        self.tally = tally;
        Ok(())
    }

    /// Uploads one file, again and again while the server is away. One that is there and has no room for long does
    /// not hold up the end of the run.
    async fn upload_one(&self, dir: Arc<OutputDir>, name: &str, size: u64) -> Result<(), String> {
        let mut backoff = Backoff::default();
        let mut no_room_since = None;
        loop {
            let (dir, wanted) = (Arc::clone(&dir), name.to_owned());
            let opened = spawn_blocking(move || dir.file(&wanted)).await;
            let opened = opened.unwrap_or_else(|error| Err(error.into()));
            let (file, _) = opened.map_err(|error| error.to_string())?;
            let content = chunks(File::from_std(file), size);
            let (name, content) = match &self.redactor {
                Some(redactor) => (redactor.text(name.to_owned()), redactor.pieces(content)),
                None => (name.to_owned(), content),
            };
            let body = Payload::Stream(content);
            let put = self
                .client
                .put_artifact(self.taken.id, &name, &self.of, body);
            match put.await {
                Ok(_) => return Ok(()),
                Err(error) if error.status() == Some(StatusCode::SERVICE_UNAVAILABLE) => {
                    let since = *no_room_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= LAST_LIMIT {
                        return Err(format!("the server did not take it: {error}"));
                    }
                    backoff.wait().await;
                }
                Err(error) if error.is_transient() => {
                    no_room_since = None;
                    backoff.wait().await;
                }
                Err(error) => return Err(format!("the server refused it: {error}")),
            }
        }
    }
}

impl AttemptRunner {
    /// Uploads what was left in the one output directory of a run, or of a part of it. Answers lines that say
    /// what the server does not have of it.
    pub(super) async fn upload_artifacts(
        &self,
        taken: Taken<'_>,
        dir: &Path,
        watched: Watched<'_>,
        stop: Option<Stop>,
        redactor: Option<Redactor>,
    ) -> Result<String, LeaseLost> {
        let mut uploader = ArtifactUploader {
            redactor,
            ..ArtifactUploader::new(self, taken, watched)
        };
        uploader.upload(dir, String::new(), stop).await?;
        Ok(uploader.omitted())
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
async fn hindered(mut watched: Watched<'_>, stop: Option<Stop>) -> Option<&'static str> {
    let stop = if stop.is_some() {
        watched.deadline = Some(Instant::now() + LAST_LIMIT);
        // It is stopped already: a cancel is no news.
        stopped_if(&mut watched, |_| false).await
    } else {
        stopped(&mut watched).await
    };
    Some(match stop {
        Stop::Cancelled => "the run was cancelled",
        Stop::TimedOut => "the run's time was over",
        Stop::Drained => "the executor stops",
        Stop::LeaseExpired => "the server did not answer",
        Stop::Lost => return None,
    })
}
