//! `plugin check`.

use serde_json::json;

use super::Shed;
use crate::{
    args::CheckPlugin,
    exit::{Exit, Failure},
    output::{print_json, print_line, say},
    table::plain,
};

pub(super) async fn run(check: CheckPlugin) -> Result<Exit, Failure> {
    if !check.folder.is_dir() {
        let folder = check.folder.display();
        return Err(Failure::new(Exit::IO, format!("{folder} is no folder")));
    }
    let shed = Shed::open(check.isolation).await?;
    let report = plugin::check(&check.folder, &shed.isolated).await;
    shed.close().await;
    let exit = if report.errors.is_empty() {
        Exit::OK
    } else {
        Exit::FAILED
    };
    if check.format.json {
        let loaded = report.loaded.as_ref();
        print_json(&json!({
            "name": report.name,
            "version": loaded.map(|loaded| &loaded.version),
            "sha256": loaded.map(|loaded| &loaded.digest),
            "errors": report.errors, "warnings": report.warnings,
        }))?;
        return Ok(exit);
    }
    let named = |what: &str| format!("{}: {what}", check.folder.display());
    for error in &report.errors {
        say(&named(&format!("error: {}", plain(&error.to_string()))));
    }
    for warning in &report.warnings {
        say(&named(&format!("warning: {}", plain(&warning.to_string()))));
    }
    if let (Some(loaded), true) = (&report.loaded, report.errors.is_empty()) {
        let (name, version, digest) = (&report.name, &loaded.version, &loaded.digest);
        print_line(&format!("{name} {version} is good, sha256 {digest}"))?;
    }
    Ok(exit)
}
