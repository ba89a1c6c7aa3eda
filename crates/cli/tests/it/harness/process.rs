//! A process under the test's eyes.

use std::{
    fs::File,
    io::Read,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::poll;

/// A child process that does not outlive the test.
pub(crate) struct Process {
    child: Child,
    /// What it wrote to standard error.
    log: PathBuf,
}

impl Process {
    /// Starts the command; its standard error goes to the file `log`, appended.
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("the binary starts");
        Self { child, log }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits"))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the process is there");
    }

    /// What it wrote to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("the log is there")).into_owned()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// Asks it to end, which it does well.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        assert_eq!(self.wait().code(), Some(0), "{}", self.stderr());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        poll("the process ends", || self.ended())
    }

    /// Waits for its end, and answers the exit code and what it wrote to standard output. Only for
    /// processes that write little: nobody reads the pipe before the end.
    pub(crate) fn finish(&mut self) -> (Option<i32>, String) {
        let status = self.wait();
        let mut text = String::new();
        let mut pipe = self.child.stdout.take().expect("standard output is a pipe");
        pipe.read_to_string(&mut text)
            .expect("standard output is UTF-8");
        (status.code(), text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
