//! `cargo xtask ci`: the steps that a change has to pass, one after another, each with its time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{
    page_script, plugins,
    process::{cargo, succeed, works},
    runner, schemathesis, tidy,
};

type Step = (&'static str, fn() -> Result<()>);

/// Ordered so that what is quick and what fails often comes first. `build` uses the features and
/// the profile of `test`, so nothing is built twice for the steps after it.
const STEPS: [Step; 11] = [
    ("format", || {
        succeed(&mut cargo(["fmt", "--all", "--check"]))
    }),
    ("tidy", tidy::run),
    ("dependencies", dependencies),
    ("clippy", clippy),
    ("build", || {
        succeed(&mut cargo([
            "build",
            "--locked",
            "--workspace",
            "--bins",
            "--tests",
        ]))
    }),
    ("generated files", runner::check_generated),
    ("page script", page_script::check),
    ("plugins", || plugins::run(&[])),
    ("schemathesis", || {
        schemathesis::built(&schemathesis::Schemathesis::default())
    }),
    ("test", || runner::test(&[], 60)),
    ("docs", docs),
];

/// Runs all steps, stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    let mut done: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in STEPS {
        println!("\n== {name}");
        let begun = Instant::now();
        let outcome = step();
        let took = begun.elapsed();
        println!(
            "== {name}: {} after {}",
            passed_or_failed(outcome.is_ok()),
            seconds(took)
        );
        done.push((name, took));
        if outcome.is_err() {
            print!("\n{}", summary(&done, false));
            return outcome.with_context(|| format!("step `{name}` failed"));
        }
    }
    print!("\n{}", summary(&done, true));
    Ok(())
}

/// Licences and bans of `deny.toml`. Without optimization the tool takes a quarter of the time to build.
fn dependencies() -> Result<()> {
    if !works(&mut cargo(["deny", "--version"])) {
        let install = ["install", "cargo-deny@0.20.2", "--locked", "--debug"];
        succeed(&mut cargo(install))?;
    }
    succeed(&mut cargo([
        "deny", "--locked", "check", "licenses", "bans",
    ]))
}

fn clippy() -> Result<()> {
    let mut command = cargo(["clippy", "--locked", "--workspace", "--all-targets"]);
    succeed(command.args(["--", "-D", "warnings"]))
}

fn docs() -> Result<()> {
    let mut command = cargo(["doc", "--locked", "--workspace", "--no-deps"]);
    succeed(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn summary(done: &[(&str, Duration)], all_passed: bool) -> String {
    let mut text = String::new();
    for (index, (name, took)) in done.iter().enumerate() {
        let passed = all_passed || index + 1 < done.len();
        text.push_str(&format!(
            "{name:<16} {:<6} {:>9}\n",
            passed_or_failed(passed),
            seconds(*took)
        ));
    }
    for (name, _) in &STEPS[done.len()..] {
        text.push_str(&format!("{name:<16} not run\n"));
    }
    let total = done.iter().map(|(_, took)| *took).sum();
    text.push_str(&format!(
        "{:<16} {:<6} {:>9}\n",
        "all",
        passed_or_failed(all_passed),
        seconds(total)
    ));
    text
}

fn passed_or_failed(passed: bool) -> &'static str {
    if passed { "ok" } else { "FAILED" }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_the_failed_step_and_those_not_run() {
        let second = Duration::from_secs(1);
        let text = summary(&[("format", second), ("tidy", second)], false);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("format") && lines[0].contains("ok"));
        assert!(lines[1].starts_with("tidy") && lines[1].contains("FAILED"));
        assert!(lines[2].starts_with("dependencies") && lines[2].contains("not run"));
        assert!(lines.last().unwrap().contains("FAILED"));
        assert!(lines.last().unwrap().ends_with("2.0 s"));
    }
}
