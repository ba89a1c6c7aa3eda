//! The same flow by Playwright for Node, installed from the registry into a place of its own.

use std::{env, fs, path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::{process::Command, time::sleep};

use super::{FIELDS, Flow, LOOK_PERIOD};
use crate::machine;

const FLOW: &str = include_str!("flow.mjs");
/// What the tests of the crate `browser` install as well.
const PACKAGE: &str = include_str!("../../../../../crates/browser/tests/it/oracle/package.json");
const LOCK: &str = include_str!("../../../../../crates/browser/tests/it/oracle/package-lock.json");

#[derive(Deserialize)]
struct Times {
    first: f64,
    actions: f64,
    all: f64,
}

pub(super) async fn flow(url: &str) -> Result<Flow> {
    let place = installed().await?;
    // The first finds cold caches.
    run(&place, url).await?;
    run(&place, url).await
}

async fn run(place: &PathBuf, url: &str) -> Result<Flow> {
    let program = browser::find(None)?;
    let mut node = Command::new("node")
        .args(["flow.mjs", url])
        .arg(program)
        .arg(FIELDS.to_string())
        .current_dir(place)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("node does not start: install the packages nodejs and npm")?;
    let pid = node.id().context("node has ended")?;
    let mut peak_mib: f64 = 0.0;
    while node.try_wait()?.is_none() {
        peak_mib = peak_mib.max(machine::tree_mib(pid));
        sleep(LOOK_PERIOD).await;
    }
    let output = node.wait_with_output().await?;
    ensure!(
        output.status.success(),
        "Playwright failed: {}",
        output.status
    );
    let times: Times = serde_json::from_slice(&output.stdout)?;
    Ok(Flow {
        first_ms: times.first,
        actions_ms: times.actions,
        all_ms: times.all,
        peak_mib,
    })
}

/// The place with Playwright, which is kept from run to run in the directory of all builds.
async fn installed() -> Result<PathBuf> {
    let bench = env::current_exe()?;
    let target = bench.ancestors().nth(2);
    let place = target
        .context("the bench lies in no target directory")?
        .join("bench-playwright");
    fs::create_dir_all(&place)?;
    let marker = place.join("installed-lock.json");
    fs::write(place.join("flow.mjs"), FLOW)?;
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == LOCK) {
        return Ok(place);
    }
    fs::write(place.join("package.json"), PACKAGE)?;
    fs::write(place.join("package-lock.json"), LOCK)?;
    let install = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&place)
        .status()
        .await?;
    ensure!(install.success(), "npm ci failed: {install}");
    fs::write(&marker, LOCK)?;
    Ok(place)
}
