//! What a person does with the mouse besides a plain click, recorded.

use browser::{ButtonName, ClickOptions, Position, recorder::to_steps};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    recorder::{recording, shown},
    setup::{LONG, TestBrowser, locator},
};

async fn corner(test: &TestBrowser, id: &str) -> Position {
    let script = format!(
        "(() => {{ const b = document.getElementById('{id}').getBoundingClientRect(); return [b.x, b.y] }})()"
    );
    let at = test.value(&script).await;
    Position {
        x: at[0].as_f64().unwrap(),
        y: at[1].as_f64().unwrap(),
    }
}

#[tokio::test]
async fn right_clicks_drags_and_places_in_a_canvas_are_recorded() {
    let (test, mut recorder) = recording("/actions.html").await;
    let page = &test.page;
    let canvas = "document.body.insertAdjacentHTML('afterbegin', '<canvas id=paint width=300 height=150></canvas>'), 0";
    test.value(canvas).await;
    let right = ClickOptions {
        button: ButtonName::Right,
        ..Default::default()
    };
    page.click(&locator("#right"), &right).await.unwrap();
    let at = corner(&test, "paint").await;
    let within = |x: f64, y: f64| Position {
        x: at.x + x,
        y: at.y + y,
    };
    let left = ClickOptions::default();
    page.click_at(within(30.0, 40.0), &left).await.unwrap();
    let (from, to) = (within(20.0, 20.0), within(200.0, 90.0));
    page.drag_at(from, to, LONG).await.unwrap();
    let (from, to) = (locator("#box"), locator("#target"));
    page.drag(&from, &to, LONG).await.unwrap();
    let mut actions = Vec::new();
    for _ in 0..4 {
        let next = timeout(LONG, recorder.next()).await;
        let seen: Vec<String> = actions.iter().map(shown).collect();
        let action = next.unwrap_or_else(|_| panic!("no other than {seen:?}"));
        actions.push(action.unwrap());
    }
    let seen: Vec<String> = actions.iter().map(shown).collect();
    assert!(seen[0].starts_with("right click "), "{seen:?}");
    assert_eq!(seen[1], "click #paint 30,40");
    assert_eq!(seen[2], "drag #paint to #paint");
    assert_eq!(seen[3], "drag #box to #target");
    let steps = to_steps(&actions);
    assert_eq!(steps[0].parameters["button"], "right");
    assert_eq!(
        steps[1].parameters["position"],
        json!({"x": 30.0, "y": 40.0})
    );
    assert_eq!(steps[2].step_type, "browser.drag");
    let ends = ["position", "target_position"].map(|name| &steps[2].parameters[name]);
    assert_eq!(
        ends,
        [
            &json!({"x": 20.0, "y": 20.0}),
            &json!({"x": 200.0, "y": 90.0})
        ]
    );
    test.finish().await;
}
