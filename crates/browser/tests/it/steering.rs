//! Input without locators, as a person gives it who steers the page from afar.

use std::time::{Duration, Instant};

use browser::{ActionName, ButtonName, ClickOptions, LoadState, OptionChoice, Position};

use crate::setup::{LONG, SHORT, TestBrowser, locator};

#[tokio::test]
async fn a_person_clicks_types_and_scrolls() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let place = test
        .value("(() => { const b = document.getElementById('name').getBoundingClientRect(); return [b.x + 5, b.y + 5] })()")
        .await;
    let at = Position {
        x: place[0].as_f64().unwrap(),
        y: place[1].as_f64().unwrap(),
    };
    page.click_at(at, &ClickOptions::default()).await.unwrap();
    page.press(None, "Control+A", LONG).await.unwrap();
    page.type_text(None, "typed", Duration::ZERO, LONG)
        .await
        .unwrap();
    let name = page.input_value(&locator("#name"), LONG).await.unwrap();
    assert_eq!(name, "typed");
    let by = Position { x: 0.0, y: 400.0 };
    let at = Position { x: 640.0, y: 700.0 };
    page.scroll_at(at, by, LONG).await.unwrap();
    let scrolled = "new Promise(done => { const look = () => scrollY > 300 ? done(scrollY) : setTimeout(look, 20); look() })";
    assert!(test.value(scrolled).await.as_f64().unwrap() > 300.0);
    test.finish().await;
}

/// The middle of an element.
async fn middle(test: &TestBrowser, id: &str) -> Position {
    let script = format!(
        "(() => {{ const b = document.getElementById('{id}').getBoundingClientRect(); \
         return [b.x + b.width / 2, b.y + b.height / 2] }})()"
    );
    let at = test.value(&script).await;
    Position {
        x: at[0].as_f64().unwrap(),
        y: at[1].as_f64().unwrap(),
    }
}

#[tokio::test]
async fn the_mouse_acts_at_points_of_the_window() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let hover = middle(&test, "hover").await;
    page.move_to(hover, None, LONG).await.unwrap();
    assert_eq!(test.text("#hover").await, "hovered");
    let double = ClickOptions {
        count: 2,
        ..Default::default()
    };
    let at = middle(&test, "double").await;
    page.click_at(at, &double).await.unwrap();
    assert_eq!(test.text("#double").await, "twice");
    let right = ClickOptions {
        button: ButtonName::Right,
        ..Default::default()
    };
    let at = middle(&test, "right").await;
    page.click_at(at, &right).await.unwrap();
    assert_eq!(test.text("#right").await, "menu 2");
    let at = middle(&test, "count").await;
    page.click_at(at, &ClickOptions::default()).await.unwrap();
    let count = locator("#count");
    let trusted = page.attribute(&count, "data-trusted", LONG).await;
    assert_eq!(trusted.unwrap().as_deref(), Some("true"));
    // A link leads on, and back.
    let at = middle(&test, "next").await;
    page.click_at(at, &ClickOptions::default()).await.unwrap();
    // The new document is there; its title may still come.
    let plain = page.wait_for_title(|title| title == "Plain", LONG);
    plain.await.unwrap();
    assert!(page.go(-1, LoadState::Load, LONG).await.unwrap());
    assert_eq!(page.title(LONG).await.unwrap(), "Actions");
    assert!(page.go(1, LoadState::Load, LONG).await.unwrap());
    page.reload(LoadState::Load, LONG).await.unwrap();
    assert_eq!(page.title(LONG).await.unwrap(), "Plain");
    assert!(!page.go(1, LoadState::Load, LONG).await.unwrap());
    test.finish().await;
}

/// As a person drags: the button goes down, the mouse moves, the button goes up, with time in between.
#[tokio::test]
async fn a_person_drags_with_the_button_held() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let target = middle(&test, "target").await;
    let held = Some(ButtonName::Left);
    for (from, shown, wanted) in [
        ("box", "#target", "the box true"),
        ("slider", "#slid", "to 48"),
    ] {
        let from = middle(&test, from).await;
        page.press_at(from, ButtonName::Left, LONG).await.unwrap();
        let way = Position {
            x: f64::midpoint(from.x, target.x),
            y: f64::midpoint(from.y, target.y),
        };
        page.move_to(way, held, LONG).await.unwrap();
        page.move_to(target, held, LONG).await.unwrap();
        let released = page.release_at(target, ButtonName::Left, LONG);
        released.await.unwrap();
        assert_eq!(test.text(shown).await, wanted);
    }
    test.finish().await;
}

#[tokio::test]
async fn the_mouse_drags_between_points_and_never_stays_pressed() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let (box_, target) = (middle(&test, "box").await, middle(&test, "target").await);
    page.drag_at(box_, target, LONG).await.unwrap();
    assert_eq!(test.text("#target").await, "the box true");
    let slider = middle(&test, "slider").await;
    page.drag_at(slider, target, LONG).await.unwrap();
    assert_eq!(test.text("#slid").await, "to 48");
    // One that is cancelled, or fails, while the button is pressed.
    let (from, nowhere) = (locator("#slider"), locator("#nowhere"));
    let released = locator("#slid:text-is('to 108')");
    for cancelled in [true, false] {
        test.value("slid.textContent = ''; 0").await;
        let limit = if cancelled { LONG } else { SHORT };
        let drag = page.drag(&from, &nowhere, limit);
        let dragged = tokio::time::timeout(SHORT + SHORT / 2, drag).await;
        assert_eq!(dragged.is_err(), cancelled);
        page.text(&released, LONG).await.unwrap();
    }
    let outside = Position { x: 5.0, y: 950.0 };
    assert!(page.drag_at(slider, outside, LONG).await.is_err());
    test.finish().await;
}

