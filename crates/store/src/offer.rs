//! The answer to a claim, which may be long in coming.

use tokio::sync::oneshot;

use crate::{Error, Store, runs::Claimed};

/// What an executor will be offered. Dropped with runs in it that nobody took out, it queues them
/// again, and it does not count against them.
pub struct Offer {
    store: Store,
    answer: oneshot::Receiver<Result<Vec<Claimed>, Error>>,
}

impl Offer {
    pub(crate) fn new(
        store: Store,
        answer: oneshot::Receiver<Result<Vec<Claimed>, Error>>,
    ) -> Self {
        Self { store, answer }
    }

    /// The runs. None: there are none, or a waiting claim should look again.
    ///
    /// # Errors
    /// The database's.
    pub async fn taken(&mut self) -> Result<Vec<Claimed>, Error> {
        (&mut self.answer).await.map_err(|_| Error::Closed)?
    }

    /// Waits no longer; what arrived in the same moment is taken out all the same.
    ///
    /// # Errors
    /// The database's.
    pub fn withdraw(mut self) -> Result<Vec<Claimed>, Error> {
        self.close()
    }

    fn close(&mut self) -> Result<Vec<Claimed>, Error> {
        self.answer.close();
        // Empty or taken already: there is nothing more to come.
        self.answer.try_recv().unwrap_or_else(|_| Ok(Vec::new()))
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        if let Ok(orphans) = self.close()
            && !orphans.is_empty()
        {
            self.store.give_back(orphans);
        }
    }
}
