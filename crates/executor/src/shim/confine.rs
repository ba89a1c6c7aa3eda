//! The parts of the isolation that a process takes on itself and its children inherit.

use std::io;

use landlock::{
    ABI, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::{SigSet, SigmaskHow, Signal, sigprocmask},
    signalfd::{SfdFlags, SignalFd},
};

use super::spec::{Part, Spec};

/// Open files, at most.
const FILES: u64 = 65_536;

/// Processes and threads, at most. The kernel counts them per user, and per user namespace: so it
/// is set only where the job has a user namespace of its own.
const PROCESSES: u64 = 16_384;

/// Devices that may be written to: they keep nothing.
const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
];

/// Blocks the signals that would end the shim before its tree has ended: whoever wants it to stop
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

/// Applies the parts that are not namespaces. The error names the part.
pub(super) fn apply(spec: &Spec) -> Result<(), String> {
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
            Part::Landlock => landlock(spec).map_err(|error| error.to_string()),
            Part::UserNamespace | Part::PidNamespace | Part::NetworkNamespace => Ok(()),
        }
        .map_err(named(*part))?;
    }
    Ok(())
}

fn limits(spec: &Spec) -> Result<(), String> {
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_NOFILE, FILES)?;
    if spec.parts.contains(&Part::UserNamespace) {
        limit(Resource::RLIMIT_NPROC, PROCESSES)?;
    }
    Ok(())
}

/// Lowers a limit for good; one that is lower already stays.
fn limit(resource: Resource, value: u64) -> Result<(), String> {
    let (soft, hard) = getrlimit(resource).map_err(|error| error.to_string())?;
    let hard = hard.min(value);
    setrlimit(resource, soft.min(hard), hard).map_err(|error| error.to_string())
}

/// Reading is free; writing is for the work directory and a few devices. Not even there may a device
/// file be made: root could reach a disk through it.
fn landlock(spec: &Spec) -> Result<(), Box<dyn std::error::Error>> {
    // Newer rights than the kernel knows are left out by the crate, best effort.
    let write = AccessFs::from_write(ABI::V5);
    let mut own = write;
    own.remove(AccessFs::MakeChar | AccessFs::MakeBlock);
    let device: BitFlags<AccessFs> = AccessFs::WriteFile | AccessFs::Truncate;
    let mut rules = Ruleset::default()
        .handle_access(write)?
        .scope(Scope::Signal)?
        .create()?
        .add_rule(PathBeneath::new(PathFd::new(&spec.writable)?, own))?;
    for path in DEVICES {
        if let Ok(file) = PathFd::new(path) {
            rules = rules.add_rule(PathBeneath::new(file, device))?;
        }
    }
    match rules.restrict_self()?.ruleset {
        RulesetStatus::NotEnforced => Err("the kernel has it not, or it is switched off".into()),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}