#[tokio::test]
async fn points_outside_of_the_window_are_refused() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    for (x, y) in [
        (-1.0, 5.0),
        (5.0, -0.1),
        (1280.0, 5.0),
        (5.0, 900.0),
        (f64::NAN, 5.0),
        (5.0, f64::INFINITY),
    ] {
        let at = Position { x, y };
        let refused = page.click_at(at, &ClickOptions::default()).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("has 1280 x 900 CSS pixels"), "{refused}");
        assert!(page.move_to(at, None, LONG).await.is_err());
        let by = Position { x: 0.0, y: 1.0 };
        assert!(page.scroll_at(at, by, LONG).await.is_err());
    }
    let inside = Position { x: 1279.5, y: 0.0 };
    page.move_to(inside, None, LONG).await.unwrap();
    let endless = Position {
        x: 0.0,
        y: f64::INFINITY,
    };
    assert!(page.scroll_at(inside, endless, LONG).await.is_err());
    test.finish().await;
}

/// Input is bounded also in a page that does not answer.
#[tokio::test]
async fn input_into_a_page_that_hangs_ends_with_its_limit() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let hang = test
        .page
        .evaluate("for (;;) {}", Duration::from_millis(200));
    assert!(hang.await.is_err());
    let at = Position { x: 20.0, y: 20.0 };
    let options = ClickOptions {
        timeout: SHORT,
        ..Default::default()
    };
    let begun = Instant::now();
    let late = page.click_at(at, &options).await.unwrap_err().to_string();
    assert!(late.contains("does not answer"), "{late}");
    assert!(page.press(None, "a", SHORT).await.is_err());
    assert!(begun.elapsed() < 4 * SHORT, "{:?}", begun.elapsed());
    test.finish().await;
}

#[tokio::test]
async fn viewers_know_what_an_action_is_about_and_what_a_point_shows() {
    let test = TestBrowser::on("/actions.html").await;
    assert_eq!(test.page.last_action(), None);
    test.click("#count").await;
    let clicked = test.page.last_action().unwrap();
    assert_eq!((clicked.number, clicked.name), (1, ActionName::Click));
    assert_eq!(clicked.selector, "#count");
    let (area, point) = (clicked.area, clicked.point.unwrap());
    assert!(area.width > 10.0 && (area.x..area.x + area.width).contains(&point.x));
    let shown = test.page.element_at(point, LONG).await.unwrap().unwrap();
    assert_eq!(shown.locator, "role=button[name=\"Count\"]");
    test.visit("/frames.html").await;
    test.click("frame=#same >> text=Press").await;
    let clicked = test.page.last_action().unwrap();
    assert!(clicked.area.y > 300.0, "{clicked:?}");
    let point = clicked.point.unwrap();
    let frame = test.page.element_at(point, LONG).await.unwrap().unwrap();
    assert_eq!(frame.locator, "#same");
    test.finish().await;
}

#[tokio::test]
async fn each_action_is_told_once_it_has_its_element() {
    let test = TestBrowser::on("/actions.html").await;
    let page = &test.page;
    let mut actions = page.last_actions();
    let mut last = || actions.borrow_and_update().clone().unwrap();
    // Where one has to scroll to it, its box is where it is shown then.
    test.click("#far").await;
    let far = last();
    assert!((0.0..900.0).contains(&far.area.y), "{far:?}");
    assert!((far.area.y..far.area.y + far.area.height).contains(&far.point.unwrap().y));
    let name = locator("#name");
    page.fill(&name, "a secret", LONG).await.unwrap();
    let filled = last();
    assert_eq!((filled.name, filled.point), (ActionName::Fill, None));
    assert!((0.0..900.0).contains(&filled.area.y), "{filled:?}");
    assert!(!format!("{filled:?}").contains("secret"));
    page.press(Some(&name), "a", LONG).await.unwrap();
    assert_eq!(last().name, ActionName::Press);
    page.type_text(Some(&name), "b", Duration::ZERO, LONG)
        .await
        .unwrap();
    assert_eq!(last().name, ActionName::Type);
    page.set_checked(&locator("#news"), true, LONG)
        .await
        .unwrap();
    assert_eq!(last().name, ActionName::Check);
    let peru = [OptionChoice::ValueOrLabel(String::from("Peru"))];
    page.select(&locator("#one"), &peru, LONG).await.unwrap();
    assert_eq!(last().name, ActionName::Select);
    page.hover(&locator("#hover"), None, LONG).await.unwrap();
    assert_eq!(last().name, ActionName::Hover);
    page.drag(&locator("#box"), &locator("#target"), LONG)
        .await
        .unwrap();
    let dropped = last();
    assert_eq!((dropped.name, dropped.number), (ActionName::Drop, 9));
    // What is read or waited for, and what has no element, is no action.
    test.text("#count").await;
    let options = ClickOptions {
        timeout: SHORT,
        ..Default::default()
    };
    assert!(page.click(&locator("#none"), &options).await.is_err());
    assert_eq!(page.last_action().unwrap(), dropped);
    test.click("#count").await;
    let told = serde_json::to_value(last()).unwrap();
    assert_eq!(
        (&told["name"], &told["number"]),
        (&"click".into(), &11.into())
    );
    test.finish().await;
}

#[tokio::test]
async fn workers_run() {
    let test = TestBrowser::on("/plain.html").await;
    let worker = "new Promise((done) => { const text = 'onmessage = (event) => postMessage(event.data * 2)'; \
        const worker = new Worker(URL.createObjectURL(new Blob([text]))); \
        worker.onmessage = (event) => done(event.data); worker.postMessage(21); })";
    assert_eq!(test.value(worker).await, 42);
    test.finish().await;
}
