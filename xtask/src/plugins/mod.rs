//! `cargo xtask plugins`: builds what is under `plugins/` into folders that can be installed.

mod inputs;
mod python;
mod rust;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};

pub(crate) use python::environment as python_environment;

use crate::process::{root, target_dir};

/// What stands beside the source of a plugin and is no part of it when it is installed.
const NOT_INSTALLED: [&str; 1] = ["README.md"];

/// How a plugin is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recipe {
    /// A component in Rust: a crate.
    Rust,
    /// A component in Python: it says which componentize-py it needs.
    Python,
    /// A program that needs no building.
    Copy,
}

struct Source {
    name: String,
    folder: PathBuf,
    recipe: Recipe,
}

/// Builds the named plugins, or all. What has not changed since it was built stays as it is.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let sources = chosen(sources(&root().join("plugins"))?, names)?;
    let target = target_dir()?;
    let (built, stamps) = (target.join("plugins"), target.join("plugins/.stamps"));
    fs::create_dir_all(&stamps).context("failed to make the directory of plugins")?;
    for source in &sources {
        let name = &source.name;
        let begun = Instant::now();
        let (done, stamp) = (built.join(name), stamps.join(name));
        let inputs = inputs::hash(&inputs_of(source))?;
        let known = fs::read_to_string(&stamp).is_ok_and(|known| known == inputs);
        if known && done.join("plugin.toml").is_file() {
            println!("{name}: unchanged");
            continue;
        }
        let fresh = built.join(format!(".fresh-{name}"));
        remove(&fresh)?;
        fs::create_dir_all(&fresh)?;
        build(source, &target, &fresh).with_context(|| format!("plugin {name}"))?;
        remove(&done)?;
        fs::rename(&fresh, &done).with_context(|| format!("failed to place {name}"))?;
        fs::write(&stamp, inputs)?;
        println!("{name}: built in {:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

fn build(source: &Source, target: &Path, into: &Path) -> Result<()> {
    match source.recipe {
        Recipe::Rust => {
            fs::copy(source.folder.join("plugin.toml"), into.join("plugin.toml"))?;
            rust::build(&source.name, target, into)
        }
        Recipe::Python => {
            fs::copy(source.folder.join("plugin.toml"), into.join("plugin.toml"))?;
            python::build(&source.name, &source.folder, target, into)
        }
        Recipe::Copy => {
            for file in inputs::files(&source.folder)? {
                let name = file.strip_prefix(&source.folder)?;
                if !NOT_INSTALLED.iter().any(|other| Path::new(other) == name) {
                    let place = into.join(name);
                    fs::create_dir_all(place.parent().unwrap_or(into))?;
                    fs::copy(&file, place)?;
                }
            }
            Ok(())
        }
    }
}

/// The files and folders that decide what is built.
fn inputs_of(source: &Source) -> Vec<PathBuf> {
    let root = root();
    let mut inputs = vec![source.folder.clone(), root.join("xtask/src/plugins")];
    match source.recipe {
        Recipe::Rust => inputs.extend(
            [
                "plugins/Cargo.toml",
                "plugins/Cargo.lock",
                "crates/analysis",
                "crates/plugin/wit",
                // Versions and features of the dependencies of `analysis`.
                "Cargo.toml",
            ]
            .map(|path| root.join(path)),
        ),
        Recipe::Python => inputs.push(root.join("crates/plugin/wit")),
        Recipe::Copy => {}
    }
    inputs
}

/// The plugins in a directory, in the order of their names.
fn sources(directory: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(directory).context("failed to read plugins/")? {
        let folder = entry?.path();
        if !folder.join("plugin.toml").is_file() {
            continue;
        }
        let recipe = if folder.join("Cargo.toml").is_file() {
            Recipe::Rust
        } else if folder.join("requirements.txt").is_file() {
            Recipe::Python
        } else {
            Recipe::Copy
        };
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        sources.push(Source {
            name,
            folder,
            recipe,
        });
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sources)
}

fn chosen(sources: Vec<Source>, names: &[String]) -> Result<Vec<Source>> {
    let known: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!(
            "there is no plugin {unknown}; there are {}",
            known.join(", ")
        );
    }
    let wanted = |source: &Source| names.is_empty() || names.contains(&source.name);
    Ok(sources.into_iter().filter(wanted).collect())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plugin_has_its_recipe() {
        let sources = sources(&root().join("plugins")).unwrap();
        let found: Vec<(&str, Recipe)> = sources
            .iter()
            .map(|source| (source.name.as_str(), source.recipe))
            .collect();
        assert_eq!(
            found,
            [
                ("csv-profile", Recipe::Copy),
                ("json-diff", Recipe::Python),
                ("text-stats-wasm", Recipe::Rust),
                ("web-page-wasm", Recipe::Rust),
            ]
        );
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let all = || sources(&root().join("plugins")).unwrap();
        assert_eq!(chosen(all(), &[]).unwrap().len(), 4);
        assert_eq!(
            chosen(all(), &[String::from("json-diff")]).unwrap().len(),
            1
        );
        let refused = chosen(all(), &[String::from("json")])
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.contains("no plugin json") && refused.contains("csv-profile"),
            "{refused}"
        );
    }
}
