//! What a person does is recorded: the input of these tests is trusted, as that of a person is.

use std::{fs, time::Duration};

use browser::{
    BrowserPage, ButtonName, Position,
    recorder::{RecordedAction, Recorder},
};
use tokio::time::timeout;

use crate::setup::{LONG, TestBrowser, locator};

/// Time in which nothing more comes.
const QUIET: Duration = Duration::from_millis(400);

/// A recorder on a page of the site, which has reported the navigation to it.
pub(crate) async fn recording(path: &str) -> (TestBrowser, Recorder) {
    let test = TestBrowser::start().await;
    let mut recorder = Recorder::start(&test.context).await.unwrap();
    test.visit(path).await;
    let url = test.site.url(path);
    assert_eq!(next(&mut recorder).await, format!("open {url}"));
    (test, recorder)
}

pub(crate) fn shown(action: &RecordedAction) -> String {
    match action {
        RecordedAction::Navigate { url } => format!("open {url}"),
        RecordedAction::Click {
            element,
            button,
            position,
        } => {
            let right = if *button == ButtonName::Right {
                "right "
            } else {
                ""
            };
            let at = position.map_or_else(String::new, |at| format!(" {},{}", at.x, at.y));
            format!("{right}click {}{at}", element.locator)
        }
        RecordedAction::Drag {
            element, target, ..
        } => format!("drag {} to {}", element.locator, target.locator),
        RecordedAction::Fill {
            element,
            value,
            secret,
        } => {
            let kind = if *secret { "secret" } else { "fill" };
            format!("{kind} {} {value}", element.locator)
        }
        RecordedAction::Press { key, element } => {
            let at = element.as_ref().map(|element| element.locator.as_str());
            format!("press {key} {}", at.unwrap_or("-"))
        }
        RecordedAction::Check { element, checked } => {
            format!("check {} {checked}", element.locator)
        }
        RecordedAction::Select { element, options } => {
            format!("select {} {}", element.locator, options.join(","))
        }
        RecordedAction::Upload { element, files } => {
            format!("upload {} {}", element.locator, files.join(","))
        }
        RecordedAction::OpenedPage => String::from("opened"),
        RecordedAction::ClosedPage { .. } => String::from("closed"),
        RecordedAction::SwitchedPage { .. } => String::from("switched"),
    }
}

pub(crate) async fn next(recorder: &mut Recorder) -> String {
    let action = timeout(LONG, recorder.next()).await.expect("no action");
    action.as_ref().map_or_else(|| String::from("end"), shown)
}

/// The next actions are these, and then nothing more comes.
pub(crate) async fn assert_recorded(recorder: &mut Recorder, expected: &[&str]) {
    let mut seen = Vec::new();
    for _ in expected {
        match timeout(Duration::from_secs(5), recorder.next()).await {
            Ok(Some(action)) => seen.push(shown(&action)),
            Ok(None) => seen.push(String::from("end")),
            Err(_) => break,
        }
    }
    while let Ok(Some(action)) = timeout(QUIET, recorder.next()).await {
        seen.push(shown(&action));
    }
    assert_eq!(seen, expected);
}

/// A click where the element is, whatever is there.
pub(crate) async fn click(page: &BrowserPage, text: &str) {
    let area = page.element_box(text).await;
    let options = browser::ClickOptions {
        timeout: LONG,
        ..Default::default()
    };
    page.click_at(area, &options).await.unwrap();
}

trait ElementBox {
    async fn element_box(&self, text: &str) -> Position;
}

impl ElementBox for BrowserPage {
    /// The middle of an element of the main frame, which may still come.
    async fn element_box(&self, text: &str) -> Position {
        let script = format!(
            "new Promise(done => {{ const look = () => {{ const found = document.querySelector({text:?});
             if (!found) return setTimeout(look, 20); const b = found.getBoundingClientRect();
             done([b.x + b.width / 2, b.y + b.height / 2]); }}; look(); }})"
        );
        let at = self.evaluate(&script, LONG).await.unwrap();
        Position {
            x: at[0].as_f64().unwrap(),
            y: at[1].as_f64().unwrap(),
        }
    }
}

