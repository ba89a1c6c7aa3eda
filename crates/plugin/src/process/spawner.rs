//! What starts the processes of plugins: the executor does it through its shim, with its isolation.

use std::{future::Future, io, path::PathBuf, pin::Pin};

use tokio::io::AsyncRead;

use crate::limits::Limits;

/// A program to start.
#[derive(Debug, Clone)]
pub struct Command {
    /// Absolute.
    pub program: PathBuf,
    /// Its arguments, without its own name.
    pub arguments: Vec<String>,
    /// All that it sees of the environment.
    pub environment: Vec<(String, String)>,
    /// The plugin's folder, which it has to be able to read; none for a shipped plugin. It is not the
    /// directory to run in: the plugin must not write there.
    pub folder: Option<PathBuf>,
    /// What it reads from standard input, to its end.
    pub stdin: Vec<u8>,
    /// What it may use. The host watches time and output; memory is the spawner's.
    pub limits: Limits,
}

/// A program that was started.
pub struct Started {
    /// Its standard output. It must end when the program has ended, also when other processes hold it.
    pub stdout: Pin<Box<dyn AsyncRead + Send>>,
    /// Its standard error; the same holds.
    pub stderr: Pin<Box<dyn AsyncRead + Send>>,
    /// How it ended. When this is dropped, before or after that, the program's whole tree is killed.
    pub exit: Pin<Box<dyn Future<Output = io::Result<Exit>> + Send>>,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// It was killed because it wanted more memory than it may have.
    Memory,
}

/// Starts programs.
pub trait Spawner: Send + Sync {
    /// Starts a program.
    ///
    /// # Errors
    /// When it cannot be started.
    fn start(&self, command: Command) -> impl Future<Output = io::Result<Started>> + Send;
}
