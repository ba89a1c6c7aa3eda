//! Pages that pages open: the step after the click meets them.

use std::time::Duration;

use browser::{BrowserError, BrowserPage, LoadState};

use crate::setup::{LONG, SHORT, TestBrowser, locator};

async fn title(page: &BrowserPage) -> String {
    let read = page.wait_for_load(LoadState::DomContentLoaded, LONG);
    read.await.unwrap();
    page.title(LONG).await.unwrap()
}

/// However it is opened, it counts when the click has ended.
#[tokio::test]
async fn the_page_that_a_click_opens_is_the_current_one_of_the_next_step() {
    let test = TestBrowser::on("/popups.html").await;
    let ways = ["script", "alone", "sized", "blank", "opener", "form"];
    for way in ways.iter().cycle().take(18) {
        let opened = test.context.opened_pages();
        test.click(&format!("#{way}")).await;
        assert_eq!(test.context.opened_pages(), opened + 1, "{way}");
        let popup = test.context.current_page(LONG).await.unwrap();
        assert!(popup != test.page, "{way}");
        assert!(popup.url().contains("/popup.html"), "{way}");
        // An action in it needs no other wait.
        let options = browser::ClickOptions::default();
        popup.click(&locator("#hit"), &options).await.unwrap();
        assert_eq!(title(&popup).await, "Popup");
        assert_eq!(popup.evaluate("innerWidth", LONG).await.unwrap(), 1280);
        popup.close().await.unwrap();
        assert!(test.context.current_page(LONG).await.unwrap() == test.page);
    }
    assert_eq!(test.context.opened_pages(), 19);
    test.finish().await;
}

#[tokio::test]
async fn a_page_that_closes_itself_gives_its_opener_back() {
    let test = TestBrowser::on("/popups.html").await;
    for _ in 0..5 {
        test.click("#script").await;
        let popup = test.context.current_page(LONG).await.unwrap();
        let options = browser::ClickOptions::default();
        popup.click(&locator("#close"), &options).await.unwrap();
        let current = test.context.current_page(LONG).await.unwrap();
        assert!(current == test.page, "{}", current.url());
        assert_eq!(test.context.pages().len(), 1);
    }
    // Also one that goes while it is set up.
    for _ in 0..5 {
        let opened = test.context.opened_pages();
        test.click("#brief").await;
        assert_eq!(test.context.opened_pages(), opened + 1);
        let current = test.context.current_page(LONG).await.unwrap();
        if current != test.page {
            let gone = current.wait_for_url(|_| false, LONG).await.unwrap_err();
            assert!(matches!(gone, BrowserError::Closed), "{gone}");
        }
        assert!(test.context.current_page(LONG).await.unwrap() == test.page);
    }
    assert_eq!(test.context.pages().len(), 1);
    test.click("#script").await;
    assert_eq!(test.context.opened_pages(), 12);
    test.finish().await;
}

#[tokio::test]
async fn a_window_with_a_name_is_opened_once() {
    let test = TestBrowser::on("/popups.html").await;
    test.click("#named").await;
    let popup = test.context.current_page(LONG).await.unwrap();
    assert_eq!(test.context.opened_pages(), 2);
    test.context.set_current(&test.page);
    test.click("#named").await;
    assert_eq!(test.context.opened_pages(), 2);
    test.context.set_current(&popup);
    assert!(test.context.current_page(LONG).await.unwrap() == popup);
    test.finish().await;
}

#[tokio::test]
async fn pages_that_open_late_or_load_slowly_are_waited_for() {
    let test = TestBrowser::on("/popups.html").await;
    let opened = test.context.opened_pages();
    test.click("#later").await;
    let popup = test.context.page_after(opened, LONG).await.unwrap();
    assert_eq!(title(&popup).await, "Popup");
    popup.close().await.unwrap();
    test.click("#slow").await;
    let popup = test.context.current_page(LONG).await.unwrap();
    assert_eq!(popup.url(), test.site.url("/slow/500"));
    let text = popup.text(&locator("p"), LONG).await.unwrap();
    assert_eq!(text, "after 500 ms");
    popup.close().await.unwrap();
    test.page.close().await.unwrap();
    let none = test.context.current_page(SHORT).await.err().unwrap();
    assert!(matches!(none, BrowserError::NoPage), "{none}");
    let none = test
        .context
        .page_after(opened + 2, Duration::from_millis(100));
    let none = none.await.err().unwrap().to_string();
    assert!(none.contains("waiting for a new page"), "{none}");
    test.finish().await;
}

/// The window of a download closes again, and the page that has opened it is the current one.
#[tokio::test]
async fn a_download_in_a_new_window_leaves_the_page_where_it_is() {
    let test = TestBrowser::on("/popups.html").await;
    for (count, way) in ["download", "loaded", "download"].iter().enumerate() {
        test.click(&format!("#{way}")).await;
        let current = test.context.current_page(LONG).await.unwrap();
        assert!(current == test.page, "{way}: {}", current.url());
        test.context.download_after(count, LONG).await.unwrap();
    }
    test.finish().await;
}

#[tokio::test]
async fn a_window_that_shows_nothing_is_the_current_one_as_it_is() {
    let test = TestBrowser::on("/popups.html").await;
    test.click("#empty").await;
    let empty = test.context.current_page(LONG).await.unwrap();
    assert_eq!(empty.url(), "about:blank");
    empty.close().await.unwrap();
    // Its script runs in an empty document.
    test.click("#scripted").await;
    let scripted = test.context.current_page(LONG).await.unwrap();
    assert_eq!(scripted.text(&locator("h1"), LONG).await.unwrap(), "Made");
    scripted.close().await.unwrap();
    test.click("#waits").await;
    let waits = test.context.current_page(SHORT).await.unwrap();
    assert!(waits != test.page && waits.url().is_empty());
    waits.close().await.unwrap();
    // One in a process of its own does not answer before its server does.
    test.click("#endless").await;
    let late = test.context.current_page(SHORT).await.err().unwrap();
    assert!(
        late.to_string().contains("its server has not answered"),
        "{late}"
    );
    assert!(test.context.page().unwrap() == test.page);
    assert!(test.context.current_page(SHORT).await.is_err());
    test.finish().await;
}

/// Nothing answers there: the browser shows its own page for it.
#[tokio::test]
async fn a_window_of_a_server_that_is_not_there_is_the_current_one() {
    let test = TestBrowser::on("/popups.html").await;
    test.click("#unreachable").await;
    let unreachable = test.context.current_page(LONG).await.unwrap();
    assert!(unreachable != test.page);
    assert_eq!(unreachable.url(), "chrome-error://chromewebdata/");
    test.finish().await;
}
