//! Tells waiting calls that something was committed, here or on another server. It carries no
//! facts: a waiter that is woken looks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engine::RunId;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::{Batch, items::ClaimCall, runs::family_of, waiters::Waiters};

/// The longest notice in bytes: PostgreSQL takes less than 8,000.
const NOTICE_BYTES: usize = 7_900;

/// What a commit did that callers may wait for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// Which store wrote it.
    pub(crate) from: u64,
    /// Number of the newest event, 0 when there was none.
    pub(crate) head: i64,
    /// How many runs became ready, by queue.
    pub(crate) ready: Vec<(String, usize)>,
    /// Whose holders have a signal.
    pub(crate) executors: Vec<String>,
    /// Whose output grew, or who ended.
    pub(crate) runs: Vec<String>,
    /// Too much to list: everybody should look.
    pub(crate) all: bool,
}

impl Notice {
    /// As text for other servers; without the names when there are too many.
    pub(crate) fn encode(&self) -> String {
        let encode = |notice: &Self| serde_json::to_string(notice).unwrap_or_default();
        let text = encode(self);
        if text.len() <= NOTICE_BYTES {
            return text;
        }
        encode(&Self {
            from: self.from,
            head: self.head,
            all: true,
            ..Self::default()
        })
    }
}

/// Something that a call can wait for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A signal for a run that this executor holds, or a question to it.
    Executor(String),
    /// Output or the end of a run; or a question with this id, its answer.
    Run(RunId),
}

/// The waiting calls of one store.
#[derive(Clone)]
pub struct Wake {
    shared: Arc<Shared>,
}

struct Shared {
    head: watch::Sender<i64>,
    waiting: Mutex<Waiting>,
}

/// Whether runs became ready, or may have, in queues that are of a family.
fn is_of_family(notice: &Notice) -> bool {
    let mut ready = notice.ready.iter();
    notice.all || ready.any(|(queue, _)| family_of(queue).is_some())
}

#[derive(Default)]
struct Waiting {
    claims: Waiters,
    topics: HashMap<Topic, (Arc<Notify>, usize)>,
}

impl Wake {
    pub(crate) fn new(head: i64) -> Self {
        let shared = Shared {
            head: watch::Sender::new(head),
            waiting: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The number of the newest event, as it rises.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<i64> {
        self.shared.head.subscribe()
    }

    /// What a claim that is about to look notes, for [`Wake::park`].
    pub(crate) fn round(&self) -> u64 {
        self.lock().claims.round()
    }

    /// What a claim notes before it looks which queues of its families have ready runs: see
    /// [`crate::runs::Claim`].
    #[must_use]
    pub fn look(&self) -> u64 {
        self.lock().claims.family_round()
    }

    /// Lets claims wait that looked in `round` and found nothing. When another writer made runs
    /// ready since, they are answered, so that they look again.
    pub(crate) fn park(&self, calls: Vec<ClaimCall>, round: u64) {
        if calls.is_empty() {
            return;
        }
        let mut waiting = self.lock();
        let early = calls.into_iter();
        let early: Vec<_> = early
            .filter_map(|call| waiting.claims.park(call, round))
            .collect();
        drop(waiting);
        recheck(early);
    }

    /// Answers the waiting claims that were called back.
    pub(crate) fn call_back(&self) {
        let called_back = self.lock().claims.take_called_back();
        recheck(called_back);
    }

    /// The waiting claims that what this batch has made ready can serve.
    pub(crate) fn hand_over(&self, batch: &Batch<'_, '_>) -> Vec<ClaimCall> {
        let (ready, now) = batch.ready();
        let mut handed = Vec::new();
        if !ready.is_empty() {
            let mut waiting = self.lock();
            for (queue, count) in ready {
                handed.extend(waiting.claims.take(queue, *count));
            }
        }
        for call in &mut handed {
            // The leases begin now, not when the waiting began.
            call.claim.now = call.claim.now.max(now);
        }
        handed
    }

    /// Waits for a topic. Ask for this before looking.
    #[must_use]
    pub fn topic(&self, topic: Topic) -> TopicWait {
        let mut waiting = self.lock();
        let entry = waiting.topics.entry(topic.clone()).or_default();
        entry.1 += 1;
        let notify = entry.0.clone();
        TopicWait {
            wake: self.clone(),
            topic,
            notify,
        }
    }

    /// Lets claims from now on look into their families, if this is about runs of such.
    pub(crate) fn turn_families(&self, notice: &Notice) {
        if is_of_family(notice) {
            self.lock().claims.turn_families();
        }
    }

    pub(crate) fn committed(&self, notice: &Notice) {
        let mut waiting = self.lock();
        let mut woken = Vec::new();
        if notice.all || !notice.ready.is_empty() {
            waiting.claims.turn();
        }
        if is_of_family(notice) {
            waiting.claims.turn_families();
        }
        if notice.all {
            woken = waiting.claims.take_all();
            waiting
                .topics
                .values()
                .for_each(|(notify, _)| notify.notify_waiters());
        }
        for (queue, count) in &notice.ready {
            // As many as there are runs for them: more would only look in vain.
            woken.extend(waiting.claims.take(queue, *count));
            woken.extend(waiting.claims.take_family(queue));
        }
        for executor in &notice.executors {
            waiting.wake_topic(&Topic::Executor(executor.clone()));
        }
        if !waiting.topics.is_empty() {
            for run in &notice.runs {
                if let Ok(run) = run.parse() {
                    waiting.wake_topic(&Topic::Run(run));
                }
            }
        }
        drop(waiting);
        recheck(woken);
        self.shared.head.send_if_modified(|head| {
            let newer = notice.head > *head;
            *head = notice.head.max(*head);
            newer
        });
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
        self.shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn wake_topic(&self, topic: &Topic) {
        if let Some((notify, _)) = self.topics.get(topic) {
            notify.notify_waiters();
        }
    }
}

/// Answers waiting claims: there may be something now.
fn recheck(calls: Vec<ClaimCall>) {
    for call in calls {
        // The waiter may be gone.
        let _ = call.answer.send(Ok(Vec::new()));
    }
}

/// A registered wait for a topic.
pub struct TopicWait {
    wake: Wake,
    topic: Topic,
    notify: Arc<Notify>,
}

impl TopicWait {
    /// The next notice. Create it, look, and then await it: nothing falls in between.
    pub fn next(&self) -> impl Future<Output = ()> + Send + '_ {
        // It counts from its creation, not from its first poll.
        self.notify.notified()
    }
}

impl Drop for TopicWait {
    fn drop(&mut self) {
        let mut waiting = self.wake.lock();
        if let Some(entry) = waiting.topics.get_mut(&self.topic) {
            entry.1 -= 1;
            if entry.1 == 0 {
                waiting.topics.remove(&self.topic);
            }
        }
    }
}
