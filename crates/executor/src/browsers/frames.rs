//! Pictures of the page for those who look on: the newest, and only as fast as they are shown.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use browser::{BrowserContext, BrowserPage, PictureFormat, ScreencastOptions};
use bytes::Bytes;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use wire::{client::Client, executors::LeaseOf};

/// PNG, as the contract has it; the server takes at most 1 MiB.
const CAST: ScreencastOptions = ScreencastOptions {
    format: PictureFormat::Png,
    frames_per_second: 4,
    max_width: 1280,
    max_height: 720,
};
/// How long to wait after a picture that nobody looks at.
const UNWATCHED: Duration = Duration::from_secs(2);
/// How often to look whether there is another page.
const LOOK_PERIOD: Duration = Duration::from_millis(500);

/// Shows pictures until it is dropped.
pub(super) struct Frames(JoinHandle<()>);

/// To whom pictures go.
pub(crate) struct Audience {
    pub(crate) client: Client,
    pub(crate) run: String,
    pub(crate) of: LeaseOf,
}

impl Frames {
    /// Shows the pages of a context, whichever is the current one.
    pub(super) fn show(audience: Audience, context: &Arc<BrowserContext>) -> Self {
        let context = Arc::downgrade(context);
        Self(tokio::spawn(async move {
            while let Some(page) = current(&context) {
                match page {
                    Some(page) => audience.follow(&page, &context).await,
                    None => sleep(LOOK_PERIOD).await,
                }
            }
        }))
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The current page, if there is one; nothing once the context is closed.
fn current(context: &Weak<BrowserContext>) -> Option<Option<BrowserPage>> {
    context.upgrade().map(|context| context.page().ok())
}

impl Audience {
    /// Shows a page until it ends, or another one is the current one.
    async fn follow(&self, page: &BrowserPage, context: &Weak<BrowserContext>) {
        let Ok(cast) = page.screencast(&CAST).await else {
            sleep(LOOK_PERIOD).await;
            return;
        };
        let mut frames = cast.frames();
        while current(context).flatten().is_some_and(|now| now == *page) {
            match timeout(LOOK_PERIOD, frames.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => continue,
            }
            let Some(frame) = frames.borrow_and_update().clone() else {
                continue;
            };
            let image = Bytes::from(frame.bytes());
            let media_type = frame.format.mime_type();
            let shown = self
                .client
                .show_frame(&self.run, &self.of, media_type, image);
            if !shown.await.unwrap_or(false) {
                sleep(UNWATCHED).await;
            }
        }
    }
}
