//! The small process that stands between the executor and one job's program.

use std::{ffi::OsString, process::ExitCode};

/// The whole shim process. Must be called before any thread exists.
///
/// It takes no arguments: what to do comes over its standard input, which is a socket.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let _ = args.into_iter();
    ExitCode::FAILURE
}
