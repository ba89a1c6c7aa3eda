//! `browser.*`: a Chromium of the executor, and one page for each execution. Times are milliseconds.

mod act;
mod ai;
mod arrival;
mod compare;
mod expected;
mod failure;
mod keep;
mod look;
mod perspective;
mod storage;
mod traced;
mod visit;

use std::{sync::OnceLock, time::Duration};

pub(super) use perspective::enrich;

use browser::{BrowserError, Locator, PictureArea};
use playbook::step_type;

use super::refusal;
use crate::{
    attempt::execution::{
        call::{Done, Left, Parameters, StepCall, StepEnd},
        clock,
    },
    browsers::{Audience, SessionPage},
};

/// What is left of a step's own time when its wait for an element is over.
const REST: Duration = Duration::from_secs(1);

/// What these steps answer.
type Acted = Result<serde_json::Value, ActError>;

/// Why a step did not do what it is for.
enum ActError {
    /// Nothing of it is to be seen in the page: a parameter is wrong, or there is no page.
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
    check(call)?;
    // Two steps at once would type into each other's fields.
    let _turn = call.context.browser.turn().await;
    let seen = OnceLock::new();
    let traced = traced::Began::now(call);
    let done = call.within(act(call, &seen)).await;
    if let Some(page) = seen.get() {
        traced.ended(call, page, &done);
    }
    match (done, seen.get()) {
        (Err(StepEnd::Failed(error, left)), Some(page)) if !error.last => {
            let described = failure::describe(call, page, error.message);
            let end = call.stoppable(async { Err(described.await) }).await;
            match end {
                Err(StepEnd::Failed(error, _)) => Err(StepEnd::Failed(error, left)),
                other => other,
            }
        }
        (done, _) => done,
    }
}

/// Refuses wrong parameters before a browser is started for them.
fn check(call: &StepCall<'_>) -> Result<(), StepEnd> {
    let known = step_type(&call.kind).into_iter();
    for parameter in known.flat_map(|known| known.parameters) {
        if parameter.required {
            call.parameters.required(parameter.name)?;
        }
    }
    if let Some(selector) = call.parameters.optional_text("selector") {
        let parsed = selector.parse::<Locator>();
        parsed.map_err(|error| StepEnd::refused(error.to_string()))?;
    }
    Ok(())
}

async fn act(call: &StepCall<'_>, seen: &OnceLock<SessionPage>) -> Done {
    if call.kind == "browser.load_state" {
        // It opens a window of its own in the place of what is there.
        return storage::load(call).await.map(Left::output);
    }
    let found = page(call).await?;
    let session = &call.context.browser;
    if session.is_lost() && call.kind != "browser.navigate" {
        return Err(StepEnd::refused(
            "the page that earlier steps worked with is gone with its browser: retry the execution from the step \
             that opened it",
        ));
    }
    let at = seen.get_or_init(|| found);
    let acted = match call.kind.as_str() {
        "browser.navigate" => visit::navigate(call, at).await,
        "browser.switch_page" => visit::switch_page(call, at).await,
        "browser.wait_for_response" => visit::wait_for_response(call, at).await,
        "browser.evaluate" => visit::evaluate(call, at).await,
        "browser.click" => act::click(call, at).await,
        "browser.fill" => act::fill(call, at).await,
        "browser.keyboard" | "browser.press" => act::press(call, at).await,
        "browser.check" => act::check(call, at).await,
        "browser.select" => act::select(call, at).await,
        "browser.drag" => act::drag(call, at).await,
        "browser.hover" => act::hover(call, at).await,
        "browser.file_upload" => act::upload(call, at).await,
        "browser.wait" => look::wait(call, at).await,
        "browser.verify" => look::verify(call, at).await,
        "browser.verify_text" => look::verify_text(call, at).await,
        "browser.verify_attribute" => look::verify_attribute(call, at).await,
        "browser.verify_state" => look::verify_state(call, at).await,
        "browser.get_text" => look::get_text(call, at).await,
        "browser.expect" => look::expect(call, at).await,
        "perspective.discover_page" => perspective::discover(call, at).await,
        "perspective.execute_test_manifest" => perspective::execute_manifest(call, at).await,
        "perspective.verify_navigation" => arrival::verify_navigation(call, at).await,
        "perspective.verify_dock_opened" => arrival::verify_dock(call, at).await,
        "perspective.verify_with_ai" => ai::verify(call, at).await,
        "browser.compare_screenshot" => compare::compare_screenshot(call, at).await,
        "browser.save_state" => storage::save(call, at).await,
        "browser.screenshot" => keep::screenshot(call, at).await,
        "browser.pdf" => keep::pdf(call, at).await,
        "browser.download" => keep::download(call, at).await,
        kind => return Err(StepEnd::refused(refusal(kind))),
    };
    match acted {
        Ok(output) => {
            session.found();
            Ok(Left::output(output))
        }
        Err(ActError::Step(end)) => Err(end),
        Err(ActError::Page(message)) => Err(StepEnd::failed(message)),
    }
}

