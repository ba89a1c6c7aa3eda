//! Whether this executor can work. While it cannot, it claims nothing and says why.

use super::Agent;

impl Agent {
    /// Looks whether it can work, and suspends itself if not. True if it can.
    pub(super) async fn check(&self) -> bool {
        match self.runner.check().await {
            Ok(()) => true,
            Err(why) => {
                self.cooldown.suspend(why);
                false
            }
        }
    }

    /// Waits until it rests no more and can work.
    pub(super) async fn ready(&self) {
        loop {
            self.cooldown.rest().await;
            if self.cooldown.suspended().is_none() {
                return;
            }
            if self.check().await {
                self.cooldown.lift();
            }
        }
    }
}
