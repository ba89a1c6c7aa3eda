//! What a step keeps of a page: pictures, documents, downloads.

use browser::{ClickOptions, DownloadState, PdfOptions, ScreenshotOptions};
use bytes::Bytes;
use serde_json::json;

use super::{ActError, Acted, area, limit, locator};
use crate::{
    attempt::execution::{
        call::{StepCall, StepEnd},
        steps::artifact,
    },
    browsers::SessionPage,
};

pub(super) async fn screenshot(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let options = ScreenshotOptions {
        area: area(&call.parameters)?,
        timeout: limit(call)?,
        ..ScreenshotOptions::default()
    };
    let picture = at.page.screenshot(&options).await?;
    let name = name(call, "png");
    keep_picture(call, &name, picture).await?;
    Ok(json!({"screenshot": name, "status": "captured"}))
}

/// Keeps a picture as an artefact, and for reports.
pub(super) async fn keep_picture(
    call: &StepCall<'_>,
    name: &str,
    picture: Bytes,
) -> Result<(), StepEnd> {
    artifact::keep_unredacted(call, name, picture.clone()).await?;
    call.context.browser.trace.add_picture(name, picture);
    Ok(())
}

pub(super) async fn pdf(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let options = PdfOptions {
        landscape: call.parameters.is_on("landscape")?,
        timeout: limit(call)?,
        ..PdfOptions::default()
    };
    let document = at.page.pdf(&options).await?;
    let name = name(call, "pdf");
    artifact::keep_unredacted(call, &name, document).await?;
    Ok(json!({"pdf": name, "status": "printed"}))
}

/// Clicks what starts a download, and keeps the file.
pub(super) async fn download(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(call)?;
    let before = at.context.downloads().len();
    let options = ClickOptions {
        timeout: limit,
        ..ClickOptions::default()
    };
    at.page.click(&locator, &options).await?;
    let file = at.context.download_after(before, limit).await?;
    let path = match (&file.state, &file.path) {
        (DownloadState::Completed, Some(path)) => path,
        (DownloadState::Failed { reason }, _) => {
            let why = format!("the download of {} failed: {reason}", file.url);
            return Err(ActError::Page(why));
        }
        _ => {
            return Err(ActError::Page(format!(
                "the download of {} did not end",
                file.url
            )));
        }
    };
    let named = call.parameters.optional_text("name");
    let own = path.file_name().map(|name| name.to_string_lossy());
    let name = named.unwrap_or_else(|| own.unwrap_or_default().into_owned());
    let size = artifact::keep_file(call, &name, path).await?;
    Ok(json!({"file": name, "url": file.url, "size_bytes": size, "status": "downloaded"}))
}

/// What the step calls it, else the step's own place in the execution, so that none replaces another.
pub(super) fn name(call: &StepCall<'_>, ending: &str) -> String {
    let ending = format!(".{ending}");
    let name = call.parameters.optional_text("name");
    let name = name.unwrap_or_else(|| call.key.to_string());
    if name.ends_with(&ending) {
        name
    } else {
        name + &ending
    }
}
