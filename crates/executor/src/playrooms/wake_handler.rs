//! What the router calls when a playground that sleeps is asked for.

use std::sync::{Arc, OnceLock, Weak, atomic::Ordering::SeqCst};

use router::WakeHook;

use super::{Playroom, routing::KnownPlayground};

/// Leads the router's call to the playroom, which is there later than the router.
#[derive(Clone, Default)]
pub(super) struct WakeHandler(Arc<OnceLock<Weak<Playroom>>>);

impl WakeHandler {
    /// What the router calls.
    pub(super) fn hook(&self) -> WakeHook {
        let handler = self.clone();
        WakeHook::new(move |owner| {
            let playroom = handler.0.get().and_then(Weak::upgrade);
            async move {
                let id = owner.parse();
                let id = id.map_err(|_| format!("`{owner}` is no playground"))?;
                let playroom = playroom.ok_or("the executor is about to end")?;
                let known = playroom.routing.playground(id);
                let _locked = known.operation_lock.lock().await;
                let woken = playroom.wake(id, &known).await;
                if let Err(why) = &woken {
                    tracing::warn!(playground = id, why, "a playground did not wake up");
                }
                woken
            }
        })
    }

    pub(super) fn serve(&self, playroom: &Arc<Playroom>) {
        // It is set once, by the one who made both.
        let _ = self.0.set(Arc::downgrade(playroom));
    }
}

/// A playground that does not sleep until this is dropped: a command or a job uses it, beside the router.
pub(crate) struct KeptAwake {
    playroom: Arc<Playroom>,
    id: i64,
    known: Arc<KnownPlayground>,
}

impl KeptAwake {
    /// Wakes it. What does not become ready is used as it is.
    pub(crate) async fn new(playroom: &Arc<Playroom>, id: i64) -> Self {
        let known = playroom.routing.playground(id);
        known.users.fetch_add(1, SeqCst);
        let kept = Self {
            playroom: Arc::clone(playroom),
            id,
            known,
        };
        let locked = kept.known.operation_lock.lock().await;
        if let Err(why) = playroom.wake(id, &kept.known).await {
            tracing::warn!(playground = id, why, "a playground did not wake up");
        }
        drop(locked);
        kept
    }
}

impl Drop for KeptAwake {
    fn drop(&mut self) {
        self.known.users.fetch_sub(1, SeqCst);
        self.playroom.routing.touch(self.id);
    }
}
