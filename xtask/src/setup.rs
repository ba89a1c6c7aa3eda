//! What the tests need beside the Rust toolchain, and how it gets there: PostgreSQL's programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use crate::process::{succeed, works};

const MISSING: &str = "PostgreSQL's server programs (initdb, postgres) are missing and cannot be \
    installed from here: install the package `postgresql` of your system, or put the programs on PATH";

/// Installs what is missing.
pub(crate) fn run() -> Result<()> {
    let programs = postgres_programs()?;
    println!("PostgreSQL: {}", programs.display());
    Ok(())
}

/// The directory with `initdb` and `postgres`; installs them when they are missing and we may.
pub(crate) fn postgres_programs() -> Result<PathBuf> {
    if let Some(found) = find(&places()) {
        return Ok(found);
    }
    install()?;
    find(&places()).context(MISSING)
}

/// PATH first, then where Debian and self-built ones are, the newest version first.
fn places() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    places.extend(versions.into_iter().map(|(_, place)| place));
    places.extend(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/pgsql/bin"].map(PathBuf::from));
    places
}

/// The first place that has both programs. Links are followed, because `initdb` looks for its
/// neighbours where it really is.
fn find(places: &[PathBuf]) -> Option<PathBuf> {
    places.iter().find_map(|place| {
        let initdb = fs::canonicalize(place.join("initdb")).ok()?;
        let real = initdb.parent()?;
        real.join("postgres").is_file().then(|| real.to_path_buf())
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_needs_both_programs() {
        let dir = env::temp_dir().join(format!("playhouse-setup-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("initdb"), "").unwrap();
        assert_eq!(find(std::slice::from_ref(&dir)), None);
        fs::write(dir.join("postgres"), "").unwrap();
        assert_eq!(
            find(std::slice::from_ref(&dir)),
            Some(fs::canonicalize(&dir).unwrap())
        );
        fs::remove_dir_all(&dir).unwrap();
    }
}
