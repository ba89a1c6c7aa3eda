//! Components in Rust, for the target `wasm32-wasip2`.
//!
//! A toolchain of rustup gets the target's standard library from rustup. Where that fails, Debian's
//! `rustc-web` and its source serve: the standard library is then built along, which takes a minute.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    process::{cargo, output, root, succeed, works},
    setup,
};

const TARGET: &str = "wasm32-wasip2";

const MISSING: &str = "the Rust target wasm32-wasip2 is missing and cannot be installed from here: \
    run `rustup target add wasm32-wasip2`, or install Debian's packages rustc-web (1.95 or later), \
    rust-web-src, lld-22 and wasi-libc";

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "rust-web-src", "lld-22", "wasi-libc"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_STD: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const DEBIAN_LD: &str = "/usr/bin/wasm-ld-22";
const DEBIAN_LIBC: &str = "/usr/lib/wasm32-wasi/libc.a";

/// Who compiles.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Toolchain {
    /// The one that runs us, with the target's standard library.
    Own,
    Debian,
}

/// Builds the crate `plugins/NAME` into `into`.
pub(super) fn build(name: &str, target: &Path, into: &Path) -> Result<()> {
    let toolchain = toolchain()?;
    let target = target.join("wasm");
    let verb = if toolchain == Toolchain::Own {
        "build"
    } else {
        "rustc"
    };
    let mut command = cargo([
        verb,
        "--release",
        "--locked",
        "--target",
        TARGET,
        "--package",
        name,
    ]);
    command
        .arg("--manifest-path")
        .arg(root().join("plugins/Cargo.toml"));
    command.arg("--target-dir").arg(&target);
    if toolchain == Toolchain::Debian {
        debian(&mut command)?;
    }
    // Flags for the machine's own programs are none for a component.
    succeed(
        command
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS"),
    )?;
    let file = format!("{}.wasm", name.replace('-', "_"));
    let built = target.join(TARGET).join("release").join(&file);
    fs::copy(&built, into.join(&file))
        .with_context(|| format!("{} is missing", built.display()))?;
    Ok(())
}

/// Finds one, or installs one.
fn toolchain() -> Result<Toolchain> {
    if has_target()? {
        return Ok(Toolchain::Own);
    }
    if has_debian() {
        return Ok(Toolchain::Debian);
    }
    if works(Command::new("rustup").args(["target", "add", TARGET])) && has_target()? {
        return Ok(Toolchain::Own);
    }
    setup::packages(&DEBIAN_PACKAGES, MISSING)?;
    if has_debian() {
        return Ok(Toolchain::Debian);
    }
    anyhow::bail!(MISSING)
}

fn has_target() -> Result<bool> {
    Ok(sysroot()?
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib")
        .is_dir())
}

fn sysroot() -> Result<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = output(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(String::from_utf8(printed)?.trim()))
}

fn has_debian() -> bool {
    [DEBIAN_RUSTC, DEBIAN_STD, DEBIAN_LD, DEBIAN_LIBC]
        .iter()
        .all(|file| Path::new(file).exists())
        && Command::new(DEBIAN_RUSTC)
            .arg("--version")
            .output()
            .is_ok_and(|printed| is_recent(&String::from_utf8_lossy(&printed.stdout)))
}

/// `rustc 1.96.0 (...)`: whether the workspace compiles with it.
fn is_recent(version: &str) -> bool {
    let minor = version
        .strip_prefix("rustc 1.")
        .and_then(|rest| rest.split('.').next());
    minor
        .and_then(|minor| minor.parse().ok())
        .is_some_and(|minor: u32| minor >= 95)
}

/// Its compiler with our cargo; the linker for components comes with our toolchain.
fn debian(command: &mut Command) -> Result<()> {
    command.args(["-Zbuild-std=std,panic_abort", "--"]);
    command.args(["-L", "/usr/lib/wasm32-wasi"]);
    command.args(["-C", &format!("link-arg=--wasm-ld-path={DEBIAN_LD}")]);
    let rustlib = sysroot()?.join("lib/rustlib");
    let linker = fs::read_dir(&rustlib)?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/wasm-component-ld")))
        .find(|linker| linker.is_file());
    if let Some(linker) = linker {
        command
            .arg("-C")
            .arg(format!("linker={}", linker.display()));
    }
    command
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        assert!(is_recent(
            "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"
        ));
        assert!(is_recent("rustc 1.95.1"));
        assert!(!is_recent("rustc 1.85.0 (4d91de4e4 2025-02-17)"));
        assert!(!is_recent(""));
    }
}
