//! Every action, on elements that are ready.

use std::{fs, time::Duration};

use browser::{ButtonName, ClickOptions, KeyModifier, OptionChoice, Position};

use crate::setup::{LONG, TestBrowser, locator};

fn click() -> ClickOptions {
    ClickOptions {
        timeout: LONG,
        ..Default::default()
    }
}

#[tokio::test]
async fn clicks() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let options = ClickOptions {
        modifiers: vec![KeyModifier::Shift],
        position: Some(Position { x: 5.0, y: 5.0 }),
        ..click()
    };
    page.click(&locator("#count"), &options).await.unwrap();
    let data = test
        .value("({...document.getElementById('count').dataset})")
        .await;
    assert_eq!(data["n"], "1");
    assert_eq!(
        (&data["trusted"], &data["shift"]),
        (&"true".into(), &"true".into())
    );
    assert_eq!(data["x"], "5");
    let twice = ClickOptions {
        count: 2,
        ..click()
    };
    page.click(&locator("#double"), &twice).await.unwrap();
    assert_eq!(test.text("#double").await, "twice");
    let right = ClickOptions {
        button: ButtonName::Right,
        ..click()
    };
    page.click(&locator("#right"), &right).await.unwrap();
    assert_eq!(test.text("#right").await, "menu 2");
    page.hover(&locator("#hover"), None, LONG).await.unwrap();
    assert_eq!(test.text("#hover").await, "hovered");
    test.click("#far").await;
    assert_eq!(test.text("#far").await, "reached");
    let trial = ClickOptions {
        trial: true,
        ..click()
    };
    page.click(&locator("#count"), &trial).await.unwrap();
    assert_eq!(
        test.value("document.getElementById('count').dataset.n")
            .await,
        "1"
    );
    test.finish().await;
}

#[tokio::test]
async fn fields_are_filled_with_trusted_input() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let fill = async |to: &str, value: &str| page.fill(&locator(to), value, LONG).await;
    fill("label=Name", "Zoë 日本").await.unwrap();
    assert_eq!(
        page.input_value(&locator("#name"), LONG).await.unwrap(),
        "Zoë 日本"
    );
    let events = page
        .attribute(&locator("#name"), "data-events", LONG)
        .await
        .unwrap();
    assert!(events.unwrap().chars().all(|event| event == 't'));
    fill("#name", "").await.unwrap();
    assert_eq!(test.text("#name").await, "");
    fill("#notes", "one\ntwo").await.unwrap();
    assert_eq!(test.text("#notes").await, "one\ntwo");
    fill("#edit", "new").await.unwrap();
    assert_eq!(test.text("#edit").await, "new");
    fill("#date", "2026-12-01").await.unwrap();
    assert_eq!(
        test.value("document.getElementById('date').dataset.changed")
            .await,
        "2026-12-01"
    );
    fill("#range", "7").await.unwrap();
    fill("#number", "1.5").await.unwrap();
    assert_eq!(test.text("#number").await, "1.5");
    let wrong = fill("#date", "tomorrow").await.unwrap_err().to_string();
    assert!(wrong.contains("\"tomorrow\" is not a value"), "{wrong}");
    let wrong = fill("#number", "abc").await.unwrap_err().to_string();
    assert!(wrong.contains("cannot be typed"), "{wrong}");
    let wrong = fill("#count", "x").await.unwrap_err().to_string();
    assert!(
        wrong.contains("<button id=\"count\">Count</button> is no <input>"),
        "{wrong}"
    );
    test.finish().await;
}

#[tokio::test]
async fn boxes_and_lists_are_set() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let set = async |to: &str, checked| page.set_checked(&locator(to), checked, LONG).await;
    let checked = async |to: &str| {
        page.states(&locator(to), LONG)
            .await
            .unwrap()
            .unwrap()
            .checked
    };
    set("label=News", true).await.unwrap();
    set("label=News", true).await.unwrap();
    assert!(checked("#news").await);
    assert_eq!(
        test.value("document.getElementById('news').dataset.changed")
            .await,
        "true"
    );
    set("text=News", false).await.unwrap();
    assert!(!checked("#news").await);
    set("#ra", true).await.unwrap();
    assert!(checked("#ra").await && !checked("#rb").await);
    set("role=switch", true).await.unwrap();
    assert!(checked("role=switch[checked]").await);
    let stuck = set("#stuck", true).await.unwrap_err().to_string();
    assert!(stuck.contains("did not change"), "{stuck}");
    let wrong = set("#name", true).await.unwrap_err().to_string();
    assert!(wrong.contains("no checkbox"), "{wrong}");

    let select =
        async |to: &str, choices: &[OptionChoice]| page.select(&locator(to), choices, LONG).await;
    let label = |text: &str| OptionChoice::Label(String::from(text));
    assert_eq!(select("#one", &[label("Peru")]).await.unwrap(), ["p"]);
    assert_eq!(
        select("#one", &[OptionChoice::Value("n".into())])
            .await
            .unwrap(),
        ["n"]
    );
    let either = OptionChoice::ValueOrLabel("Peru".into());
    assert_eq!(select("#one", &[either]).await.unwrap(), ["p"]);
    let both = [label("Red"), OptionChoice::Index(2)];
    assert_eq!(select("#many", &both).await.unwrap(), ["Red", "Blue"]);
    let wrong = select("#one", &both).await.unwrap_err().to_string();
    assert!(wrong.contains("one option only"), "{wrong}");
    let none = page
        .select(&locator("#one"), &[label("Mars")], crate::setup::SHORT)
        .await;
    let none = none.unwrap_err().to_string();
    assert!(none.contains("the list has no option"), "{none}");
    test.finish().await;
}

