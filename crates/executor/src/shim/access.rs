//! What a job may open: rules of Landlock, which hold also where it gets out of its root directory.

use std::{error::Error, io, path::Path};

use landlock::{
    ABI, Access, AccessFs, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::unistd::Uid;

use super::{
    root::{DEVICES, PRIVATE},
    spec::{Part, Spec},
};

/// The first version of Landlock that knows everything that is asked for here: reading, writing,
/// truncating and moving files and talking to devices, signals, and abstract sockets.
const LANDLOCK: ABI = ABI::V6;

/// Where a program reads of itself.
const PROCESSES: &str = "/proc";

/// Lets the job read what it is shown, and write to its own directories and a few devices. Not even there
/// may a device file be made: root could reach a disk through it. Says what an older kernel does not
/// enforce.
pub(super) fn restrict(spec: &Spec) -> Result<Option<String>, Box<dyn Error>> {
    // What the kernel does not know is left out by the crate, best effort.
    let read = AccessFs::from_read(LANDLOCK);
    let mut write = AccessFs::from_all(LANDLOCK);
    write.remove(AccessFs::MakeChar | AccessFs::MakeBlock);
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
    let mut rules = Rules(
        Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .scope(Scope::Signal | Scope::AbstractUnixSocket)?
            .create()?,
    );
    if spec.parts.contains(&Part::MountNamespace) {
        // What must not be read is not below this root.
        rules.allow(Path::new("/"), read)?;
        for path in PRIVATE {
            rules.allow(Path::new(path), write)?;
        }
        if has_own_processes(spec) {
            rules.allow(Path::new(PROCESSES), read | AccessFs::WriteFile)?;
        }
    } else {
        rules.allow(Path::new(PROCESSES), read)?;
        for path in spec.view.readable_without_hidden() {
            rules.allow(&path, read)?;
        }
    }
    for path in DEVICES.iter().map(Path::new) {
        rules.allow(path, device)?;
    }
    for path in &spec.view.devices {
        rules.allow(path, device | AccessFs::ReadDir)?;
    }
    for path in spec.view.writable.iter().map(AsRef::as_ref) {
        rules.allow(path, write)?;
    }
    if let Some(path) = spec.work_dir() {
        rules.allow(path, write)?;
    }
    let others = [&spec.program, &spec.hosts];
    for path in others.into_iter().flatten() {
        rules.allow(path, read)?;
    }
    let status = rules.0.restrict_self()?;
    Ok(not_enforced(&status.ruleset, &status.landlock)?)
}

/// Nothing in `/proc` is writable to the job but what is about its own processes. Without a user of its own
/// a job of root would be one whom the machine's settings belong to.
fn has_own_processes(spec: &Spec) -> bool {
    let is_unprivileged = spec.user.is_some() || !Uid::effective().is_root();
    spec.parts.contains(&Part::PidNamespace) && is_unprivileged
}

struct Rules(RulesetCreated);

impl Rules {
    /// What is not there is not needed.
    fn allow(&mut self, path: &Path, access: BitFlags<AccessFs>) -> Result<(), Box<dyn Error>> {
        let Ok(opened) = PathFd::new(path) else {
            return Ok(());
        };
        // The rights of directories are none on other files.
        let access = if path.is_dir() {
            access
        } else {
            access & AccessFs::from_file(LANDLOCK)
        };
        (&mut self.0).add_rule(PathBeneath::new(opened, access))?;
        Ok(())
    }
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
