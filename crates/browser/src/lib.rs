//! A Chromium over the DevTools protocol: pages, locators, actions, pictures, frames.
//!
//! A [`Browser`] is one process; a [`BrowserContext`] in it has its own cookies, storage and downloads, and
//! one or more [`BrowserPage`]s. A [`Locator`] names an element; actions wait until it is ready for them and
//! send trusted input. What to do, and what its outcome means, is decided elsewhere.

mod action;
mod browser;
mod cdp;
mod context;
mod deadline;
mod error;
mod launch;
mod locator;
mod page;
mod picture;

pub use action::{
    ButtonName, ClickOptions, ElementStates, KeyModifier, OptionChoice, Position, WaitState,
};
pub use browser::Browser;
pub use context::{
    BrowserContext, ContextOptions, Cookie, DialogPolicy, DownloadState, DownloadedFile,
    OriginStorage, StorageState, StoredItem, Viewport,
};
pub use error::{Ambiguity, BrowserError, MatchedElement};
pub use launch::{Chromium, LaunchOptions, SandboxSupport, find};
pub use locator::{Locator, LocatorError};
pub use page::{
    BrowserPage, ConsoleLine, DialogRecord, FailedRequest, LoadState, PageRecords, ResponseRecord,
    VisitedPage,
};
pub use picture::{
    PdfOptions, PictureArea, PictureFormat, PictureMask, Screencast, ScreencastFrame,
    ScreencastOptions, ScreenshotOptions,
};
