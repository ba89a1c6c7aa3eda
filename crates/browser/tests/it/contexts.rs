//! Dialogs, new pages, downloads, storage and records.

use std::{fs, time::Duration};

use browser::{
    ContextOptions, DialogPolicy, DownloadState, LoadState, StorageState, StoredItem, Viewport,
};

use crate::setup::{LONG, SHORT, TestBrowser, options};

#[tokio::test]
async fn dialogs_are_answered_by_the_policy_and_told() {
    let test = TestBrowser::on("/dialogs.html").await;
    test.click("#alert").await;
    assert_eq!(test.text("#alert").await, "closed");
    test.click("#confirm").await;
    assert_eq!(test.text("#confirm").await, "false");
    test.page.set_dialogs(DialogPolicy::Accept {
        text: Some(String::from("me")),
    });
    test.click("#confirm").await;
    assert_eq!(test.text("#confirm").await, "true");
    test.click("#prompt").await;
    assert_eq!(test.text("#prompt").await, "me");
    let dialogs = test.page.records().dialogs;
    let told: Vec<(&str, &str, bool)> = dialogs
        .iter()
        .map(|d| (d.kind.as_str(), d.message.as_str(), d.accepted))
        .collect();
    let expected = [
        ("alert", "Hello", false),
        ("confirm", "Sure?", false),
        ("confirm", "Sure?", true),
        ("prompt", "Who?", true),
    ];
    assert_eq!(told, expected);
    test.finish().await;
}

#[tokio::test]
async fn console_and_failed_requests_are_kept() {
    let test = TestBrowser::on("/dialogs.html").await;
    test.page
        .wait_for_load(LoadState::NetworkIdle, LONG)
        .await
        .unwrap();
    let records = test.page.records();
    let line = |level: &str| {
        let mut lines = records.console.iter().filter(|line| line.level == level);
        lines.next().unwrap().clone()
    };
    assert_eq!(line("log").text, "loaded 1 Object");
    assert!(
        line("log").location.contains("/dialogs.html:"),
        "{:?}",
        line("log")
    );
    assert!(line("log").at_ms > 1_700_000_000_000);
    assert_eq!(line("warning").text, "careful");
    assert!(line("exception").text.contains("late failure"));
    let failed: Vec<_> = records
        .failed_requests
        .iter()
        .map(|f| f.reason.as_str())
        .collect();
    assert!(failed.contains(&"HTTP 503"), "{failed:?}");
    assert!(
        failed.iter().any(|reason| reason.starts_with("net::ERR_")),
        "{failed:?}"
    );
    test.finish().await;
}

#[tokio::test]
async fn a_page_that_another_opens_becomes_the_current_one() {
    let test = TestBrowser::on("/actions.html").await;
    let opened = test.context.opened_pages();
    test.click("#popup").await;
    let popup = test.context.page_after(opened, LONG).await.unwrap();
    let shown = popup.wait_for_url(|url| url.ends_with("/plain.html"), LONG);
    shown.await.unwrap();
    popup.wait_for_load(LoadState::Load, LONG).await.unwrap();
    assert_eq!(popup.title(LONG).await.unwrap(), "Plain");
    assert_eq!(test.context.page().unwrap().url(), popup.url());
    assert_eq!(popup.evaluate("innerWidth", LONG).await.unwrap(), 1280);
    // The page that has opened it is still drawn, and can be clicked.
    test.click("#count").await;
    popup.close().await.unwrap();
    assert_eq!(test.context.page().unwrap().url(), test.page.url());
    let none = test.context.page_after(opened + 1, SHORT).await;
    assert!(none.is_err());
    test.page.close().await.unwrap();
    assert_eq!(
        test.context.page().err().unwrap().to_string(),
        "no page is open"
    );
    test.finish().await;
}

