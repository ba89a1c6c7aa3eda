//! Sends to hooks what happened: reads on in the event log, writes deliveries, takes those that are
//! due and sends them, many at once, of one run to one hook one after the other.

mod cursor;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use store::hooks::{Sending, Slot};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{Instrument, field};

use self::cursor::Cursor;
use crate::{app::App, clock::millis, hooks};

/// Claims are renewed so often within the time that they live.
const RENEWALS: u32 = 3;
/// Rounds under load are this far apart: each then does more at once.
const INTERVAL: Duration = Duration::from_millis(10);
/// It looks at least this often: another server may have stopped, and clocks may jump.
const LONGEST: Duration = Duration::from_secs(2);
/// After a failure of the database.
const RECOVERY: Duration = Duration::from_secs(1);
/// What is under way when the server stops gets so long to end.
const GRACE: Duration = Duration::from_secs(3);

/// What one server has under way.
struct Outbox {
    app: App,
    /// This server's name in claims.
    claimant: String,
    /// The delivery that each task sends.
    sending: HashMap<Id, Slot>,
    /// Where it is in the event log.
    cursor: Cursor,
    tasks: JoinSet<()>,
}

/// What a round found.
struct Round {
    /// Whether deliveries were taken: there may be more that are due.
    took: bool,
    /// Whether there may be more in the event log.
    more: bool,
    /// When the next delivery is due, epoch milliseconds.
    next: Option<i64>,
}

pub(crate) async fn run(app: App) {
    let mut head = app.store.wake().head();
    let mut outbox = Outbox::new(app.clone());
    let mut renewal = tokio::time::interval(app.settings.hook_claim / RENEWALS);
    loop {
        // Watch before looking: what is committed in between is not missed.
        head.borrow_and_update();
        let wait = match outbox.round().await {
            Ok(round) => outbox.wait(&round),
            Err(error) => {
                tracing::error!(%error, "hooks could not be served");
                RECOVERY
            }
        };
        let looked = tokio::time::Instant::now();
        loop {
            tokio::select! {
                () = app.stopping.cancelled() => return outbox.stop().await,
                changed = head.changed() => if changed.is_err() { return },
                () = app.outbox.notified() => {}
                Some(ended) = outbox.tasks.join_next_with_id() => outbox.ended(ended),
                _ = renewal.tick() => {
                    outbox.renew().await;
                    continue;
                }
                () = tokio::time::sleep_until(looked + wait) => {}
            }
            break;
        }
        tokio::time::sleep_until(looked + INTERVAL).await;
        // All that ended meanwhile: each leaves a slot.
        while let Some(ended) = outbox.tasks.try_join_next_with_id() {
            outbox.ended(ended);
        }
    }
}

/// Sends what is due until nothing is; answers how many attempts were made.
pub(crate) async fn tick(app: &App) -> Result<usize, store::Error> {
    let mut outbox = Outbox::new(app.clone());
    let mut attempts = 0;
    loop {
        let round = outbox.round().await?;
        if !round.took && !round.more && outbox.tasks.is_empty() {
            return Ok(attempts);
        }
        while let Some(ended) = outbox.tasks.join_next_with_id().await {
            outbox.ended(ended);
            attempts += 1;
        }
    }
}

impl Outbox {
    fn new(app: App) -> Self {
        Self {
            claimant: app.clock.run_id().to_string(),
            app,
            sending: HashMap::new(),
            cursor: Cursor::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Writes the deliveries of new events and begins to send what is due.
    async fn round(&mut self) -> Result<Round, store::Error> {
        let more = self.cursor.read_on(&self.app).await?;
        let sending: Vec<Slot> = self.sending.values().cloned().collect();
        let now = self.app.now_ms();
        let due = move |read: &mut store::Read<'_, '_>| store::hooks::due(read, &sending, now);
        let (due, next) = self.app.store.read(due).await?;
        let took = !due.is_empty();
        if took {
            let (claimant, until) = (self.claimant.clone(), now + self.claim_ms());
            let claimed = self
                .app
                .store
                .write(move |batch| store::hooks::claim(batch, &claimant, &due, until, now))
                .await?;
            for sending in claimed {
                self.begin(sending);
            }
        }
        Ok(Round { took, more, next })
    }

    fn begin(&mut self, sending: Sending) {
        let slot = Slot {
            owner: sending.owner.clone(),
            hook_id: sending.hook_id.clone(),
            number: sending.number,
        };
        let (app, claimant) = (self.app.clone(), self.claimant.clone());
        let (hook, number) = (&sending.hook_id, sending.number);
        let span = tracing::error_span!("delivery", hook, number, run_id = field::Empty);
        if let Some(run_id) = sending.run_id {
            span.record("run_id", field::display(run_id));
        }
        let work = async move {
            let begun = Instant::now();
            let attempted = hooks::attempt(&app, &claimant, &sending).await;
            if let Some(error) = &attempted.error {
                tracing::info!(error, "a delivery was not accepted");
            }
            let (outcome, attempt) = (attempted.outcome, attempted.attempt);
            app.metrics.attempted(outcome, attempt, begun.elapsed());
            let now = app.now_ms();
            let written = app
                .store
                .write(move |batch| {
                    store::hooks::finish(batch, &attempted, hooks::DISABLE_AFTER, now)
                })
                .await;
            match written {
                Ok(true) => {}
                Ok(false) => tracing::debug!("a delivery was no longer ours"),
                // Its claim ends, and it is sent again: at least once.
                Err(error) => tracing::error!(%error, "an attempt was not noted"),
            }
        };
        self.spawn(slot, work.instrument(span));
    }

    fn spawn(&mut self, slot: Slot, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.sending.insert(id, slot);
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                // It is not renewed any more, and is sent again when its claim has ended.
                tracing::error!(%error, "a delivery broke off");
                error.id()
            }
        };
        self.sending.remove(&id);
    }

    /// A claim lives so long without being renewed: what a crash left is sent again after it.
    fn claim_ms(&self) -> i64 {
        millis(self.app.settings.hook_claim)
    }

    fn claims(&self) -> Vec<(String, i64)> {
        let slots = self.sending.values();
        slots
            .map(|slot| (slot.hook_id.clone(), slot.number))
            .collect()
    }

    async fn renew(&self) {
        let claims = self.claims();
        if claims.is_empty() {
            return;
        }
        let (claimant, until) = (self.claimant.clone(), self.app.now_ms() + self.claim_ms());
        let renewed = self
            .app
            .store
            .write(move |batch| store::hooks::renew(batch, &claimant, &claims, until))
            .await;
        if let Err(error) = renewed {
            tracing::error!(%error, "claims of deliveries could not be renewed");
        }
    }

    fn wait(&self, round: &Round) -> Duration {
        if round.took || round.more {
            return Duration::ZERO;
        }
        let until = round
            .next
            .map_or(i64::MAX, |due_at| due_at - self.app.now_ms());
        Duration::from_millis(until.max(1).unsigned_abs()).min(LONGEST)
    }

    /// Ends what ends soon, and releases the rest: it is due at the next start.
    async fn stop(mut self) {
        let _ = tokio::time::timeout(GRACE, async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(ended);
            }
        })
        .await;
        self.tasks.shutdown().await;
        let claims = self.claims();
        if claims.is_empty() {
            return;
        }
        let (claimant, now) = (self.claimant.clone(), self.app.now_ms());
        let released = self
            .app
            .store
            .write(move |batch| store::hooks::release(batch, &claimant, &claims, now))
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, "deliveries that were under way go out later");
        }
    }
}
