//! Actions wait until their element is ready, and say what did not hold when it does not get so.

use std::time::Duration;

use browser::{BrowserError, ClickOptions, Position, WaitState};

use crate::setup::{LONG, SHORT, TestBrowser, locator};

async fn refused(test: &TestBrowser, text: &str) -> String {
    let options = ClickOptions {
        timeout: SHORT,
        ..Default::default()
    };
    let error = test.page.click(&locator(text), &options).await.unwrap_err();
    assert!(matches!(error, BrowserError::Timeout { .. }), "{error}");
    error.to_string()
}

#[tokio::test]
async fn an_element_that_comes_late_is_waited_for() {
    let test = TestBrowser::on("/waiting.html").await;
    let error = refused(&test, "text=Late").await;
    assert_eq!(
        error,
        "clicking `text=Late` did not succeed within 1200 ms: no element matches"
    );
    test.value("late(300)").await;
    test.click("text=Late").await;
    assert_eq!(test.text("#place").await, "clicked");
    test.finish().await;
}

#[tokio::test]
async fn a_disabled_or_hidden_element_is_waited_for() {
    let test = TestBrowser::on("/waiting.html").await;
    let error = refused(&test, "#off").await;
    assert!(
        error.ends_with("<button id=\"off\">Off</button> is disabled"),
        "{error}"
    );
    test.value("void setTimeout(() => { off.disabled = false }, 300)")
        .await;
    test.click("#off").await;
    assert_eq!(test.text("#off").await, "clicked");
    let error = refused(&test, "#hidden").await;
    assert!(error.contains("is not visible"), "{error}");
    test.value(
        "void setTimeout(() => { document.getElementById('hidden').style.visibility = '' }, 300)",
    )
    .await;
    test.click("#hidden").await;
    let fill = test
        .page
        .fill(&locator("#ro"), "y", SHORT)
        .await
        .unwrap_err()
        .to_string();
    assert!(fill.contains("<input id=\"ro\"> is read-only"), "{fill}");
    test.value("void setTimeout(() => { ro.readOnly = false }, 300)")
        .await;
    test.page.fill(&locator("#ro"), "y", LONG).await.unwrap();
    test.finish().await;
}

#[tokio::test]
async fn a_moving_element_is_waited_for() {
    let test = TestBrowser::on("/waiting.html").await;
    test.value("move.className = 'moving', move.style.animationIterationCount = 'infinite'")
        .await;
    let error = refused(&test, "#move").await;
    assert!(error.contains("is moving"), "{error}");
    test.value("move.style.animationIterationCount = 1").await;
    test.click("#move").await;
    let at = test
        .value("Number(move.dataset.at)")
        .await
        .as_f64()
        .unwrap();
    assert!(at < 20.0, "clicked on the way, at {at}");
    test.finish().await;
}

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let test = TestBrowser::on("/waiting.html").await;
    test.value("over(0)").await;
    let error = refused(&test, "#under").await;
    let expected = "<div id=\"over\" class=\"overlay\"></div> receives the events";
    assert!(error.ends_with(expected), "{error}");
    // By force the click goes where the element is, and meets what is there.
    let options = ClickOptions {
        force: true,
        timeout: LONG,
        ..Default::default()
    };
    test.page.click(&locator("#under"), &options).await.unwrap();
    assert_eq!(test.text("#under").await, "Under");
    test.value("setTimeout(() => document.getElementById('over').remove(), 300)")
        .await;
    test.click("#under").await;
    assert_eq!(test.text("#under").await, "clicked");
    test.finish().await;
}

#[tokio::test]
async fn an_element_below_a_fixed_header_is_scrolled_away_from_it() {
    let test = TestBrowser::on("/waiting.html").await;
    test.value("head(); scrollTo(0, low.offsetTop - 20)").await;
    test.click("#low").await;
    assert_eq!(test.text("#low").await, "clicked");
    test.finish().await;
}

#[tokio::test]
async fn states_are_waited_for() {
    let test = TestBrowser::on("/waiting.html").await;
    let page = &test.page;
    let wait = async |text: &str, state| page.wait_for(&locator(text), state, LONG).await;
    test.value("late(200)").await;
    wait("text=Late", WaitState::Visible).await.unwrap();
    test.value("setTimeout(() => place.remove(), 200)").await;
    wait("text=Late", WaitState::Detached).await.unwrap();
    wait("text=Late", WaitState::Hidden).await.unwrap();
    wait("#hidden", WaitState::Hidden).await.unwrap();
    wait("#hidden", WaitState::Attached).await.unwrap();
    wait("#off", WaitState::Disabled).await.unwrap();
    let error = page
        .wait_for(&locator("#off"), WaitState::Enabled, SHORT)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("waiting until `#off` is enabled"), "{error}");
    assert!(error.contains("visible, disabled, not editable"), "{error}");
    let error = page
        .wait_for(&locator("#nope"), WaitState::Visible, SHORT)
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("no element matches"), "{error}");
    test.finish().await;
}

