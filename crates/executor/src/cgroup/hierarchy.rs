//! Where the control groups of this machine are, in either version.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use nix::{
    fcntl::{AT_FDCWD, AtFlags},
    unistd::{AccessFlags, faccessat},
};

/// Where this process goes when its own group has to be free of processes (version 2).
const OWN: &str = "playhouse-executor";

/// The version of a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// Where groups with a limit can be made, as far as that can be told without making one.
pub(crate) fn look(controller: &str) -> Result<PathBuf, String> {
    let (dir, version) = locate(controller)?;
    let own = std::process::id().to_string();
    check(&dir, version, controller, &own)?;
    Ok(dir)
}

/// Where groups with a limit can be made. The controller is made available there.
pub(super) fn prepare(controller: &str) -> Result<(PathBuf, Version), String> {
    let (dir, version) = locate(controller)?;
    if version == Version::Two {
        delegate(&dir, controller)?;
    }
    Ok((dir, version))
}

/// The directory of this process's own group in the hierarchy of a controller: new groups go there.
fn locate(controller: &str) -> Result<(PathBuf, Version), String> {
    let read = |path| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let groups = read("/proc/self/cgroup")?;
    let mounts = read("/proc/self/mountinfo")?;
    if let Some(group) = own_group(&groups, |names| names.split(',').any(|n| n == controller)) {
        let dir = mounted(&mounts, "cgroup", Some(controller), group)
            .ok_or_else(|| format!("the hierarchy of `{controller}` is not mounted"))?;
        return Ok((dir, Version::One));
    }
    let group = own_group(&groups, str::is_empty).ok_or("the kernel has no control groups")?;
    let mut dir =
        mounted(&mounts, "cgroup2", None, group).ok_or("control groups are not mounted")?;
    if dir.ends_with(OWN) {
        dir.pop();
    }
    Ok((dir, Version::Two))
}

/// Whether a group can be made in `dir` and a process moved there from this group, in which the
/// process `own` is.
fn check(dir: &Path, version: Version, controller: &str, own: &str) -> Result<(), String> {
    let writable = |path: &Path, mode: AccessFlags| {
        let access = faccessat(AT_FDCWD, path, mode, AtFlags::AT_EACCESS);
        access.map_err(|error| format!("{}: {error}", path.display()))
    };
    writable(dir, AccessFlags::W_OK | AccessFlags::X_OK)?;
    if version == Version::One {
        return Ok(());
    }
    // To move a process takes write access to the group above both places.
    writable(&dir.join("cgroup.procs"), AccessFlags::W_OK)?;
    if passes_on(dir, controller)? {
        return Ok(());
    }
    writable(&dir.join("cgroup.subtree_control"), AccessFlags::W_OK)?;
    let processes = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
    let root = !dir.join("cgroup.type").exists();
    if !root && processes.lines().any(|pid| pid != own) {
        return Err(format!(
            "other processes are in {}: the executor needs a group of its own",
            dir.display()
        ));
    }
    Ok(())
}

/// True when the groups below `dir` have the controller already, false when it can be passed on to
/// them (version 2).
fn passes_on(dir: &Path, controller: &str) -> Result<bool, String> {
    let has = |file: &str| {
        let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
        text.split_whitespace().any(|one| one == controller)
    };
    if has("cgroup.subtree_control") {
        return Ok(true);
    }
    if has("cgroup.controllers") {
        return Ok(false);
    }
    Err(format!(
        "the controller `{controller}` is not available in {}",
        dir.display()
    ))
}

/// The path of the group in the line `number:controllers:path` whose controllers suit.
fn own_group(groups: &str, suits: impl Fn(&str) -> bool) -> Option<&str> {
    groups.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (names, path) = rest.split_once(':')?;
        suits(names).then_some(path)
    })
}

/// Where a group is in the file system: the mount of its hierarchy, and below it the part of its path
/// that the mount does not hide.
fn mounted(mounts: &str, kind: &str, option: Option<&str>, group: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let mut back = back.split(' ');
        let options = (back.next()? == kind).then(|| back.nth(1))??;
        if option.is_some_and(|option| !options.split(',').any(|one| one == option)) {
            return None;
        }
        let mut front = front.split(' ').skip(3);
        let (root, point) = (front.next()?, front.next()?);
        let below = Path::new(group).strip_prefix(root).ok()?;
        Some(Path::new(point).join(below))
    })
}

/// Makes a controller available to the groups below `dir` (version 2). A group that has processes of
/// its own may not pass controllers on, except the machine's first.
fn delegate(dir: &Path, controller: &str) -> Result<(), String> {
    if passes_on(dir, controller)? {
        return Ok(());
    }
    let enable = || fs::write(dir.join("cgroup.subtree_control"), format!("+{controller}"));
    let failed = |error: io::Error| format!("{}: {error}", dir.display());
    match enable() {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            let own = dir.join(OWN);
            fs::create_dir_all(&own)
                .and_then(|()| fs::write(own.join("cgroup.procs"), "0"))
                .and_then(|()| enable())
                .map_err(failed)
        }
        enabled => enabled.map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{Version, check, mounted, own_group};

    #[test]
    fn finds_the_own_group_in_either_version() {
        let groups = "4:memory:/app/one\n3:cpu,cpuacct:/\n0::/user.slice/x\n";
        assert_eq!(
            own_group(groups, |names| names == "memory"),
            Some("/app/one")
        );
        assert_eq!(own_group(groups, str::is_empty), Some("/user.slice/x"));
        let mounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            35 31 0:32 /app /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let memory = mounted(mounts, "cgroup", Some("memory"), "/app/one");
        assert_eq!(memory, Some(PathBuf::from("/sys/fs/cgroup/memory/one")));
        assert_eq!(mounted(mounts, "cgroup", Some("cpu"), "/"), None);
        let unified = mounted(mounts, "cgroup2", None, "/user.slice/x");
        assert_eq!(
            unified,
            Some(PathBuf::from("/sys/fs/cgroup/unified/user.slice/x"))
        );
    }

    #[test]
    fn says_without_trying_why_a_group_cannot_be_made() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |file: &str, text: &str| {
            fs::write(dir.path().join(file), text).expect("it is written");
        };
        let look = || check(dir.path(), Version::Two, "memory", "7");
        let says = |what: &str| {
            let error = look().expect_err("it cannot be made");
            assert!(error.contains(what), "{error}");
        };
        assert_eq!(check(dir.path(), Version::One, "memory", "7"), Ok(()));
        says("cgroup.procs: ENOENT");
        write("cgroup.procs", "7\n");
        write("cgroup.type", "domain\n");
        write("cgroup.controllers", "cpu io\n");
        says("the controller `memory` is not available in ");
        write("cgroup.controllers", "cpu memory\n");
        says("cgroup.subtree_control: ENOENT");
        write("cgroup.subtree_control", "cpu\n");
        assert_eq!(look(), Ok(()));
        write("cgroup.procs", "7\n8\n");
        says("other processes are in ");
        write("cgroup.subtree_control", "cpu memory\n");
        assert_eq!(look(), Ok(()), "then they are not in the way");
        let gone = dir.path().join("gone");
        let error = check(&gone, Version::One, "memory", "7").expect_err("it is not there");
        assert!(error.contains("gone: ENOENT"), "{error}");
    }
}
