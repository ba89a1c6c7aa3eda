//! Processes of steps: in a work directory of their own, with the isolation of jobs, and with what they print
//! in the run's log.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use tokio::task::spawn_blocking;
use wire::{client::Error, jobs::Stream};

use super::{
    call::{StepCall, StepEnd},
    run_log::RunLog,
};
use crate::{
    attempt::{
        PATH, Watched, WorkDir,
        outcome::Stop,
        output_dir::OutputDir,
        program::{ProgramEnd, ProgramStart},
    },
    output::Sink,
    shim::{End, Part},
};

/// Time between SIGTERM and SIGKILL: a step is to end within a second.
const GRACE: Duration = Duration::from_millis(500);
/// The longest file that a script hands back.
const HANDED_BACK_BYTES: u64 = 4 << 20;

/// What a step runs.
pub(super) struct Script {
    /// A path, or a name that is looked for.
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    /// Files in the directory that it starts in.
    pub(super) files: Vec<(String, Vec<u8>)>,
    pub(super) stdin: Option<String>,
    pub(super) network: bool,
    /// A file that it may leave there for the executor.
    pub(super) hands_back: Option<&'static str>,
}

/// How it ended by itself.
pub(super) struct Ran {
    /// Its exit code, or why it has none.
    pub(super) exit: Result<i32, String>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// What it left for the executor.
    pub(super) handed_back: Option<Vec<u8>>,
}

/// Runs a script to its end.
pub(super) async fn run(call: &StepCall<'_>, script: Script) -> Result<Ran, StepEnd> {
    let runner = call.context.runner;
    let path = find(&script.program).ok_or_else(|| {
        StepEnd::refused(format!(
            "`{}` is no program on this executor's search path, {PATH}",
            script.program
        ))
    })?;
    let work_dir = runner
        .environment
        .work_dir()
        .await
        .map_err(StepEnd::Abandoned)?;
    let (files, stdin) = (script.files, script.stdin);
    let laid = spawn_blocking(move || lay(&work_dir, files, stdin).map(|stdin| (work_dir, stdin)));
    let (work_dir, stdin) = match laid.await.unwrap_or_else(|error| Err(error.into())) {
        Ok(laid) => laid,
        Err(error) => {
            return Err(StepEnd::refused(format!(
                "its files cannot be laid out: {error}"
            )));
        }
    };
    let program = ProgramStart {
        called: None,
        path: &path,
        arguments: script.arguments,
        environment: script.environment.into_iter().collect::<BTreeMap<_, _>>(),
        stdin,
        grace: GRACE.min(runner.environment.settings.cancel_grace),
        besides: (!script.network).then_some(Part::NetworkNamespace),
        view: None,
        hosts: None,
        keeps_home: script.hands_back.is_some(),
        redactor: Some(call.context.redactor.clone()),
    };
    let watched = Watched {
        lease: call.context.lease.clone(),
        kill: &call.stop,
        deadline: Some(call.deadline()),
    };
    let sink = |stream| StepOutput {
        log: Arc::clone(&call.context.log),
        stream,
    };
    let sinks = [sink(Stream::Stdout), sink(Stream::Stderr)];
    let ended = runner
        .environment
        .run(program, &work_dir, watched.clone(), sinks)
        .await;
    let ran = match ended {
        Ok(ended) => settle(call, &work_dir, watched, ended, script.hands_back).await,
        Err(lacks) => Err(StepEnd::Abandoned(lacks)),
    };
    let span = tracing::Span::current();
    let _ = spawn_blocking(move || span.in_scope(|| drop(work_dir))).await;
    ran
}

