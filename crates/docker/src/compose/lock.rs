//! One run of the Compose tool for a project at a time, also across a crash of this process.

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

use super::ComposeError;

/// A killed process lets go of its files at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lock of a project's directory. The tool that runs holds it as well.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes it. A tool that holds it was left behind by a process that died, since one project is worked on
    /// by one operation: it is killed, so that it changes nothing any more.
    pub(super) async fn take(directory: &Path) -> Result<Self, ComposeError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(directory.join(".compose.lock"))?;
        if !try_lock(&file)? {
            let process = read(&mut file)?;
            if let Some(process) = process.filter(|process| *process > 1) {
                // It fails only when the group is gone.
                let _ = killpg(Pid::from_raw(process), Signal::SIGKILL);
            }
            let taken = time::timeout(PATIENCE, awaited(&file)).await;
            let process = process.and_then(|process| process.try_into().ok());
            taken.map_err(|_| ComposeError::Locked {
                process: process.unwrap_or_default(),
            })??;
        }
        // The number of a process that has ended may be another one's.
        file.set_len(0)?;
        Ok(Self(file))
    }

    /// The same lock for the tool: it is free when both are gone.
    pub(super) fn input(&self) -> io::Result<Stdio> {
        Ok(self.0.try_clone()?.into())
    }

    /// Notes the process that holds it.
    pub(super) fn record(&self, process: u32) -> io::Result<()> {
        let mut file = &self.0;
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{process}")
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn awaited(file: &File) -> io::Result<()> {
    while !try_lock(file)? {
        time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

fn read(file: &mut File) -> io::Result<Option<i32>> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text.trim().parse().ok())
}
