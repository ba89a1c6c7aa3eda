//! `cargo xtask page-script`: the script that the crate `browser` puts into pages, built by npm from
//! `crates/browser/script`. Its output is committed, so that a build of the crate needs no Node.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::process::{root, succeed, target_dir};

/// What is needed to build it, all of it committed.
const INPUTS: [&str; 3] = ["package.json", "package-lock.json", "tsconfig.json"];

#[derive(Args)]
pub(crate) struct PageScript {
    /// Writes nothing, fails if the committed output is not what the sources give.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(wanted: &PageScript) -> Result<()> {
    let committed = root().join("crates/browser/script/dist/page.js");
    let built = build()?;
    if !wanted.check {
        let folder = committed.parent().context("the output has a folder")?;
        fs::create_dir_all(folder)?;
        return fs::write(&committed, built).context("failed to write the script");
    }
    let known =
        fs::read(&committed).context("failed to read crates/browser/script/dist/page.js")?;
    if known != built {
        bail!("crates/browser/script/dist/page.js is not fresh: run `cargo xtask page-script`");
    }
    Ok(())
}

/// Checks the types and builds, in the target directory: the sources stay without `node_modules`.
fn build() -> Result<Vec<u8>> {
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
    fs::read(place.join("dist/page.js")).context("npm has built no dist/page.js")
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
