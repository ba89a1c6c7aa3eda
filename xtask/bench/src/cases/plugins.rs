//! What the host adds to the call of a plugin, without a queue: a component that answers at once, and
//! a process against a bare start of the same program with the same input.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use plugin::{CancellationToken, Context, Plugin, process::Plain};
use serde_json::json;

use crate::{
    report::{Measure, percentiles},
    server::Ground,
    statistics::{percentile, sorted},
};

const CALLS: usize = 2_000;
const STARTS: usize = 300;

pub(super) const LEAST: &str = include_str!("least.wat");

const SCRIPT: &str = "#!/bin/sh\nread call\necho '{\"metric\": {\"count\": 1}}'\n";

pub(super) async fn measure(ground: &Ground) -> Result<Vec<Measure>> {
    let folder = ground.work_dir.join("plugins");
    let component = wat::parse_str(LEAST)?;
    let component = plugin_in(&folder, "least", "wasm", "\"entry\"", &component)?;
    let process = plugin_in(
        &folder,
        "script",
        "process",
        "[\"./entry\"]",
        SCRIPT.as_bytes(),
    )?;
    // The first calls find cold caches.
    times(&component, CALLS / 10).await?;
    let mut measures = percentiles(
        "plugins: call of a component",
        &times(&component, CALLS).await?,
    )?;
    times(&process, STARTS / 10).await?;
    // In turns, so that both meet the same machine.
    let (mut hosted, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..STARTS / 10 {
        hosted.extend(times(&process, 10).await?);
        for _ in 0..10 {
            bare.push(bare_start(&folder.join("script"))?);
        }
    }
    measures.extend(percentiles("plugins: call of a process", &hosted)?);
    measures.extend(percentiles("plugins: bare start of its program", &bare)?);
    let middle = |values: &[f64]| percentile(&sorted(values), 50.0).context("nothing was measured");
    measures.push(Measure::new(
        "plugins: a process against a bare start, p50",
        "times",
        middle(&hosted)? / middle(&bare)?,
    ));
    Ok(measures)
}

pub(super) fn plugin_in(
    folder: &Path,
    name: &str,
    kind: &str,
    entry: &str,
    content: &[u8],
) -> Result<Plugin> {
    let folder = folder.join(name);
    fs::create_dir_all(&folder)?;
    let manifest = format!(
        "name = \"{name}\"\nversion = \"1\"\nkind = \"{kind}\"\nentry = {entry}\n\
         [[metrics]]\nname = \"count\"\ntype = \"integer\"\n"
    );
    fs::write(folder.join("plugin.toml"), manifest)?;
    fs::write(folder.join("entry"), content)?;
    fs::set_permissions(folder.join("entry"), fs::Permissions::from_mode(0o755))?;
    Plugin::load(&folder, None).map_err(|broken| anyhow::anyhow!("{}: {}", name, broken.reason))
}

fn context() -> Context {
    Context {
        job_id: String::from("019ab000-0000-7000-8000-000000000000"),
        input: json!({"text": "word ".repeat(200)}),
        ..Context::default()
    }
}

/// Milliseconds of calls, one after another.
async fn times(plugin: &Plugin, calls: usize) -> Result<Vec<f64>> {
    let (context, limits) = (context(), plugin.manifest().limits);
    let cancel = CancellationToken::new();
    let mut times = Vec::new();
    for _ in 0..calls {
        let began = Instant::now();
        plugin.execute(&context, &limits, &Plain, &cancel).await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// The same program and the same input, started and waited for by nothing but the standard library.
fn bare_start(folder: &Path) -> Result<f64> {
    let input = folder.with_file_name("call.json");
    if !input.exists() {
        fs::write(
            &input,
            serde_json::to_vec(&json!({"input": context().input}))?,
        )?;
    }
    let began = Instant::now();
    let output = Command::new(folder.join("entry"))
        .stdin(File::open(&input)?)
        .stderr(Stdio::piped())
        .output()?;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    ensure!(
        output.status.success() && output.stdout.ends_with(b"}}\n"),
        "the program failed"
    );
    Ok(took)
}
