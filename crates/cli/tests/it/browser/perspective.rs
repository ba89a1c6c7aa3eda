//! `perspective.*` against a page like one of Perspective.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};

use super::{credential, execution, finished, library, output};
use crate::harness::stdout;

#[test]
fn a_page_is_discovered_enriched_and_verified() {
    let (_dir, server) = library(
        r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/perspective}}
- {id: all, name: All, type: perspective.discover_page}
- {id: some, name: Some, type: perspective.discover_page, parameters: {types: [button], exclude_selectors: ['.dock']}}
- {id: more, name: More, type: perspective.extract_component_metadata, parameters: {components: "{{ step.all.inventory }}"}}
- {id: toggle, name: Toggle, type: browser.click, parameters: {selector: text=Menu}}
- {id: dock, name: Dock, type: perspective.verify_dock_opened, parameters: {dock_selector: .dock}}
- {id: go, name: Go, type: browser.click, parameters: {selector: '[data-component-id="go"]'}}
- {id: there, name: There, type: perspective.verify_navigation, parameters: {expected_url_pattern: /other, expected_title_pattern: Oth}}
- {id: wrong, name: Wrong, type: perspective.verify_navigation, parameters: {expected_title_pattern: Nothing, timeout: 200}, on_failure: continue}
"##,
    );
    let id = finished(&server, "pumps.yaml", 0);
    let ended = execution(&server, &id);
    let all = output(&ended, "all");
    let inventory = all["inventory"].as_array().expect("a list");
    let of = |component: &str| {
        let found = inventory.iter().find(|one| one["componentId"] == component);
        found
            .unwrap_or_else(|| panic!("no {component}: {all:#}"))
            .clone()
    };
    assert_eq!(of("go")["text"], "Go");
    assert_eq!(
        of("inner")["componentPath"],
        "D.0:1",
        "it is in a shadow root"
    );
    let some = output(&ended, "some")["inventory"]
        .as_array()
        .expect("a list")
        .clone();
    assert!(
        some.iter().all(|one| one["type"] == "button") && !some.is_empty(),
        "{some:?}"
    );
    let more = output(&ended, "more");
    assert_eq!(
        (&more["status"], &more["count"]),
        (&json!("enriched"), &all["count"])
    );
    let go = more["enriched_inventory"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["componentId"] == "go");
    let metadata = &go.expect("the button")["metadata"];
    assert_eq!(
        (
            &metadata["is_perspective_component"],
            &metadata["selector_reliability"]
        ),
        (&json!(true), &json!("high"))
    );
    assert_eq!(output(&ended, "dock")["status"], "verified");
    assert_eq!(output(&ended, "there")["title"], "Other");
    let error = ended["step_results"][8]["error"].to_string();
    assert!(error.contains("its title should contain"), "{error}");
}

/// Answers one request as a model does. Sends what was asked.
fn model(judgement: &'static str) -> (u16, mpsc::Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sent, asked) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a request");
        let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let answer = json!({"content": [{"type": "text", "text": judgement}]}).to_string();
        let length = answer.len();
        let head_of_answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        let mut stream = stream;
        stream
            .write_all((head_of_answer + &answer).as_bytes())
            .expect("answered");
        let _ = sent.send((head, serde_json::from_slice(&body).expect("JSON")));
    });
    (port, asked)
}

#[test]
fn a_model_is_asked_only_with_a_key_which_is_shown_nowhere() {
    let (port, asked) =
        model(r#"Surely: {"passed": true, "confidence": 0.95, "explanation": "a heading"}"#);
    let steps = r##"
- {id: open, name: Open, type: browser.navigate, parameters: {url: SITE/}}
- {id: none, name: None, type: perspective.verify_with_ai, parameters: {prompt: A heading}, on_failure: continue}
- id: ask
  name: Ask
  type: perspective.verify_with_ai
  parameters: {prompt: A heading is shown, ai_api_key: "{{ credential.model.password }}", ai_endpoint: "http://127.0.0.1:PORT/v1/messages"}
"##;
    let (_dir, server) = library(&steps.replace("PORT", &port.to_string()));
    credential(&server, "model", "sk-planted-77");
    let id = finished(&server, "pumps.yaml", 0);
    let ended = execution(&server, &id);
    let error = ended["step_results"][1]["error"].to_string();
    assert!(error.contains("`ai_api_key` is missing"), "{error}");
    let ask = output(&ended, "ask");
    assert_eq!(
        (&ask["passed"], &ask["explanation"]),
        (&json!(true), &json!("a heading"))
    );
    let (head, body) = asked.recv().expect("it was asked");
    assert!(head.contains("sk-planted-77"), "{head}");
    let content = &body["messages"][0]["content"];
    assert_eq!(content[0]["source"]["media_type"], "image/png");
    assert!(
        content[1]["text"]
            .as_str()
            .is_some_and(|text| text.ends_with("A heading is shown"))
    );
    assert!(!stdout(&server.run(&["run", "get", &id, "--json"])).contains("sk-planted-77"));
    assert!(!ended.to_string().contains("sk-planted-77"));
}