#[tokio::test]
async fn downloads_are_kept_under_their_names() {
    let test = TestBrowser::on("/actions.html").await;
    for (count, name) in ["report.txt", "report-2.txt"].iter().enumerate() {
        test.click("#get").await;
        let file = test.context.download_after(count, LONG).await.unwrap();
        assert_eq!(file.state, DownloadState::Completed);
        assert_eq!(
            (file.suggested_name.as_str(), file.size),
            ("report.txt", 5000)
        );
        let path = file.path.unwrap();
        assert_eq!(path.file_name().unwrap().to_str(), Some(*name));
        assert_eq!(fs::metadata(path).unwrap().len(), 5000);
    }
    let none = test
        .context
        .download_after(2, SHORT)
        .await
        .unwrap_err()
        .to_string();
    assert!(none.contains("the download did not succeed"), "{none}");
    let url = test.site.url("/file/direct.bin");
    let error = test
        .page
        .navigate(&url, LoadState::Load, LONG)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("it is a download"), "{error}");
    assert!(test.context.download_after(2, LONG).await.is_ok());
    test.finish().await;
}

#[tokio::test]
async fn a_context_without_a_directory_accepts_no_download() {
    let test = TestBrowser::with(tempfile::tempdir().unwrap(), options()).await;
    test.visit("/actions.html").await;
    test.click("#get").await;
    let file = test.context.download_after(0, LONG).await.unwrap();
    assert!(
        matches!(file.state, DownloadState::Failed { .. }),
        "{file:?}"
    );
    test.finish().await;
}

#[tokio::test]
async fn storage_is_saved_and_loaded() {
    let test = TestBrowser::on("/cookie").await;
    test.value("localStorage.setItem('theme', 'dark')").await;
    let state = test.context.storage_state().await.unwrap();
    // A page that only the crate uses does not become the current one.
    assert_eq!(test.context.pages().len(), 1);
    assert_eq!(state.cookies[0].name, "session");
    assert!(state.cookies[0].http_only);
    let items = [StoredItem {
        name: String::from("theme"),
        value: String::from("dark"),
    }];
    assert_eq!(state.origins[0].local_storage, items);
    assert_eq!(state.origins[0].origin, test.site.origin());
    let text = serde_json::to_string(&state).unwrap();
    let state: StorageState = serde_json::from_str(&text).unwrap();

    let loaded = ContextOptions {
        storage: Some(state),
        ..options()
    };
    let other = test.browser.new_context(loaded).await.unwrap();
    let page = other.new_page().await.unwrap();
    let url = test.site.url("/cookie");
    page.navigate(&url, LoadState::Load, LONG).await.unwrap();
    assert_eq!(
        page.text(&"p".parse().unwrap(), LONG).await.unwrap(),
        "session=abc"
    );
    let theme = page
        .evaluate("localStorage.getItem('theme')", LONG)
        .await
        .unwrap();
    assert_eq!(theme, "dark");
    assert_eq!(other.pages().len(), 1);
    test.finish().await;
}

#[tokio::test]
async fn viewport_and_permissions_are_set() {
    let set = ContextOptions {
        viewport: Viewport {
            width: 800,
            height: 600,
        },
        permissions: vec![String::from("geolocation")],
        ..Default::default()
    };
    let test = TestBrowser::with(tempfile::tempdir().unwrap(), set).await;
    test.visit("/plain.html").await;
    assert_eq!(
        test.value("[innerWidth, innerHeight]").await,
        serde_json::json!([800, 600])
    );
    let query = "navigator.permissions.query({name: 'geolocation'}).then(p => p.state)";
    let granted = test
        .page
        .evaluate(query, Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(granted, "granted");
    assert_eq!(Viewport::default().width, 1920);
    // They change while the page is open, for later pages too.
    let size = Viewport {
        width: 700,
        height: 500,
    };
    test.context.set_viewport(size).await.unwrap();
    let none = test.context.set_permissions(Vec::new()).await;
    none.unwrap();
    let other = test.context.new_page().await.unwrap();
    for page in [&test.page, &other] {
        let shown = page.evaluate("[innerWidth, innerHeight]", Duration::from_secs(5));
        assert_eq!(shown.await.unwrap(), serde_json::json!([700, 500]));
    }
    assert_eq!(test.value(query).await, "denied");
    let unknown = vec![String::from("levitation")];
    assert!(test.context.set_permissions(unknown).await.is_err());
    test.finish().await;
}
