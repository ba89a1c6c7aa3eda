//! `browser.compare_screenshot`: the page beside the picture that the playbook has of it.

use browser::{
    BrowserError, CompareOptions, Locator, PictureMask, ScreenshotOptions, compare_pictures,
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{ActError, Acted, area, keep::keep_picture, limit};
use crate::{
    attempt::execution::{
        call::{StepCall, StepEnd, text},
        steps::artifact,
    },
    browsers::SessionPage,
};

pub(super) async fn compare_screenshot(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let name = parameters.text("baseline_name")?;
    let threshold = parameters.given_number("threshold")?;
    let fails = parameters.is_on("fail_on_diff")?;
    let tolerance = parameters.given_number("tolerance")?;
    let options = options(call)?;
    let actual = at.page.screenshot(&options).await?;
    let root = &call.context.input.playbook_path;
    let nested = (call.playbook != *root).then_some(call.playbook.as_str());
    let folder = wire::browser::compared_folder(nested, &name);
    let seen = format!("{folder}/actual.png");
    keep_picture(call, &seen, actual.clone()).await?;
    let (client, lease) = (&call.context.runner.client, call.context.lease_of());
    let (run, named) = (
        call.context.taken.id,
        (call.playbook.as_str(), name.as_str()),
    );
    let baseline = call.asked(|| client.baseline(run, &lease, named)).await?;
    let of = nested.map_or_else(String::new, |playbook| format!(" --playbook '{playbook}'"));
    let accept = format!(
        "see the artefact {seen}, and accept it with `playhouse playbook accept {run} '{name}'{of}`"
    );
    let Some(baseline) = baseline else {
        let why = format!("the playbook has no picture `{name}` yet: {accept}");
        return Err(ActError::Step(StepEnd::refused(why)));
    };
    let compared = compared(baseline.clone(), actual, tolerance).await?;
    let passed = compared.equal_percent >= threshold && compared.baseline == compared.actual;
    let mut output = json!({
        "baseline_name": name, "equal_percent": compared.equal_percent,
        "different_pixels": compared.different_pixels, "passed": passed, "screenshot": seen,
        "status": "compared",
    });
    if compared.different_pixels > 0 {
        let diff = format!("{folder}/diff.png");
        artifact::keep_unredacted(call, &diff, compared.diff_png.into()).await?;
        let expected = format!("{folder}/expected.png");
        artifact::keep_unredacted(call, &expected, baseline).await?;
        output["diff"] = Value::from(diff);
    }
    if passed || !fails {
        return Ok(output);
    }
    let sizes = if compared.baseline == compared.actual {
        String::new()
    } else {
        let size = |size: browser::PictureSize| format!("{} x {}", size.width, size.height);
        format!(
            "; it has {} pixels, the picture {}",
            size(compared.actual),
            size(compared.baseline)
        )
    };
    Err(ActError::Page(format!(
        "{:.3} % of the pixels are as in the picture `{name}`, and {threshold} % should be{sizes}: {accept}",
        compared.equal_percent
    )))
}

fn options(call: &StepCall<'_>) -> Result<ScreenshotOptions, ActError> {
    let parameters = &call.parameters;
    let masks = parameters.list("masks")?.into_iter().flatten();
    let elements: Result<Vec<Locator>, _> = masks.map(|one| text(one).parse()).collect();
    Ok(ScreenshotOptions {
        area: area(parameters)?,
        mask: PictureMask {
            elements: elements.map_err(BrowserError::from)?,
            ..PictureMask::default()
        },
        timeout: limit(call)?,
        ..ScreenshotOptions::default()
    })
}

async fn compared(
    baseline: Bytes,
    actual: Bytes,
    tolerance: f64,
) -> Result<browser::Comparison, ActError> {
    let options = CompareOptions {
        // Rounded down; what is beyond the range is its end.
        tolerance: tolerance as u8,
        ..CompareOptions::default()
    };
    let compared = spawn_blocking(move || compare_pictures(&baseline, &actual, &options)).await;
    let compared = compared.map_err(|error| ActError::Step(StepEnd::failed(error.to_string())))?;
    compared.map_err(|error| ActError::Step(StepEnd::refused(error.to_string())))
}
