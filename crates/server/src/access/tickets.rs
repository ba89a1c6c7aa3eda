//! Tickets: secrets that are good for one use and a short time.

use std::time::Duration;

use store::{Batch, Store, audit::AuditEntry, tickets::Taken};

use super::secret::{self, Secret};

/// What a ticket is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To make the first key.
    Setup,
    /// To open a WebSocket. The subject is the id of a key, or nothing while there are none.
    Connect,
    /// To join as an executor. The subject is the id of the key that made it, or nothing when the
    /// operator did.
    Join,
}

impl Purpose {
    /// What its tickets begin with.
    fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Connect => "ticket",
            Self::Join => "join",
        }
    }

    /// How long its tickets live, unless it is said when one is made.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::Setup => Duration::from_secs(24 * 3600),
            Self::Connect => Duration::from_secs(30),
            Self::Join => Duration::from_secs(3600),
        }
    }
}

/// A ticket that was just made.
pub(crate) struct Ticket {
    pub(crate) secret: Secret,
    /// Epoch milliseconds.
    pub(crate) expires_at: i64,
}

impl Ticket {
    /// Makes a ticket that lives as long as its purpose says.
    pub(crate) async fn issue(
        store: &Store,
        purpose: Purpose,
        subject: &str,
        now: i64,
    ) -> Result<Self, store::Error> {
        let until = now.saturating_add(crate::clock::millis(purpose.life()));
        Self::issue_until(store, purpose, subject, until, None).await
    }

    /// Makes a ticket; `act` says who asks for it.
    pub(crate) async fn issue_until(
        store: &Store,
        purpose: Purpose,
        subject: &str,
        expires_at: i64,
        entry: Option<AuditEntry>,
    ) -> Result<Self, store::Error> {
        let secret = Secret::ticket(purpose.word());
        let (hash, subject) = (secret.hash(), subject.to_owned());
        let work = move |batch: &mut Batch<'_, '_>| {
            let (word, entry) = (purpose.word(), entry.as_ref());
            store::tickets::add(batch, &hash, word, &subject, expires_at, entry)
        };
        store.write(work).await?;
        Ok(Self { secret, expires_at })
    }
}

/// Uses a ticket up, within a transaction, if it is good.
pub(crate) fn take(
    batch: &mut Batch<'_, '_>,
    purpose: Purpose,
    text: &str,
    now: i64,
) -> Result<Option<Taken>, store::Error> {
    store::tickets::take(batch, &secret::hash(text), purpose.word(), now)
}

/// Forgets every ticket that is good for this.
pub(super) fn forget(batch: &mut Batch<'_, '_>, purpose: Purpose) -> Result<(), store::Error> {
    store::tickets::forget(batch, purpose.word())
}

/// Makes a ticket good again that was taken in this transaction.
pub(super) fn put_back(
    batch: &mut Batch<'_, '_>,
    purpose: Purpose,
    text: &str,
    taken: &Taken,
) -> Result<(), store::Error> {
    let hash = secret::hash(text);
    store::tickets::add(
        batch,
        &hash,
        purpose.word(),
        &taken.subject,
        taken.expires_at,
        None,
    )
}
