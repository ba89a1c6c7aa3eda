//! The page as a PDF.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::{
    cover::{CoverKind, PictureMask},
    screenshot::decode,
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    page::{BrowserPage, name_timeout},
};

/// How a PDF is printed. Lengths are inches.
#[derive(Clone, Debug)]
pub struct PdfOptions {
    /// Wider than high.
    pub landscape: bool,
    /// With colours and pictures of the background.
    pub background: bool,
    /// The width of the paper.
    pub width: f64,
    /// The height of the paper.
    pub height: f64,
    /// All four margins.
    pub margin: f64,
    /// What it does not show. Covered text is not in the document either.
    pub mask: PictureMask,
    /// How long it may take.
    pub timeout: Duration,
}

impl Default for PdfOptions {
    /// A4.
    fn default() -> Self {
        Self {
            landscape: false,
            background: true,
            width: 8.27,
            height: 11.69,
            margin: 0.4,
            mask: PictureMask::default(),
            timeout: Duration::from_secs(60),
        }
    }
}

impl BrowserPage {
    /// Prints the page into a PDF. A visible browser cannot.
    ///
    /// # Errors
    /// The page does not answer in time or has ended, or the options fit no paper.
    pub async fn pdf(&self, options: &PdfOptions) -> Result<Bytes, BrowserError> {
        let deadline = Deadline::after(options.timeout);
        let core = &self.core;
        core.check_open()?;
        let covered = core
            .cover(&options.mask, CoverKind::Removed, &deadline)
            .await?;
        let params = json!({
            "landscape": options.landscape,
            "printBackground": options.background,
            "paperWidth": options.width,
            "paperHeight": options.height,
            "marginTop": options.margin,
            "marginBottom": options.margin,
            "marginLeft": options.margin,
            "marginRight": options.margin,
        });
        let method = "Page.printToPDF";
        let printed = core
            .session
            .send_within(method, params, deadline.left())
            .await;
        drop(covered);
        let printed = name_timeout(printed, &deadline, "the PDF")?;
        decode(method, &printed)
    }
}
