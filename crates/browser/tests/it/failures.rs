//! Pages that hang, renderers that crash, a browser that the system kills: each fails what waits for it, and
//! nothing else.

use std::time::{Duration, Instant};

use browser::{BrowserError, ClickOptions, LoadState, ScreenshotOptions};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::setup::{LONG, TestBrowser, locator};

#[tokio::test]
async fn a_killed_browser_fails_what_waits_for_it() {
    let test = TestBrowser::on("/waiting.html").await;
    let pid = Pid::from_raw(test.browser.process_id().unwrap());
    let late = locator("text=Late");
    let options = ClickOptions {
        timeout: LONG,
        ..Default::default()
    };
    let click = test.page.click(&late, &options);
    let kill = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        kill(pid, Signal::SIGKILL).unwrap();
    };
    let begun = Instant::now();
    let (clicked, ()) = tokio::join!(click, kill);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let error = clicked.unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "the browser ended: it was killed by signal 9 (SIGKILL)"
    );
    assert_eq!(
        test.browser.ended().await,
        "it was killed by signal 9 (SIGKILL)"
    );
    assert!(!test.browser.is_alive());
    let error = test.context.new_page().await.err().unwrap();
    assert!(matches!(error, BrowserError::Gone { .. }), "{error}");
    assert!(test.page.is_closed());
    test.finish().await;
}

#[tokio::test]
async fn a_crashed_page_leaves_the_others() {
    let test = TestBrowser::on("/plain.html").await;
    let other = test.context.new_page().await.unwrap();
    let crash = other
        .navigate("chrome://crash", LoadState::Load, LONG)
        .await
        .unwrap_err();
    assert_eq!(
        crash.to_string(),
        "the page crashed: its renderer process ended"
    );
    let error = other.title(LONG).await.unwrap_err();
    assert!(matches!(error, BrowserError::Crashed), "{error}");
    assert_eq!(test.page.title(LONG).await.unwrap(), "Plain");
    let third = test.context.new_page().await.unwrap();
    assert_eq!(third.title(LONG).await.unwrap(), "");
    other.close().await.unwrap();
    test.finish().await;
}

#[tokio::test]
async fn a_crash_fails_an_action_that_waits() {
    let test = TestBrowser::on("/waiting.html").await;
    let late = locator("text=Late");
    let options = ClickOptions {
        timeout: LONG,
        ..Default::default()
    };
    let click = test.page.click(&late, &options);
    let crash = test.page.navigate("chrome://crash", LoadState::Load, LONG);
    let (clicked, _) = tokio::join!(click, crash);
    let error = clicked.unwrap_err();
    assert!(matches!(error, BrowserError::Crashed), "{error}");
    test.finish().await;
}

#[tokio::test]
async fn a_page_that_hangs_fails_in_time_and_can_be_closed() {
    let test = TestBrowser::on("/waiting.html").await;
    test.value("void setTimeout(() => { while (true); }, 0)")
        .await;
    let limit = Duration::from_millis(700);
    let begun = Instant::now();
    let options = ClickOptions {
        timeout: limit,
        ..Default::default()
    };
    let error = test
        .page
        .click(&locator("#low"), &options)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("the page does not answer"), "{error}");
    let error = test
        .page
        .evaluate("1", limit)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("the page does not answer"), "{error}");
    let picture = ScreenshotOptions {
        timeout: limit,
        ..Default::default()
    };
    assert!(test.page.screenshot(&picture).await.is_err());
    assert!(
        begun.elapsed() < Duration::from_secs(6),
        "{:?}",
        begun.elapsed()
    );
    // Other pages of the context live.
    let other = test.context.new_page().await.unwrap();
    let url = test.site.other_url("/plain.html");
    other.navigate(&url, LoadState::Load, LONG).await.unwrap();
    test.page.close().await.unwrap();
    assert_eq!(other.title(LONG).await.unwrap(), "Plain");
    test.finish().await;
}

#[tokio::test]
async fn a_page_that_hangs_does_not_keep_the_browser_from_ending() {
    let test = TestBrowser::on("/waiting.html").await;
    test.value("void setTimeout(() => { while (true); }, 0)")
        .await;
    let begun = Instant::now();
    test.finish().await;
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_page_that_does_not_want_to_be_left_is_left() {
    let test = TestBrowser::on("/actions.html").await;
    test.value("onbeforeunload = (event) => { event.preventDefault(); return 'stay' }")
        .await;
    test.click("#count").await;
    test.visit("/plain.html").await;
    assert_eq!(test.page.title(LONG).await.unwrap(), "Plain");
    test.finish().await;
}

/// JavaScript cuts texts in the middle of a character: what a page says then still arrives.
#[tokio::test]
async fn halves_of_characters_do_not_hold_an_answer_back() {
    let test = TestBrowser::on("/plain.html").await;
    assert_eq!(test.value("'a\\ud83d'").await, "a\u{fffd}");
    test.value("document.querySelector('p').textContent = 'b\\ude00'; console.log('c\\ud83d'); 0")
        .await;
    assert_eq!(test.text("p").await, "b\u{fffd}");
    let console = test.page.records().console;
    assert!(console.iter().any(|line| line.text == "c\u{fffd}"));
    test.finish().await;
}
