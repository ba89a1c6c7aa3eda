//! A locator that matches several elements is refused, with locators that match each of them alone.

use browser::{BrowserError, ClickOptions};

use crate::setup::{LONG, TestBrowser, locator};

#[tokio::test]
async fn several_matches_are_listed_with_narrower_locators() {
    let test = TestBrowser::on("/oracle/tables.html").await;
    let click = ClickOptions::default();
    let error = test
        .page
        .click(&locator("role=button[name=\"Save\"]"), &click)
        .await
        .unwrap_err();
    let BrowserError::NotUnique(ambiguity) = &error else {
        panic!("{error}");
    };
    assert_eq!(ambiguity.count, ambiguity.matches.len());
    for (index, matched) in ambiguity.matches.iter().enumerate() {
        assert!(matched.markup.starts_with("<button"), "{}", matched.markup);
        let narrower = locator(&matched.locator);
        assert_eq!(
            test.page.count(&narrower, LONG).await.unwrap(),
            1,
            "{narrower}"
        );
        let nth = locator(&format!("role=button[name=\"Save\"] >> nth={index}"));
        let id = async |of| test.page.attribute(of, "data-oracle", LONG).await.unwrap();
        assert_eq!(id(&narrower).await, id(&nth).await, "{narrower}");
    }
    let text = error.to_string();
    assert!(
        text.starts_with("the locator `role=button[name=\"Save\"]` matches"),
        "{text}"
    );
    assert!(text.contains("use `"), "{text}");
    test.finish().await;
}

#[tokio::test]
async fn narrower_locators_lead_into_frames() {
    let test = TestBrowser::on("/frames.html").await;
    let buttons = locator("frame=#nest >> frame=iframe >> button");
    let error = test.page.text(&buttons, LONG).await.unwrap_err();
    let BrowserError::NotUnique(ambiguity) = &error else {
        panic!("{error}");
    };
    let first = &ambiguity.matches[0].locator;
    assert_eq!(
        first,
        "frame=#nest >> frame=iframe >> role=button[name=\"Press\"]"
    );
    assert_eq!(test.text(first).await, "Press");
    test.finish().await;
}

#[tokio::test]
async fn at_most_ten_matches_are_listed_and_the_rest_is_counted() {
    let test = TestBrowser::on("/oracle/names.html").await;
    let text = test
        .page
        .text(&locator("button"), LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(text.contains("  10. "), "{text}");
    assert!(!text.contains("  11. "), "{text}");
    assert!(text.contains("more"), "{text}");
    test.finish().await;
}

#[tokio::test]
async fn a_wrong_selector_says_what_is_wrong() {
    let test = TestBrowser::on("/plain.html").await;
    let wrong = async |text: &str| {
        let error = test.page.text(&locator(text), LONG).await.unwrap_err();
        error.to_string()
    };
    assert!(wrong("div[").await.contains("a ] is missing"));
    assert!(wrong("p:has(").await.contains("ends too early"));
    assert!(wrong("p:nosuch").await.contains("not a valid CSS selector"));
    assert!(wrong("//p[").await.contains("XPath"));
    test.finish().await;
}
