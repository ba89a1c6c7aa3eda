//! Where the control groups of this machine are, in either version.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where this process goes when its own group has to be free of processes (version 2).
const OWN: &str = "playhouse-executor";

/// The version of a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// The directory of this process's own group in the hierarchy of a controller: new groups go there.
pub(super) fn locate(controller: &str) -> Result<(PathBuf, Version), String> {
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
    delegate(&dir, controller)?;
    Ok((dir, Version::Two))
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
    let read = |file: &str| fs::read_to_string(dir.join(file)).unwrap_or_default();
    let has = |text: &str| text.split_whitespace().any(|one| one == controller);
    if has(&read("cgroup.subtree_control")) {
        return Ok(());
    }
    if !has(&read("cgroup.controllers")) {
        return Err(format!(
            "the controller `{controller}` is not available in {}",
            dir.display()
        ));
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
    use std::path::PathBuf;

    use super::{mounted, own_group};

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
}
