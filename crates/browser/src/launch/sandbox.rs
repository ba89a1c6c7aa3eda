//! Whether Chromium's own sandbox can be used here.

use std::{
    fmt, fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use nix::unistd::Uid;

/// Where distributions install the helper that Chromium's sandbox uses without user namespaces.
const HELPERS: [&str; 3] = [
    "/usr/lib/chromium/chrome-sandbox",
    "/usr/lib/chromium-browser/chrome-sandbox",
    "/opt/google/chrome/chrome-sandbox",
];

/// Whether Chromium's own sandbox can be used by this process, and by which means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxSupport {
    /// By user namespaces.
    Namespaces,
    /// By a program with the setuid bit, which Debian has in `chromium-sandbox`.
    Setuid,
    /// This process is root: Chromium refuses its sandbox and is started without it.
    Root,
    /// Neither user namespaces nor the program are there: Chromium will not start.
    Missing,
}

impl SandboxSupport {
    /// Looks at the system. Chromium has the last word when it starts.
    pub(super) fn detect(program: &Path) -> Self {
        if Uid::effective().is_root() {
            return Self::Root;
        }
        let beside = program.parent().map(|parent| parent.join("chrome-sandbox"));
        let mut helpers = HELPERS.iter().map(Path::new).chain(beside.as_deref());
        if helpers.any(is_setuid_root) {
            return Self::Setuid;
        }
        match namespaces_are_allowed() {
            true => Self::Namespaces,
            false => Self::Missing,
        }
    }
}

impl fmt::Display for SandboxSupport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespaces => "available (user namespaces)",
            Self::Setuid => "available (setuid helper)",
            Self::Root => "not used: this process is root, and Chromium refuses its sandbox for root",
            Self::Missing => {
                "not available: allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`) or \
                 install the package chromium-sandbox"
            }
        })
    }
}

fn is_setuid_root(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.uid() == 0 && file.permissions().mode() & 0o4000 != 0)
}

/// Each of these settings of the kernel can forbid them; one that does not exist forbids nothing.
fn namespaces_are_allowed() -> bool {
    let setting = |name: &str| {
        let text = fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    setting("kernel/unprivileged_userns_clone") != Some(0)
        && setting("user/max_user_namespaces") != Some(0)
        && setting("kernel/apparmor_restrict_unprivileged_userns") != Some(1)
}