/// What an ended program means for its step.
async fn settle(
    call: &StepCall<'_>,
    work_dir: &WorkDir,
    watched: Watched<'_>,
    ended: ProgramEnd,
    hands_back: Option<&'static str>,
) -> Result<Ran, StepEnd> {
    let report = match (ended.stop, ended.report) {
        (Some(Stop::TimedOut), _) => return Err(call.timed_out()),
        (Some(_), _) => return Err(StepEnd::Stopped),
        (None, Ok(report)) if report.lease_expired => {
            // The end of the lease ends the whole attempt.
            call.stop.cancelled().await;
            return Err(StepEnd::Stopped);
        }
        (None, report) => report,
    };
    let exit = match report.map(|report| report.end) {
        Ok(End::Exited(code)) => Ok(code),
        Ok(End::Signalled(_)) if let Some(reason) = ended.outgrown => Err(reason),
        Ok(End::Signalled(signal)) => Err(killed(signal, ended.out_of_memory)),
        Ok(End::NotStarted(reason)) => return Err(StepEnd::refused(reason)),
        Ok(End::NotPrepared(reason)) => return Err(StepEnd::Abandoned(reason)),
        Ok(End::Ready { .. }) => Err("the shim ran nothing".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let (runner, taken) = (call.context.runner, call.context.taken);
    let uploaded = runner.upload_artifacts(
        taken,
        work_dir.output(),
        watched,
        None,
        Some(call.context.redactor.clone()),
    );
    match uploaded.await {
        Ok(omitted) => {
            call.context
                .log
                .write(Stream::Stderr, omitted.as_bytes())
                .await;
        }
        Err(_) => return Err(StepEnd::Stopped),
    }
    let handed_back = match hands_back {
        Some(name) => handed_back(work_dir.home().to_owned(), name).await,
        None => None,
    };
    Ok(Ran {
        exit,
        stdout: ended.stdout.excerpt.text(),
        stderr: ended.stderr.excerpt.text(),
        handed_back,
    })
}

fn killed(signal: i32, out_of_memory: Option<u64>) -> String {
    let name = nix::sys::signal::Signal::try_from(signal);
    let name = name.map_or_else(|_| String::new(), |name| format!(" ({name})"));
    let memory = out_of_memory.map_or_else(String::new, |limit| {
        format!(": out of memory, the limit is {limit} bytes")
    });
    format!("killed by signal {signal}{name}{memory}")
}

/// Lays out the files, for their owner only. Blocks.
fn lay(
    work_dir: &WorkDir,
    files: Vec<(String, Vec<u8>)>,
    stdin: Option<String>,
) -> io::Result<Option<PathBuf>> {
    for (name, content) in files {
        wire::artifacts::check_name(&name)
            .map_err(|why| io::Error::other(format!("the name `{name}` {why}")))?;
        let path = work_dir.home().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, content)?;
    }
    let Some(stdin) = stdin else {
        return Ok(None);
    };
    let path = work_dir.path().join("stdin");
    fs::write(&path, stdin)?;
    Ok(Some(path))
}

/// A file that a script left; it may be anything, so no link is followed.
async fn handed_back(home: PathBuf, name: &'static str) -> Option<Vec<u8>> {
    let read = move || {
        let (file, _) = OutputDir::open(&home, String::new())?.file(name)?;
        let mut content = Vec::new();
        file.take(HANDED_BACK_BYTES).read_to_end(&mut content)?;
        io::Result::Ok(content)
    };
    spawn_blocking(read).await.ok()?.ok()
}

/// The program of a name.
fn find(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| path.is_absolute());
    }
    let mut folders = PATH.split(':');
    folders
        .by_ref()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
}

/// One stream of a step's process, into the run's log.
struct StepOutput {
    log: Arc<RunLog>,
    stream: Stream,
}

impl Sink for StepOutput {
    async fn send(&self, _offset: u64, bytes: Bytes) -> Result<(), Error> {
        self.log.write(self.stream, &bytes).await;
        Ok(())
    }
}

/// The lines `key=value` of what a step printed.
pub(super) fn fields(printed: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = printed.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
}

/// Why a script failed: its exit, and the last line of what it said about it.
pub(super) fn failure(exit: &Result<i32, String>, stderr: &str) -> String {
    let exit = match exit {
        Ok(code) => format!("exited with code {code}"),
        Err(reason) => reason.clone(),
    };
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or(exit.clone(), |line| format!("{exit}: {}", line.trim()))
}
