//! Starts the job's program.

use std::{
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask},
};

use super::spec::Spec;

/// How long "text file busy" is waited for. The executor closes a program before it can be run, but
/// a process that it forked at that moment holds the same descriptor until it has called exec.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// Starts the program in a session of its own, with its streams where the shim's are.
pub(super) fn start(path: &Path, spec: &Spec) -> Result<Child, String> {
    let mut command = Command::new(path);
    command
        .args(&spec.arguments)
        .env_clear()
        .envs(&spec.environment)
        .current_dir(&spec.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit());
    #[expect(
        unsafe_code,
        reason = "nothing else gives the program a session and a clean mask"
    )]
    // SAFETY: the closure makes three system calls that are safe after a fork, and allocates not.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            // When the shim is killed, at least the program itself does not outlive it.
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
            Ok(())
        });
    }
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match command.spawn() {
            Ok(child) => return Ok(child),
            Err(error) if is_busy(&error) && began.elapsed() < BUSY_LIMIT => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Err(error) => return Err(format!("the program cannot be started: {error}")),
        }
    }
}

fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ETXTBSY as i32)
}
