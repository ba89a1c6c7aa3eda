//! The parts of the isolation that a process takes on itself and its children inherit.

use std::io;

use landlock::{
    ABI, AccessFs, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
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

/// The first version of Landlock that knows everything that is asked for here: writing, truncating
/// and moving files and talking to devices, and signals.
const LANDLOCK: ABI = ABI::V6;

/// Devices that may be written to: they keep nothing.
const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
];

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
            Part::Landlock => landlock(spec)
                .map(|missing| partial = missing)
                .map_err(|error| error.to_string()),
            Part::UserNamespace | Part::PidNamespace | Part::NetworkNamespace => Ok(()),
        }
        .map_err(named(*part))?;
    }
    Ok(partial)
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

/// Called in the program's process: bounds the memory that it may have to write to.
pub(super) fn limit_memory(bytes: u64) -> nix::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_DATA)?;
    setrlimit(Resource::RLIMIT_DATA, hard.min(bytes), hard.min(bytes))
}

/// Reading is free; writing is for the work directory and a few devices. Not even there may a device
/// file be made: root could reach a disk through it. Says what an older kernel does not enforce.
fn landlock(spec: &Spec) -> Result<Option<String>, Box<dyn std::error::Error>> {
    // What the kernel does not know is left out by the crate, best effort.
    let write = AccessFs::from_write(LANDLOCK);
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
    let status = rules.restrict_self()?;
    Ok(not_enforced(&status.ruleset, &status.landlock)?)
}

/// Called in the program's process: puts it into a domain below the shim's, so that it cannot signal
/// the shim either. An older kernel does not do this.
pub(super) fn separate() -> io::Result<()> {
    let rules = Ruleset::default().scope(Scope::Signal);
    let rules = rules.and_then(Ruleset::create);
    rules
        .and_then(|rules| rules.restrict_self())
        .map(drop)
        .map_err(io::Error::other)
}

/// What of the rules is not enforced.
fn not_enforced(
    rules: &RulesetStatus,
    kernel: &LandlockStatus,
) -> Result<Option<String>, &'static str> {
    match (rules, kernel) {
        (RulesetStatus::FullyEnforced, _) => Ok(None),
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            let (has, wants) = (*effective_abi as i32, LANDLOCK as i32);
            Ok(Some(format!(
                "the kernel has version {has} of it, all of it needs version {wants}"
            )))
        }
        (RulesetStatus::PartiallyEnforced, _) => Ok(Some("the kernel has not all of it".into())),
        (RulesetStatus::NotEnforced, _) => Err("the kernel has it not, or it is switched off"),
    }
}

#[cfg(test)]
mod tests {
    use landlock::{ABI, LandlockStatus, RulesetStatus};

    use super::not_enforced;

    #[test]
    fn an_older_kernel_does_not_pass_for_one_that_enforces_everything() {
        let kernel = |effective_abi| LandlockStatus::Available {
            effective_abi,
            kernel_abi: None,
        };
        let new = not_enforced(&RulesetStatus::FullyEnforced, &kernel(ABI::V6));
        assert_eq!(new, Ok(None));
        let old = not_enforced(&RulesetStatus::PartiallyEnforced, &kernel(ABI::V3));
        let reason = "the kernel has version 3 of it, all of it needs version 6";
        assert_eq!(old, Ok(Some(reason.to_owned())));
        let off = not_enforced(&RulesetStatus::NotEnforced, &LandlockStatus::NotEnabled);
        assert!(off.is_err());
    }
}
