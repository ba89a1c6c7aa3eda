//! What a context's pages have in common.

use std::path::PathBuf;

use super::StorageState;

/// The size of a page's window in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewport {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Viewport {
    /// As large as the window of a visible browser, whose user may change that.
    pub const WINDOW: Self = Self {
        width: 0,
        height: 0,
    };
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            width: 1920,
            height: 1080,
        }
    }
}

/// What happens to a dialog of the page. A page stands still until its dialog is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DialogPolicy {
    /// Cancel it.
    #[default]
    Dismiss,
    /// Confirm it, with this text if it asks for one.
    Accept {
        /// The answer to a prompt; `None` takes what the page proposes.
        text: Option<String>,
    },
}

/// How a context is set up.
#[derive(Clone, Debug, Default)]
pub struct ContextOptions {
    /// The size of each page's window.
    pub viewport: Viewport,
    /// Visits pages whose certificates are wrong.
    pub ignore_tls_errors: bool,
    /// Permissions that pages get without asking, by the names of the DevTools protocol, such as
    /// `geolocation` or `clipboardReadWrite`.
    pub permissions: Vec<String>,
    /// Where downloads go. Without it none is accepted.
    pub download_directory: Option<PathBuf>,
    /// The proxy of all its requests, also of those to this machine, such as `socks5://127.0.0.1:1080`. Chromium
    /// opens at most 32 connections to it at once.
    pub proxy: Option<String>,
    /// What happens to dialogs, unless a page has a policy of its own.
    pub dialogs: DialogPolicy,
    /// Cookies and local storage to begin with.
    pub storage: Option<StorageState>,
}
