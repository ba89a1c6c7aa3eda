//! System calls that no crate of this workspace has a safe function for.

use std::{
    ffi::{CStr, CString, c_long},
    io,
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use nix::libc;

/// What a mount forbids.
pub(super) const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub(super) const NO_SET_ID: u64 = libc::MOUNT_ATTR_NOSUID;
pub(super) const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;

/// A tree of mounts that is copied and stands nowhere yet.
#[derive(Debug)]
pub(super) struct Tree(OwnedFd);

impl Tree {
    /// Copies the mount that a file or directory is on, from there on, with all mounts below.
    pub(super) fn copy(path: &Path) -> io::Result<Self> {
        let path = text(path)?;
        let flags = libc::OPEN_TREE_CLONE as libc::c_int | libc::O_CLOEXEC | libc::AT_RECURSIVE;
        #[expect(unsafe_code, reason = "no safe function for this call")]
        // SAFETY: the path ends with NUL and outlives the call.
        let opened =
            unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
        let opened = descriptor(opened)?;
        #[expect(unsafe_code, reason = "no safe function for this call")]
        // SAFETY: the kernel has just opened it, and nothing else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(opened) }))
    }

    pub(super) fn is_directory(&self) -> nix::Result<bool> {
        let kind = nix::sys::stat::fstat(&self.0)?.st_mode & libc::S_IFMT;
        Ok(kind == libc::S_IFDIR)
    }

    /// Forbids something on all of its mounts.
    pub(super) fn forbid(&self, what: u64) -> io::Result<()> {
        let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
        set_attributes(self.0.as_raw_fd(), c"", flags, what)
    }

    /// Mounts it on what is at `target`. A last link there is not followed.
    pub(super) fn attach(&self, target: &Path) -> io::Result<()> {
        let target = text(target)?;
        #[expect(unsafe_code, reason = "no safe function for this call")]
        // SAFETY: both texts end with NUL and outlive the call.
        done(unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                self.0.as_raw_fd(),
                c"".as_ptr(),
                libc::AT_FDCWD,
                target.as_ptr(),
                libc::MOVE_MOUNT_F_EMPTY_PATH,
            )
        })
    }
}

/// Forbids something on the mount that stands at `path`, but not on those below.
pub(super) fn forbid(path: &Path, what: u64) -> io::Result<()> {
    set_attributes(libc::AT_FDCWD, &text(path)?, 0, what)
}

fn set_attributes(directory: RawFd, path: &CStr, flags: libc::c_int, what: u64) -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: what,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    #[expect(unsafe_code, reason = "no safe function for this call")]
    // SAFETY: the path ends with NUL; the attributes are what the kernel reads, with their size.
    done(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
}

/// Leaves the keys of whoever started this process: a new session keyring, without a name. Where the
/// kernel has no keys or refuses the call, a job cannot reach any either.
pub(super) fn leave_keyring() {
    const JOIN_SESSION_KEYRING: c_long = 1;
    let nameless: *const libc::c_char = std::ptr::null();
    #[expect(unsafe_code, reason = "no safe function for this call")]
    // SAFETY: without a name the call reads no memory.
    let _ = unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, nameless) };
}

/// Gives up one capability for good, also for programs that are executed. False when there is none with
/// this number.
pub(super) fn drop_capability(number: c_long) -> nix::Result<bool> {
    #[expect(unsafe_code, reason = "no safe function for this call")]
    // SAFETY: the call reads and writes no memory.
    let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) };
    match nix::errno::Errno::result(dropped) {
        Ok(_) => Ok(true),
        Err(nix::Error::EINVAL) => Ok(false),
        Err(error) => Err(error),
    }
}

fn text(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

fn descriptor(returned: c_long) -> io::Result<RawFd> {
    done(returned)?;
    RawFd::try_from(returned).map_err(io::Error::other)
}

fn done(returned: c_long) -> io::Result<()> {
    if returned < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
