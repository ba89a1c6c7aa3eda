//! The parts of the isolation that a process takes on itself and its children inherit.

use std::io;

use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::{SigSet, SigmaskHow, Signal, sigprocmask},
    signalfd::{SfdFlags, SignalFd},
};

use super::{
    access,
    spec::{Part, Spec},
    syscalls,
};

/// Open files, at most.
const FILES: u64 = 65_536;

/// Blocks the signals that would end the shim before its tree has ended: the executor stops it
/// says so over the control socket. And SIGCHLD, which is read from a descriptor.
pub(super) fn hold_signals() -> nix::Result<()> {
    let mut held = SigSet::empty();
    for signal in [
        Signal::SIGCHLD,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
    ] {
        held.add(signal);
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&held), None)
}

/// A descriptor that is readable when a child has ended.
pub(super) fn child_signals() -> io::Result<SignalFd> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    Ok(SignalFd::with_flags(
        &mask,
        SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
    )?)
}

/// Applies the parts that are not namespaces, and says what the kernel has only some of. The error
/// names the part.
pub(super) fn apply(spec: &Spec) -> Result<Option<String>, String> {
    let mut partial = None;
    let named = |part: Part| move |reason: String| format!("{}: {reason}", part.name());
    // A process that shares our user must not read or drive the shim.
    nix::sys::prctl::set_dumpable(false).map_err(|error| error.to_string())?;
    if let Some(bytes) = spec.file_limit_bytes {
        limit(Resource::RLIMIT_FSIZE, bytes).map_err(named(Part::ResourceLimits))?;
    }
    for part in &spec.parts {
        match part {
            Part::ResourceLimits => limits(spec),
            Part::NoNewPrivileges => {
                nix::sys::prctl::set_no_new_privs().map_err(|error| error.to_string())
            }
            Part::Landlock => access::restrict(spec)
                .map(|missing| partial = missing)
                .map_err(|error| error.to_string()),
            Part::IpcNamespace => {
                syscalls::leave_keyring();
                Ok(())
            }
            Part::UserNamespace
            | Part::PidNamespace
            | Part::MountNamespace
            | Part::OwnId
            | Part::NetworkNamespace => Ok(()),
        }
        .map_err(named(*part))?;
    }
    Ok(partial)
}

fn limits(spec: &Spec) -> Result<(), String> {
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_NOFILE, FILES)?;
    // The kernel counts processes per user and per user namespace: without one of the two of its own a job
    // would be limited by what others run.
    let is_alone = spec.parts.contains(&Part::UserNamespace) || spec.user.is_some();
    if let (Some(most), true) = (spec.process_limit, is_alone) {
        limit(Resource::RLIMIT_NPROC, most.into())?;
    }
    Ok(())
}

/// Lowers a limit for good; one that is lower already stays.
fn limit(resource: Resource, value: u64) -> Result<(), String> {
    let (soft, hard) = getrlimit(resource).map_err(|error| error.to_string())?;
    let hard = hard.min(value);
    setrlimit(resource, soft.min(hard), hard).map_err(|error| error.to_string())
}

/// Called in the program's process: bounds the memory that it may have to write to.
pub(super) fn limit_memory(bytes: u64) -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_DATA)?;
    setrlimit(Resource::RLIMIT_DATA, hard.min(bytes), hard.min(bytes))
}
