//! One program at work in a directory at a time, also across a crash of this process.
//!
//! The program holds the lock as its standard input, which it does not read: so the directory is locked as
//! long as it runs, even if this process has died.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::Path,
    process::Stdio,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use rustix::fs::{FlockOperation, flock};
use tokio::time;

/// A killed process lets go of its files at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long until the next look at a lock that is taken.
const PAUSE: Duration = Duration::from_millis(20);

/// A lock of a directory.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Waits for the lock file until no other has it.
    pub(crate) async fn wait(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        awaited(&file).await?;
        Self::fresh(file)
    }

    /// Takes the lock file from whoever has it. That is a program which was left behind when its parent died,
    /// since one directory is worked on by one operation: it is killed, so that it changes nothing any more.
    /// Answers with the number of a process that does not end.
    pub(crate) async fn take(path: &Path) -> io::Result<Result<Self, u32>> {
        let mut file = open(path)?;
        if !try_lock(&file)? {
            let process = read(&mut file)?.filter(|process| *process > 1);
            if let Some(process) = process {
                // It fails only when the group is gone.
                let _ = killpg(Pid::from_raw(process), Signal::SIGKILL);
            }
            let Ok(taken) = time::timeout(PATIENCE, awaited(&file)).await else {
                let process = process.and_then(|process| process.try_into().ok());
                return Ok(Err(process.unwrap_or_default()));
            };
            taken?;
        }
        Self::fresh(file).map(Ok)
    }

    /// The number of a process that has ended may be another one's.
    fn fresh(file: File) -> io::Result<Self> {
        file.set_len(0)?;
        Ok(Self(file))
    }

    /// The lock as a program's standard input: it is free when both are gone.
    pub(crate) fn input(&self) -> io::Result<Stdio> {
        Ok(self.0.try_clone()?.into())
    }

    /// Notes the process group that holds it.
    pub(crate) fn record(&self, process: u32) -> io::Result<()> {
        let mut file = &self.0;
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{process}")
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path)
}

fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// There is no call that waits for a lock and can be given up.
async fn awaited(file: &File) -> io::Result<()> {
    while !try_lock(file)? {
        time::sleep(PAUSE).await;
    }
    Ok(())
}

fn read(file: &mut File) -> io::Result<Option<i32>> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::CommandExt, process::Command};

    use super::*;

    #[tokio::test]
    async fn a_program_that_was_left_behind_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = Lock::take(&path).await.unwrap().unwrap();
        let mut command = Command::new("sleep");
        command.arg("1000").stdin(lock.input().unwrap());
        let mut left = command.process_group(0).spawn().unwrap();
        lock.record(left.id()).unwrap();
        // Its parent dies; what is left of the lock is the program's.
        drop((lock, command));
        let again = Lock::take(&path).await.unwrap();
        assert!(again.is_ok());
        let ended = left.wait().unwrap();
        assert_eq!(ended.code(), None, "{ended}");
    }

    #[tokio::test]
    async fn a_lock_that_is_waited_for_kills_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let lock = Lock::wait(&path).await.unwrap();
        let mut command = Command::new("sleep");
        command.arg("0.3").stdin(lock.input().unwrap());
        let mut other = command.process_group(0).spawn().unwrap();
        lock.record(other.id()).unwrap();
        drop((lock, command));
        Lock::wait(&path).await.unwrap();
        assert!(other.wait().unwrap().success());
    }
}
