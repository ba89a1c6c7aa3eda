//! Every action may be dropped at any time: the page is of use afterwards, and the browser ends as always.

use std::{path::PathBuf, time::Duration};

use browser::{
    BrowserPage, ClickOptions, LoadState, Locator, OptionChoice, PdfOptions, PictureArea,
    ScreencastOptions, ScreenshotOptions, WaitState,
};

use crate::setup::{LONG, TestBrowser, locator};

/// Runs an action, and drops it after a time that lies before, within or behind its work.
async fn cut<T>(action: impl Future<Output = T>, after: u64) {
    let _ = tokio::time::timeout(Duration::from_millis(after), action).await;
}

async fn all_actions(
    page: &BrowserPage,
    element: &Locator,
    url: &str,
    file: &[PathBuf],
    after: u64,
) {
    let click = ClickOptions::default();
    let element_picture = ScreenshotOptions {
        area: PictureArea::Element(element.clone()),
        ..Default::default()
    };
    let peru = [OptionChoice::Label(String::from("Peru"))];
    cut(page.click(element, &click), after).await;
    cut(page.hover(element, None, LONG), after).await;
    cut(page.fill(element, "x", LONG), after).await;
    cut(page.set_checked(element, true, LONG), after).await;
    cut(page.select(element, &peru, LONG), after).await;
    cut(page.drag(element, element, LONG), after).await;
    cut(page.press(Some(element), "Control+A", LONG), after).await;
    cut(
        page.type_text(Some(element), "abc", Duration::from_millis(3), LONG),
        after,
    )
    .await;
    cut(page.upload(element, file, LONG), after).await;
    cut(page.wait_for(element, WaitState::Disabled, LONG), after).await;
    cut(page.text(element, LONG), after).await;
    cut(page.evaluate("new Promise(() => {})", LONG), after).await;
    cut(page.screenshot(&element_picture), after).await;
    cut(page.pdf(&PdfOptions::default()), after).await;
    cut(page.screencast(&ScreencastOptions::default()), after).await;
    cut(page.navigate(url, LoadState::NetworkIdle, LONG), after).await;
}

#[tokio::test]
async fn a_dropped_action_leaves_the_page_of_use_and_no_process() {
    let test = TestBrowser::on("/actions.html").await;
    let file = test.directory.path().join("f.txt");
    std::fs::write(&file, "x").unwrap();
    let url = test.site.url("/actions.html");
    let files = [file];
    for after in [0, 3, 15] {
        for text in ["#name", "#never"] {
            all_actions(&test.page, &locator(text), &url, &files, after).await;
        }
    }
    test.visit("/actions.html").await;
    test.click("#count").await;
    assert_eq!(test.value("count.dataset.n").await, "1");
    let options = browser::ContextOptions::default();
    cut(test.browser.new_context(options), 1).await;
    cut(test.context.new_page(), 2).await;
    cut(test.context.storage_state(), 20).await;
    test.visit("/plain.html").await;
    test.finish().await;
}

#[tokio::test]
async fn a_dropped_launch_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    for after in [1, 30, 150] {
        cut(crate::setup::launch(directory.path()), after).await;
        assert_eq!(
            crate::setup::processes(directory.path()),
            Vec::<String>::new()
        );
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }
}
