//! `perspective.verify_with_ai`: a model is asked what a picture of the page shows. It is performed only with a key of
//! the caller's, and the picture goes to the endpoint that the step names.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use browser::ScreenshotOptions;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ActError, Acted, area, keep, limit};
use crate::{
    attempt::execution::{
        call::{StepCall, StepEnd},
        steps::http::client::{ClientOptions, reason},
    },
    browsers::SessionPage,
};

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 1 << 20;
const VERSION: &str = "2023-06-01";
const ASKED: &str = "You check a picture of a web page. Answer with one JSON object and nothing else: \
    {\"passed\": true or false, \"confidence\": 0.0 to 1.0, \"explanation\": \"one or two sentences\"}. The check: ";

/// What a model says of a picture.
#[derive(Deserialize)]
struct Judgement {
    passed: bool,
    confidence: f64,
    #[serde(default)]
    explanation: String,
}

pub(super) async fn verify(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let prompt = parameters.text("prompt")?;
    let key = parameters.text("ai_api_key")?;
    let threshold = parameters.given_number("confidence_threshold")?;
    let model = parameters.text("ai_model")?;
    let endpoint = parameters.text("ai_endpoint")?;
    let limit = limit(call)?;
    let options = ScreenshotOptions {
        area: area(parameters)?,
        timeout: limit,
        ..ScreenshotOptions::default()
    };
    let picture = at.page.screenshot(&options).await?;
    keep::keep_picture(call, &keep::name(call, "png"), picture.clone()).await?;
    let source = json!({
        "type": "base64", "media_type": "image/png", "data": BASE64_STANDARD.encode(&picture),
    });
    let body = json!({
        "model": model,
        "max_tokens": 512,
        "messages": [{"role": "user", "content": [
            {"type": "image", "source": source},
            {"type": "text", "text": format!("{ASKED}{prompt}")},
        ]}],
    });
    let answer = ask(call, &endpoint, &key, &body, limit).await?;
    let Some(judgement) = judgement(&answer) else {
        let why = format!(
            "the model's answer has no judgement: {}",
            shortened(&answer)
        );
        return Err(ActError::Page(why));
    };
    let sure = judgement.confidence >= threshold;
    if judgement.passed && sure {
        return Ok(json!({
            "status": "passed", "passed": true, "confidence": judgement.confidence,
            "threshold": threshold, "explanation": judgement.explanation, "details": answer,
        }));
    }
    let status = if sure { "failed" } else { "uncertain" };
    Err(ActError::Page(format!(
        "{status}: {} (confidence {}, threshold {threshold})",
        judgement.explanation, judgement.confidence
    )))
}

/// The text of the model's answer.
async fn ask(
    call: &StepCall<'_>,
    endpoint: &str,
    key: &str,
    body: &Value,
    limit: Duration,
) -> Result<String, ActError> {
    let refused = |why: String| ActError::Step(StepEnd::refused(why));
    let failed = |error: reqwest::Error| {
        ActError::Step(StepEnd::failed(format!("{endpoint}: {}", reason(&error))))
    };
    let url = Url::parse(endpoint).map_err(|error| refused(format!("`ai_endpoint`: {error}")))?;
    let options = ClientOptions {
        verify_tls: true,
        ca_certificate: None,
        redirects: 0,
    };
    let client = call.context.clients.get(&url, options).map_err(refused)?;
    let request = client
        .post(url)
        .header("x-api-key", key)
        .header("anthropic-version", VERSION)
        .timeout(limit)
        .json(body);
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&piece);
        if body.len() > ANSWER_LIMIT {
            return Err(refused(format!("{endpoint}: its answer is too long")));
        }
    }
    let answer: Option<Value> = serde_json::from_slice(&body).ok();
    if !status.is_success() {
        let why = answer.map(|answer| answer["error"]["message"].clone());
        let why = why.unwrap_or_default();
        let why = format!("{endpoint} answers {status}: {why}");
        return Err(ActError::Step(StepEnd::failed(why)));
    }
    let Some(answer) = answer else {
        return Err(refused(format!("{endpoint}: its answer is not JSON")));
    };
    let content = answer["content"].as_array().into_iter().flatten();
    let texts: Vec<&str> = content.filter_map(|part| part["text"].as_str()).collect();
    Ok(texts.concat())
}

/// The object in an answer: models like to talk around it.
fn judgement(answer: &str) -> Option<Judgement> {
    let (begin, end) = (answer.find('{')?, answer.rfind('}')?);
    serde_json::from_str(answer.get(begin..=end)?).ok()
}

fn shortened(answer: &str) -> String {
    answer.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::judgement;

    #[test]
    fn a_judgement_is_found_in_an_answer() {
        let found = judgement("Here: {\"passed\": true, \"confidence\": 0.9} I hope so.");
        assert!(found.is_some_and(|found| found.passed && found.confidence > 0.8));
        for none in ["", "}{", "passed", "{\"passed\": 1}"] {
            assert!(judgement(none).is_none(), "{none}");
        }
    }
}
