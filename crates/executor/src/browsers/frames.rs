//! Pictures of the page for its viewers: the newest, and only as fast as they are shown.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use browser::{
    BrowserContext, BrowserPage, LastAction, PictureFormat, Screencast, ScreencastFrame,
    ScreencastOptions, ScreenshotOptions,
};
use bytes::Bytes;
use http::StatusCode;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use wire::{
    browser::{FrameAction, FrameQuery, FrameViewers},
    client::Client,
    executors::LeaseOf,
};

use crate::redactor::Redactor;

/// The largest picture that the server takes.
const LIMIT_BYTES: usize = 1 << 20;
/// How long to wait until a picture that nobody looks at is offered again.
const UNWATCHED: Duration = Duration::from_secs(2);
/// How long one that stands still is fresh for those who come later.
const STILL: Duration = Duration::from_secs(20);
/// How often to look whether there is another page.
const LOOK_PERIOD: Duration = Duration::from_millis(500);
/// How often viewers of the contract get a picture while others get many.
const BESIDE_LIVE: Duration = Duration::from_secs(1);

/// The newest picture of a session, which is also what its trace has.
pub(super) type NewestFrame = Arc<Mutex<Option<Arc<ScreencastFrame>>>>;

/// Shows pictures until it is dropped.
pub(super) struct Frames {
    task: JoinHandle<()>,
    token: i64,
}

/// To whom pictures go.
pub(crate) struct Audience {
    pub(crate) client: Client,
    pub(crate) run: String,
    pub(crate) of: LeaseOf,
    pub(crate) redactor: Redactor,
}

impl Frames {
    /// Shows the pages of a context, whichever is the current one.
    pub(super) fn show(
        audience: Audience,
        context: &Arc<BrowserContext>,
        newest: NewestFrame,
    ) -> Self {
        let context = Arc::downgrade(context);
        let token = audience.of.token;
        let mut show = Show {
            audience,
            context,
            newest,
            viewers: FrameViewers::default(),
            is_small: false,
            is_refused: false,
        };
        let task = tokio::spawn(async move {
            while let Some(page) = show.current()
                && !show.is_refused
            {
                match page {
                    Some(page) => show.follow(&page).await,
                    None => sleep(LOOK_PERIOD).await,
                }
            }
        });
        Self { task, token }
    }

