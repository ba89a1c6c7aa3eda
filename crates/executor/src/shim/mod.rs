//! The small process that stands between the executor and one job's program.
//!
//! It applies the isolation, starts the program, and sees to it that the whole tree is gone when the
//! program has ended, when the executor says so, when the lease was not renewed, and when the
//! executor itself is gone. It has one thread and no async runtime.

mod access;
mod confine;
mod fork_server;
mod identity;
mod namespaces;
mod program;
mod root;
mod spec;
mod supervise;
mod syscalls;
mod tree;
mod unstarted;
mod view;

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    process::ExitCode,
};

use identity::Identity;
pub use spec::{End, Order, Part, Report, Spec};
pub use view::View;

/// Makes the process fork a shim for each request instead of being one.
pub const FORK_SERVER: &str = "fork-server";

/// The whole shim process. Must be called before any thread exists.
///
/// What to do comes over its standard input, which is a socket: with the argument [`FORK_SERVER`] the streams
/// of one shim after the other, without it what is to be run.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let forks = args.into_iter().any(|argument| argument == FORK_SERVER);
    let served = if forks {
        fork_server::serve().and_then(|is_shim| if is_shim { serve() } else { Ok(()) })
    } else {
        serve()
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "the shim is started by an executor only: {error}"
            );
            ExitCode::FAILURE
        }
    }
}

/// # Errors
/// When the control socket is not what it should be; everything else is reported over it.
fn serve() -> io::Result<()> {
    let control = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    control.peer_addr()?;
    let spec = read_spec(&control)?;
    let begins = match enter(&spec) {
        Ok(begins) => begins,
        Err(reason) => return report(&control, End::NotPrepared(reason)),
    };
    let tree = if begins {
        if let Some(init) = namespaces::fork_init()? {
            drop(control);
            return namespaces::wait_for(init);
        }
        tree::Tree::namespace()?
    } else {
        tree::Tree::Descendants
    };
    let mounted = if spec.parts.contains(&Part::MountNamespace) {
        root::enter(&spec)
    } else if begins {
        namespaces::mount_proc().and_then(|()| namespaces::mount_hosts(spec.hosts.as_deref()))
    } else {
        Ok(())
    };
    match mounted {
        Ok(()) => supervise_tree(control, &spec, tree),
        Err(reason) => report(&control, End::NotPrepared(reason)),
    }
}

/// Applies what has to be applied before the first process of the tree is made. True when the next
/// child begins a PID namespace.
fn enter(spec: &Spec) -> Result<bool, String> {
    confine::hold_signals().map_err(|error| format!("the signals cannot be held: {error}"))?;
    nix::sys::prctl::set_child_subreaper(true)
        .map_err(|error| format!("the process tree cannot be watched: {error}"))?;
    for procs in &spec.cgroups {
        std::fs::write(procs, "0").map_err(|error| format!("{}: {error}", procs.display()))?;
    }
    namespaces::unshare(&spec.parts)
}

fn supervise_tree(control: UnixStream, spec: &Spec, tree: tree::Tree) -> io::Result<()> {
    // Made in the process that supervises: a signal descriptor belongs to its maker.
    let signals = confine::child_signals()?;
    let partial = match confine::apply(spec) {
        Ok(partial) => partial,
        Err(reason) => return report(&control, End::NotPrepared(reason)),
    };
    let Some(path) = &spec.program else {
        return match namespaces::try_in_child(|| Identity::of(spec).assume()) {
            Ok(()) => report(&control, End::Ready { partial }),
            Err(error) => {
                let reason = format!("{}: {error}", Part::OwnId.name());
                report(&control, End::NotPrepared(reason))
            }
        };
    };
    match program::start(path, spec) {
        Ok(child) => supervise::run(control, signals, child, tree, spec),
        Err(end) => report(&control, end),
    }
}

/// Tells the executor how it ended without a program.
fn report(control: &UnixStream, end: End) -> io::Result<()> {
    send(
        control,
        &Report {
            end,
            lease_expired: false,
        },
    )
}

/// Tells the executor. That it is gone is no error.
fn send(mut control: &UnixStream, report: &Report) -> io::Result<()> {
    let _ = control.write_all(&serde_json::to_vec(report)?);
    Ok(())
}

fn read_spec(mut control: &UnixStream) -> io::Result<Spec> {
    let mut length = [0; 4];
    control.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > spec::SPEC_LIMIT_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the spec is too long",
        ));
    }
    let mut text = vec![0; length];
    control.read_exact(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
