//! Tells waiting calls that something was committed, here or on another server. It carries no
//! facts: whoever is woken looks.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use engine::RunId;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

/// The longest notice in bytes: PostgreSQL takes less than 8,000.
const NOTICE_BYTES: usize = 7_900;

/// What a commit did that somebody may wait for.
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
    /// A signal for a run that this executor holds.
    Executor(String),
    /// Output or the end of a run.
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

#[derive(Default)]
struct Waiting {
    claims: HashMap<String, VecDeque<Arc<Call>>>,
    topics: HashMap<Topic, (Arc<Notify>, usize)>,
}

/// A claim that waits for a ready run.
struct Call {
    woken: AtomicBool,
    notify: Notify,
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

    /// Waits for ready runs of any of these queues. Ask for this before looking for one.
    #[must_use]
    pub fn claim(&self, queues: &[String]) -> ClaimWait {
        let call = Arc::new(Call {
            woken: AtomicBool::new(false),
            notify: Notify::new(),
        });
        let mut waiting = self.lock();
        for queue in queues {
            waiting
                .claims
                .entry(queue.clone())
                .or_default()
                .push_back(call.clone());
        }
        ClaimWait {
            wake: self.clone(),
            call,
            queues: queues.to_vec(),
            used: false,
        }
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

    pub(crate) fn committed(&self, notice: &Notice) {
        let mut waiting = self.lock();
        if notice.all {
            for call in std::mem::take(&mut waiting.claims).into_values().flatten() {
                call.wake();
            }
            waiting
                .topics
                .values()
                .for_each(|(notify, _)| notify.notify_waiters());
        }
        for (queue, count) in &notice.ready {
            waiting.wake_claims(queue, *count);
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
    /// Wakes as many waiting claims as there are runs for them: more would only look in vain.
    fn wake_claims(&mut self, queue: &str, mut count: usize) {
        let Some(calls) = self.claims.get_mut(queue) else {
            return;
        };
        while count > 0 {
            let Some(call) = calls.pop_front() else { break };
            // A call that waits in several queues may be awake already.
            if call.wake() {
                count -= 1;
            }
        }
        if calls.is_empty() {
            self.claims.remove(queue);
        }
    }

    fn wake_topic(&self, topic: &Topic) {
        if let Some((notify, _)) = self.topics.get(topic) {
            notify.notify_waiters();
        }
    }
}

impl Call {
    fn wake(&self) -> bool {
        let first = !self.woken.swap(true, Ordering::AcqRel);
        if first {
            self.notify.notify_one();
        }
        first
    }
}

/// A registered wait for a ready run.
pub struct ClaimWait {
    wake: Wake,
    call: Arc<Call>,
    queues: Vec<String>,
    used: bool,
}

impl ClaimWait {
    /// Returns when a run became ready that was meant for this call.
    pub async fn ready(&mut self) {
        self.call.notify.notified().await;
        self.used = true;
    }
}

impl Drop for ClaimWait {
    fn drop(&mut self) {
        let mut waiting = self.wake.lock();
        for queue in &self.queues {
            if let Some(calls) = waiting.claims.get_mut(queue) {
                calls.retain(|call| !Arc::ptr_eq(call, &self.call));
                if calls.is_empty() {
                    waiting.claims.remove(queue);
                }
            }
        }
        // It was woken but its caller went away: the run is somebody else's.
        if self.call.woken.load(Ordering::Acquire) && !self.used {
            for queue in &self.queues {
                waiting.wake_claims(queue, 1);
            }
        }
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
