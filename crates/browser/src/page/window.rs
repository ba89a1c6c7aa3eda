//! The size of a page's window.

use std::sync::PoisonError;

use serde_json::{Value, json};

use super::PageCore;
use crate::{context::Viewport, error::BrowserError};

pub(super) const METRICS: &str = "Emulation.setDeviceMetricsOverride";

impl PageCore {
    /// The size of its window.
    pub(crate) fn viewport(&self) -> Viewport {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives its window the size that those of its context have now.
    pub(crate) async fn resize(&self) -> Result<(), BrowserError> {
        self.session.send(METRICS, self.metrics()).await.map(drop)
    }

    pub(super) fn metrics(&self) -> Value {
        let Viewport { width, height } = self.viewport();
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
    }
}
