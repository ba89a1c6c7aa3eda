//! The start of Chromium: which program, with which flags, in which directory.

mod display;
mod flags;
mod process;
mod program;
mod remains;
mod sandbox;

pub(crate) use process::{ChromiumProcess, KILLED};
pub use program::{Chromium, find};
pub use sandbox::SandboxSupport;

use std::{path::PathBuf, time::Duration};

/// How a browser is started.
#[derive(Clone, Debug)]
pub struct LaunchOptions {
    /// The program; `None` looks for the usual names in PATH.
    pub program: Option<PathBuf>,
    /// An existing directory. The browser's profile is a new directory in it that goes with the browser.
    pub work_directory: PathBuf,
    /// Shows a window, which needs a display: that of this process's environment.
    pub visible: bool,
    /// Further flags of Chromium, as they are.
    pub arguments: Vec<String>,
    /// The time until it has to answer.
    pub timeout: Duration,
}

impl LaunchOptions {
    /// A browser without a window, whose profile is in this directory.
    #[must_use]
    pub fn new(work_directory: impl Into<PathBuf>) -> Self {
        Self {
            program: None,
            work_directory: work_directory.into(),
            visible: false,
            arguments: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }
}
