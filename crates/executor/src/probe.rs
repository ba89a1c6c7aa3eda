//! Which parts of the isolation work on this machine.

use std::{
    io::{self, Read, Write},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use nix::unistd::Uid;

use crate::{
    Settings,
    cgroup::{self, MEMORY, PROCESSOR},
    isolation::view,
    shim::{End, Part, Report, Spec},
};

/// How long one try may take.
const LIMIT: Duration = Duration::from_secs(20);

/// One part of the isolation, and whether it works here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The part, such as `pid namespace`.
    pub name: String,
    /// How much of it works.
    pub support: Support,
    /// How it was found to work, or why it does not.
    pub detail: String,
}

/// How much of a part of the isolation works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// All of it.
    Full,
    /// Some of it: the part is applied as far as it goes.
    Partial,
    /// Nothing.
    Missing,
}

impl Support {
    /// `full`, `partial` or `missing`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Missing => "missing",
        }
    }
}

/// Looks at every part of the isolation once, and changes nothing on the machine: what a process
/// takes on itself is tried in one that ends, where control groups are is only looked at. Blocks for
/// some milliseconds.
#[must_use]
pub fn probe(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![finding("process tree", try_parts(settings, &[]))];
    // Without rights of their own the other namespaces need one of users; with them they may work
    // where that one is forbidden, so each is tried both ways.
    let user = try_parts(settings, &[Part::UserNamespace, Part::PidNamespace]);
    let with_user = user.is_ok();
    for part in Part::ALL {
        let tried = match part {
            Part::UserNamespace => user.clone(),
            // A user of its own is for root alone to give, and it needs a view in which it reaches its directory.
            Part::OwnId if !Uid::effective().is_root() => continue,
            Part::OwnId => {
                let mut parts = vec![Part::PidNamespace, Part::MountNamespace, part];
                parts.extend(with_user.then_some(Part::UserNamespace));
                try_parts(settings, &parts)
            }
            Part::PidNamespace
            | Part::MountNamespace
            | Part::IpcNamespace
            | Part::NetworkNamespace
                if with_user =>
            {
                try_parts(settings, &[Part::UserNamespace, part])
            }
            _ => try_parts(settings, &[part]),
        };
        findings.push(finding(part.name(), with_consequence(part, tried)));
    }
    for (name, controller) in [MEMORY, PROCESSOR] {
        let seen = cgroup::look(controller).map(|dir| {
            let detail = format!("can be set below {}", dir.display());
            (Support::Full, detail)
        });
        findings.push(finding(name, seen));
    }
    findings
}

fn finding(name: &str, seen: Result<(Support, String), String>) -> Finding {
    let (support, detail) = seen.unwrap_or_else(|reason| (Support::Missing, reason));
    Finding {
        name: name.to_owned(),
        support,
        detail,
    }
}

/// What is missing, with what it means.
fn with_consequence(
    part: Part,
    tried: Result<(Support, String), String>,
) -> Result<(Support, String), String> {
    let without = part.without();
    match tried {
        Ok((Support::Full, detail)) => Ok((Support::Full, detail)),
        Ok((support, detail)) => Ok((support, format!("{detail}; without the rest {without}"))),
        Err(reason) => Err(format!("{reason}; without it {without}")),
    }
}

/// Has a shim join a control group through such a file and start nothing.
pub(crate) fn join(settings: &Settings, procs: PathBuf) -> Result<(), String> {
    let spec = Spec {
        cgroups: vec![procs],
        ..nothing()
    };
    try_spec(settings, &spec).map(drop)
}

/// Has a shim apply the parts and start nothing.
fn try_parts(settings: &Settings, parts: &[Part]) -> Result<(Support, String), String> {
    let is_own = parts.contains(&Part::OwnId);
    let spec = Spec {
        parts: parts.to_vec(),
        view: view(settings),
        user: is_own.then_some(settings.job_ids.first),
        ..nothing()
    };
    try_spec(settings, &spec)
}

fn nothing() -> Spec {
    Spec {
        directory: PathBuf::from("/"),
        writable: PathBuf::from("/"),
        ..Spec::default()
    }
}

fn try_spec(settings: &Settings, spec: &Spec) -> Result<(Support, String), String> {
    match ask(settings, spec) {
        Ok(Report {
            end: End::Ready { partial },
            ..
        }) => Ok(match partial {
            None => (Support::Full, "applied in a trial".to_owned()),
            Some(reason) => (Support::Partial, format!("only in part: {reason}")),
        }),
        Ok(Report {
            end: End::NotStarted(reason) | End::NotPrepared(reason),
            ..
        }) => Err(reason),
        Ok(report) => Err(format!("the shim said {:?}", report.end)),
        Err(error) => Err(format!("the shim does not work: {error}")),
    }
}

fn ask(settings: &Settings, spec: &Spec) -> io::Result<Report> {
    let (program, arguments) = settings
        .shim
        .split_first()
        .ok_or_else(|| io::Error::other("no shim is set"))?;
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(LIMIT))?;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let text = serde_json::to_vec(spec)?;
    let length = u32::try_from(text.len()).map_err(io::Error::other)?;
    let mut answer = Vec::new();
    let talked = ours
        .write_all(&[&length.to_le_bytes()[..], &text].concat())
        .and_then(|()| ours.read_to_end(&mut answer));
    if talked.is_err() {
        child.kill()?;
    }
    child.wait()?;
    talked?;
    serde_json::from_slice(&answer).map_err(|_| io::Error::other("it gave no report"))
}
