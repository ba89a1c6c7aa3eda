//! The answer to a request: what is kept of it, taken out of it and checked.

use futures_util::StreamExt;
use playbook::{Playbook, Scope, evaluate};
use regex::Regex;
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value};

use super::client::reason;
use crate::attempt::execution::call::{Parameters, StepEnd, StepError, text};

/// How much of a body an error shows.
const SHOWN_BYTES: usize = 300;
/// Headers that later steps and readers do not get: they let others act in the caller's name.
const LEFT_OUT: [&str; 6] = [
    "set-cookie",
    "set-cookie2",
    "cookie",
    "authorization",
    "proxy-authorization",
    "authentication-info",
];
/// What conditions see of an answer.
const SEEN: [&str; 5] = ["status", "headers", "body", "json", "elapsed_ms"];

pub(super) struct HttpAnswer {
    output: Map<String, Value>,
    body: String,
}

/// Status, headers and address.
pub(super) fn head(response: &Response) -> Map<String, Value> {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        match headers.get_mut(name.as_str()) {
            Some(Value::String(all)) => *all = format!("{all}, {value}"),
            _ => drop(headers.insert(name.to_string(), value.into())),
        }
    }
    let mut output = Map::new();
    output.insert("status".to_owned(), response.status().as_u16().into());
    output.insert("headers".to_owned(), headers.into());
    let mut url = response.url().clone();
    // A URL that can have no user has none.
    let _ = (url.set_username(""), url.set_password(None));
    output.insert("url".to_owned(), url.to_string().into());
    output
}

/// The body, if it is no longer than so many bytes.
pub(super) async fn body(response: Response, limit: f64) -> Result<Vec<u8>, StepEnd> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float stays in the range"
    )]
    let limit = limit as usize;
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(|error| StepEnd::failed(reason(&error)))?);
        if body.len() > limit {
            let why =
                format!("the answer is longer than {limit} bytes: see `max_bytes` and `save_as`");
            return Err(StepEnd::refused(why));
        }
    }
    Ok(body)
}

impl HttpAnswer {
    pub(super) fn new(mut output: Map<String, Value>, body: Vec<u8>) -> Self {
        if let Ok(json) = serde_json::from_slice::<Value>(&body) {
            output.insert("json".to_owned(), json);
        }
        let body = String::from_utf8(body).unwrap_or_default();
        if !body.is_empty() {
            output.insert("body".to_owned(), body.clone().into());
        }
        Self { output, body }
    }

    pub(super) fn output(mut self) -> Value {
        if let Some(Value::Object(headers)) = self.output.get_mut("headers") {
            headers.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
        }
        Value::Object(self.output)
    }

    /// Why a status is none of those that were expected.
    pub(super) fn unexpected(&self, status: StatusCode, expected: &Value) -> String {
        let shown = &self.body[..self.body.floor_char_boundary(SHOWN_BYTES)];
        let said = if shown.trim().is_empty() {
            String::new()
        } else {
            format!(": {}", shown.trim())
        };
        format!(
            "the server answered {status}, and not {}{said}",
            text(expected)
        )
    }

    /// Takes out what is wanted, and checks the conditions.
    pub(super) fn captured(mut self, parameters: &Parameters) -> Result<Self, (Self, StepError)> {
        let taken = self.take(parameters);
        let checked = taken.and_then(|captured| {
            let any = !captured.is_empty();
            if any {
                self.output.insert("captured".to_owned(), captured.into());
            }
            self.check(parameters)
        });
        match checked {
            Ok(()) => Ok(self),
            Err(StepEnd::Failed(error, _)) => Err((self, error)),
            Err(_) => Ok(self),
        }
    }

    fn take(&self, parameters: &Parameters) -> Result<Map<String, Value>, StepEnd> {
        let mut captured = Map::new();
        for (name, how) in parameters.map("capture")?.into_iter().flatten() {
            let unknown = || {
                let forms = "`{json: /pointer}`, `{regex: …}` or `{header: …}`";
                StepEnd::refused(format!("capture `{name}` is none of {forms}"))
            };
            let how = how.as_object().ok_or_else(unknown)?;
            let value = match how.iter().next() {
                Some((way, pointer)) if way == "json" => {
                    let json = self.output.get("json").unwrap_or(&Value::Null);
                    json.pointer(&text(pointer)).cloned()
                }
                Some((way, pattern)) if way == "regex" => {
                    let pattern = Regex::new(&text(pattern))
                        .map_err(|error| StepEnd::refused(format!("capture `{name}`: {error}")))?;
                    let found = pattern.captures(&self.body);
                    // The first group, or all where there is none.
                    let group = found.and_then(|found| found.get(1).or(found.get(0)));
                    group.map(|group| group.as_str().into())
                }
                Some((way, header)) if way == "header" => {
                    let header = text(header).to_ascii_lowercase();
                    self.output["headers"].get(header).cloned()
                }
                _ => return Err(unknown()),
            };
            let missing = || {
                let how = Value::Object(how.clone());
                StepEnd::failed(format!(
                    "the answer has nothing for the capture `{name}`: {how}"
                ))
            };
            captured.insert(name.clone(), value.ok_or_else(missing)?);
        }
        Ok(captured)
    }

    fn check(&self, parameters: &Parameters) -> Result<(), StepEnd> {
        let conditions = match parameters.get("assert") {
            None => return Ok(()),
            Some(Value::Array(conditions)) => conditions.iter().map(text).collect(),
            Some(one) => vec![text(one)],
        };
        let seen = SEEN.iter().map(|name| {
            let value = self.output.get(*name).cloned().unwrap_or(Value::Null);
            ((*name).to_owned(), value)
        });
        let mut seen: Map<String, Value> = seen.collect();
        seen.extend(
            self.output
                .get("captured")
                .cloned()
                .map(|all| ("captured".to_owned(), all)),
        );
        let (playbook, none) = (Playbook::default(), Map::new());
        let scope = Scope::new(&playbook, &none).with_values(&seen);
        for condition in conditions {
            let holds = evaluate(&condition, &scope);
            if !holds.map_err(|problem| StepEnd::refused(problem.to_string()))? {
                return Err(StepEnd::failed(format!("`{condition}` does not hold")));
            }
        }
        Ok(())
    }
}

/// Whether a status is one of those: a number, a class as `2xx`, or a list of them.
pub(super) fn is_any(expected: &Value, status: StatusCode) -> bool {
    match expected {
        Value::Array(all) => all.iter().any(|one| is(one, status)),
        one => is(one, status),
    }
}

pub(super) fn is(expected: &Value, status: StatusCode) -> bool {
    let expected = text(expected).trim().to_ascii_lowercase();
    match expected.strip_suffix("xx") {
        Some(class) => class == (status.as_u16() / 100).to_string(),
        None => expected == status.as_str(),
    }
}
