//! Child processes: cargo itself, and commands that must succeed.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// The cargo that runs us, in the root of the workspace.
///
/// Not with what that told us of our own package: build scripts that look at it, as that of `ring`, and
/// all that depends on them would be built again whenever cargo is called with and without us in turn.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    for (name, _) in env::vars_os() {
        let ours = |prefix| name.to_string_lossy().starts_with(prefix);
        if ours("CARGO_PKG_") || ours("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it with our standard streams; anything but success is an error that names the command.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("failed to start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs it and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("failed to start {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", shown(command), output.status);
    }
    Ok(output.stdout)
}

/// True when the command can be started and succeeds. Its output is dropped.
pub(crate) fn works(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// `cargo metadata` of the workspace.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let text = output(&mut cargo(["metadata", "--format-version", "1"]))?;
    serde_json::from_slice(&text).context("failed to read cargo metadata")
}

/// Where cargo builds.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = metadata()?;
    Ok(PathBuf::from(
        metadata["target_directory"].as_str().unwrap_or("target"),
    ))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
