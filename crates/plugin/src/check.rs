//! What an author wants to know about a plugin before anybody installs it.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::{plugin::Plugin, process::Spawner};

/// What was found about a plugin's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// As the manifest says, or the folder's name.
    pub name: String,
    /// None when the plugin cannot be used at all.
    pub loaded: Option<Loaded>,
    /// What keeps it from being used.
    pub errors: Vec<String>,
    /// What could be better.
    pub warnings: Vec<String>,
}

/// What is known of a plugin that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its version.
    pub version: String,
    /// SHA-256 of its content, in hexadecimal.
    pub digest: String,
}

/// Loads a plugin, and has it describe itself.
///
/// Blocks for a while where it has to compile a component.
pub async fn check<S: Spawner>(folder: &Path, spawner: &S) -> CheckReport {
    let plugin = match Plugin::load(folder, None) {
        Ok(plugin) => plugin,
        Err(broken) => {
            return CheckReport {
                name: broken.name,
                loaded: None,
                errors: vec![broken.reason],
                warnings: Vec::new(),
            };
        }
    };
    let manifest = plugin.manifest();
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let cancel = CancellationToken::new();
    match plugin.describe(&manifest.limits, spawner, &cancel).await {
        Ok(itself) => {
            if itself.name != manifest.name {
                errors.push(format!("it describes itself as `{}`", itself.name));
            }
            if itself.version != manifest.version {
                let (own, told) = (&itself.version, &manifest.version);
                errors.push(format!("it is of version {own}, its manifest says {told}"));
            }
        }
        Err(failure) => errors.push(format!("it cannot describe itself: {failure}")),
    }
    if manifest.description.is_empty() {
        warnings.push(String::from("the manifest has no description"));
    }
    if manifest.metrics.is_empty() {
        warnings.push(String::from(
            "it declares no metrics, so each metric has to be `{}`",
        ));
    }
    if manifest.input_schema.is_none() {
        warnings.push(String::from(
            "it has no schema, so it is called with any input",
        ));
    }
    CheckReport {
        name: manifest.name.clone(),
        loaded: Some(Loaded {
            version: manifest.version.clone(),
            digest: String::from(plugin.digest()),
        }),
        errors,
        warnings,
    }
}
