//! Files of a checkout, whose content someone else decides.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

/// Why a file of a checkout cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("{0} does not exist in the repository")]
    NotFound(String),
    /// It is a directory, or leads out of the checkout.
    #[error("{0} is not a file of the repository")]
    NotAFile(String),
    /// It is longer than allowed.
    #[error("{path} is longer than {limit} bytes")]
    TooLong {
        /// The path in the checkout.
        path: String,
        /// What is allowed.
        limit: u64,
    },
    /// It is not UTF-8.
    #[error("{0} is not text in UTF-8")]
    NotText(String),
    /// It cannot be read.
    #[error("failed to read {path}: {error}")]
    Io {
        /// The path in the checkout.
        path: String,
        /// What happened.
        error: io::Error,
    },
}

/// Reads a text file of a checkout. No link leads out of it, and nothing but a plain file is opened.
///
/// # Errors
/// When there is no such file, it is no file of the checkout, or too long.
pub fn read_file(checkout: &Path, path: &str, limit: u64) -> Result<String, FileError> {
    let name = path.to_owned();
    let io = |error: io::Error| FileError::Io {
        path: path.to_owned(),
        error,
    };
    let root = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root =
        rustix::fs::openat(CWD, checkout, root, Mode::empty()).map_err(|error| io(error.into()))?;
    // Without waiting for the other end, should it be a pipe.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let file = match openat2(&root, path, flags, Mode::empty(), resolve) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
            return Err(FileError::NotFound(name));
        }
        Err(rustix::io::Errno::XDEV | rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => {
            return Err(FileError::NotAFile(name));
        }
        Err(error) => return Err(io(error.into())),
    };
    if !file.metadata().map_err(io)?.is_file() {
        return Err(FileError::NotAFile(name));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLong { path: name, limit });
    }
    String::from_utf8(bytes).map_err(|_| FileError::NotText(name))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use nix::{sys::stat::Mode, unistd::mkfifo};

    use super::*;

    #[test]
    fn no_path_leads_out_of_the_checkout() {
        let outside = tempfile::tempdir().unwrap();
        let checkout = outside.path().join("checkout");
        fs::create_dir_all(checkout.join("deep")).unwrap();
        fs::write(outside.path().join("secret"), "x").unwrap();
        fs::write(checkout.join("deep/file"), "text").unwrap();
        symlink("deep/file", checkout.join("inside")).unwrap();
        symlink("../secret", checkout.join("out")).unwrap();
        symlink("/etc/hostname", checkout.join("absolute")).unwrap();
        symlink("..", checkout.join("up")).unwrap();
        mkfifo(&checkout.join("pipe"), Mode::S_IRWXU).unwrap();
        let read = |path: &str| read_file(&checkout, path, 4);
        assert_eq!(read("deep/file").unwrap(), "text");
        assert_eq!(read("inside").unwrap(), "text");
        for path in [
            "out",
            "absolute",
            "../secret",
            "/etc/hostname",
            "up/secret",
            "deep",
            "pipe",
        ] {
            assert!(matches!(read(path), Err(FileError::NotAFile(_))), "{path}");
        }
        assert!(matches!(read("none"), Err(FileError::NotFound(_))));
        assert!(matches!(
            read_file(&checkout, "inside", 3),
            Err(FileError::TooLong { .. })
        ));
    }
}
