//! Which processes are left of a browser.

use std::{fs, os::unix::ffi::OsStrExt, path::Path};

use nix::unistd::Pid;

/// The processes of the group that have not ended, and those outside of it that name the profile:
/// Chromium's crash handlers leave the group, and do so before they are another program than the browser.
pub(super) fn of(group: Pid, profile: &Path) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let group = group.as_raw().to_string();
    let profile = profile.as_os_str().as_bytes();
    let mut left = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if is_left(&entry.path(), &group, profile) {
            left.push(Pid::from_raw(id));
        }
    }
    left
}

fn is_left(process: &Path, group: &str, profile: &[u8]) -> bool {
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    // Behind the name, which may hold anything: the state, the parent, the group.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    let mut fields = fields.unwrap_or_default().split_whitespace();
    // One that has ended and was not awaited is gone: its parent may be a container's first process,
    // which awaits nothing.
    if matches!(fields.next(), None | Some("Z" | "X")) {
        return false;
    }
    if fields.nth(1) == Some(group) {
        return true;
    }
    let line = fs::read(process.join("cmdline")).unwrap_or_default();
    let names = |text: &[u8]| line.windows(text.len()).any(|part| part == text);
    names(profile) && (names(b"crashpad") || names(b"--remote-debugging-pipe"))
}
