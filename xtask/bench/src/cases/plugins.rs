//! What the host adds to the call of a plugin, without a queue: a component that answers at once, and a
//! process against a bare start of the same program with the same bytes as input and the same environment;
//! shut in behind the shim, as an executor starts it, and without isolation, as no job does.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{Seek, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use executor::{Isolated, Settings};
use plugin::{CancellationToken, Context, Plugin, Spawner, process::Plain, protocol::Call};
use rustix::fs::{MemfdFlags, memfd_create};
use serde_json::json;

use crate::{
    report::{Measure, percentiles},
    server::Environment,
    statistics::{percentile, sorted},
};

const CALLS: usize = 2_000;
const STARTS: usize = 300;

/// As much of an environment as the host gives.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("LANG", "C.UTF-8"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
];

pub(super) const LEAST: &str = include_str!("least.wat");

const SCRIPT: &str = "#!/bin/sh\nread call\necho '{\"metric\": {\"count\": 1}}'\n";

pub(super) async fn measure(environment: &Environment) -> Result<Vec<Measure>> {
    let folder = environment.work_dir.join("plugins");
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
    times(&component, &Plain, CALLS / 10).await?;
    let mut measures = percentiles(
        "plugins: call of a component",
        &times(&component, &Plain, CALLS).await?,
    )?;
    let shim = vec![environment.playhouse.clone().into(), "shim".into()];
    let work = environment.work_dir.join("plugins-work");
    let isolated = Isolated::open(Settings::new("bench", &work, shim)).await?;
    let program = folder.join("script/entry");
    let line = call_line()?;
    times(&process, &Plain, STARTS / 10).await?;
    times(&process, &isolated, STARTS / 10).await?;
    // In turns, so that all meet the same machine.
    let (mut hosted, mut shut_in, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS / 10 {
        hosted.extend(times(&process, &Plain, 10).await?);
        for _ in 0..10 {
            bare.push(bare_start(&program, &line)?);
        }
        shut_in.extend(times(&process, &isolated, 10).await?);
    }
    isolated.close().await;
    // What a job meets stands first.
    let kinds = [
        ("a process with isolation", &shut_in),
        ("a process without isolation", &hosted),
    ];
    for (what, calls) in kinds {
        let name = format!("plugins: call of {what}");
        measures.extend(percentiles(&name, calls)?);
    }
    measures.extend(percentiles("plugins: bare start of its program", &bare)?);
    let middle = |values: &[f64]| percentile(&sorted(values), 50.0).context("nothing was measured");
    for (what, calls) in kinds {
        measures.push(Measure::new(
            format!("plugins: {what} against a bare start, p50"),
            "times",
            middle(calls)? / middle(&bare)?,
        ));
    }
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
        input: json!({"text": "word ".repeat(200)}).into(),
        ..Context::default()
    }
}

/// Milliseconds of calls, one after another.
async fn times<S: Spawner>(plugin: &Plugin, spawner: &S, calls: usize) -> Result<Vec<f64>> {
    let (context, limits) = (context(), plugin.manifest().limits);
    let cancel = CancellationToken::new();
    let mut times = Vec::new();
    for _ in 0..calls {
        let began = Instant::now();
        plugin.execute(&context, &limits, spawner, &cancel).await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// What a plugin reads from standard input.
fn call_line() -> Result<Vec<u8>> {
    let call = Call::Execute {
        context: Cow::Owned(context()),
    };
    let mut line = serde_json::to_vec(&call)?;
    line.push(b'\n');
    Ok(line)
}

/// The same program, started, given its input and waited for by nothing but the standard library. Its input
/// comes from a file in memory, as the host's does: a pipe would make the program wait for the writer.
fn bare_start(program: &Path, line: &[u8]) -> Result<f64> {
    let began = Instant::now();
    let mut input = File::from(memfd_create("call", MemfdFlags::CLOEXEC)?);
    input.write_all(line)?;
    input.rewind()?;
    let output = Command::new(program)
        .env_clear()
        .envs(ENVIRONMENT)
        .stdin(input)
        .stderr(Stdio::piped())
        .output()?;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    ensure!(
        output.status.success() && output.stdout.ends_with(b"}}\n"),
        "the program failed"
    );
    Ok(took)
}
