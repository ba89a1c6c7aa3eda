//! A private engine, in a temporary directory.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{DirBuilderExt, symlink},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::Uid;

use crate::{Location, http, images, programs};

const GUARD: &str = include_str!("guard.sh");
const NAMESPACES: &str = include_str!("namespaces.sh");

/// It takes one second when nothing else runs.
const START: Duration = Duration::from_secs(60);

/// An engine, running unless it was stopped. Dropping it ends it with all containers and removes its
/// directory.
pub struct Engine {
    location: Location,
    guard: Child,
    answers: BufReader<ChildStdout>,
}

impl Engine {
    /// Starts one beside the tests' common one, for a test that kills it.
    ///
    /// # Errors
    /// When the engine does not start.
    pub fn start_another() -> Result<Self> {
        let common = crate::common();
        Self::start(&common.compose(), &common.sample())
    }

    /// Starts one, and makes the images of tests in it. `compose` is the program of Docker Compose, `sample` that
    /// of the web service in an image, linked statically.
    ///
    /// # Errors
    /// When programs or permissions are missing, or the engine does not start.
    pub fn start(compose: &Path, sample: &Path) -> Result<Self> {
        if let Some(program) = programs::missing().first() {
            bail!(
                "the program {} is missing: `cargo xtask setup` installs it (package {}) if it may",
                program.name,
                program.package
            );
        }
        ensure!(
            Uid::effective().is_root(),
            "a private Docker engine needs root, for its namespaces and mounts: run the tests as root"
        );
        let directory = make_directory()?;
        let mut guard = Command::new("sh");
        guard.args(["-c", GUARD, "sh"]).arg(&directory);
        // A group of its own: Ctrl-C is for us, the guard acts when we are gone.
        let guard = guard
            .current_dir(&directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut guard = guard.context("failed to start sh")?;
        let answers = guard.stdout.take().context("the guard has no output")?;
        let mut engine = Self {
            location: Location::new(&directory),
            guard,
            answers: BufReader::new(answers),
        };
        // From here on the guard removes the directory, however this ends.
        let location = &engine.location;
        fs::write(directory.join("namespaces.sh"), NAMESPACES)?;
        symlink(fs::canonicalize(compose)?, location.compose())?;
        symlink(fs::canonicalize(sample)?, location.sample())?;
        engine.start_again()?;
        images::make(&engine.location.socket(), sample)?;
        Ok(engine)
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Kills it and all containers at once, as if the power had failed. Afterwards it is gone.
    ///
    /// # Errors
    /// When its guard is gone.
    pub fn stop(&mut self) -> Result<()> {
        self.ask("stop").map(drop)
    }

    /// Starts it again with the addresses, images and containers that it had, and waits until it answers.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_again(&mut self) -> Result<()> {
        let answer = self.ask("start")?;
        let deadline = Instant::now() + START;
        let socket = self.location.socket();
        while answer == "started" && Instant::now() < deadline {
            if http::request(&socket, "GET", "/_ping", &[]).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        let log = fs::read_to_string(self.location.directory().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(30)..].join("\n");
        bail!("the Docker engine does not start; the end of its log:\n{last}")
    }

    /// Gives the guard a word and waits for its answer.
    fn ask(&mut self, word: &str) -> Result<String> {
        let input = self.guard.stdin.as_mut().context("the guard is gone")?;
        writeln!(input, "{word}").context("the guard is gone")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim_end().to_owned())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // When this fails there is no guard to wait for.
        let _ = self.guard.wait();
    }
}

fn make_directory() -> Result<PathBuf> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("playhouse-docker-{}-{next}", std::process::id());
    let directory = env::temp_dir().join(name);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&directory)
        .with_context(|| format!("failed to make {}", directory.display()))?;
    Ok(directory)
}
