//! Claims, and their answers, which may be long in coming.

use tokio::sync::oneshot;

use crate::{
    Error, Store,
    items::{ClaimCall, Ends, Item, ReleaseRuns, Waits},
    runs::{Claim, Claimed, Finish},
    store::place,
};

impl Store {
    /// Takes queued runs; none when there are none.
    pub async fn claim(&self, claim: Claim) -> Result<Vec<Claimed>, Error> {
        let (call, mut pending) = self.claim_call(claim, false);
        self.send(self.any_writer(), Item::Claim(call))?;
        pending.taken().await
    }

    /// Ends attempts and takes queued runs, in one commit unless its batch fails: one answer for each end,
    /// in order, and the runs.
    ///
    /// # Errors
    /// The database's. The answers within may be [`Error::NotFound`] or [`Error::Rejected`].
    pub async fn exchange(
        &self,
        finishes: Vec<Finish>,
        claim: Claim,
    ) -> Result<(Ends, Vec<Claimed>), Error> {
        let key = finishes.first().map_or(0, |finish| place(&finish.id));
        let (answer, ends) = oneshot::channel();
        let (call, mut pending) = self.claim_call(claim, false);
        self.send(key, Item::Exchange(finishes, answer, call))?;
        let ends = ends.await.map_err(|_| Error::Closed)??;
        Ok((ends, pending.taken().await?))
    }

    /// Takes queued runs as soon as there are some. It may be answered with none: then look again.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn wait_for(&self, claim: Claim) -> Result<PendingClaim, Error> {
        let (call, pending) = self.claim_call(claim, true);
        self.send(self.any_writer(), Item::Claim(call))?;
        Ok(pending)
    }

    fn claim_call(&self, claim: Claim, waits: bool) -> (ClaimCall, PendingClaim) {
        let (answer, receiver) = oneshot::channel();
        let waits = Waits::new(waits);
        let call = ClaimCall {
            claim,
            waits: waits.clone(),
            answer,
        };
        let pending = PendingClaim {
            store: self.clone(),
            waits,
            answer: receiver,
        };
        (call, pending)
    }

    /// Queues again what was claimed for a caller that will not hear of it, as if it had not been.
    pub fn release(&self, orphans: Vec<Claimed>) {
        // Without a writer, the reaper finds them when their leases end.
        let _ = self.send(0, Item::Other(Box::new(ReleaseRuns(orphans))));
    }
}

/// What an executor will be offered. Dropped with runs in it that were not taken out, it queues them
/// again, and it does not count against them.
pub struct PendingClaim {
    store: Store,
    waits: Waits,
    answer: oneshot::Receiver<Result<Vec<Claimed>, Error>>,
}

impl PendingClaim {
    /// The runs. None: there are none, or a waiting claim should look again.
    pub async fn taken(&mut self) -> Result<Vec<Claimed>, Error> {
        (&mut self.answer).await.map_err(|_| Error::Closed)?
    }

    /// Waits for no run any more: what is being taken now is answered as soon as it is on disk, otherwise
    /// nothing, at once.
    pub async fn call_back(&mut self) -> Result<Vec<Claimed>, Error> {
        self.waits.end();
        self.store.wake().call_back();
        self.taken().await
    }

    /// Waits no longer; what arrived in the same moment is taken out all the same.
    pub fn withdraw(mut self) -> Result<Vec<Claimed>, Error> {
        self.close()
    }

    fn close(&mut self) -> Result<Vec<Claimed>, Error> {
        self.answer.close();
        // Empty or taken already: there is nothing more to come.
        self.answer.try_recv().unwrap_or_else(|_| Ok(Vec::new()))
    }
}

impl Drop for PendingClaim {
    fn drop(&mut self) {
        if let Ok(orphans) = self.close()
            && !orphans.is_empty()
        {
            self.store.release(orphans);
        }
    }
}
