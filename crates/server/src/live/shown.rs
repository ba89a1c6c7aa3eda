//! A picture, and how the viewers of one run get it.

use axum::extract::ws::Utf8Bytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::sync::watch;
use wire::browser::FrameAction;

/// A picture as an executor shows it.
#[derive(Default)]
pub(crate) struct ShownFrame<'a> {
    /// Such as `image/png`.
    pub(crate) media_type: &'a str,
    pub(crate) image: &'a [u8],
    /// Only for the viewers of its run.
    pub(crate) live: bool,
    /// The page's window in CSS pixels.
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Epoch milliseconds.
    pub(crate) painted_at: i64,
    pub(crate) action: Option<FrameAction>,
}

/// A subscriber to the frames of one run.
pub(crate) struct RunFrameReader(pub(super) watch::Receiver<Utf8Bytes>);

impl ShownFrame<'_> {
    pub(super) fn data_url(&self) -> String {
        let image = BASE64_STANDARD.encode(self.image);
        format!("data:{};base64,{image}", self.media_type)
    }
}

impl RunFrameReader {
    /// Waits for a picture that is newer than the last one. When it is dropped before it is ready, nothing is lost.
    pub(crate) async fn next(&mut self) -> Utf8Bytes {
        if self.0.changed().await.is_err() {
            // The sender lives as long as this reader.
            std::future::pending::<()>().await;
        }
        self.0.borrow_and_update().clone()
    }
}
