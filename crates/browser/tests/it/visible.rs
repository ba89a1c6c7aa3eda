//! A browser with a window: where there is a display it is recorded, elsewhere the error says what is missing.

use browser::{
    Browser, BrowserError, ClickOptions, ContextOptions, LaunchOptions, LoadState, Viewport,
    recorder::{RecordedAction, Recorder},
};

use crate::{
    setup::{LONG, locator},
    site::Site,
};

#[tokio::test]
async fn a_window_needs_a_display() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = LaunchOptions::new(directory.path());
    options.visible = true;
    options.arguments = vec![String::from("--window-size=1000,700")];
    let launched = Browser::launch(&options).await;
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        let error = launched.err().unwrap();
        assert!(matches!(error, BrowserError::Launch { .. }), "{error}");
        assert!(error.to_string().contains("DISPLAY"), "{error}");
        return;
    }
    let browser = launched.unwrap();
    let context = ContextOptions {
        viewport: Viewport::WINDOW,
        ..Default::default()
    };
    let context = browser.new_context(context).await.unwrap();
    let page = context.new_page().await.unwrap();
    let mut recorder = Recorder::start(&context).await.unwrap();
    let site = Site::start().await;
    let url = site.url("/recorder.html");
    page.navigate(&url, LoadState::Load, LONG).await.unwrap();
    let sizes = "[outerWidth, innerWidth < 1001, innerHeight < 700]";
    let sizes = page.evaluate(sizes, LONG).await.unwrap();
    assert_eq!(sizes, serde_json::json!([1000, true, true]));
    let (inner, click) = (locator("#inner"), ClickOptions::default());
    page.click(&inner, &click).await.unwrap();
    let opened = recorder.next().await.unwrap();
    assert_eq!(opened, RecordedAction::Navigate { url });
    let clicked = recorder.next().await.unwrap();
    assert!(
        matches!(clicked, RecordedAction::Click { .. }),
        "{clicked:?}"
    );
    browser.close().await;
    assert_eq!(recorder.next().await, None);
}
