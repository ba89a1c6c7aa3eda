//! For tests of full disks: a small file system, mounted where only the test sees it.
//!
//! That needs a mount name space, and without the rights of root a user name space, too. So each such
//! test is two: one that is always run and calls [`run`], and an ignored one, which that starts in a
//! process of its own and which calls [`mount`].

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use nix::mount::{MsFlags, mount as mount_at};

/// Runs the ignored test of this name, with its modules, where it may mount. What it mounts below its
/// directory for temporary files is gone with its process.
///
/// # Panics
/// When the test fails or does not exist.
pub fn run(test: &str) {
    let place = tempfile::tempdir().expect("a temporary directory");
    let root = nix::unistd::Uid::effective().is_root();
    let user: &[&str] = if root {
        &[]
    } else {
        &["--user", "--map-root-user"]
    };
    let output = Command::new("unshare")
        .arg("--mount")
        .args(user)
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("TMPDIR", place.path())
        .stdin(Stdio::null())
        .output()
        .expect("unshare starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let ran = output.status.success() && text.contains("1 passed");
    assert!(
        ran,
        "{}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Mounts a file system at `path` with room for so many bytes and files.
///
/// # Panics
/// When it cannot be mounted: call it in a test that [`run`] started.
pub fn mount(path: &Path, bytes: usize, files: usize) {
    fs::create_dir_all(path).expect("a directory");
    let options = format!("size={bytes},nr_inodes={files},mode=0700");
    let (kind, options) = (Some("tmpfs"), Some(options.as_str()));
    mount_at(kind, path, kind, MsFlags::empty(), options).expect("it is mounted");
}
