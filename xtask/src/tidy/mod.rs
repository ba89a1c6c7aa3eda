//! `cargo xtask tidy`: the rules of the house that no compiler checks. A rule is a pure function
//! from input to findings, so that its test can show it a bad input.

mod budget;
mod contracts;
mod edges;
mod files;
mod links;
mod text;
mod types;

use anyhow::{Result, bail};

use crate::process::{metadata, root};

/// One broken rule: where, and what is wrong.
type Finding = String;

/// Checks every rule and prints all findings.
pub(crate) fn run() -> Result<()> {
    let metadata = metadata()?;
    let files = files::read(&root())?;
    let mut findings = edges::check(&metadata);
    findings.extend(budget::check(&files));
    findings.extend(text::check(&files));
    findings.extend(links::check(&root(), &files));
    findings.extend(contracts::check(&files));
    findings.extend(types::check(&files));
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} files, no findings", files.len());
        return Ok(());
    }
    bail!("tidy: {} findings", findings.len())
}
