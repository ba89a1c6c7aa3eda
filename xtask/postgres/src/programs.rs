//! Where PostgreSQL's server programs are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The directory with `initdb` and `postgres`, if there is one: on PATH, or where Debian and
/// self-built ones are, the newest version first.
#[must_use]
pub fn programs() -> Option<PathBuf> {
    places().iter().find_map(|place| real_place(place))
}

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

/// The place, if it has both programs. Links are followed, because `initdb` looks for its
/// neighbours where it really is.
fn real_place(place: &Path) -> Option<PathBuf> {
    let initdb = fs::canonicalize(place.join("initdb")).ok()?;
    let real = initdb.parent()?;
    real.join("postgres").is_file().then(|| real.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_needs_both_programs() {
        let dir = env::temp_dir().join(format!("playhouse-programs-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("initdb"), "").unwrap();
        assert_eq!(real_place(&dir), None);
        fs::write(dir.join("postgres"), "").unwrap();
        assert_eq!(real_place(&dir), Some(fs::canonicalize(&dir).unwrap()));
        fs::remove_dir_all(&dir).unwrap();
    }
}
