//! Components in Python, with componentize-py in an environment of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{inputs, remove};
use crate::{
    process::{root, succeed, works},
    setup,
};

const MISSING: &str = "Python with its module `venv` is missing and cannot be installed from here: \
    install the packages python3 and python3-venv of your system";

/// Builds the module of the plugin's name in `folder` into a component in `into`.
pub(super) fn build(name: &str, folder: &Path, target: &Path, into: &Path) -> Result<()> {
    let environment = environment(&folder.join("requirements.txt"), target)?;
    let module = name.replace('-', "_");
    let mut command = Command::new(environment.join("bin/componentize-py"));
    command
        .arg("--wit-path")
        .arg(root().join("crates/plugin/wit"));
    command.args(["--world", "plugin", "componentize", &module]);
    command.arg("--python-path").arg(folder);
    command
        .arg("--output")
        .arg(into.join(format!("{module}.wasm")));
    // What Python compiles would stand among the sources.
    succeed(command.env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// An environment with what is required; made once for each list of requirements.
pub(crate) fn environment(requirements: &Path, target: &Path) -> Result<PathBuf> {
    let hash = inputs::hash(&[requirements.to_path_buf()])?;
    let environment = target.join("python").join(hash);
    let done = environment.join("done");
    if done.is_file() {
        return Ok(environment);
    }
    remove(&environment)?;
    fs::create_dir_all(&environment).context("failed to make a directory for Python")?;
    if !works(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment),
    ) {
        setup::packages(&["python3", "python3-venv"], MISSING)?;
        succeed(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
    }
    let mut install = Command::new(environment.join("bin/python"));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    succeed(install.args(["--requirement"]).arg(requirements))?;
    fs::write(&done, "")?;
    Ok(environment)
}