/// The execution's page, which its first step opens.
async fn page(call: &StepCall<'_>) -> Result<SessionPage, StepEnd> {
    let (runner, taken) = (call.context.runner, call.context.taken);
    let audience = Audience {
        client: runner.client.clone(),
        run: taken.id.to_owned(),
        of: call.context.lease_of(),
        redactor: call.context.redactor.clone(),
    };
    let browsers = &runner.environment.browsers;
    let secrets = call.context.redactor.secrets();
    let page = call.context.browser.page(browsers, secrets, audience).await;
    page.map_err(no_browser)
}

/// Why there is no browser. Where none is installed another try ends alike.
pub(super) fn no_browser(error: BrowserError) -> StepEnd {
    match error {
        BrowserError::NotInstalled { .. } => StepEnd::refused(error.to_string()),
        error => StepEnd::failed(error.to_string()),
    }
}

/// What a picture shows: the element that the step names, else the page or what is visible of it.
fn area(parameters: &Parameters) -> Result<PictureArea, ActError> {
    Ok(match parameters.optional_text("selector") {
        Some(text) => PictureArea::Element(text.parse().map_err(BrowserError::from)?),
        None if parameters.flag("full_page", false)? => PictureArea::FullPage,
        None => PictureArea::Viewport,
    })
}

/// Whether steps of this type work with the execution's page.
pub(in crate::attempt::execution) fn is_of_browser(kind: &str) -> bool {
    let is_of_page = |kind: &str| kind != "perspective.extract_component_metadata";
    kind.starts_with("browser.") || kind.starts_with("perspective.") && is_of_page(kind)
}

/// The element that a step names.
fn locator(parameters: &Parameters) -> Result<Locator, ActError> {
    let text = parameters.text("selector")?;
    Ok(text.parse().map_err(BrowserError::from)?)
}

/// How long a step may wait, from its parameter in milliseconds: not until its own time is over, which would say
/// nothing of the page.
fn limit(call: &StepCall<'_>) -> Result<Duration, StepEnd> {
    let milliseconds = call.parameters.given_number("timeout")?;
    if milliseconds < 0.0 {
        return Err(StepEnd::refused("parameter `timeout` is negative"));
    }
    let own = call.timeout.saturating_sub(REST).max(call.timeout / 2);
    Ok(clock::seconds(milliseconds / 1000.0).min(own))
}

impl Parameters {
    /// A number that the table of step types gives a value to where the step does not.
    fn given_number(&self, name: &str) -> Result<f64, StepEnd> {
        self.required(name)?;
        self.number(name).map(Option::unwrap_or_default)
    }

    /// True or false, likewise.
    fn is_on(&self, name: &str) -> Result<bool, StepEnd> {
        self.required(name)?;
        self.flag(name, false)
    }
}
