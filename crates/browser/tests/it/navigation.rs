//! Navigation and what it waits for.

use std::time::Duration;

use browser::{BrowserError, LoadState, OptionChoice};

use crate::setup::{LONG, SHORT, TestBrowser, locator};

#[tokio::test]
async fn a_navigation_answers_with_address_and_status() {
    let test = TestBrowser::start().await;
    let page = &test.page;
    let visited = page
        .navigate(&test.site.url("/redirect"), LoadState::Load, LONG)
        .await
        .unwrap();
    assert_eq!(visited.url, test.site.url("/plain.html"));
    assert_eq!(visited.status, Some(200));
    assert_eq!(page.title(LONG).await.unwrap(), "Plain");
    let visited = page
        .navigate(&test.site.url("/status/404"), LoadState::Load, LONG)
        .await;
    assert_eq!(visited.unwrap().status, Some(404));
    let failed = &page.records().failed_requests;
    let reason = failed
        .iter()
        .find(|failed| failed.url.ends_with("/404"))
        .map(|f| f.reason.clone());
    assert_eq!(reason.as_deref(), Some("HTTP 404"));
    // Within the document there is no load to wait for.
    page.navigate(&test.site.url("/plain.html"), LoadState::Load, LONG)
        .await
        .unwrap();
    let visited = page
        .navigate(&test.site.url("/plain.html#part"), LoadState::Load, LONG)
        .await;
    assert!(visited.unwrap().url.ends_with("#part"));
    assert!(page.go(-1, LoadState::Load, LONG).await.unwrap());
    assert!(page.url().ends_with("/plain.html"));
    assert!(!page.go(5, LoadState::Load, LONG).await.unwrap());
    page.reload(LoadState::Load, LONG).await.unwrap();
    assert_eq!(page.title(LONG).await.unwrap(), "Plain");
    test.finish().await;
}

#[tokio::test]
async fn a_navigation_that_fails_says_why() {
    let test = TestBrowser::start().await;
    let page = &test.page;
    let refused = page
        .navigate("http://127.0.0.1:1/", LoadState::Load, LONG)
        .await
        .unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, BrowserError::Navigation { .. }), "{text}");
    assert!(text.contains("ERR_"), "{text}");
    let wrong = page
        .navigate("not a url", LoadState::Load, LONG)
        .await
        .unwrap_err();
    assert!(wrong.to_string().contains("not a url"), "{wrong}");
    let endless = test.site.url("/endless");
    let slow = page
        .navigate(&endless, LoadState::Load, SHORT)
        .await
        .unwrap_err()
        .to_string();
    assert!(slow.contains("the server has not answered"), "{slow}");
    // The page is still of use.
    test.visit("/plain.html").await;
    let html = format!("/inline?html=<img src='{endless}'>");
    let url = test.site.url(&html.replace(' ', "%20"));
    let loading = page
        .navigate(&url, LoadState::Load, SHORT)
        .await
        .unwrap_err()
        .to_string();
    assert!(loading.contains("has not reached `load`"), "{loading}");
    assert!(loading.contains("/endless"), "{loading}");
    let read = page.navigate(&url, LoadState::DomContentLoaded, LONG).await;
    assert!(read.is_ok());
    test.finish().await;
}

#[tokio::test]
async fn network_idle_waits_for_what_scripts_ask_for() {
    let test = TestBrowser::start().await;
    let html = "<p>no</p><script>fetch('/slow/700').then(r=>r.text()).then(()=>document.querySelector('p').textContent='yes')</script>";
    let url = test
        .site
        .url(&format!("/inline?html={}", html.replace(' ', "%20")));
    test.page
        .navigate(&url, LoadState::NetworkIdle, LONG)
        .await
        .unwrap();
    assert_eq!(
        test.value("document.querySelector('p').textContent").await,
        "yes"
    );
    test.finish().await;
}

#[tokio::test]
async fn what_follows_a_click_meets_the_page_that_it_leads_to() {
    let test = TestBrowser::on("/actions.html").await;
    test.click("#slowly").await;
    assert_eq!(test.text("p").await, "after 500 ms");
    test.page.go(-1, LoadState::Load, LONG).await.unwrap();
    let count = test.page.records().response_count;
    test.click("text=Next").await;
    assert_eq!(test.text("h1").await, "Plain");
    let arrived = |response: &browser::ResponseRecord| response.url.ends_with("/plain.html");
    let response = test
        .page
        .response_after(count, arrived, LONG)
        .await
        .unwrap();
    assert_eq!((response.status, response.method.as_str()), (200, "GET"));
    let never = test
        .page
        .response_after(count + 9, |_| true, SHORT)
        .await
        .unwrap_err();
    assert!(
        never.to_string().contains("waiting for a response"),
        "{never}"
    );
    test.finish().await;
}

/// Not only a click leads on.
#[tokio::test]
async fn what_follows_other_actions_meets_the_page_that_they_lead_to() {
    let test = TestBrowser::start().await;
    let page = &test.page;
    let lead = "one.onchange = date.onchange = box.ondragend = () => location.href = '/slow/300'; \
        document.forms[0].onsubmit = (event) => { event.preventDefault(); location.href = '/slow/300' }; 0";
    for way in ["select", "fill", "type", "drag"] {
        test.visit("/actions.html").await;
        test.value(lead).await;
        match way {
            "select" => {
                let peru = [OptionChoice::Label(String::from("Peru"))];
                let selected = page.select(&locator("#one"), &peru, LONG).await;
                assert_eq!(selected.unwrap(), ["p"]);
            }
            "fill" => {
                let date = locator("#date");
                page.fill(&date, "2026-12-01", LONG).await.unwrap();
            }
            "type" => {
                let keys = locator("#keys");
                let typed = page.type_text(Some(&keys), "a\n", Duration::ZERO, LONG);
                typed.await.unwrap();
            }
            _ => {
                let (from, to) = (locator("#box"), locator("#target"));
                page.drag(&from, &to, LONG).await.unwrap();
            }
        }
        assert_eq!(page.url(), test.site.url("/slow/300"), "{way}");
    }
    test.finish().await;
}

#[tokio::test]
async fn scripts_are_evaluated_and_their_exceptions_are_told() {
    let test = TestBrowser::on("/plain.html").await;
    assert_eq!(
        test.value("({a: [1, null, 'x']})").await,
        serde_json::json!({"a": [1, null, "x"]})
    );
    assert_eq!(test.value("Promise.resolve(7)").await, 7);
    let thrown = test
        .page
        .evaluate("nothing.here", LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        thrown.contains("ReferenceError: nothing is not defined"),
        "{thrown}"
    );
    // Our script is not in the page's world.
    assert_eq!(test.page.count(&locator("p"), LONG).await.unwrap(), 1);
    assert_eq!(test.value("typeof playhouse").await, "undefined");
    test.finish().await;
}