    /// Whether the server takes no pictures of the run any more, or the pages are gone.
    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// The token of the lease under which they are shown.
    pub(super) fn token(&self) -> i64 {
        self.token
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A show of pictures.
struct Show {
    audience: Audience,
    context: Weak<BrowserContext>,
    newest: NewestFrame,
    /// Those that the server knew last.
    viewers: FrameViewers,
    /// A PNG is too large, such as one of photographs.
    is_small: bool,
    /// The run is not this executor's any more.
    is_refused: bool,
}

/// Why the pictures of a page do not go on as they are.
enum Next {
    /// They are to be taken in another way.
    Switch,
    /// It is not the current page any more.
    Page,
}

impl Show {
    /// The current page, if there is one; nothing once the context is closed.
    fn current(&self) -> Option<Option<BrowserPage>> {
        let context = self.context.upgrade();
        context.map(|context| context.page().ok())
    }

    /// How pictures are taken for the viewers that there are.
    fn options(&self) -> ScreencastOptions {
        let (format, frames_per_second) = match self.viewers {
            FrameViewers { live: true, .. } => (PictureFormat::Jpeg { quality: 75 }, 25),
            // PNG, as the contract has it.
            FrameViewers { contract: true, .. } if !self.is_small => (PictureFormat::Png, 4),
            // For the trace, and for those who come.
            _ => (PictureFormat::Jpeg { quality: 60 }, 10),
        };
        ScreencastOptions {
            format,
            frames_per_second,
            max_width: 1280,
            max_height: 720,
        }
    }

    /// Shows a page until it ends, or another one is the current one.
    async fn follow(&mut self, page: &BrowserPage) {
        self.is_small = false;
        while !self.is_refused
            && let Ok(cast) = page.screencast(&self.options()).await
        {
            match self.show_all(&cast, page).await {
                Next::Switch => {}
                Next::Page => return,
            }
        }
        sleep(LOOK_PERIOD).await;
    }

    /// Shows what a page looks like.
    async fn show_all(&mut self, cast: &Screencast, page: &BrowserPage) -> Next {
        let mut frames = cast.frames();
        let mut offer = Instant::now();
        let mut beside = Instant::now();
        while !self.is_refused && self.current().flatten().is_some_and(|now| now == *page) {
            let changed = match timeout(LOOK_PERIOD, frames.changed()).await {
                Ok(Ok(())) => true,
                Ok(Err(_)) => return Next::Page,
                Err(_) => false,
            };
            let Some(frame) = frames.borrow_and_update().clone() else {
                continue;
            };
            *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&frame));
            let wanted = changed && self.viewers.any();
            if !wanted && Instant::now() < offer {
                continue;
            }
            let image = Bytes::from(frame.bytes());
            if image.len() > LIMIT_BYTES && !self.is_small && frame.format == PictureFormat::Png {
                self.is_small = true;
                return Next::Switch;
            }
            let before = self.viewers;
            // The contract's viewers get PNG, unless that is too large.
            let live = frame.format != PictureFormat::Png && (self.viewers.live || !self.is_small);
            let query = self.query(&frame, page, live);
            self.viewers = self.sent(&query, frame.format, image).await;
            offer = Instant::now() + if self.viewers.any() { STILL } else { UNWATCHED };
            if self.viewers != before {
                return Next::Switch;
            }
            if self.viewers.live && self.viewers.contract && Instant::now() >= beside {
                beside = Instant::now() + BESIDE_LIVE;
                self.show_beside(&frame, page).await;
            }
        }
        Next::Page
    }

    /// Shows a PNG to the viewers of the contract, while others get JPEG.
    async fn show_beside(&mut self, frame: &ScreencastFrame, page: &BrowserPage) {
        let options = ScreenshotOptions {
            timeout: BESIDE_LIVE,
            ..ScreenshotOptions::default()
        };
        let Ok(picture) = page.screenshot(&options).await else {
            return;
        };
        let query = self.query(frame, page, false);
        if picture.len() <= LIMIT_BYTES {
            self.sent(&query, PictureFormat::Png, picture).await;
        } else {
            let image = Bytes::from(frame.bytes());
            self.sent(&query, frame.format, image).await;
        }
    }

    /// Shows one picture, and answers which viewers there are: none while the server does not answer.
    async fn sent(
        &mut self,
        query: &FrameQuery,
        format: PictureFormat,
        image: Bytes,
    ) -> FrameViewers {
        let Audience { client, run, .. } = &self.audience;
        let shown = client.show_frame(run, query, format.mime_type(), image);
        shown.await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a picture is not shown");
            self.is_refused = error.status() == Some(StatusCode::NOT_FOUND);
            FrameViewers::default()
        })
    }

    fn query(&self, frame: &ScreencastFrame, page: &BrowserPage, live: bool) -> FrameQuery {
        let LeaseOf { executor, token } = self.audience.of.clone();
        let action = page.last_action().map(|last| self.action(last));
        FrameQuery {
            executor,
            token,
            live,
            width: frame.width,
            height: frame.height,
            painted_at: frame.at_ms.try_into().unwrap_or_default(),
            // Numbers and texts have a JSON form.
            action: action.and_then(|action| serde_json::to_string(&action).ok()),
        }
    }

    fn action(&self, last: LastAction) -> FrameAction {
        let (target, area) = (self.audience.redactor.text(last.selector), last.area);
        FrameAction {
            name: last.name.to_string(),
            target: target.chars().take(300).collect(),
            area: Some([area.x, area.y, area.width, area.height]),
            point: last.point.map(|point| [point.x, point.y]),
            number: last.number,
        }
    }
}
