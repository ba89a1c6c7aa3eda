//! `http.request`.

mod answer;
pub(super) mod client;

use std::time::{Duration, Instant};

use reqwest::{Body, Method, RequestBuilder, Response, Url, header};
use serde_json::Value;

use super::artifact;
use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd, StepError, text};
use answer::HttpAnswer;
use client::{ClientOptions, reason};

/// The pauses between requests that are sent again because of their status.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LAST: Duration = Duration::from_secs(30);

pub(super) async fn request(call: &StepCall<'_>) -> Done {
    let parameters = &call.parameters;
    let again = parameters.list("retry_status")?.into_iter().flatten();
    let again: Vec<Value> = again.cloned().collect();
    let mut pause = PAUSE_FIRST;
    let (response, began) = loop {
        let began = Instant::now();
        let sent = build(call).await?.send().await;
        let response = sent.map_err(|error| StepEnd::failed(reason(&error)))?;
        if !again.iter().any(|one| answer::is(one, response.status())) {
            break (response, began);
        }
        // Until the step's own time is over.
        let wait = wished(&response).unwrap_or(pause);
        call.waits.poll(wait).await;
        pause = (pause * 2).min(PAUSE_LAST);
    };
    let expected = parameters.get("expect_status").cloned();
    let expected = expected.unwrap_or_else(|| "2xx".into());
    let (status, kept) = (response.status(), parameters.optional_text("save_as"));
    let as_expected = answer::is_any(&expected, status);
    let mut output = answer::head(&response);
    let body = match kept.filter(|_| as_expected) {
        Some(name) => {
            let size = artifact::keep_response(call, &name, response).await?;
            output.insert("file".to_owned(), name.into());
            output.insert("size".to_owned(), size.into());
            Vec::new()
        }
        None => {
            let limit = parameters
                .number("max_bytes")?
                .unwrap_or(f64::from(1 << 20));
            answer::body(response, limit).await?
        }
    };
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    output.insert("elapsed_ms".to_owned(), took.into());
    let answer = HttpAnswer::new(output, body);
    if !as_expected {
        let message = answer.unexpected(status, &expected);
        let error = StepError {
            message,
            last: false,
        };
        return Err(StepEnd::Failed(error, Left::output(answer.output())));
    }
    match answer.captured(parameters) {
        Ok(answer) => Ok(Left::output(answer.output())),
        Err((answer, error)) => Err(StepEnd::Failed(error, Left::output(answer.output()))),
    }
}

/// How long the server wants to be left alone.
fn wished(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(seconds.min(PAUSE_LAST))
}

/// The request that the parameters describe.
async fn build(call: &StepCall<'_>) -> Result<RequestBuilder, StepEnd> {
    let parameters = &call.parameters;
    let wrong = |what: &str, why: String| StepEnd::refused(format!("parameter `{what}`: {why}"));
    let url = parameters.text("url")?;
    // Not shown: it may hold a password.
    let url = Url::parse(&url).map_err(|error| wrong("url", error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("url", "it is not an http or https URL".to_owned()));
    }
    let method = parameters.optional_text("method");
    let method = method
        .unwrap_or_else(|| "GET".to_owned())
        .to_ascii_uppercase();
    let method = Method::from_bytes(method.as_bytes())
        .map_err(|_| wrong("method", format!("`{method}` is none")))?;
    let client = ClientOptions {
        verify_tls: parameters.flag("verify_tls", true)?,
        ca_certificate: parameters.optional_text("ca_certificate"),
        redirects: redirects(parameters.get("follow_redirects"))?,
    };
    let client = call
        .context
        .clients
        .get(&url, client)
        .map_err(StepEnd::refused)?;
    let query = parameters.texts("query")?;
    let time = parameters.seconds("request_timeout", 30.0)?;
    let mut request = client.request(method, url).query(&query).timeout(time);
    for (name, value) in parameters.texts("headers")? {
        request = request.header(name, value);
    }
    if let Some(username) = parameters.optional_text("username") {
        request = request.basic_auth(username, parameters.optional_text("password"));
    }
    let bodies = ["json", "form", "body", "file"];
    let mut given = bodies
        .into_iter()
        .filter(|name| parameters.get(name).is_some());
    let body = given.next();
    if let (Some(first), Some(second)) = (body, given.next()) {
        return Err(StepEnd::refused(format!(
            "it has both `{first}` and `{second}`"
        )));
    }
    Ok(match body {
        Some("json") => request.json(parameters.required("json")?),
        Some("form") => request.form(&parameters.texts("form")?),
        Some("file") => {
            let file = artifact::given(call, &parameters.text("file")?).await?;
            request.body(Body::from(file))
        }
        Some(_) => request.body(parameters.text("body")?),
        None => request,
    })
}

/// How many redirects are followed: a number, or whether any.
fn redirects(given: Option<&Value>) -> Result<usize, StepEnd> {
    let number = match given {
        None | Some(Value::Bool(true)) => Some(5),
        Some(Value::Bool(false)) => Some(0),
        Some(value) => text(value).trim().parse().ok(),
    };
    number.ok_or_else(|| StepEnd::refused("parameter `follow_redirects` is not a number"))
}
