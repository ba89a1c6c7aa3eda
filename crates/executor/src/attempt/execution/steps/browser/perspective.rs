//! `perspective.*`: checks of an open Perspective session. What they do works in any page.

use std::time::Duration;

use browser::{
    BrowserError, ClickOptions, InventoryOptions, Locator, ScreenshotOptions, WaitState,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{ActError, Acted, keep, visit};
use crate::{
    attempt::execution::{
        call::{Done, Left, Parameters, StepCall, StepEnd, text},
        clock,
    },
    browsers::SessionPage,
};

/// How long one test of a manifest waits for its element.
const TEST_LIMIT: Duration = Duration::from_secs(10);
/// How long the whole list of a page's elements may take.
const INVENTORY_LIMIT: Duration = Duration::from_secs(30);
/// What a test expects that only has to go through.
const NO_ERROR: &str = "No error";

/// Lists what a person can use in the page.
pub(super) async fn discover(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let root = call.parameters.text("selector")?;
    let texts = |name: &str| -> Result<Vec<String>, StepEnd> {
        let list = call.parameters.list(name)?;
        Ok(list.into_iter().flatten().map(text).collect())
    };
    let exclude = texts("exclude_selectors")?;
    let exclude: Result<Vec<Locator>, _> = exclude.iter().map(|one| one.parse()).collect();
    let options = InventoryOptions {
        root: Some(root.parse::<Locator>().map_err(BrowserError::from)?),
        types: texts("types")?,
        exclude: exclude.map_err(BrowserError::from)?,
    };
    let found = at.page.inventory(&options, INVENTORY_LIMIT).await?;
    let at_ms = clock::now_ms();
    Ok(json!({
        "status": "discovered", "count": found.elements.len(), "inventory": found.elements,
        "total": found.total, "timestamp": moment(at_ms), "root_selector": root,
    }))
}

fn moment(at_ms: i64) -> String {
    format!(
        "{:.3}",
        Timestamp::from_millisecond(at_ms).unwrap_or_default()
    )
}

/// Adds to an inventory what can be said of each element without the page.
pub(in crate::attempt::execution::steps) fn enrich(call: &StepCall<'_>) -> Done {
    let components = call.parameters.required("components")?;
    let Some(components) = components.as_array() else {
        // Of the original: a list that a template made into text.
        let output = json!({"status": "skipped", "enriched_inventory": [], "count": 0});
        return Ok(Left::output(output));
    };
    let analyzed_at = moment(clock::now_ms());
    let enriched: Vec<Value> = components
        .iter()
        .map(|component| described(component, &analyzed_at))
        .collect();
    let count = enriched.len();
    Ok(Left::output(
        json!({"status": "enriched", "enriched_inventory": enriched, "count": count}),
    ))
}

fn described(component: &Value, analyzed_at: &str) -> Value {
    let has = |name: &str| {
        component[name]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    };
    let is_perspective = has("componentPath") || has("componentId");
    let selector = component["selector"].as_str().unwrap_or_default();
    let reliability = match selector {
        _ if selector.starts_with('#') || is_perspective => "high",
        _ if selector.contains("[name=") => "medium",
        _ => "low",
    };
    let mut described = component.clone();
    if let Some(described) = described.as_object_mut() {
        described.insert(
            "metadata".to_owned(),
            json!({
                "analyzed_at": analyzed_at,
                "has_label": has("label") || has("ariaLabel"),
                "has_id": has("id"),
                "is_perspective_component": is_perspective,
                "selector_reliability": reliability,
            }),
        );
    }
    described
}

/// Performs the tests of a list, one after the other. The step completes also when tests fail.
pub(super) async fn execute_manifest(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let manifest = parameters.list("manifest")?.cloned().unwrap_or_default();
    let pictures = parameters.is_on("capture_screenshots")?;
    let returns = parameters.is_on("return_to_baseline")?;
    let aborts = parameters.optional_text("on_failure").as_deref() == Some("abort");
    let baseline = parameters.optional_text("baseline_url");
    let baseline = baseline.unwrap_or_else(|| at.page.url());
    let mut results = Vec::new();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (index, test) in manifest.iter().enumerate() {
        let test = Parameters(test.as_object().cloned().unwrap_or_default());
        if aborts && failed > 0 {
            skipped += 1;
            results.push(result(&test, "skipped", Map::new()));
            continue;
        }
        let started_at = moment(clock::now_ms());
        let returned = match returns && index > 0 {
            true => visit::open(at, &baseline).await,
            false => Ok(()),
        };
        let tested = match returned {
            Ok(()) => perform(at, &test).await,
            Err(ActError::Page(why)) => Err(why),
            Err(end) => return Err(end),
        };
        let mut fields = Map::new();
        fields.insert("started_at".to_owned(), started_at.into());
        fields.insert("completed_at".to_owned(), moment(clock::now_ms()).into());
        if pictures {
            let name = picture_name(call, index, &test);
            // A page that cannot be shown does not undo what the test has found.
            if let Ok(picture) = at.page.screenshot(&ScreenshotOptions::default()).await {
                keep::keep_picture(call, &name, picture).await?;
                fields.insert("screenshot".to_owned(), name.into());
            }
        }
        let status = match tested {
            Ok(actual) => {
                passed += 1;
                fields.insert("actual".to_owned(), actual.into());
                "passed"
            }
            Err(error) => {
                failed += 1;
                fields.insert("actual".to_owned(), "Error".into());
                fields.insert("error".to_owned(), error.into());
                "failed"
            }
        };
        results.push(result(&test, status, fields));
    }
    Ok(json!({
        "status": "completed", "total": manifest.len(), "passed": passed, "failed": failed,
        "skipped": skipped, "results": results,
    }))
}

/// One test: its action goes through, no script throws, and the page shows what is expected.
async fn perform(at: &SessionPage, test: &Parameters) -> Result<String, String> {
    let selector = test.optional_text("selector").unwrap_or_default();
    let locator: Locator = selector
        .parse()
        .map_err(|error: browser::LocatorError| error.to_string())?;
    let begun = u64::try_from(clock::now_ms()).unwrap_or_default();
    let done = match test.optional_text("action").as_deref().unwrap_or("click") {
        "click" => {
            let options = ClickOptions {
                timeout: TEST_LIMIT,
                ..ClickOptions::default()
            };
            at.page.click(&locator, &options).await
        }
        "fill" => {
            let value = test.optional_text("value");
            let value = value.unwrap_or_else(|| "Test".to_owned());
            at.page.fill(&locator, &value, TEST_LIMIT).await
        }
        other => return Err(format!("action `{other}` is not click or fill")),
    };
    done.map_err(|error| error.to_string())?;
    if let Some(thrown) = exception_since(at, begun) {
        return Err(format!("a script of the page threw: {thrown}"));
    }
    match test.optional_text("expected") {
        Some(expected) if expected != NO_ERROR => {
            let shown: Locator = format!("text={expected}")
                .parse()
                .map_err(|error: browser::LocatorError| error.to_string())?;
            let first: Locator = format!("{} >> nth=0", shown.as_str())
                .parse()
                .map_err(|error: browser::LocatorError| error.to_string())?;
            let waited = at
                .page
                .wait_for(&first, WaitState::Visible, TEST_LIMIT)
                .await;
            waited.map_err(|error| error.to_string())?;
            Ok(expected)
        }
        _ => Ok(NO_ERROR.to_owned()),
    }
}

/// What a script of the page threw since then, in epoch milliseconds.
fn exception_since(at: &SessionPage, since: u64) -> Option<String> {
    let mut console = at.page.records().console.into_iter();
    let thrown = console.find(|line| line.level == "exception" && line.at_ms >= since);
    thrown.map(|line| line.text)
}

fn result(test: &Parameters, status: &str, fields: Map<String, Value>) -> Value {
    let mut result = json!({
        "component_id": test.optional_text("component_id"),
        "action": test.optional_text("action").unwrap_or_else(|| "click".to_owned()),
        "expected": test.optional_text("expected").unwrap_or_else(|| NO_ERROR.to_owned()),
        "status": status,
    });
    if let Some(result) = result.as_object_mut() {
        result.extend(fields);
    }
    result
}

/// Ids of components have slashes and colons.
fn picture_name(call: &StepCall<'_>, index: usize, test: &Parameters) -> String {
    let id = test.optional_text("component_id").unwrap_or_default();
    let id: String = id
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    format!("{}-{}-{id}.png", call.key, index + 1)
}
