//! The part of an attempt in which the program runs.

use std::{
    io,
    path::{Path, PathBuf},
};

use wire::{executors::JobInput, jobs::Stream};

use super::{
    AttemptRunner, PerformOutcome, Taken, Watched, WorkDir,
    name::name,
    outcome::{outcome, without_result},
    playground::PlaygroundReach,
};
use crate::{
    Settings,
    attempt::{
        output_stream::{last_piece, unsent},
        program::{ProgramEnd, ProgramStart},
    },
    isolation,
    output::{Captured, OutputPiece},
    redactor::Redactor,
    shim::{End, Report, View},
};

impl AttemptRunner {
    /// Runs the program to its end, whatever that is.
    pub(super) async fn run(
        &self,
        taken: Taken<'_>,
        job: &JobInput,
        (path, work_dir): (&Path, &WorkDir),
        reach: PlaygroundReach,
        watched: Watched<'_>,
    ) -> PerformOutcome {
        let settings = &self.environment.settings;
        let mut environment = job.env_variables.clone();
        environment.extend(reach.environment);
        let _awake = reach.awake;
        if let Some((name, parent)) = self.trace_parent(taken) {
            environment.entry(name).or_insert(parent);
        }
        let (view, redactor) = match own_view(job, settings)
            .and_then(|view| Ok((view, redactor(job).map_err(|error| error.to_string())?)))
        {
            Ok(own) => own,
            Err(reason) => return PerformOutcome::not_started(taken, reason),
        };
        let called = match called(job, path, work_dir) {
            Ok(called) => called,
            Err(reason) => return PerformOutcome::Abandoned(reason),
        };
        let program = ProgramStart {
            path,
            called,
            arguments: job.arguments.clone(),
            environment,
            stdin: None,
            grace: settings.cancel_grace,
            besides: None,
            view,
            hosts: reach.hosts,
            keeps_home: false,
            redactor: redactor.clone(),
        };
        let stream = |stream| self.output_stream(taken, stream);
        let (out, err) = (stream(Stream::Stdout), stream(Stream::Stderr));
        let sinks = [out.clone(), err.clone()];
        let uploading = watched.clone();
        let ended = self.environment.run(program, work_dir, watched, sinks);
        let ProgramEnd {
            report,
            stop,
            stdout,
            stderr,
            outgrown,
            out_of_memory,
        } = match ended.await {
            Ok(ended) => ended,
            Err(reason) => return PerformOutcome::Abandoned(reason),
        };
        if let Err(why) = self.note_start(&report, job).await {
            return PerformOutcome::Abandoned(why);
        }
        if let Some(outcome) = without_result(&report, stop) {
            return outcome;
        }
        let uploaded = self.upload_artifacts(taken, work_dir.output(), uploading, stop, redactor);
        let Ok(omitted) = uploaded.await else {
            return PerformOutcome::Lost;
        };
        let mut outcome = outcome(&report, stop, job, out_of_memory);
        if !outcome.completed {
            outcome.error_message = outgrown.or(outcome.error_message);
        }
        outcome.stdout = stdout.excerpt.text();
        let (stderr, unsent_errors) = with_omitted(stderr, &omitted, &outcome.stderr);
        outcome.stderr = stderr;
        let unsent = unsent([(&out, stdout.unsent), (&err, unsent_errors)]);
        PerformOutcome::ended(taken, outcome, unsent)
    }
}

impl AttemptRunner {
    /// Notes whether the program was started.
    ///
    /// # Errors
    /// What is wrong here, if that is why it was not.
    async fn note_start(&self, report: &io::Result<Report>, job: &JobInput) -> Result<(), String> {
        let Ok(Report {
            end: End::NotStarted(reason),
            ..
        }) = report
        else {
            self.starts.succeeded();
            return Ok(());
        };
        self.check().await?;
        self.starts.failed(&job.binary_sha256, reason);
        Ok(())
    }
}

/// The link by which the program is started, if it has a name.
fn called(job: &JobInput, path: &Path, work_dir: &WorkDir) -> Result<Option<PathBuf>, String> {
    let called = name(job).map(|name| work_dir.call(path, &name));
    let called = called.transpose();
    called.map_err(|error| format!("the program cannot be given its name: {error}"))
}

/// What of the machine it sees, if it names what it is to reach.
fn own_view(job: &JobInput, settings: &Settings) -> Result<Option<View>, String> {
    let wanted = job.allow.as_ref();
    let view = wanted.map(|wanted| isolation::view_of(settings, wanted));
    view.transpose()
}

/// Takes the job's secrets out of what it prints and leaves.
fn redactor(job: &JobInput) -> io::Result<Option<Redactor>> {
    if job.secrets.is_empty() {
        return Ok(None);
    }
    let redactor = Redactor::default();
    redactor.add(job.secrets.iter().map(String::as_str))?;
    Ok(Some(redactor))
}

/// Standard error with what was left out of the artefacts and why the program failed, and what of it the
/// server does not have yet.
fn with_omitted(stderr: Captured, omitted: &str, error: &str) -> (String, Vec<OutputPiece>) {
    let (mut last, mut unsent) = (stderr.excerpt, stderr.unsent);
    last.add(omitted.as_bytes());
    last.add(error.as_bytes());
    if !omitted.is_empty() {
        unsent.push(last_piece(stderr.total_bytes, omitted));
    }
    (last.text(), unsent)
}