#[tokio::test]
async fn a_page_that_is_loaded_again_in_the_middle_is_waited_for() {
    let test = TestBrowser::on("/waiting.html").await;
    test.value("void setTimeout(() => { location.href = '/actions.html' }, 150)")
        .await;
    test.click("#count").await;
    assert_eq!(test.value("count.dataset.n").await, "1");
    tokio::time::sleep(Duration::from_millis(10)).await;
    test.finish().await;
}

#[tokio::test]
async fn texts_attributes_and_counts_are_waited_for() {
    let test = TestBrowser::on("/waiting.html").await;
    let page = &test.page;
    let off = locator("#off");
    test.value("void setTimeout(() => { off.textContent = 'On now'; off.title = 'x'; place.innerHTML = '<i></i><i></i>' }, 200)").await;
    let text = page
        .wait_for_text(&off, |text| text.starts_with("On"), LONG)
        .await;
    assert_eq!(text.unwrap(), "On now");
    let title = page
        .wait_for_attribute(&off, "title", |title| title.is_some(), LONG)
        .await;
    assert_eq!(title.unwrap().as_deref(), Some("x"));
    let count = page
        .wait_for_count(&locator("#place i"), |count| count > 1, LONG)
        .await;
    assert_eq!(count.unwrap(), 2);
    let error = page
        .wait_for_text(&off, |text| text == "Off", SHORT)
        .await
        .unwrap_err();
    assert!(
        error.to_string().ends_with("1200 ms: it is \"On now\""),
        "{error}"
    );
    let error = page
        .wait_for_attribute(&off, "rel", |rel| rel.is_some(), SHORT)
        .await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .ends_with("the element does not have it")
    );
    let error = page
        .wait_for_count(&off, |count| count == 3, SHORT)
        .await
        .unwrap_err();
    assert!(error.to_string().ends_with("1 elements match"), "{error}");
    test.value("void setTimeout(() => document.title = 'Done', 200)")
        .await;
    let title = page.wait_for_title(|title| title == "Done", LONG).await;
    assert_eq!(title.unwrap(), "Done");
    let error = page.wait_for_title(str::is_empty, SHORT).await;
    let error = error.unwrap_err().to_string();
    assert!(error.ends_with("1200 ms: it is \"Done\""), "{error}");
    test.finish().await;
}

/// What comes over the element once the mouse is there does not get the click.
#[tokio::test]
async fn a_click_that_would_go_to_another_element_is_tried_again() {
    let test = TestBrowser::on("/waiting.html").await;
    let cover = "window.clicks = []; let covered = 0; \
        for (const kind of ['pointerdown', 'mousedown', 'mouseup', 'click']) \
            addEventListener(kind, (event) => clicks.push(kind + ' ' + event.target.id)); \
        under.addEventListener('mousemove', () => { if (covered++ < 2) over(300); }); 0";
    test.value(cover).await;
    test.click("#under").await;
    assert_eq!(test.text("#under").await, "clicked");
    let expected = "pointerdown under,mousedown under,mouseup under,click under";
    assert_eq!(test.value("clicks.join()").await, expected);
    // What stays is named.
    test.value("covered = 9; clicks = []; under.onmousemove = () => over(0); 0")
        .await;
    test.value("under.textContent = 'Under'; 0").await;
    let away = Position { x: 600.0, y: 500.0 };
    test.page.move_to(away, None, LONG).await.unwrap();
    let error = refused(&test, "#under").await;
    assert!(error.contains("id=\"over\""), "{error}");
    assert_eq!(test.value("clicks.length").await, 0);
    // A click at a point is one at whatever is there.
    let options = ClickOptions::default();
    test.page.click_at(away, &options).await.unwrap();
    assert_eq!(test.value("clicks.at(-1)").await, "click over");
    test.finish().await;
}

#[tokio::test]
async fn a_click_into_a_frame_does_not_go_to_what_covers_the_frame() {
    let test = TestBrowser::on("/frames.html").await;
    // The page covers its frame when the mouse comes into that.
    let cover = "window.hits = 0; window.covered = 0; same.onmouseenter = () => { if (covered++) return; \
        const o = document.createElement('div'); o.style = 'position:fixed;inset:0'; o.onmousedown = () => hits++; \
        document.body.append(o); setTimeout(() => o.remove(), 400); }; 0";
    test.value(cover).await;
    test.click("frame=#same >> text=Press").await;
    let button = test.text("frame=#same >> button >> nth=0").await;
    assert_eq!(button, "clicked");
    assert_eq!(test.value("hits").await, 0);
    assert!(test.value("covered").await.as_u64().unwrap() > 0);
    test.finish().await;
}

/// A first press that changes the page does not lose the second one.
#[tokio::test]
async fn a_page_that_changes_under_the_press_gets_the_whole_click() {
    let test = TestBrowser::on("/waiting.html").await;
    let change = "under.onmousedown = () => over(0); window.ups = 0; addEventListener('mouseup', () => ups++); 0";
    test.value(change).await;
    test.click("#under").await;
    assert_eq!(test.value("ups").await, 1);
    test.finish().await;
}
