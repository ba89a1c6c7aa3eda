//! `cargo xtask page-script`: the scripts that the crate `browser` puts into pages, built by npm from
//! `crates/browser/script`. Their output is committed, so that a build of the crate needs no Node.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    process::{root, succeed, target_dir},
    setup,
};

/// What is needed to build them, all of it committed.
const INPUTS: [&str; 3] = ["package.json", "package-lock.json", "tsconfig.json"];
/// The script of all pages, and that of pages in which a person is recorded.
const OUTPUTS: [&str; 2] = ["page.js", "recorder.js"];

#[derive(Args)]
pub(crate) struct PageScript {
    /// Writes nothing, fails if the committed output is not what the sources give.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(wanted: &PageScript) -> Result<()> {
    let committed = root().join("crates/browser/script/dist");
    let built = build()?;
    if !wanted.check {
        fs::create_dir_all(&committed)?;
    }
    for name in OUTPUTS {
        let fresh =
            fs::read(built.join(name)).with_context(|| format!("npm has built no dist/{name}"))?;
        let path = committed.join(name);
        if !wanted.check {
            fs::write(&path, fresh).context("failed to write a script")?;
            continue;
        }
        let known =
            fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        if known != fresh {
            bail!("crates/browser/script/dist/{name} is not fresh: run `cargo xtask page-script`");
        }
    }
    Ok(())
}

/// Fails if the committed output is not what the sources give.
pub(crate) fn check() -> Result<()> {
    setup::browser()?;
    run(&PageScript { check: true })
}

/// Checks the types and builds, in the target directory: the sources stay without `node_modules`. Answers with
/// the directory of what was built.
fn build() -> Result<PathBuf> {
    let source = root().join("crates/browser/script");
    let place = target_dir()?.join("page-script");
    fs::create_dir_all(&place)?;
    for name in INPUTS {
        fs::copy(source.join(name), place.join(name))
            .with_context(|| format!("failed to copy {name}"))?;
    }
    let sources = place.join("src");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    copy(&source.join("src"), &sources)?;
    npm(&place, &["ci", "--no-audit", "--no-fund"])?;
    npm(&place, &["run", "--silent", "check"])?;
    npm(&place, &["run", "--silent", "build"])?;
    Ok(place.join("dist"))
}

fn npm(place: &Path, arguments: &[&str]) -> Result<()> {
    let missing = "npm is needed to build the page's script: install the packages nodejs and npm";
    succeed(Command::new("npm").args(arguments).current_dir(place)).context(missing)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
