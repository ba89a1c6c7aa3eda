//! Tickets: secrets that are good for one use and a short time.

use std::time::Duration;

use store::{Batch, Store, audit::Target};

use super::secret::{self, Secret};
use crate::audit::Asker;

/// What a ticket is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To make the first key.
    Setup,
    /// To open a WebSocket. The subject is the id of a key, or nothing while there are none.
    Connect,
}

impl Purpose {
    /// What its tickets begin with.
    fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Connect => "ticket",
        }
    }

    /// How long its tickets live.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::Setup => Duration::from_secs(24 * 3600),
            Self::Connect => Duration::from_secs(30),
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
    /// Makes a ticket; `asker` is whoever asks for it, unless the server makes it by itself.
    pub(crate) async fn issue(
        store: &Store,
        purpose: Purpose,
        subject: &str,
        asker: Option<Asker>,
        now: i64,
    ) -> Result<Self, store::Error> {
        let secret = Secret::ticket(purpose.word());
        let expires_at = now.saturating_add(crate::app::millis(purpose.life()));
        let (hash, subject) = (secret.hash(), subject.to_owned());
        let act = asker.map(|asker| asker.act(now, Target::one("key", &subject)));
        let work = move |batch: &mut Batch<'_, '_>| {
            if purpose == Purpose::Setup {
                // The newest is the one that was printed last.
                store::tickets::forget(batch, purpose.word())?;
            }
            let (word, act) = (purpose.word(), act.as_ref());
            store::tickets::add(batch, &hash, word, &subject, expires_at, act)
        };
        store.write(work).await?;
        Ok(Self { secret, expires_at })
    }
}

/// Uses a ticket up, within a transaction; answers whom it was for, if it was good.
pub(crate) fn take(
    batch: &mut Batch<'_, '_>,
    purpose: Purpose,
    text: &str,
    now: i64,
) -> Result<Option<String>, store::Error> {
    store::tickets::take(batch, &secret::hash(text), purpose.word(), now)
}
