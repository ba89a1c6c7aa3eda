//! Process plugins: started once for each call, told what to do on standard input, heard on standard
//! output, line by line and within bounds.

mod answer;
mod plain;
mod spawner;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

pub use plain::Plain;
pub use spawner::{Command, Exit, Spawner, Started};

use crate::{
    answered::Answered,
    failure::Cause,
    limits::Limits,
    logs::{Logs, Printed},
    protocol::Call,
};
use answer::Answer;

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// A program that speaks the process protocol.
#[derive(Debug)]
pub(crate) struct Program {
    program: PathBuf,
    arguments: Vec<String>,
    folder: Option<PathBuf>,
}

impl Program {
    /// Finds the words of an entry: files in the folder, the program also on `PATH`.
    ///
    /// # Errors
    /// What is not there.
    pub(crate) fn find(argv: &[String], folder: &Path) -> Result<Self, String> {
        let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
        let mut words = Vec::new();
        for word in argv {
            match word.strip_prefix("./") {
                Some(file) if !folder.join(file).exists() => {
                    return Err(format!("{word} is not in the folder"));
                }
                Some(file) => words.push(folder.join(file).to_string_lossy().into_owned()),
                None => words.push(word.clone()),
            }
        }
        let name = words.remove(0);
        let program = if argv[0].starts_with("./") {
            let program = PathBuf::from(name);
            if !is_program(&program) {
                return Err(format!("{} is not executable", argv[0]));
            }
            program
        } else {
            on_path(&name).ok_or_else(|| format!("{name} is not on PATH"))?
        };
        Ok(Self {
            program,
            arguments: words,
            folder: Some(folder),
        })
    }

    /// A program that is known to be there.
    pub(crate) fn known(argv: &[String]) -> Result<Self, String> {
        let (program, arguments) = argv.split_first().ok_or("there is no program")?;
        Ok(Self {
            program: PathBuf::from(program),
            arguments: arguments.to_vec(),
            folder: None,
        })
    }

    /// Makes one call. Dropping the future kills the process.
    pub(crate) async fn call<S: Spawner>(
        &self,
        call: &Call<'_>,
        limits: &Limits,
        spawner: &S,
        cancel: &CancellationToken,
        logs: &mut Logs,
    ) -> Result<Answered, Cause> {
        let noted = Mutex::new(std::mem::take(logs));
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Cause::Cancelled),
            () = tokio::time::sleep(limits.timeout) => Err(Cause::Timeout { after: limits.timeout }),
            result = self.talk(call, limits, spawner, &noted) => result,
        };
        *logs = noted.into_inner().unwrap_or_default();
        result
    }

    async fn talk<S: Spawner>(
        &self,
        call: &Call<'_>,
        limits: &Limits,
        spawner: &S,
        logs: &Mutex<Logs>,
    ) -> Result<Answered, Cause> {
        let mut line = serde_json::to_vec(call).map_err(Cause::host)?;
        line.push(b'\n');
        let command = Command {
            program: self.program.clone(),
            arguments: self.arguments.clone(),
            environment: environment(),
            folder: self.folder.clone(),
            stdin: line,
            limits: *limits,
        };
        let Started {
            mut stdout,
            mut stderr,
            exit,
        } = spawner.start(command).await.map_err(Cause::host)?;
        let mut answer = Answer::new(call, limits);
        let (at_end, (), exit) = tokio::try_join!(
            read_answer(&mut stdout, limits, &mut answer, logs),
            read_errors(&mut stderr, limits, logs),
            async { exit.await.map_err(Cause::host) },
        )?;
        match (answer.take_error(), exit) {
            (Some(message), _) => return Err(Cause::reported(&message)),
            (None, Exit::Code(0)) => {}
            (None, Exit::Code(code)) => return Err(Cause::Exit { code }),
            (None, Exit::Signal(signal)) => return Err(Cause::Signal { signal }),
            (None, Exit::Memory) => {
                return Err(Cause::Memory {
                    limit: limits.memory_bytes,
                });
            }
        }
        // How it ended says more than a line that was cut off by it.
        at_end?;
        answer.complete()
    }
}

/// Reads standard output to its end. What is wrong with a line that has no end is told in the inner
/// result.
async fn read_answer(
    stdout: &mut (impl AsyncRead + Unpin),
    limits: &Limits,
    answer: &mut Answer,
    logs: &Mutex<Logs>,
) -> Result<Result<(), Cause>, Cause> {
    bounded(stdout, limits, |bytes| answer.feed(bytes, &mut lock(logs))).await?;
    Ok(answer.end(&mut lock(logs)))
}

async fn read_errors(
    stderr: &mut (impl AsyncRead + Unpin),
    limits: &Limits,
    logs: &Mutex<Logs>,
) -> Result<(), Cause> {
    let mut printed = Printed::default();
    bounded(stderr, limits, |bytes| {
        printed.push(bytes, &mut lock(logs));
        Ok(())
    })
    .await?;
    printed.finish(&mut lock(logs));
    Ok(())
}

/// Reads a stream to its end or to its limit.
async fn bounded(
    stream: &mut (impl AsyncRead + Unpin),
    limits: &Limits,
    mut take: impl FnMut(&[u8]) -> Result<(), Cause>,
) -> Result<(), Cause> {
    let mut chunk = vec![0; CHUNK];
    let mut total = 0;
    loop {
        let length = stream.read(&mut chunk).await.map_err(Cause::host)?;
        if length == 0 {
            return Ok(());
        }
        total += length as u64;
        if total > limits.output_bytes {
            return Err(Cause::Output {
                limit: limits.output_bytes,
            });
        }
        take(&chunk[..length])?;
    }
}

fn lock(logs: &Mutex<Logs>) -> std::sync::MutexGuard<'_, Logs> {
    logs.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// All that a plugin sees of the environment. Python is told to leave no compiled files in the
/// plugin's folder, whose content has a hash.
fn environment() -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (String::from(name), String::from(value));
    vec![
        pair("PATH", &path().to_string_lossy()),
        pair("LANG", "C.UTF-8"),
        pair("PYTHONDONTWRITEBYTECODE", "1"),
    ]
}

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&path())
        .map(|dir| dir.join(name))
        .find(|program| program.is_absolute() && is_program(program))
}

/// Where programs are, for us and for plugins alike.
fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let found: io::Result<std::fs::Metadata> = path.metadata();
    found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