pub(crate) async fn type_text(page: &BrowserPage, text: &str) {
    page.type_text(None, text, Duration::ZERO, LONG)
        .await
        .unwrap();
}

pub(crate) async fn press(page: &BrowserPage, chord: &str) {
    page.press(None, chord, LONG).await.unwrap();
}

#[tokio::test]
async fn a_login_is_recorded_without_its_password() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let page = &test.page;
    click(page, "#user").await;
    type_text(page, "ada").await;
    press(page, "Tab").await;
    type_text(page, "hunter2-secret").await;
    // Shown as a text, it is a secret still.
    click(page, "#show").await;
    // The page shows it as the text of a button, by which that is not named then.
    click(page, "#mirror").await;
    click(page, "#pass").await;
    type_text(page, "x").await;
    click(page, "#bold").await;
    click(page, "#dot").await;
    assert_recorded(
        &mut recorder,
        &[
            "click role=textbox[name=\"User name\"]",
            "fill role=textbox[name=\"User name\"] ada",
            "secret role=textbox[name=\"Password\"] ",
            "click role=button[name=\"Show\"]",
            "click #mirror",
            "click role=textbox[name=\"Password\"]",
            "secret role=textbox[name=\"Password\"] ",
            "check role=checkbox[name=\"Keep me logged in\"] true",
            "click role=button[name=\"Log in\"]",
        ],
    )
    .await;
    // A click puts the caret where it points, between whichever letters are there.
    let out = test.text("#out").await;
    assert_eq!(out.replacen('x', "", 1), "ada|hunter2-secret|true|no");
    test.finish().await;
}

#[tokio::test]
async fn enter_submits_and_is_recorded_once() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let page = &test.page;
    click(page, "#user").await;
    type_text(page, "ada").await;
    press(page, "Enter").await;
    // The focus stays, and what is typed then replaces all that was there.
    type_text(page, "b").await;
    press(page, "Escape").await;
    assert_recorded(
        &mut recorder,
        &[
            "click role=textbox[name=\"User name\"]",
            "fill role=textbox[name=\"User name\"] ada",
            "press Enter role=textbox[name=\"User name\"]",
            "fill role=textbox[name=\"User name\"] adab",
            "press Escape role=textbox[name=\"User name\"]",
        ],
    )
    .await;
    assert_eq!(test.text("#out").await, "ada||false|no");
    test.finish().await;
}

#[tokio::test]
async fn keys_are_recorded_where_they_mean_something() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let page = &test.page;
    click(page, "#long").await;
    type_text(page, "hello").await;
    press(page, "Shift+Enter").await;
    type_text(page, "you").await;
    press(page, "Enter").await;
    page.press(Some(&locator("#combo")), "ArrowDown", LONG)
        .await
        .unwrap();
    press(page, "ArrowLeft").await;
    press(page, "Control+A").await;
    press(page, "Control+K").await;
    page.press(Some(&locator("#send")), "Enter", LONG)
        .await
        .unwrap();
    page.press(Some(&locator("#keep")), "Space", LONG)
        .await
        .unwrap();
    assert_recorded(
        &mut recorder,
        &[
            "click role=textbox[name=\"Message\"]",
            "fill role=textbox[name=\"Message\"] hello\nyou",
            "press Enter role=textbox[name=\"Message\"]",
            "press ArrowDown role=textbox[name=\"Combo\"]",
            "press Control+K role=textbox[name=\"Combo\"]",
            "click role=button[name=\"Log in\"]",
            "check role=checkbox[name=\"Keep me logged in\"] true",
        ],
    )
    .await;
    test.finish().await;
}

