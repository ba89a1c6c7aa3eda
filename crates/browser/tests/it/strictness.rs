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

/// Also where ids are no names of CSS, and where a path leads into a shadow root and beside it.
#[tokio::test]
async fn narrower_locators_match_elements_with_odd_ids_and_in_shadow_roots() {
    let test = TestBrowser::on("/inventory.html").await;
    let content = "document.body.innerHTML = '<i id=\"1 a\">x</i><i id=\"2:b\">x</i><div id=\"3\"><i>x</i></div>\
        <div><p><i>x</i></p></div>'; const host = document.querySelector('p'); \
        host.attachShadow({mode: 'open'}).innerHTML = '<i>x</i>'; 0";
    test.value(content).await;
    let error = test.page.text(&locator("i"), LONG).await.unwrap_err();
    let BrowserError::NotUnique(ambiguity) = error else {
        panic!("{error}");
    };
    let narrower: Vec<&str> = ambiguity
        .matches
        .iter()
        .map(|one| one.locator.as_str())
        .collect();
    let expected = [
        "#\\31 \\ a",
        "#\\32 \\:b",
        "#\\33  > i",
        "html > body > div:nth-of-type(2) > p > i:nth-of-type(1) >> nth=0",
        "html > body > div:nth-of-type(2) > p > i:nth-of-type(1) >> nth=1",
    ];
    assert_eq!(narrower, expected);
    for one in narrower {
        assert_eq!(
            test.page.count(&locator(one), LONG).await.unwrap(),
            1,
            "{one}"
        );
    }
    test.finish().await;
}
