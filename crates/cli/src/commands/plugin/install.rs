//! `plugin install`.

use plugin::InstallError;
use serde_json::json;

use crate::{
    args::InstallPlugin,
    commands::place,
    exit::{Exit, Failure},
    output::{print_json, print_line},
};

pub(super) fn run(install: &InstallPlugin) -> Result<Exit, Failure> {
    let directory = place::plugins_dir(install.place.plugins_dir.as_deref())?;
    let shipped = shipped::PLUGINS.map(|plugin| plugin.name);
    let installed = plugin::install(
        &install.source,
        install.sha256.as_deref(),
        &directory,
        None,
        &shipped,
    )
    .map_err(|error| {
        let exit = match error {
            InstallError::Io { .. } => Exit::IO,
            _ => Exit::FAILED,
        };
        Failure::new(exit, error.to_string())
    })?;
    if install.format.json {
        print_json(&json!({
            "name": installed.name, "version": installed.version, "sha256": installed.digest,
            "folder": installed.folder, "replaced": installed.replaced,
        }))?;
        return Ok(Exit::OK);
    }
    let replaced = installed
        .replaced
        .map_or_else(String::new, |version| format!(", in place of {version}"));
    print_line(&format!(
        "{} {} is in {}{replaced}, sha256 {}",
        installed.name,
        installed.version,
        installed.folder.display(),
        installed.digest
    ))?;
    Ok(Exit::OK)
}
