//! Who the program is: its user, and what that may do.

use nix::{
    errno::Errno,
    unistd::{Gid, Uid, setgroups, setresgid, setresuid},
};

use super::{
    spec::{Part, Spec},
    syscalls,
};

/// More capabilities than any kernel has.
const CAPABILITIES: std::ffi::c_long = 64;

/// Who the program is to be.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    user: Option<u32>,
    groups: Vec<Gid>,
    /// True where every capability can be given up for good.
    drops: bool,
}

impl Identity {
    pub(super) fn of(spec: &Spec) -> Self {
        Self {
            user: spec.user,
            groups: spec.groups.iter().copied().map(Gid::from_raw).collect(),
            drops: spec.parts.contains(&Part::UserNamespace) || spec.user.is_some(),
        }
    }

    /// Called in the program's process: gives up every capability, and becomes the user.
    pub(super) fn assume(&self) -> nix::Result<()> {
        if self.drops {
            drop_capabilities()?;
        }
        let Some(user) = self.user else {
            return Ok(());
        };
        setgroups(&self.groups)?;
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
        setresgid(group, group, group)?;
        // This empties the other sets of capabilities as well.
        setresuid(user, user, user)
    }
}

/// Those that the program may be left with are those of the bounding set.
fn drop_capabilities() -> nix::Result<()> {
    for number in 0..CAPABILITIES {
        match syscalls::drop_capability(number) {
            Ok(true) => {}
            Ok(false) => break,
            // Who may not drop one has none to lose.
            Err(Errno::EPERM) if !Uid::effective().is_root() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
