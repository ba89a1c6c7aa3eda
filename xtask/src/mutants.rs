//! Mutants: small changes to the pure crates that decide, each of which a test of the same crate must notice.
//! `analysis` is pure as well and decides nothing: it is a library of computations for shipped plugins.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::process::{cargo, succeed, target_dir, works};

const VERSION: &str = "27.1.0";
const CRATES: [&str; 3] = ["engine", "playbook", "playground"];

/// The least share of viable mutants that the crate's tests must catch, in per cent.
fn least(package: &str) -> u64 {
    if package == "engine" { 95 } else { 90 }
}

#[derive(Args)]
pub(crate) struct Mutants {
    /// This crate only; may be given several times [default: all].
    #[arg(long = "package", short, value_name = "CRATE", value_parser = CRATES)]
    packages: Vec<String>,
    /// Only mutants whose name matches, such as `requeue.rs` or `is_cancelled`.
    #[arg(long, value_name = "REGEX")]
    only: Option<String>,
    /// Only the Kth of N equal samples of each crate's mutants.
    #[arg(long, value_name = "K/N")]
    sample: Option<String>,
    /// How many mutants are built and tested at the same time.
    #[arg(long, default_value = "1")]
    jobs: String,
}

/// Tests the mutants of each crate with its own tests. Installs cargo-mutants if it is missing.
pub(crate) fn run(mutants: &Mutants) -> Result<()> {
    if !works(&mut cargo(["mutants", "--version"])) {
        let package = format!("cargo-mutants@{VERSION}");
        succeed(&mut cargo(["install", &package, "--locked"]))?;
    }
    let mut packages: Vec<&str> = mutants.packages.iter().map(String::as_str).collect();
    if packages.is_empty() {
        packages.extend(CRATES);
    }
    let results: Result<Vec<bool>> = packages
        .into_iter()
        .map(|package| test(package, mutants))
        .collect();
    ensure!(
        results?.iter().all(|enough| *enough),
        "the tests catch less of the viable mutants than they must"
    );
    Ok(())
}

/// Whether the crate's tests catch enough.
fn test(package: &str, mutants: &Mutants) -> Result<bool> {
    let directory = target_dir()?.join("mutants").join(package);
    fs::create_dir_all(&directory)?;
    let outcomes = directory.join("mutants.out/outcomes.json");
    if outcomes.exists() {
        fs::remove_file(&outcomes)?;
    }
    let mut command = cargo(["mutants", "--package", package]);
    command.arg("--output").arg(&directory);
    command.args(["--jobs", &mutants.jobs, "--minimum-test-timeout", "60"]);
    // Each mutant is compiled and linked once: what a debugger needs is left out.
    command.env("CARGO_PROFILE_DEV_DEBUG", "false");
    command.args(mutants.only.iter().flat_map(|name| ["--re", name]));
    // By turns, so that a sample has some of every file.
    let sample = mutants.sample.iter();
    command.args(sample.flat_map(|part| ["--sharding", "round-robin", "--shard", part]));
    let tested = succeed(&mut command);
    // It also fails if a single mutant is missed: the share decides here. Its report is complete then.
    let report = read(&outcomes).map_err(|error| tested.err().unwrap_or(error))?;
    let count = |name: &str| {
        let count = report[name].as_u64();
        count.with_context(|| format!("{} has no `{name}`", outcomes.display()))
    };
    let (missed, unviable) = (count("missed")?, count("unviable")?);
    let (timed_out, viable) = (count("timeout")?, count("total_mutants")? - unviable);
    let caught = count("caught")? + timed_out;
    ensure!(
        caught + missed == viable,
        "{package}: the tests fail without a mutant, or were interrupted"
    );
    println!(
        "{package}: {caught} of {viable} viable mutants caught ({timed_out} by a timeout), {missed} missed, \
         see {}",
        outcomes.with_file_name("missed.txt").display()
    );
    Ok(caught * 100 >= viable * least(package))
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("failed to parse {}", path.display()))
}
