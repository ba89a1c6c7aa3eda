//! What is recorded of the kinds of controls, of pages that change while they are used, and across sites.

use browser::{LoadState, recorder::Recorder};

use crate::{
    recorder::{assert_recorded, click, next, press, recording, type_text},
    setup::{LONG, TestBrowser, locator},
};

const CONTROLS: &str = "/recorder-controls.html";

#[tokio::test]
async fn labels_and_choices_are_those_of_their_controls() {
    let (test, mut recorder) = recording(CONTROLS).await;
    let page = &test.page;
    click(page, "#city-label").await;
    type_text(page, "Oslo").await;
    page.press(Some(&locator("#small")), "ArrowDown", LONG)
        .await
        .unwrap();
    click(page, "#many option:nth-of-type(2)").await;
    page.press(Some(&locator("#volume")), "ArrowRight", LONG)
        .await
        .unwrap();
    press(page, "ArrowRight").await;
    click(page, "#terms-link").await;
    click(page, "#terms").await;
    click(page, "#more").await;
    click(page, "#path").await;
    page.press(Some(&locator("#terms-link")), "Enter", LONG)
        .await
        .unwrap();
    page.press(Some(&locator("#menu-button")), "Enter", LONG)
        .await
        .unwrap();
    assert_recorded(
        &mut recorder,
        &[
            "click role=textbox[name=\"City\"]",
            "fill role=textbox[name=\"City\"] Oslo",
            "check role=radio[name=\"Large\"] true",
            "select role=listbox[name=\"Colours\"] Green",
            "fill role=slider[name=\"Volume\"] 7",
            "click role=link[name=\"terms\"]",
            "check role=checkbox[name=\"I accept the terms\"] true",
            "click text=\"More\"",
            "click role=img[name=\"Help\"]",
            "click role=link[name=\"terms\"]",
            "press Enter role=button[name=\"Custom\"]",
        ],
    )
    .await;
    test.finish().await;
}

#[tokio::test]
async fn lines_are_text_and_no_keys() {
    let (test, mut recorder) = recording(CONTROLS).await;
    let page = &test.page;
    click(page, "#city").await;
    type_text(page, "Rome").await;
    for field in ["#plain", "#rich"] {
        click(page, field).await;
        type_text(page, "one").await;
        press(page, "Enter").await;
        type_text(page, "two").await;
    }
    click(page, "#answer").await;
    type_text(page, "a").await;
    press(page, "Enter").await;
    type_text(page, "b").await;
    click(page, "#twice").await;
    assert_recorded(
        &mut recorder,
        &[
            "click role=textbox[name=\"City\"]",
            // It is called otherwise while it has the focus: what it was called before counts.
            "fill role=textbox[name=\"City\"] Rome",
            "click role=textbox[name=\"Plain\"]",
            "fill role=textbox[name=\"Plain\"] one\ntwo",
            "click role=textbox[name=\"Rich\"]",
            "fill role=textbox[name=\"Rich\"] one\ntwo",
            "click role=textbox[name=\"First question\"]",
            "fill role=textbox[name=\"First question\"] a",
            "press Enter role=textbox[name=\"First question\"]",
            "fill role=textbox[name=\"Second question\"] b",
            "click role=button[name=\"Double\"]",
        ],
    )
    .await;
    test.finish().await;
}

#[tokio::test]
async fn pages_that_change_below_the_mouse_are_recorded_as_they_were() {
    let (test, mut recorder) = recording(CONTROLS).await;
    let page = &test.page;
    click(page, "#open-77777").await;
    click(page, "#gone").await;
    click(page, "#pick").await;
    click(page, "#row-10001").await;
    click(page, "#row-10002").await;
    let twice = browser::ClickOptions {
        count: 2,
        ..Default::default()
    };
    page.click(&locator("#twice"), &twice).await.unwrap();
    assert_recorded(
        &mut recorder,
        &[
            "click role=button[name=\"Open\"]",
            "click role=menuitem[name=\"First\"]",
            "click role=option[name=\"Pick me\"]",
            "click tr:has-text(\"Ada\") >> role=button[name=\"Delete\"]",
            "click tr:has(td:text-is(\"Bob\")) >> role=button[name=\"Delete\"]",
            "click role=button[name=\"Double\"]",
            "click role=button[name=\"Double\"]",
        ],
    )
    .await;
    assert_eq!(test.text("#twice").await, "Twice");
    test.finish().await;
}

#[tokio::test]
async fn other_sites_go_on_being_recorded() {
    let test = TestBrowser::on("/recorder-frames.html").await;
    let mut recorder = Recorder::start(&test.context).await.unwrap();
    assert!(next(&mut recorder).await.ends_with("/recorder-frames.html"));
    let page = &test.page;
    // Frames that were there before, then the same frame with a document of another site.
    test.click("frame=#same >> text=Press").await;
    test.click("frame=#nest >> frame=iframe >> text=Press")
        .await;
    let other = test.site.other_url("/inside.html");
    let script = format!("document.getElementById('same').src = {other:?}");
    test.value(&script).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    test.click("frame=#same >> text=Deep").await;
    let other = test.site.other_url("/recorder.html");
    page.navigate(&other, LoadState::Load, LONG).await.unwrap();
    click(page, "#inner").await;
    let other = format!("open {other}");
    assert_recorded(
        &mut recorder,
        &[
            "click frame=#same >> role=button[name=\"Press\"]",
            "click frame=#nest >> frame=html > body > iframe >> role=button[name=\"Press\"]",
            "click frame=#same >> role=button[name=\"Deep\"]",
            &other,
            "click role=button[name=\"Log in\"]",
        ],
    )
    .await;
    test.finish().await;
}

#[tokio::test]
async fn the_buttons_of_the_browser_are_navigations() {
    let (test, mut recorder) = recording("/plain.html").await;
    let page = &test.page;
    test.visit(CONTROLS).await;
    assert!(page.go(-1, LoadState::Load, LONG).await.unwrap());
    page.reload(LoadState::Load, LONG).await.unwrap();
    let [controls, plain] = [CONTROLS, "/plain.html"].map(|path| test.site.url(path));
    let [controls, plain] = [format!("open {controls}"), format!("open {plain}")];
    assert_recorded(&mut recorder, &[&controls, &plain, &plain]).await;
    // Another recorder takes the place of this one, which ends.
    let mut second = Recorder::start(&test.context).await.unwrap();
    assert_eq!(next(&mut recorder).await, "end");
    drop(recorder);
    assert_eq!(next(&mut second).await, plain);
    click(page, "h1").await;
    assert_recorded(&mut second, &["click role=heading[name=\"Plain\"]"]).await;
    test.finish().await;
}
