//! Starts the job's program.

use std::{
    ffi::{CString, OsStr},
    fs::File,
    io,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask},
    unistd::{execve, setsid},
};

use super::{
    access, confine,
    identity::Identity,
    spec::{End, Part, Spec},
    unstarted,
};

/// How long "text file busy" is waited for. The executor closes a program before it can be run, but
/// a process that it forked at that moment holds the same descriptor until it has called exec.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// Starts the program in a session of its own, with its streams where the shim's are. Else it answers
/// how it ended.
pub(super) fn start(path: &Path, spec: &Spec) -> Result<Child, End> {
    let path = spec.called.as_deref().unwrap_or(path);
    spawn(path, spec).map_err(|error| {
        let reason = unstarted::reason(path, &error);
        if [Errno::EAGAIN, Errno::ENOMEM]
            .contains(&Errno::from_raw(error.raw_os_error().unwrap_or(0)))
        {
            End::NotPrepared(reason)
        } else {
            End::NotStarted(reason)
        }
    })
}

fn spawn(path: &Path, spec: &Spec) -> io::Result<Child> {
    let program = CString::new(path.as_os_str().as_bytes())?;
    let arguments = strings(
        [path.as_os_str()]
            .into_iter()
            .chain(spec.arguments.iter().map(OsStr::new)),
    )?;
    let variables: Vec<String> = spec
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let environment = strings(variables.iter().map(OsStr::new))?;
    let stdin = match &spec.stdin {
        Some(file) => Stdio::from(File::open(file)?),
        None => Stdio::null(),
    };
    let memory = spec.memory_limit_bytes;
    let separate = spec.parts.contains(&Part::Landlock);
    let identity = Identity::of(spec);
    let mut command = Command::new(path);
    command
        .current_dir(&spec.directory)
        .stdin(stdin)
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit());
    #[expect(
        unsafe_code,
        reason = "nothing else gives the program a session and a clean mask"
    )]
    // SAFETY: the shim has one thread, so its child may do after the fork what it could do before.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            if separate {
                access::separate()?;
            }
            if let Some(bytes) = memory {
                confine::limit_memory(bytes)?;
            }
            identity.assume()?;
            // When the shim is killed, at least the program itself does not outlive it.
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
            // Not left to `Command`: it would hand a file without a known format to `/bin/sh`.
            match execve(&program, &arguments, &environment) {
                Err(error) => Err(error.into()),
                Ok(never) => match never {},
            }
        });
    }
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match command.spawn() {
            Err(error) if is_busy(&error) && began.elapsed() < BUSY_LIMIT => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            spawned => return spawned,
        }
    }
}

/// As the kernel takes them.
///
/// # Errors
/// When one contains NUL.
fn strings<'a>(all: impl Iterator<Item = &'a OsStr>) -> io::Result<Vec<CString>> {
    all.map(|one| Ok(CString::new(one.as_bytes())?)).collect()
}

fn is_busy(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ETXTBSY as i32)
}
