//! What the tests need beside the Rust toolchain, and how it gets there: PostgreSQL's programs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;
use private_postgres::programs;

use crate::process::{succeed, works};

const MISSING: &str = "PostgreSQL's server programs (initdb, postgres) are missing and cannot be \
    installed from here: install the package `postgresql` of your system, or put the programs on PATH";

/// Installs PostgreSQL when it is missing and we may; answers where its programs are.
pub(crate) fn run() -> Result<PathBuf> {
    if let Some(found) = programs() {
        return Ok(found);
    }
    install()?;
    programs().context(MISSING)
}

fn install() -> Result<()> {
    let apt = Path::new("/usr/bin/apt-get");
    if !apt.exists() {
        bail!(MISSING);
    }
    let sudo = !Uid::effective().is_root();
    if sudo && !works(Command::new("sudo").args(["-n", "true"])) {
        bail!(MISSING);
    }
    println!("installing PostgreSQL (the package `postgresql`)");
    succeed(&mut apt_get(sudo, &["update"]))?;
    succeed(&mut apt_get(
        sudo,
        &["install", "-y", "--no-install-recommends", "postgresql"],
    ))
}

fn apt_get(sudo: bool, arguments: &[&str]) -> Command {
    let mut command = Command::new(if sudo { "sudo" } else { "env" });
    if sudo {
        command.args(["-n", "env"]);
    }
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .args(arguments);
    command
}
