//! Starts programs without isolation: for `playhouse plugin run`, for measurements and for tests.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::process::ExitStatusExt,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::{
    fs::{MemfdFlags, SeekFrom, memfd_create, seek},
    process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit},
};

use super::spawner::{Command, Exit, Spawner, Started};

/// A process group of its own and a bound on the memory it may write to, nothing more: the program sees and
/// may do whatever the user can.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

/// How long "text file busy" is waited for: the writer of the program has closed it, but a process that
/// was forked meanwhile holds the same descriptor until it has called exec.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

fn is_busy(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ExecutableFileBusy
}

impl Spawner for Plain {
    async fn start(&self, command: Command) -> io::Result<Started> {
        let mut program = tokio::process::Command::new(&command.program);
        program
            .args(&command.arguments)
            .env_clear()
            .envs(command.environment)
            .current_dir(std::env::temp_dir())
            .stdin(file(&command.stdin)?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let began = Instant::now();
        let mut child = loop {
            match program.spawn() {
                Err(error) if is_busy(&error) && began.elapsed() < BUSY_LIMIT => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                spawned => break spawned?,
            }
        };
        let group = Group(
            child
                .id()
                .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)),
        );
        if let Some(pid) = group.0 {
            // It may have run for a moment already; what it allocates from now on counts. When it has
            // ended already there is nothing to bound.
            let most = Some(command.limits.memory_bytes);
            let limit = Rlimit {
                current: most,
                maximum: most,
            };
            let _ = prlimit(Some(pid), Resource::Data, limit);
        }
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the program has no output"));
        };
        let exit = async move {
            let status = child.wait().await?;
            // What is left of its process group is killed too, and closes its output.
            drop(group);
            let by_signal = status.signal().map(Exit::Signal);
            Ok(status
                .code()
                .map(Exit::Code)
                .or(by_signal)
                .unwrap_or(Exit::Code(-1)))
        };
        Ok(Started {
            stdout: Box::pin(stdout),
            stderr: Box::pin(stderr),
            exit: Box::pin(exit),
        })
    }
}

/// Kills a process group when it is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // An error means that no process is left.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// A file that is nowhere but in memory.
fn file(content: &[u8]) -> io::Result<Stdio> {
    let mut file = File::from(memfd_create("call", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    seek(&file, SeekFrom::Start(0))?;
    Ok(Stdio::from(file))
}
