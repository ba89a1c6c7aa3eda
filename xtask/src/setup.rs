//! What the tests need beside the Rust toolchain, and how it gets there: PostgreSQL's programs, Docker's,
//! and packages of Debian.

use std::{
    fs::{self, DirEntry},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;
use private_postgres::programs;

use crate::{
    plugins::python_environment,
    process::{root, succeed, target_dir, works},
};

const MISSING: &str = "PostgreSQL's server programs (initdb, postgres) are missing and cannot be \
    installed from here: install the package `postgresql` of your system, or put the programs on PATH";

/// Installs PostgreSQL when it is missing and we may; answers where its programs are.
pub(crate) fn postgres() -> Result<PathBuf> {
    if let Some(found) = programs() {
        return Ok(found);
    }
    packages(&["postgresql"], MISSING)?;
    programs().context(MISSING)
}

const NO_DOCKER: &str = "what a private Docker engine needs (docker.io, iptables, iproute2, git, busybox-static, \
    util-linux) is missing and cannot be installed from here: install these packages of your system";

/// Installs what a private Docker engine needs, when it is missing and we may; answers with the program of
/// Docker Compose, which stands in the target directory.
pub(crate) fn docker() -> Result<PathBuf> {
    let missing = private_docker::missing();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|program| program.package).collect();
        packages(&names, NO_DOCKER)?;
    }
    let requirements = root().join("xtask/docker/requirements.txt");
    let environment = python_environment(&requirements, &target_dir()?)?;
    let versions = fs::read_dir(environment.join("lib")).context("the environment is empty")?;
    let program = |version: DirEntry| version.path().join("site-packages/compose/docker-compose");
    let mut programs = versions.filter_map(|version| Some(program(version.ok()?)));
    programs
        .find(|program| program.is_file())
        .with_context(|| format!("no docker-compose in {}", environment.display()))
}

/// Installs what the tests of browser steps need: Chromium, Node for what Playwright says of the same pages, and
/// tesseract, which looks for secrets in pictures; and for the tests of the sandbox a JVM and ffmpeg.
pub(crate) fn browser() -> Result<()> {
    const NO_BROWSER: &str = "chromium, nodejs, npm, tesseract-ocr, default-jdk-headless and ffmpeg are missing and \
        cannot be installed from here: install these packages of your system";
    let programs = [
        ("chromium", "--version", "chromium"),
        ("node", "--version", "nodejs"),
        ("npm", "--version", "npm"),
        ("tesseract", "--version", "tesseract-ocr"),
        ("java", "--version", "default-jdk-headless"),
        ("ffmpeg", "-version", "ffmpeg"),
    ];
    let missing = programs
        .iter()
        .filter(|(program, asked, _)| !works(Command::new(program).arg(asked)));
    let wanted: Vec<&str> = missing.map(|(_, _, package)| *package).collect();
    match wanted.is_empty() {
        true => Ok(()),
        false => packages(&wanted, NO_BROWSER),
    }
}

/// Installs the proxy beside which the router is measured, and what measures both.
pub(crate) fn load_programs() -> Result<()> {
    const NO_PROGRAMS: &str =
        "nginx and wrk are missing and cannot be installed from here: install these packages";
    let there =
        |name: &str| ["/usr/sbin", "/usr/bin"].map(|place| Path::new(place).join(name).is_file());
    let missing = |name: &&str| there(name) == [false; 2];
    let wanted: Vec<&str> = ["nginx", "wrk"].into_iter().filter(missing).collect();
    match wanted.is_empty() {
        true => Ok(()),
        false => packages(&wanted, NO_PROGRAMS),
    }
}

/// Installs packages of Debian, if this is a Debian and we may; else fails with what is `missing`.
pub(crate) fn packages(names: &[&str], missing: &'static str) -> Result<()> {
    let apt = Path::new("/usr/bin/apt-get");
    if !apt.exists() {
        bail!(missing);
    }
    let sudo = !Uid::effective().is_root();
    if sudo && !works(Command::new("sudo").args(["-n", "true"])) {
        bail!(missing);
    }
    println!("installing {}", names.join(", "));
    succeed(&mut apt_get(sudo, &["update"]))?;
    let install = ["install", "-y", "--no-install-recommends"];
    succeed(apt_get(sudo, &install).args(names)).context(missing)
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
