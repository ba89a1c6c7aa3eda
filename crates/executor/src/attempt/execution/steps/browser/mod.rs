//! `browser.*`: a Chromium of the executor, and one page for each execution. Times are milliseconds.

mod act;
mod failure;
mod keep;
mod look;
mod visit;

use std::time::Duration;

use browser::{BrowserError, Locator};
use wire::executors::LeaseOf;

use super::refusal;
use crate::{
    attempt::execution::{
        call::{Done, Left, Parameters, StepCall, StepEnd},
        clock,
    },
    browsers::{Audience, SessionPage},
};

/// How long a step waits for an element, unless it says so itself.
const WAIT_MS: f64 = 30_000.0;
/// How long it waits for what it verifies.
const VERIFY_MS: f64 = 5_000.0;

/// What the steps of this room answer: an error of the browser is described with what was to be seen.
type Acted = Result<serde_json::Value, ActError>;

/// Why a step did not do what it is for.
enum ActError {
    /// A parameter is wrong, or the server has to be asked again: nothing of it is in the page.
    Step(StepEnd),
    /// Something of the page.
    Page(String),
}

impl From<StepEnd> for ActError {
    fn from(end: StepEnd) -> Self {
        Self::Step(end)
    }
}

impl From<BrowserError> for ActError {
    fn from(error: BrowserError) -> Self {
        match error {
            BrowserError::Locator(error) => Self::Step(StepEnd::refused(error.to_string())),
            error => Self::Page(error.to_string()),
        }
    }
}

pub(super) async fn perform(call: &StepCall<'_>) -> Done {
    let page = page(call).await?;
    let acted = match call.kind.as_str() {
        "browser.navigate" => visit::navigate(call, &page).await,
        "browser.wait_for_response" => visit::wait_for_response(call, &page).await,
        "browser.evaluate" => visit::evaluate(call, &page).await,
        "browser.click" => act::click(call, &page).await,
        "browser.fill" => act::fill(call, &page).await,
        "browser.keyboard" | "browser.press" => act::press(call, &page).await,
        "browser.check" => act::check(call, &page).await,
        "browser.select" => act::select(call, &page).await,
        "browser.hover" => act::hover(call, &page).await,
        "browser.file_upload" => act::upload(call, &page).await,
        "browser.wait" => look::wait(call, &page).await,
        "browser.verify" => look::verify(call, &page).await,
        "browser.verify_text" => look::verify_text(call, &page).await,
        "browser.verify_attribute" => look::verify_attribute(call, &page).await,
        "browser.verify_state" => look::verify_state(call, &page).await,
        "browser.get_text" => look::get_text(call, &page).await,
        "browser.expect" => look::expect(call, &page).await,
        "browser.screenshot" => keep::screenshot(call, &page).await,
        "browser.pdf" => keep::pdf(call, &page).await,
        "browser.download" => keep::download(call, &page).await,
        kind => return Err(StepEnd::refused(refusal(kind))),
    };
    match acted {
        Ok(output) => Ok(Left::output(output)),
        Err(ActError::Step(end)) => Err(end),
        Err(ActError::Page(message)) => Err(failure::describe(call, &page, message).await),
    }
}

/// The execution's page, which its first step opens.
async fn page(call: &StepCall<'_>) -> Result<SessionPage, StepEnd> {
    let (runner, taken) = (call.context.runner, call.context.taken);
    let audience = Audience {
        client: runner.client.clone(),
        run: taken.id.to_owned(),
        of: LeaseOf {
            executor: runner.environment.settings.name.clone(),
            token: taken.token,
        },
    };
    let browsers = &runner.environment.browsers;
    let secrets = call.context.redactor.secrets();
    let page = call.context.browser.page(browsers, secrets, audience).await;
    page.map_err(|error| match error {
        BrowserError::NotInstalled { .. } => StepEnd::refused(error.to_string()),
        error => StepEnd::failed(error.to_string()),
    })
}

/// The element that a step names.
fn locator(parameters: &Parameters) -> Result<Locator, ActError> {
    let text = parameters.text("selector")?;
    Ok(text.parse().map_err(BrowserError::from)?)
}

/// How long a step may wait, from its parameter in milliseconds.
fn limit(parameters: &Parameters, usual: f64) -> Result<Duration, StepEnd> {
    let milliseconds = parameters.number("timeout")?.unwrap_or(usual);
    if milliseconds < 0.0 {
        return Err(StepEnd::refused("parameter `timeout` is negative"));
    }
    Ok(clock::seconds(milliseconds / 1000.0))
}
