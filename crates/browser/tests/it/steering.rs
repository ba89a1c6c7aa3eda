//! Input without locators, as a person gives it who steers the page from afar.

use browser::{ClickOptions, Position};

use crate::setup::{LONG, TestBrowser, locator};

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
    page.type_text(None, "typed", std::time::Duration::ZERO, LONG)
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

#[tokio::test]
async fn viewers_know_what_an_action_is_about_and_what_a_point_shows() {
    let test = TestBrowser::on("/actions.html").await;
    assert_eq!(test.page.last_target(), None);
    test.click("#count").await;
    let target = test.page.last_target().unwrap();
    assert_eq!(target.locator, "#count");
    let (area, point) = (target.area, target.point.unwrap());
    assert!(area.width > 10.0 && (area.x..area.x + area.width).contains(&point.x));
    let shown = test.page.element_at(point, LONG).await.unwrap().unwrap();
    assert_eq!(shown.locator, "role=button[name=\"Count\"]");
    test.visit("/frames.html").await;
    test.click("frame=#same >> text=Press").await;
    let target = test.page.last_target().unwrap();
    assert!(target.area.y > 300.0, "{target:?}");
    let point = target.point.unwrap();
    let frame = test.page.element_at(point, LONG).await.unwrap().unwrap();
    assert_eq!(frame.locator, "#same");
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
