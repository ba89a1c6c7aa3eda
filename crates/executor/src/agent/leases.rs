//! The leases that this executor holds, and the one call that renews them all and brings news.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use wire::{
    client::Error,
    executors::{ClaimedRun, HeldLease, LeaseNews, Renew},
};

use super::{Agent, questions};
use crate::lease::Lease;

/// A job that ends sooner never enters a renewal: many short jobs would break off the waiting call
/// each time.
const SETTLE: Duration = Duration::from_millis(100);

/// Between two calls that brought nothing new, and after one that failed.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a renewal waits for news, at most.
const WAIT_LIMIT: Duration = Duration::from_secs(20);

/// Which lease: the run and the token.
type Key = (String, i64);

/// All leases of this executor.
#[derive(Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<Key, Entry>>,
    changed: Notify,
    /// When a renewal was last refused or failed, rather than not answered in time.
    failed: Mutex<Option<Instant>>,
}

struct Entry {
    length: Duration,
    since: Instant,
    news: watch::Sender<Lease>,
}

/// A lease that is renewed until this is dropped.
pub(crate) struct Held {
    leases: Arc<Leases>,
    key: Key,
    news: watch::Receiver<Lease>,
}

impl Held {
    pub(super) fn watch(&self) -> watch::Receiver<Lease> {
        self.news.clone()
    }

    pub(super) fn is_lost(&self) -> bool {
        self.news.borrow().lost
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.leases.held().remove(&self.key);
    }
}

/// The end of a lease as this executor counts it: from a time before it began, on a clock that is
/// never set, and a tenth earlier, so that the program is dead when the server gives the job away.
fn deadline(began: Instant, length: Duration) -> Instant {
    began + length.mul_f64(0.9)
}

impl Leases {
    fn held(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a lease that began at `began`, or later.
    pub(super) fn hold(
        self: &Arc<Self>,
        run: &ClaimedRun,
        length: Duration,
        began: Instant,
    ) -> Held {
        let lease = Lease {
            deadline: deadline(began, length),
            signals: run.signals,
            lost: false,
        };
        let (sender, news) = watch::channel(lease);
        let key = (run.id.clone(), run.token);
        let entry = Entry {
            length,
            since: Instant::now(),
            news: sender,
        };
        self.held().insert(key.clone(), entry);
        self.changed.notify_one();
        Held {
            leases: Arc::clone(self),
            key,
            news,
        }
    }

    fn note_failure(&self) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = Some(Instant::now());
    }

    /// Whether within such a time the server, or the way to it, was away. Otherwise it is this executor
    /// that was late, for which the work itself may be the reason.
    pub(super) fn server_was_away(&self, within: Duration) -> bool {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_some_and(|failed| failed.elapsed() < within)
    }

    /// What to ask: every lease that has settled and is not lost, and the shortest length.
    fn settled(&self) -> (Vec<HeldLease>, Duration) {
        let held = self.held();
        let mut length = Duration::MAX;
        let mut leases = Vec::new();
        for ((run, token), entry) in held.iter() {
            let news = entry.news.borrow();
            if !news.lost && entry.since.elapsed() >= SETTLE {
                length = length.min(entry.length);
                leases.push(HeldLease {
                    run_id: run.clone(),
                    token: *token,
                    seen: news.signals.generation,
                });
            }
        }
        (leases, length)
    }

    /// Waits until a lease is held that has settled and is not in `asked`.
    async fn outdate(&self, asked: &HashSet<Key>) {
        loop {
            let oldest = {
                let held = self.held();
                let new = held
                    .iter()
                    .filter(|(key, entry)| !asked.contains(*key) && !entry.news.borrow().lost);
                new.map(|(_, entry)| entry.since).min()
            };
            match oldest {
                Some(since) if since.elapsed() >= SETTLE => return,
                // Looked at again afterwards: by then its job may have ended.
                Some(since) => sleep_until(since + SETTLE).await,
                None => self.changed.notified().await,
            }
        }
    }

    /// Hands the news of one lease to its worker. True when it is new.
    fn tell(&self, key: &Key, news: &LeaseNews, asked: Instant) -> bool {
        let held = self.held();
        let Some(entry) = held.get(key) else {
            return false;
        };
        let before = *entry.news.borrow();
        let after = Lease {
            deadline: if news.lost {
                before.deadline
            } else {
                deadline(asked, entry.length)
            },
            signals: news.signals.unwrap_or(before.signals),
            lost: before.lost || news.lost,
        };
        entry.news.send_replace(after);
        (before.signals, before.lost) != (after.signals, after.lost)
    }
}

/// Renews forever.
///
/// Only an answered call moves the fences, and a lease that settles breaks the waiting call off. So
/// leases that were not in the last answered call are first renewed by one that waits for nothing
/// and is not broken off: however many jobs come and go, the long ones among them keep their leases.
pub(super) async fn renew(agent: Arc<Agent>) {
    let (client, leases) = (&agent.client, &agent.leases);
    let mut answers = JoinSet::new();
    let mut away = false;
    let mut answered = HashSet::new();
    loop {
        let (asked, length) = leases.settled();
        let keys: HashSet<Key> = asked
            .iter()
            .map(|lease| (lease.run_id.clone(), lease.token))
            .collect();
        // Without a lease, the call waits for questions.
        let limit = length.min(4 * WAIT_LIMIT).mul_f64(0.25);
        let wait = if keys.is_subset(&answered) {
            limit.min(WAIT_LIMIT)
        } else {
            Duration::ZERO
        };
        let renew = Renew {
            leases: asked,
            wait_seconds: wait.as_secs_f64(),
            answering: agent.answering().iter().cloned().collect(),
        };
        let sent = Instant::now();
        let call = timeout(wait + limit, client.renew(&agent.settings.name, &renew));
        let answer = tokio::select! {
            biased;
            answer = call => match answer {
                Ok(answer) => answer.inspect_err(|_| leases.note_failure()),
                Err(_) => Err(unanswered()),
            },
            () = leases.outdate(&keys), if !wait.is_zero() => continue,
        };
        match answer {
            Ok(renewed) => {
                away = false;
                answered = keys;
                let mut new = !renewed.questions.is_empty();
                for question in renewed.questions {
                    // However often it comes, it is answered once.
                    if agent.answering().insert(question.id.clone()) {
                        answers.spawn(questions::answer(Arc::clone(&agent), question));
                    }
                }
                while answers.try_join_next().is_some() {}
                for (lease, news) in renew.leases.iter().zip(&renewed.leases) {
                    new |= leases.tell(&(lease.run_id.clone(), lease.token), news, sent);
                }
                if !new && sent.elapsed() < wait / 2 {
                    sleep(PAUSE.min(wait)).await;
                }
            }
            Err(error) => {
                if !away {
                    tracing::warn!(%error, "leases cannot be renewed");
                }
                away = true;
                answered.clear();
                sleep(PAUSE.min(limit)).await;
            }
        }
    }
}

fn unanswered() -> Error {
    Error::Unreachable("the renewal was not answered".to_owned())
}
