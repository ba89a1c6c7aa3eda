//! A stream of pictures of a page, as it changes. The newest counts: a viewer that is slow misses some, and
//! the page is not slowed by it.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::PictureFormat;
use crate::{
    cdp::{CdpEvent, CdpSession},
    error::BrowserError,
    page::{BrowserPage, PageCore},
};

/// How long after an action began the page may still be busy with it.
const ACTING: Duration = Duration::from_millis(250);
/// The time between frames then, at least: pictures cost the machine what the page needs itself.
const ACTING_INTERVAL: Duration = Duration::from_millis(100);

/// How frames are taken.
#[derive(Clone, Copy, Debug)]
pub struct ScreencastOptions {
    /// PNG, or JPEG with a quality.
    pub format: PictureFormat,
    /// At most so many frames a second; ten while the page is acted upon.
    pub frames_per_second: u32,
    /// A wider page is scaled down.
    pub max_width: u32,
    /// A higher page is scaled down.
    pub max_height: u32,
}

impl Default for ScreencastOptions {
    fn default() -> Self {
        Self {
            format: PictureFormat::Jpeg { quality: 75 },
            frames_per_second: 25,
            max_width: 1920,
            max_height: 1080,
        }
    }
}

/// One picture of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreencastFrame {
    /// Which frame it is, from 1 on; the browser takes none while nothing changes.
    pub number: u64,
    /// How it is encoded.
    pub format: PictureFormat,
    /// The picture as base64, as the browser sends it.
    pub base64: String,
    /// The size of the page's window in CSS pixels, which is what clicks are counted in.
    pub width: f64,
    /// See `width`.
    pub height: f64,
    /// When it was taken, in milliseconds since 1970.
    pub at_ms: u64,
}

impl ScreencastFrame {
    /// The bytes of the picture.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.base64).unwrap_or_default()
    }

    /// The picture as a `data:` URL.
    #[must_use]
    pub fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.format.mime_type(), self.base64)
    }
}

/// The newest frame.
type Newest = watch::Receiver<Option<Arc<ScreencastFrame>>>;

/// A running screencast. Dropping it stops it. It ends with the page: then the frames end.
pub struct Screencast {
    page: Arc<PageCore>,
    id: u64,
    frames: Newest,
}

impl Screencast {
    /// The newest frame, and the changes of it; each viewer takes a copy.
    #[must_use]
    pub fn frames(&self) -> Newest {
        self.frames.clone()
    }
}

impl Drop for Screencast {
    fn drop(&mut self) {
        let mut state = self.page.state();
        // Another one may have taken its place.
        if state
            .screencast
            .as_ref()
            .is_some_and(|sink| sink.id == self.id)
        {
            state.screencast = None;
            self.page.session.post("Page.stopScreencast", json!({}));
        }
    }
}

/// Where a page's frames go.
pub(crate) struct ScreencastSink {
    id: u64,
    newest: watch::Sender<Option<Arc<ScreencastFrame>>>,
    format: PictureFormat,
    interval: Duration,
    /// What the browser was asked for.
    params: Value,
    /// When the next frame may be taken.
    next: Instant,
    count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TakenFrame {
    data: String,
    metadata: FrameMetadata,
    session_id: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameMetadata {
    device_width: f64,
    device_height: f64,
    #[serde(default)]
    timestamp: f64,
}

impl BrowserPage {
    /// Starts a screencast, in place of one that runs.
    ///
    /// # Errors
    /// The page has ended, or the format is not for frames.
    pub async fn screencast(
        &self,
        options: &ScreencastOptions,
    ) -> Result<Screencast, BrowserError> {
        if let PictureFormat::Webp { .. } = options.format {
            return Err(BrowserError::Unfit {
                what: String::from("the screencast"),
                reason: String::from("frames are PNG or JPEG"),
            });
        }
        let core = &self.core;
        core.check_open()?;
        let (newest, frames) = watch::channel(None);
        core.session.send("Page.stopScreencast", json!({})).await?;
        let id = core.state().next_screencast();
        let mut params = json!({
            "format": options.format.name(),
            "maxWidth": options.max_width,
            "maxHeight": options.max_height,
        });
        if let Some(quality) = options.format.quality() {
            params["quality"] = Value::from(quality);
        }
        let sink = ScreencastSink {
            params: params.clone(),
            id,
            newest,
            format: options.format,
            interval: Duration::from_secs(1) / options.frames_per_second.max(1),
            next: Instant::now(),
            count: 0,
        };
        core.state().screencast = Some(sink);
        let screencast = Screencast {
            page: Arc::clone(core),
            id,
            frames,
        };
        core.session.send("Page.startScreencast", params).await?;
        Ok(screencast)
    }
}

impl PageCore {
    /// A new document covers the secrets since this time of the page; `None` when it is gone.
    pub(crate) fn covered(&self, since_ms: Option<f64>) {
        let mut state = self.state();
        state.uncovered = state.uncovered.saturating_sub(1);
        // Whole milliseconds of this century.
        let since_ms = since_ms.unwrap_or_default() as u64;
        state.covered_since_ms = state.covered_since_ms.max(since_ms);
        // Frames were left out, and a page that does not change sends no other one.
        if state.uncovered == 0
            && let Some(sink) = &state.screencast
        {
            self.session
                .post("Page.startScreencast", sink.params.clone());
        }
    }

    /// Shows a frame to the viewers. The browser takes the next one only after this one was acknowledged.
    pub(crate) fn take_frame(&self, session: &CdpSession, event: CdpEvent) {
        let Some(taken) = event.read::<TakenFrame>() else {
            return;
        };
        let acknowledge = json!({"sessionId": taken.session_id});
        let mut state = self.state();
        // Whole milliseconds of this century.
        let at_ms = (taken.metadata.timestamp * 1000.0) as u64;
        let acts = state.acted_at.is_some_and(|at| at.elapsed() < ACTING);
        let is_covered = state.uncovered == 0 && at_ms >= state.covered_since_ms;
        // One of the screencast before this one may still come.
        let is_of = |sink: &&mut ScreencastSink| {
            is_covered && taken.data.starts_with(sink.format.base64_beginning())
        };
        let Some(sink) = state.screencast.as_mut().filter(is_of) else {
            session.post("Page.screencastFrameAck", acknowledge);
            return;
        };
        sink.count += 1;
        let frame = ScreencastFrame {
            number: sink.count,
            format: sink.format,
            base64: taken.data,
            width: taken.metadata.device_width,
            height: taken.metadata.device_height,
            at_ms,
        };
        sink.newest.send_replace(Some(Arc::new(frame)));
        let now = Instant::now();
        let least = if acts {
            ACTING_INTERVAL
        } else {
            Duration::ZERO
        };
        sink.next = (sink.next + sink.interval.max(least)).max(now);
        let wait = sink.next;
        drop(state);
        let session = session.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(wait).await;
            session.post("Page.screencastFrameAck", acknowledge);
        });
    }
}