#[tokio::test]
async fn keys_are_pressed_and_typed() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let keys = locator("#keys");
    page.type_text(Some(&keys), "aB 1!é", Duration::ZERO, LONG)
        .await
        .unwrap();
    assert_eq!(page.input_value(&keys, LONG).await.unwrap(), "aB 1!é");
    page.press(Some(&keys), "Control+A", LONG).await.unwrap();
    page.press(None, "Backspace", LONG).await.unwrap();
    assert_eq!(page.input_value(&keys, LONG).await.unwrap(), "");
    page.type_text(None, "xy", Duration::from_millis(5), LONG)
        .await
        .unwrap();
    page.press(None, "ArrowLeft", LONG).await.unwrap();
    page.press(None, "Shift+z", LONG).await.unwrap();
    assert_eq!(page.input_value(&keys, LONG).await.unwrap(), "xZy");
    page.press(None, "Enter", LONG).await.unwrap();
    assert_eq!(page.title(LONG).await.unwrap(), "submitted");
    let seen = page
        .attribute(&keys, "data-keys", LONG)
        .await
        .unwrap()
        .unwrap();
    assert!(
        seen.contains("Control,A,Backspace,x,y,ArrowLeft,Shift,Z,Enter,"),
        "{seen}"
    );
    assert!(!seen.contains("untrusted"), "{seen}");
    let wrong = page
        .press(None, "Entr", LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("no key"), "{wrong}");
    test.finish().await;
}

#[tokio::test]
async fn drags_work_for_html_and_for_scripts() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    page.drag(&locator("#box"), &locator("#target"), LONG)
        .await
        .unwrap();
    assert_eq!(test.text("#target").await, "the box true");
    page.drag(&locator("#slider"), &locator("#target"), LONG)
        .await
        .unwrap();
    assert_eq!(test.text("#slid").await, "to 48");
    test.finish().await;
}

#[tokio::test]
async fn files_are_uploaded() {
    let test = TestBrowser::on("/actions.html").await;
    let file = |name: &str| test.directory.path().join(name);
    fs::write(file("a.txt"), "first").unwrap();
    fs::write(file("b.txt"), "second").unwrap();
    let files = [file("a.txt"), file("b.txt")];
    test.page
        .upload(&locator("#file"), &files, LONG)
        .await
        .unwrap();
    let uploaded = locator("#uploaded:has-text('second')");
    assert_eq!(
        test.page.text(&uploaded, LONG).await.unwrap(),
        "a.txt=first,b.txt=second"
    );
    test.page
        .upload(&locator("#files"), &files[..1], LONG)
        .await
        .unwrap();
    let missing = [file("missing.txt")];
    let error = test
        .page
        .upload(&locator("#file"), &missing, LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("missing.txt"), "{error}");
    let error = test
        .page
        .upload(&locator("#name"), &files, LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("is no <input type=\"file\">"), "{error}");
    test.finish().await;
}

#[tokio::test]
async fn elements_are_read() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    assert_eq!(
        page.inner_html(&locator("#edit"), LONG).await.unwrap(),
        "old <b>text</b>"
    );
    assert_eq!(
        page.attribute(&locator("#next"), "href", LONG)
            .await
            .unwrap()
            .unwrap(),
        "/plain.html"
    );
    assert_eq!(
        page.attribute(&locator("#next"), "rel", LONG)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        page.count(&locator("input[type=radio]"), LONG)
            .await
            .unwrap(),
        2
    );
    assert_eq!(page.count(&locator("nothing"), LONG).await.unwrap(), 0);
    assert_eq!(page.states(&locator("nothing"), LONG).await.unwrap(), None);
    let states = page.states(&locator("#file"), LONG).await.unwrap().unwrap();
    assert!(!states.visible && states.enabled);
    let error = page
        .input_value(&locator("#next"), LONG)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("a <a> has no value"), "{error}");
    test.finish().await;
}
