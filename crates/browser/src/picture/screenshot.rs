//! A picture of the window, of the whole page, or of one element.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    PictureFormat,
    cover::{CoverKind, PictureMask},
};
use crate::{
    cdp::CdpSession,
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore, name_timeout},
};

/// What a screenshot shows.
#[derive(Clone, Debug, Default)]
pub enum PictureArea {
    /// What is in the window.
    #[default]
    Viewport,
    /// All of the page, however long.
    FullPage,
    /// The box of an element.
    Element(Locator),
}

/// How a screenshot is taken.
#[derive(Clone, Debug)]
pub struct ScreenshotOptions {
    /// How it is encoded.
    pub format: PictureFormat,
    /// What it shows.
    pub area: PictureArea,
    /// What it does not show.
    pub mask: PictureMask,
    /// How long it may take.
    pub timeout: Duration,
}

impl Default for ScreenshotOptions {
    fn default() -> Self {
        Self {
            format: PictureFormat::Png,
            area: PictureArea::Viewport,
            mask: PictureMask::default(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A part of the page in CSS pixels.
#[derive(Clone, Copy, Deserialize)]
struct Clip {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl BrowserPage {
    /// Takes a picture.
    ///
    /// # Errors
    /// The element does not come in time, the page does not answer, or has ended.
    pub async fn screenshot(&self, options: &ScreenshotOptions) -> Result<Bytes, BrowserError> {
        let deadline = Deadline::after(options.timeout);
        let core = &self.core;
        core.check_open()?;
        let clip = match &options.area {
            PictureArea::Viewport => None,
            PictureArea::FullPage => Some(core.whole_page(&deadline).await?),
            PictureArea::Element(locator) => Some(core.element_box(locator, &deadline).await?),
        };
        let covered = core
            .cover(&options.mask, CoverKind::Painted, &deadline)
            .await?;
        let mut params = json!({
            "format": options.format.name(),
            "captureBeyondViewport": clip.is_some(),
        });
        if let Some(quality) = options.format.quality() {
            params["quality"] = Value::from(quality);
        }
        if let Some(Clip {
            x,
            y,
            width,
            height,
        }) = clip
        {
            let clip = json!({"x": x, "y": y, "width": width, "height": height, "scale": 1});
            params["clip"] = clip;
        }
        let method = "Page.captureScreenshot";
        let taken = core
            .session
            .send_within(method, params, deadline.left())
            .await;
        drop(covered);
        let taken = name_timeout(taken, &deadline, "the screenshot")?;
        decode(method, &taken)
    }
}

impl PageCore {
    async fn whole_page(&self, deadline: &Deadline) -> Result<Clip, BrowserError> {
        let metrics = self.layout(deadline).await?;
        CdpSession::typed("Page.getLayoutMetrics", metrics["cssContentSize"].clone())
    }

    async fn layout(&self, deadline: &Deadline) -> Result<Value, BrowserError> {
        let method = "Page.getLayoutMetrics";
        let metrics = self
            .session
            .send_within(method, json!({}), deadline.left())
            .await;
        name_timeout(metrics, deadline, "the screenshot")
    }

    /// The box of an element within the whole page.
    async fn element_box(
        &self,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<Clip, BrowserError> {
        let (element, mut clip): (_, Clip) = self.visible_box(locator, deadline).await?;
        let origin = self.frame_origin(&element, deadline).await?;
        clip.x += origin.x;
        clip.y += origin.y;
        let metrics = self.layout(deadline).await?;
        let window = &metrics["cssVisualViewport"];
        clip.x += window["pageX"].as_f64().unwrap_or_default();
        clip.y += window["pageY"].as_f64().unwrap_or_default();
        Ok(clip)
    }
}

/// The bytes of a picture or document in an answer.
pub(super) fn decode(method: &'static str, answer: &Value) -> Result<Bytes, BrowserError> {
    let data = answer["data"].as_str().unwrap_or_default();
    let bytes = STANDARD
        .decode(data)
        .map_err(|error| BrowserError::Refused {
            method,
            message: format!("its data is not base64: {error}"),
        })?;
    Ok(Bytes::from(bytes))
}
