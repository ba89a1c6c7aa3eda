//! Pictures of the page for those who look on: the newest, and only as fast as they are shown.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use browser::{BrowserContext, BrowserPage, PictureFormat, Screencast, ScreencastOptions};
use bytes::Bytes;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use wire::{client::Client, executors::LeaseOf};

/// PNG, as the contract has it.
const CAST: ScreencastOptions = ScreencastOptions {
    format: PictureFormat::Png,
    frames_per_second: 4,
    max_width: 1280,
    max_height: 720,
};
/// What is left when a PNG is larger than the server takes, such as one of photographs.
const SMALL: PictureFormat = PictureFormat::Jpeg { quality: 75 };
/// The largest picture that the server takes.
const LIMIT_BYTES: usize = 1 << 20;
/// How long to wait until a picture that nobody looks at is offered again.
const UNWATCHED: Duration = Duration::from_secs(2);
/// How long one that stands still is fresh for those who come later.
const STILL: Duration = Duration::from_secs(20);
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
        let mut options = CAST;
        while let Ok(cast) = page.screencast(&options).await {
            if !self.show_all(&cast, page, context).await {
                return;
            }
            options.format = SMALL;
        }
        sleep(LOOK_PERIOD).await;
    }

    /// Shows what a page looks like. True when its pictures are too large.
    async fn show_all(
        &self,
        cast: &Screencast,
        page: &BrowserPage,
        context: &Weak<BrowserContext>,
    ) -> bool {
        let mut frames = cast.frames();
        let (mut newest, mut offer) = (None, Instant::now());
        while current(context).flatten().is_some_and(|now| now == *page) {
            match timeout(LOOK_PERIOD, frames.changed()).await {
                Ok(Ok(())) => newest = frames.borrow_and_update().clone(),
                Ok(Err(_)) => return false,
                Err(_) if Instant::now() < offer => continue,
                Err(_) => {}
            }
            let Some(frame) = &newest else {
                continue;
            };
            let image = Bytes::from(frame.bytes());
            if image.len() > LIMIT_BYTES && frame.format != SMALL {
                return true;
            }
            let media_type = frame.format.mime_type();
            let shown = self
                .client
                .show_frame(&self.run, &self.of, media_type, image);
            match shown.await {
                Ok(true) => offer = Instant::now() + STILL,
                Ok(false) => {
                    offer = Instant::now() + UNWATCHED;
                    sleep(UNWATCHED).await;
                }
                Err(error) => {
                    tracing::debug!(%error, "a picture is not shown");
                    offer = Instant::now() + STILL;
                    sleep(UNWATCHED).await;
                }
            }
        }
        false
    }
}
