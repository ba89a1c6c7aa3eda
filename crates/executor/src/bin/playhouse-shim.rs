//! The shim as a program of its own, for this crate's tests.

fn main() -> std::process::ExitCode {
    executor::shim::main(std::env::args_os().skip(1))
}