#[tokio::test]
async fn boxes_lists_and_files_are_recorded() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let page = &test.page;
    click(page, "#keep").await;
    click(page, "#fancy-text").await;
    // The page checks a box by itself: only what the person did counts.
    click(page, "#scripted").await;
    // The page keeps this click from all others.
    click(page, "#ghost").await;
    page.press(Some(&locator("#land")), "ArrowDown", LONG)
        .await
        .unwrap();
    press(page, "ArrowDown").await;
    let file = test.directory.path().join("up.txt");
    fs::write(&file, "x").unwrap();
    page.upload(&locator("#file"), &[file], LONG).await.unwrap();
    click(page, "#edit").await;
    type_text(page, "note").await;
    click(page, "#code").await;
    type_text(page, "123456").await;
    click(page, "#closed").await;
    assert_recorded(
        &mut recorder,
        &[
            "check role=checkbox[name=\"Keep me logged in\"] true",
            "check text=\"Fancy\" true",
            "click role=button[name=\"Scripted\"]",
            "click role=button[name=\"Ghost\"]",
            "select role=combobox[name=\"Country\"] Peru",
            "select role=combobox[name=\"Country\"] pe2",
            "upload role=button[name=\"Files\"] up.txt",
            "click role=textbox[name=\"Notes\"]",
            "fill role=textbox[name=\"Notes\"] note",
            "click role=textbox[name=\"Code\"]",
            "secret role=textbox[name=\"Code\"] ",
            "click #closed",
        ],
    )
    .await;
    assert_eq!(test.value("document.title").await, "fancy true");
    test.finish().await;
}

#[tokio::test]
async fn locators_are_alone_and_not_generated() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let page = &test.page;
    click(page, "li:nth-of-type(2) button").await;
    click(page, "#b-9f86d0").await;
    click(page, "#quoted").await;
    click(page, "#field_9f86d081").await;
    click(page, "#mui-3").await;
    click(page, "x-box").await;
    click(page, "#closed").await;
    click(page, "#menu").await;
    let expected = [
        "click html > body > ul > li:nth-of-type(2) > button",
        "click role=dialog[name=\"Confirm\"] >> role=button[name=\"Delete\"]",
        "click role=button[name=\"Say \\\"hi\\\" & C:\\\\new >> 'go'\"]",
        "click [name=\"city\\\"s\"]",
        "click role=textbox[name=\"Search here\"]",
        "click role=button[name=\"In shadow\"]",
        "click #closed",
        "click role=button[name=\"Menu\"]",
    ];
    let mut seen = Vec::new();
    for _ in &expected {
        let action = timeout(LONG, recorder.next()).await.unwrap().unwrap();
        seen.push(shown(&action));
        // What was read in the page is read in the same way here.
        if let RecordedAction::Click { element, .. } = action
            && element.name != "Menu"
        {
            assert_eq!(page.count(&element.locator, LONG).await.unwrap(), 1);
        }
    }
    assert_eq!(seen, expected);
    test.finish().await;
}

#[tokio::test]
async fn frames_are_part_of_the_locator() {
    let (test, mut recorder) = recording("/recorder-frames.html").await;
    let frames = [
        "frame=#same",
        "frame=iframe[title=\"Other site\"]",
        "frame=#nest >> frame=html > body > iframe",
    ];
    for frame in frames {
        test.click(&format!("{frame} >> text=Press")).await;
        test.click(&format!("{frame} >> label=Name")).await;
        type_text(&test.page, "Ada").await;
    }
    let mut expected = Vec::new();
    for frame in frames {
        expected.push(format!("click {frame} >> role=button[name=\"Press\"]"));
        expected.push(format!("click {frame} >> role=textbox[name=\"Name\"]"));
        expected.push(format!("fill {frame} >> role=textbox[name=\"Name\"] Ada"));
    }
    test.click("p >> nth=0").await;
    expected.push(String::from("click text=\"Outer\""));
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert_recorded(&mut recorder, &expected).await;
    test.finish().await;
}

