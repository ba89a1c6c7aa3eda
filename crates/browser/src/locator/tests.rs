//! What can be read as a locator, and what is said about the rest.

use serde_json::{Value, json};

use super::*;

fn read(text: &str) -> Value {
    text.parse::<Locator>().unwrap().parts()
}

fn reason(text: &str) -> String {
    text.parse::<Locator>().unwrap_err().reason
}

#[test]
fn css_is_what_has_no_engine() {
    for css in [
        "button",
        "a[href='x=y']",
        "#a > .b",
        "tr:has-text(\"a >> b\")",
    ] {
        assert_eq!(read(css), json!([{"engine": "css", "selector": css}]));
    }
    assert_eq!(read("css=a"), json!([{"engine": "css", "selector": "a"}]));
}

#[test]
fn a_text_is_a_part_a_whole_or_an_expression() {
    let text = |pattern: Value| json!([{"engine": "text", "pattern": pattern}]);
    assert_eq!(
        read("text=Log in"),
        text(json!({"kind": "contains", "text": "Log in"}))
    );
    let whole = text(json!({"kind": "exact", "text": "Log \"in\""}));
    assert_eq!(read(r#"text="Log \"in\"""#), whole);
    assert_eq!(read(r#"'Log "in"'"#), whole);
    assert_eq!(
        read("text=/log\\s*in >> x/i"),
        text(json!({"kind": "regex", "source": "log\\s*in >> x", "flags": "i"}))
    );
    assert_eq!(
        read("text=Don't ask"),
        text(json!({"kind": "contains", "text": "Don't ask"}))
    );
}

#[test]
fn a_chain_is_split_outside_of_quotes() {
    let parts = read("form >> text=\"a >> b\" >> nth=-1");
    assert_eq!(parts.as_array().unwrap().len(), 3);
    assert_eq!(parts[2], json!({"engine": "nth", "index": -1}));
    let parts = read("text=Don't >> visible=true");
    assert_eq!(parts[1], json!({"engine": "visible", "visible": true}));
}

#[test]
fn roles_have_conditions() {
    let parts = read(r#"role=Button[name="Save ]" i][pressed=mixed][disabled][expanded=false]"#);
    let role = &parts[0];
    assert_eq!(role["role"], "button");
    assert_eq!(role["name"]["text"], "Save ]");
    assert_eq!(role["name"]["any_case"], true);
    assert_eq!(role["pressed"], "mixed");
    assert_eq!(role["disabled"], true);
    assert_eq!(role["expanded"], false);
    let parts = read("role=link[name=/^a[bc]+$/i]");
    assert_eq!(parts[0]["name"]["text"], "^a[bc]+$");
    assert_eq!(parts[0]["name"]["flags"], "i");
}

#[test]
fn frames_are_stepped_into() {
    let locator: Locator = "frame=#outer >> frame=iframe >> text=Hi".parse().unwrap();
    let frames: Vec<Value> = locator.frames().collect();
    let frame = |selector: &str| json!([{"engine": "frame", "selector": selector}]);
    assert_eq!(frames, [frame("#outer"), frame("iframe")]);
    assert_eq!(locator.parts()[0]["engine"], "text");
}

#[test]
fn what_cannot_be_read_says_why() {
    assert!(reason("").contains("empty"));
    assert!(reason("a >> ").contains("empty part"));
    assert!(reason("a >> text=\"b").contains("not closed"));
    assert!(reason("nope=1").contains("the engine `nope` does not exist"));
    assert!(reason("nth=1").contains("what stands before"));
    assert!(reason("a >> nth=x").contains("whole number"));
    assert!(reason("frame=iframe").contains("ends with a frame"));
    assert!(reason("role=button[colour=red]").contains("no condition `colour`"));
    assert!(reason("role=button[checked=maybe]").contains("cannot be `maybe`"));
    assert!(reason("role=row[pressed]").contains("the role `row` is never `pressed`"));
    assert!(reason("role=row[name==\"a\"]").contains("needs quotes"));
    assert!(reason("text=/a/x").contains("no flag"));
    let error = "text=".parse::<Locator>().unwrap_err().to_string();
    assert_eq!(
        error,
        "the locator `text=` cannot be read: `text=` has no body"
    );
}
