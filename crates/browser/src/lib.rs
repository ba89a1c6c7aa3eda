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
pub mod recorder;

pub use action::{
    ActionName, ButtonName, ClickOptions, DragPlace, ElementStates, InventoryOptions, KeyModifier,
    LastAction, OptionChoice, PageElement, PageInventory, Position, WaitState,
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
    BrowserPage, ConsoleLine, DialogRecord, ElementArea, FailedRequest, LoadState, PageRecords,
    ResponseRecord, VisitedPage,
};
pub use picture::{
    CompareError, CompareOptions, Comparison, PdfOptions, PictureArea, PictureFormat, PictureMask,
    PictureName, PictureSize, PixelArea, Screencast, ScreencastFrame, ScreencastOptions,
    ScreenshotOptions, compare_pictures,
};

#[cfg(test)]
mod send_checks {
    //! Callers spawn actions onto other threads.

    use std::time::Duration;

    use super::*;

    fn is_send<T: Send>(_: T) {}

    #[expect(dead_code, reason = "it only has to compile")]
    fn actions(page: &BrowserPage, context: &BrowserContext, browser: &Browser, locator: &Locator) {
        let limit = Duration::ZERO;
        is_send(page.click(locator, &ClickOptions::default()));
        is_send(page.fill(locator, "", limit));
        is_send(page.set_checked(locator, true, limit));
        is_send(page.select(locator, &[], limit));
        is_send(page.drag(locator, locator, limit));
        is_send(page.hover(locator, None, limit));
        is_send(page.press(None, "a", limit));
        let at = Position { x: 0.0, y: 0.0 };
        is_send(page.click_at(at, &ClickOptions::default()));
        is_send(page.move_to(at, None, limit));
        is_send(page.drag_at(at, at, limit));
        is_send(page.scroll_at(at, at, limit));
        is_send(page.go(-1, LoadState::Load, limit));
        is_send(page.reload(LoadState::Load, limit));
        is_send(page.type_text(None, "a", limit, limit));
        is_send(page.upload(locator, &[], limit));
        is_send(page.wait_for(locator, WaitState::Visible, limit));
        is_send(page.text(locator, limit));
        is_send(page.count(locator, limit));
        is_send(page.inventory(&InventoryOptions::default(), limit));
        is_send(page.navigate("", LoadState::Load, limit));
        is_send(page.screenshot(&ScreenshotOptions::default()));
        is_send(page.pdf(&PdfOptions::default()));
        is_send(page.screencast(&ScreencastOptions::default()));
        is_send(context.storage_state());
        is_send(context.current_page(limit));
        is_send(context.page_after(0, limit));
        is_send(context.set_secrets(Vec::new(), limit));
        is_send(browser.new_context(ContextOptions::default()));
        is_send(Browser::launch(&LaunchOptions::new("")));
    }
}
