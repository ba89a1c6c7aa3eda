//! Which steps come of which actions.

use super::*;

fn element(locator: &str, name: &str) -> RecordedElement {
    RecordedElement {
        locator: locator.parse().unwrap(),
        name: String::from(name),
    }
}

fn click(locator: &str, name: &str) -> RecordedAction {
    RecordedAction::Click {
        button: ButtonName::Left,
        position: None,
        element: element(locator, name),
    }
}

fn fill(locator: &str, name: &str, value: &str, secret: bool) -> RecordedAction {
    RecordedAction::Fill {
        element: element(locator, name),
        value: String::from(value),
        secret,
    }
}

fn ids(actions: &[RecordedAction]) -> Vec<String> {
    to_steps(actions).into_iter().map(|step| step.id).collect()
}

#[test]
fn every_action_becomes_its_step() {
    let actions = [
        RecordedAction::Navigate {
            url: String::from("http://localhost:3000/login?next=%2F"),
        },
        fill("label=\"User name\"", "User name *", "ada", false),
        fill("label=Password", "Password", "", true),
        RecordedAction::Check {
            element: element("label=Remember", "Remember me"),
            checked: false,
        },
        RecordedAction::Select {
            element: element("label=Colours", "Colours"),
            options: vec![String::from("Red"), String::from("Blue")],
        },
        RecordedAction::Upload {
            element: element("label=Files", "Files"),
            files: vec![String::from("a.txt")],
        },
        RecordedAction::Press {
            key: String::from("Control+K"),
            element: None,
        },
        click("role=button[name=\"Log in\"]", "Log in"),
        RecordedAction::OpenedPage,
    ];
    let steps = to_steps(&actions);
    let shown: Vec<Value> = steps
        .iter()
        .map(|step| json!([step.id, step.name, step.step_type, step.parameters]))
        .collect();
    let expected = json!([
        ["open_localhost_3000_login", "Open localhost:3000/login", "browser.navigate",
            {"url": "http://localhost:3000/login?next=%2F"}],
        ["fill_user_name", "Fill User name *", "browser.fill",
            {"selector": "label=\"User name\"", "value": "ada"}],
        ["fill_password", "Fill Password", "browser.fill",
            {"selector": "label=Password", "value": "{{ parameter.password }}"}],
        ["uncheck_remember_me", "Uncheck Remember me", "browser.check",
            {"selector": "label=Remember", "checked": false}],
        ["select_colours", "Select Colours", "browser.select",
            {"selector": "label=Colours", "value": ["Red", "Blue"]}],
        ["upload_files", "Upload Files", "browser.file_upload",
            {"selector": "label=Files", "file_path": "a.txt"}],
        ["press_control_k", "Press Control+K", "browser.press", {"key": "Control+K"}],
        ["click_log_in", "Click Log in", "browser.click",
            {"selector": "role=button[name=\"Log in\"]"}],
    ]);
    assert_eq!(Value::from(shown), expected);
    assert_eq!(steps[2].secret_parameter.as_deref(), Some("password"));
}

#[test]
fn ids_are_unique_and_of_plain_letters() {
    let actions = [
        click("#a", "Save"),
        click("#b", "Save"),
        click("#c", "保存"),
        click("#d", "Überblick öffnen"),
        click("#e", &"long ".repeat(20)),
    ];
    let ids = ids(&actions);
    assert_eq!(
        ids[..4],
        [
            "click_save",
            "click_save_2",
            "click",
            "click_berblick_ffnen"
        ]
    );
    assert!(ids[4].len() < 45, "{}", ids[4]);
}

#[test]
fn what_the_next_action_repeats_is_left_out() {
    let actions = [
        click("#name", "Name"),
        fill("#name", "Name", "A", false),
        fill("#name", "Name", "Ada", false),
        click("#menu", "Menu"),
        fill("#name", "Name", "Bea", false),
    ];
    assert_eq!(ids(&actions), ["fill_name", "click_menu", "fill_name_2"]);
}

#[test]
fn each_secret_field_has_a_parameter() {
    let actions = [
        fill("#p", "Password", "", true),
        click("#send", "Send"),
        fill("#p", "Password", "", true),
        click("#send", "Send"),
        fill("#q", "Password", "", true),
        click("#send", "Send"),
        fill("#r", "6-digit code", "", true),
    ];
    let steps = to_steps(&actions);
    let secrets: Vec<&str> = steps
        .iter()
        .filter_map(|step| step.secret_parameter.as_deref())
        .collect();
    assert_eq!(secrets, ["password", "password", "password_2", "secret"]);
}

#[test]
fn braces_in_a_value_are_no_template() {
    let steps = to_steps(&[fill("#a", "A", "{{ name }}", false)]);
    assert_eq!(
        steps[0].parameters["value"],
        "{{ 0 | string | replace('0', '{{') }} name }}"
    );
}
