//! Plain binaries: fetch the program, run it, watch it, tell how it ended.

mod running;

use tokio::{sync::watch, task::spawn_blocking};
use tokio_util::sync::CancellationToken;
use tracing::Span;
use wire::jobs::Job;

use super::{Conclusion, PATH, Performer, Taken, Unsent, WorkDir, conclusion, stopped, strays};
use crate::{
    agent::Lease,
    binaries::{self, Pinned},
};

impl Performer {
    /// Performs a job under a lease; `kill` gives it back.
    pub(super) async fn perform_binary(
        &self,
        job: &Job,
        mut lease: watch::Receiver<Lease>,
        kill: &CancellationToken,
    ) -> Conclusion {
        let taken = Taken::job(job);
        let trace = self.trace(taken);
        let prepared = tokio::select! {
            biased;
            stop = stopped(&mut lease, kill, None) => {
                return trace.end(Conclusion::stopped(self, taken, stop));
            }
            prepared = self.prepare(job) => prepared,
        };
        let (program, work_dir) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => return trace.end(Conclusion::not_started(self, taken, reason)),
        };
        let trace = trace.prepared();
        let conclusion = self.run(job, &program, &work_dir, lease, kill).await;
        let conclusion = trace.end(conclusion);
        // Gone before the result is told: nobody finds a half-removed directory.
        let span = Span::current();
        let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
        drop(program);
        conclusion
    }

    async fn prepare(&self, job: &Job) -> Result<(Pinned, WorkDir), String> {
        if let Some(reason) = &self.ground.plan.refuses {
            return Err(reason.clone());
        }
        let failed = |error: binaries::Error| format!("binary download failed: {error}");
        let digest = job
            .binary_sha256
            .parse()
            .map_err(|e| failed(binaries::Error::Invalid(e)))?;
        let program = self
            .binaries
            .get(digest, &job.binary_url)
            .await
            .map_err(failed)?;
        Ok((program, self.ground.work_dir().await?))
    }
}