#[tokio::test]
async fn navigations_of_a_person_are_told_from_those_of_the_page() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let page = &test.page;
    click(page, "#next").await;
    click(page, "h1").await;
    test.visit("/recorder.html").await;
    click(page, "#back").await;
    page.wait_for_url(|url| url.ends_with("/plain.html"), LONG)
        .await
        .unwrap();
    click(page, "h1").await;
    test.visit("/redirect").await;
    page.evaluate("location.reload()", LONG).await.unwrap();
    let recorder_url = format!("open {}", test.site.url("/recorder.html"));
    let redirect_url = format!("open {}", test.site.url("/redirect"));
    assert_recorded(
        &mut recorder,
        &[
            "click role=link[name=\"Next page\"]",
            "click role=heading[name=\"Plain\"]",
            &recorder_url,
            "click role=button[name=\"Go back\"]",
            "click role=heading[name=\"Plain\"]",
            &redirect_url,
        ],
    )
    .await;
    test.finish().await;
}

#[tokio::test]
async fn pages_that_open_and_close_are_recorded() {
    let (test, mut recorder) = recording("/recorder.html").await;
    for (opener, text) in [("#popup", "h1"), ("#window", "#quoted")] {
        let opened = test.context.opened_pages();
        click(&test.page, opener).await;
        let popup = test.context.page_after(opened, LONG).await.unwrap();
        let shown = popup.wait_for_url(|url| url.ends_with(".html"), LONG);
        shown.await.unwrap();
        popup
            .wait_for_load(browser::LoadState::Load, LONG)
            .await
            .unwrap();
        click(&popup, text).await;
        assert!(next(&mut recorder).await.starts_with("click"));
        assert_eq!(next(&mut recorder).await, "opened");
        assert!(next(&mut recorder).await.starts_with("click"));
        click(&test.page, "#inner").await;
        assert_eq!(next(&mut recorder).await, "switched");
        assert_eq!(
            next(&mut recorder).await,
            "click role=button[name=\"Log in\"]"
        );
        click(&popup, text).await;
        assert_eq!(next(&mut recorder).await, "switched");
        assert!(next(&mut recorder).await.starts_with("click"));
        popup.close().await.unwrap();
        assert_eq!(next(&mut recorder).await, "closed");
    }
    click(&test.page, "#user").await;
    type_text(&test.page, "last").await;
    test.page.close().await.unwrap();
    assert_recorded(
        &mut recorder,
        &[
            "click role=textbox[name=\"User name\"]",
            "fill role=textbox[name=\"User name\"] last",
            "end",
        ],
    )
    .await;
    test.finish().await;
}

#[tokio::test]
async fn the_page_neither_sees_nor_calls_the_recorder() {
    let (test, mut recorder) = recording("/recorder.html").await;
    let seen = "[typeof playhouseRecord, typeof playhouseRecorder]";
    assert_eq!(
        test.value(seen).await,
        serde_json::json!(["undefined", "undefined"])
    );
    // What a script does is no action of a person.
    test.value("document.getElementById('send').click()").await;
    let typed = "const u = document.getElementById('user'); u.value = 'x'; u.dispatchEvent(new Event('input', {bubbles: true}))";
    test.value(typed).await;
    assert_recorded(&mut recorder, &[]).await;
    // A document that a script writes again is watched as well.
    test.value("document.open(); document.write('<button>New</button>'); document.close()")
        .await;
    tokio::time::sleep(QUIET).await;
    click(&test.page, "button").await;
    assert_eq!(next(&mut recorder).await, "click role=button[name=\"New\"]");
    test.finish().await;
}

#[tokio::test]
async fn a_recorder_begins_with_what_is_shown_and_ends_with_the_browser() {
    let test = TestBrowser::on("/recorder.html").await;
    let mut recorder = Recorder::start(&test.context).await.unwrap();
    let url = test.site.url("/recorder.html");
    assert_eq!(next(&mut recorder).await, format!("open {url}"));
    click(&test.page, "#inner").await;
    assert_eq!(
        next(&mut recorder).await,
        "click role=button[name=\"Log in\"]"
    );
    test.browser.close().await;
    assert_eq!(next(&mut recorder).await, "end");
}
