//! What scripts and the browser write to a page's console.

use serde_json::{Value, json};

use super::{PageCore, fault, records::ConsoleLine};
use crate::cdp::{CdpEvent, CdpSession};

impl PageCore {
    pub(super) fn console(&self, session: &CdpSession, event: &CdpEvent) {
        let arguments = event.params["args"].as_array();
        let texts: Vec<String> = arguments
            .into_iter()
            .flatten()
            .map(|argument| {
                release(session, argument);
                argument_text(argument)
            })
            .collect();
        let top = &event.params["stackTrace"]["callFrames"][0];
        self.add_console(
            event.text("type"),
            texts.join(" "),
            top,
            &event.params["timestamp"],
        );
    }

    pub(super) fn exception(&self, session: &CdpSession, event: &CdpEvent) {
        let details = &event.params["exceptionDetails"];
        release(session, &details["exception"]);
        let text = fault::exception_text(details);
        self.add_console("exception", text, details, &event.params["timestamp"]);
    }

    pub(super) fn log_entry(&self, event: &CdpEvent) {
        let entry = &event.params["entry"];
        let level = entry["level"].as_str().unwrap_or("info");
        let text = String::from(entry["text"].as_str().unwrap_or_default());
        self.add_console(level, text, entry, &entry["timestamp"]);
    }

    fn add_console(&self, level: &str, text: String, place: &Value, timestamp: &Value) {
        let url = place["url"].as_str().unwrap_or_default();
        let location = match place["lineNumber"].as_u64() {
            Some(line) if !url.is_empty() => format!("{url}:{}", line + 1),
            _ => String::from(url),
        };
        // Whole milliseconds of this century.
        let at_ms = timestamp.as_f64().unwrap_or_default() as u64;
        self.update(|state| {
            state.records.add_console(ConsoleLine {
                level: String::from(level),
                text,
                location,
                at_ms,
            });
        });
    }
}

/// The browser keeps what it has told of alive in the page until it is released.
pub(super) fn release(session: &CdpSession, object: &Value) {
    if let Some(id) = object["objectId"].as_str() {
        session.post("Runtime.releaseObject", json!({"objectId": id}));
    }
}

/// An argument of `console.log` as a person reads it.
fn argument_text(argument: &Value) -> String {
    match &argument["value"] {
        Value::String(text) => text.clone(),
        Value::Null => {
            let described = argument["description"].as_str();
            let special = argument["unserializableValue"].as_str();
            let text = described.or(special).or(argument["type"].as_str());
            let is_null = argument["subtype"] == "null";
            String::from(if is_null {
                "null"
            } else {
                text.unwrap_or("null")
            })
        }
        value => value.to_string(),
    }
}
