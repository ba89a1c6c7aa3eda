//! Removes directory trees that programs of others filled, whatever their depth and their modes are.

use std::{ffi::CString, io, path::Path};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{
        AtFlags, CWD, Dir, Mode, OFlags, chmodat, fchmod, fstat, openat, renameat, statat, unlinkat,
    },
    io::Errno,
    path::Arg,
};

/// Directories that are open at once. What lies deeper is moved up before it is removed.
const LEVELS: usize = 32;

const NEW_NAME: &str = ".removed-";

/// A directory that is being emptied.
struct Level {
    entries: Dir,
    /// Its name in the level above.
    name: CString,
}

/// What one pass over a tree did.
#[derive(Default)]
struct Pass {
    /// Something was removed or moved up: a further pass may remove more.
    progress: bool,
    /// The first thing that could not be removed.
    failed: Option<Errno>,
}

/// Removes a file or a whole directory tree. No link is followed. It needs neither a deep stack nor many open
/// files, so a tree may be deeper than any path is long. That it does not exist is no error. Blocks.
///
/// # Errors
/// The first entry that could not be removed; everything else is removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match unlinkat(CWD, path, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // Linux says the first of a directory, POSIX the second.
        Err(Errno::ISDIR | Errno::PERM) if is_dir(CWD, path) => {}
        Err(error) => return Err(error.into()),
    }
    let root = open(CWD, path)?;
    let mut moved = 0;
    loop {
        let pass = empty(&root, &mut moved)?;
        match unlinkat(CWD, path, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(_) if pass.progress => {}
            Err(error) => return Err(pass.failed.unwrap_or(error).into()),
        }
    }
}

/// Removes what lies at most [`LEVELS`] deep, and moves the directories below into the root.
fn empty(root: &OwnedFd, moved: &mut u64) -> io::Result<Pass> {
    let mut pass = Pass::default();
    let mut levels = vec![Level {
        entries: Dir::read_from(root)?,
        name: CString::default(),
    }];
    loop {
        let depth = levels.len();
        let Some(level) = levels.last_mut() else {
            return Ok(pass);
        };
        match level.entries.read() {
            Some(Ok(entry)) => {
                let name = entry.file_name();
                if [c".", c".."].contains(&name) {
                    continue;
                }
                let parent = level.entries.fd()?;
                match remove_entry(parent, name) {
                    Ok(true) => pass.progress = true,
                    Ok(false) if depth < LEVELS => match open(parent, name) {
                        Ok(dir) => levels.push(Level {
                            entries: Dir::new(dir)?,
                            name: name.to_owned(),
                        }),
                        Err(error) => pass.note(error),
                    },
                    Ok(false) => match move_up(parent, name, root, moved) {
                        Ok(()) => pass.progress = true,
                        Err(error) => pass.note(error),
                    },
                    Err(error) => pass.note(error),
                }
            }
            Some(Err(error)) => {
                pass.note(error);
                levels.pop();
            }
            None => {
                let name = std::mem::take(&mut level.name);
                levels.pop();
                let Some(parent) = levels.last() else {
                    return Ok(pass);
                };
                match unlinkat(parent.entries.fd()?, &name, AtFlags::REMOVEDIR) {
                    Ok(()) => pass.progress = true,
                    Err(error) => pass.note(error),
                }
            }
        }
    }
}

impl Pass {
    fn note(&mut self, error: Errno) {
        if error != Errno::NOENT {
            self.failed.get_or_insert(error);
        }
    }
}

/// Removes a file or an empty directory. False when it is a directory that has to be emptied first.
fn remove_entry(parent: BorrowedFd<'_>, name: &std::ffi::CStr) -> Result<bool, Errno> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) => return Ok(true),
        Err(Errno::ISDIR | Errno::PERM) if is_dir(parent, name) => {}
        Err(error) => return Err(error),
    }
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) => Ok(true),
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Moves a directory into the root, under a name that is free there.
fn move_up(
    parent: BorrowedFd<'_>,
    name: &std::ffi::CStr,
    root: &OwnedFd,
    moved: &mut u64,
) -> Result<(), Errno> {
    loop {
        *moved += 1;
        let free = format!("{NEW_NAME}{moved}");
        if statat(root, &free, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            continue;
        }
        return match renameat(parent, name, root, &free) {
            // Its own entry for the directory above is written.
            Err(Errno::ACCESS) => {
                chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
                renameat(parent, name, root, &free)
            }
            renamed => renamed,
        };
    }
}

/// Opens a directory and gives its owner all rights on it.
fn open<P: Arg + Copy>(parent: impl AsFd, name: P) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = match openat(&parent, name, flags, Mode::empty()) {
        Err(Errno::ACCESS) => {
            chmodat(&parent, name, Mode::RWXU, AtFlags::empty())?;
            openat(&parent, name, flags, Mode::empty())?
        }
        opened => opened?,
    };
    if !Mode::from_raw_mode(fstat(&dir)?.st_mode).contains(Mode::RWXU) {
        // What it cannot do then shows when the entries are removed.
        let _ = fchmod(&dir, Mode::RWXU);
    }
    Ok(dir)
}

fn is_dir(parent: impl AsFd, name: impl Arg) -> bool {
    let found = statat(parent, name, AtFlags::SYMLINK_NOFOLLOW);
    found.is_ok_and(|found| rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir())
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    /// The thread's stack is small, and each level of a recursion would need a part of it.
    #[test]
    fn a_tree_deeper_than_any_path_is_removed() {
        let dir = tempfile::tempdir().expect("a directory");
        let tree = dir.path().join("tree");
        let mut open_dir = {
            fs::create_dir(&tree).expect("made");
            open(CWD, &tree).expect("opened")
        };
        for _ in 0..15_000 {
            rustix::fs::mkdirat(&open_dir, "d", Mode::RWXU).expect("made");
            open_dir = open(&open_dir, "d").expect("opened");
        }
        drop(open_dir);
        let small = std::thread::Builder::new().stack_size(128 << 10);
        let removed = {
            let tree = tree.clone();
            small.spawn(move || remove(&tree)).expect("a thread")
        };
        removed.join().expect("no abort").expect("removed");
        assert!(!tree.exists());
    }

    #[test]
    fn links_modes_and_wide_directories_are_removed_and_nothing_outside() {
        let dir = tempfile::tempdir().expect("a directory");
        let (tree, kept) = (dir.path().join("tree"), dir.path().join("kept"));
        fs::create_dir_all(tree.join("a/b/c")).expect("made");
        fs::create_dir(&kept).expect("made");
        fs::write(kept.join("file"), "kept").expect("written");
        symlink(&kept, tree.join("a/link")).expect("made");
        symlink("nowhere", tree.join("dangling")).expect("made");
        for number in 0..3000 {
            fs::write(tree.join(format!("a/b/{number}")), "").expect("written");
        }
        let deep = tree.join("x/".repeat(100));
        fs::create_dir_all(&deep).expect("made");
        fs::write(deep.join("file"), "").expect("written");
        for closed in ["a/b/c", "a/b", "a"] {
            let none = Permissions::from_mode(0o000);
            fs::set_permissions(tree.join(closed), none).expect("changed");
        }
        remove(&tree).expect("removed");
        assert!(!tree.exists());
        assert_eq!(fs::read_to_string(kept.join("file")).expect("kept"), "kept");
        remove(&tree).expect("what is gone is no error");
        let link = dir.path().join("link");
        symlink(&kept, &link).expect("made");
        remove(&link).expect("the link");
        assert!(kept.exists() && fs::symlink_metadata(&link).is_err());
    }
}
