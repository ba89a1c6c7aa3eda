//! What was recorded, turned into steps and done again on a fresh page, leads to the same state.

use std::time::Duration;

use browser::{
    BrowserPage, ClickOptions, LoadState, OptionChoice,
    recorder::{RecordedStep, to_steps},
};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    recorder::recording,
    setup::{LONG, TestBrowser, locator},
};

const STATE: &str = "[document.getElementById('out').textContent, document.getElementById('quoted').dataset.clicked, \
    document.querySelector('x-box').shadowRoot.querySelector('input').checked, document.title, \
    document.getElementById('edit').innerText, document.getElementById('day').value, \
    [...document.querySelectorAll('li button')].map(b => b.textContent)]";

async fn perform(page: &BrowserPage, step: &RecordedStep) {
    let text = |name: &str| step.parameters[name].as_str().unwrap();
    let selector = step.parameters.get("selector").and_then(Value::as_str);
    let selector = selector.map(locator);
    let element = || selector.as_ref().unwrap();
    let done = match step.step_type {
        "browser.navigate" => {
            let visited = page.navigate(text("url"), LoadState::Load, LONG).await;
            visited.map(drop)
        }
        "browser.click" => page.click(element(), &ClickOptions::default()).await,
        "browser.fill" => {
            let value = match &step.secret_parameter {
                Some(name) => {
                    assert_eq!(text("value"), format!("{{{{ parameter.{name} }}}}"));
                    "hunter2"
                }
                None => text("value"),
            };
            page.fill(element(), value, LONG).await
        }
        "browser.press" => page.press(selector.as_ref(), text("key"), LONG).await,
        "browser.check" => {
            let checked = step.parameters["checked"].as_bool().unwrap();
            page.set_checked(element(), checked, LONG).await
        }
        "browser.select" => {
            let choice = OptionChoice::ValueOrLabel(String::from(text("value")));
            page.select(element(), &[choice], LONG).await.map(drop)
        }
        other => panic!("{other} is not in the recording"),
    };
    done.unwrap_or_else(|error| panic!("{}: {error}", step.id));
}

async fn play(test: &TestBrowser) {
    let page = &test.page;
    let type_text = async |at: &str, text: &str| {
        test.click(at).await;
        let typed = page.type_text(None, text, Duration::ZERO, LONG);
        typed.await.unwrap();
    };
    type_text("#user", "Ada \"L\" {x}").await;
    type_text("#pass", "hunter2").await;
    test.click("#bold").await;
    page.press(Some(&locator("#land")), "ArrowDown", LONG)
        .await
        .unwrap();
    test.click("#fancy-text").await;
    test.click("#quoted").await;
    test.click("x-box label").await;
    test.click("li:nth-of-type(2) button").await;
    type_text("#edit", "noted").await;
    // The month first, as the browser's language wants it.
    test.value("document.getElementById('day').focus()").await;
    let typed = page.type_text(None, "12012026", Duration::ZERO, LONG);
    typed.await.unwrap();
    type_text("#user", "!").await;
    page.press(None, "Enter", LONG).await.unwrap();
}

#[tokio::test]
async fn a_recording_leads_to_the_same_state() {
    let (test, mut recorder) = recording("/recorder.html").await;
    play(&test).await;
    let state = test.value(STATE).await;
    let mut actions = Vec::new();
    while let Ok(Some(action)) = timeout(Duration::from_secs(1), recorder.next()).await {
        actions.push(action);
    }
    drop(recorder);
    let steps = to_steps(&actions);
    let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    let expected = [
        "fill_user_name",
        "fill_password",
        "check_keep_me_logged_in",
        "select_country",
        "check_fancy",
        "click_say_hi_c_new_go",
        "check_seen",
        "click_delete",
        "fill_notes",
        "fill_day",
        "fill_user_name_2",
        "press_enter",
    ];
    assert_eq!(ids, expected);

    let fresh = test.browser.new_context(crate::setup::options()).await;
    let fresh = fresh.unwrap();
    let page = fresh.new_page().await.unwrap();
    let url = test.site.url("/recorder.html");
    page.navigate(&url, LoadState::Load, LONG).await.unwrap();
    for step in &steps {
        perform(&page, step).await;
    }
    assert_eq!(page.evaluate(STATE, LONG).await.unwrap(), state);
    test.finish().await;
}
