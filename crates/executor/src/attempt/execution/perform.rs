//! One attempt of an execution, from its claim until it has ended or waits.

use std::{
    mem::take,
    sync::{Arc, OnceLock},
};

use futures_util::{FutureExt, future::BoxFuture};
use playbook::{ExecutionOutcome, Progress};
use tokio::sync::watch;
use wire::{
    executors::{ClaimedRun, Signals},
    jobs::Stream,
    playbooks::ExecutionInput,
};

use super::{
    bundle::bundle,
    call::Context,
    earlier,
    flow::{Flow, FlowEnd},
    operator::Operator,
    run_log::RunLog,
    steps::{Clients, Sessions},
    titles::Titles,
};
use crate::{
    attempt::{
        AttemptRunner, Taken, Watched, input,
        outcome::{AttemptEnd, PerformOutcome, Stop},
        output_stream::unsent,
        progress_reporter::{Halt, ProgressReporter},
        stopped_if,
    },
    lease::Lease,
    output::{Captured, capture_both},
    redactor::Redactor,
};

impl AttemptRunner {
    /// Performs an execution of a playbook.
    pub(in crate::attempt) fn perform_execution<'a>(
        &'a self,
        run: &'a ClaimedRun,
        watched: Watched<'a>,
    ) -> BoxFuture<'a, PerformOutcome> {
        // On the heap: what it needs is much, and jobs need none of it.
        self.attempt_execution(run, watched).boxed()
    }

    async fn attempt_execution(&self, run: &ClaimedRun, watched: Watched<'_>) -> PerformOutcome {
        let input: ExecutionInput = match input(run) {
            Ok(input) => input,
            Err(outcome) => return outcome,
        };
        let taken = Taken::of(run);
        let trace = self.trace(taken).prepared();
        let (lease, without_cancel) = watch::channel(uncancelled(*watched.lease.borrow()));
        let redactor = Redactor::default();
        let context = Context {
            runner: self,
            taken,
            input: &input,
            lease: without_cancel,
            log: Arc::new(RunLog::new(redactor.clone())),
            redactor,
            reopened: OnceLock::new(),
            clients: Clients::new(self.environment.addresses.clone()),
            sessions: Sessions::default(),
            browser: self.environment.browsers.take(taken.id, taken.token),
        };
        let forwarded = forward(watched.lease.clone(), lease);
        let performed = async {
            let flow = self.open_flow(run, &context, &watched).await;
            match flow {
                Ok(flow) => self.finish(flow, &context, watched.clone()).await,
                Err(outcome) => outcome,
            }
        };
        let outcome = tokio::select! {
            outcome = performed => outcome,
            () = forwarded => PerformOutcome::Lost,
        };
        let session = context.browser;
        match outcome {
            // It is kept since before the run was parked.
            PerformOutcome::Parked => {}
            // The outcome does not wait for a browser that hangs.
            _ => drop(tokio::spawn(async move { session.close().await })),
        }
        trace.end(outcome)
    }

    /// Reads the playbooks and what earlier attempts left.
    async fn open_flow<'a>(
        &'a self,
        run: &'a ClaimedRun,
        context: &'a Context<'a>,
        watched: &Watched<'_>,
    ) -> Result<Flow<'a>, PerformOutcome> {
        let not_started = |reason| PerformOutcome::not_started(context.taken, reason);
        let bundle = bundle(context.input).map_err(not_started)?;
        let reporter =
            ProgressReporter::new(&self.client, &self.environment.settings.name, context.taken);
        let parts = tokio::select! {
            biased;
            stop = stopped_otherwise(watched) => Err(Halt::Stop(stop)),
            parts = earlier::parts(&self.client, run) => parts,
        };
        let parts = parts.map_err(|halt| halted(context.taken, halt, None))?;
        if parts.iter().any(earlier::is_of_browser) {
            context.browser.miss().await;
        }
        if !parts.is_empty() {
            tokio::select! {
                biased;
                stop = stopped_otherwise(watched) => {
                    return Err(halted(context.taken, Halt::Stop(stop), None));
                }
                () = context.reopen() => {}
            }
        }
        let mut titles = Titles::new(&bundle);
        let newest = parts.last().map_or(0, |part| part.number);
        let (parts, mut earlier) = earlier::read(parts, &mut titles);
        let (parameters, edits) = earlier::parameters(context.input);
        let mut progress = Progress::new(Arc::new(bundle), parameters);
        let restored = progress.restore_edited(parts, edits);
        let restored = restored.and_then(|()| match earlier::restart(context.input, newest) {
            None => Ok(()),
            Some(step) => {
                earlier.resumed.clear();
                earlier.finally_until.clear();
                progress.rewind(&step)
            }
        });
        restored.map_err(|problem| {
            not_started(format!(
                "what earlier attempts left cannot be read: {problem}"
            ))
        })?;
        let operator = Operator::new(watched.lease.clone());
        Ok(Flow::new(
            context, reporter, operator, progress, earlier, titles,
        ))
    }

    /// Goes on until the execution has ended or waits.
    async fn finish(
        &self,
        mut flow: Flow<'_>,
        context: &Context<'_>,
        watched: Watched<'_>,
    ) -> PerformOutcome {
        let stream = |stream| self.output_stream(context.taken, stream);
        let (mut out, mut err) = (stream(Stream::Stdout), stream(Stream::Stderr));
        loop {
            let (stdout, stderr) = context.log.open().await;
            let work = async {
                let ended = tokio::select! {
                    biased;
                    stop = stopped_otherwise(&watched) => Err(Halt::Stop(stop)),
                    ended = flow.go() => ended,
                };
                if ended.is_err() {
                    flow.stop_all().await;
                }
                context.log.close().await;
                ended
            };
            let ends = std::future::pending::<()>;
            let (ended, (mut stdout, mut stderr)) = tokio::join!(
                work,
                capture_both(
                    &self.environment.settings.work_dir,
                    (stdout, ends(), out.clone()),
                    (stderr, ends(), err.clone()),
                ),
            );
            let pieces = [
                (&out, take(&mut stdout.unsent)),
                (&err, take(&mut stderr.unsent)),
            ];
            let unsent = unsent(pieces);
            (out, err) = (out.after(stdout.total_bytes), err.after(stderr.total_bytes));
            let wait = match ended {
                Ok(FlowEnd::Parks(wait)) => wait,
                Ok(FlowEnd::Ended(outcome)) => {
                    context.keep_trace().await;
                    let end = end(outcome, stdout, stderr);
                    return PerformOutcome::ended(context.taken, end, unsent);
                }
                Err(halt) => return halted(context.taken, halt, flow.current()),
            };
            // Of a run that is parked the server may make an end by itself.
            context.keep_trace().await;
            let (browsers, id) = (&self.environment.browsers, context.taken.id);
            let session = Arc::clone(&context.browser);
            browsers.keep(id, context.taken.token, session).await;
            let parked = tokio::select! {
                biased;
                stop = stopped_otherwise(&watched) => Err(Halt::Stop(stop)),
                parked = flow.park(&wait, &unsent) => parked,
            };
            if !matches!(parked, Ok(true)) {
                browsers.release(id);
            }
            match parked {
                Ok(false) => {}
                Ok(true) => {
                    flow.stop_all().await;
                    return PerformOutcome::Parked;
                }
                Err(halt) => {
                    flow.stop_all().await;
                    return halted(context.taken, halt, flow.current());
                }
            }
        }
    }
}

/// How an execution ended.
fn end(outcome: ExecutionOutcome, stdout: Captured, stderr: Captured) -> AttemptEnd {
    let error_message = match outcome {
        ExecutionOutcome::Completed { .. } => None,
        ExecutionOutcome::Failed { error } => Some(error),
        ExecutionOutcome::Cancelled => Some("cancelled".to_owned()),
    };
    AttemptEnd {
        completed: error_message.is_none(),
        exit_code: None,
        error_message,
        timed_out: false,
        stdout: stdout.excerpt.text(),
        stderr: stderr.excerpt.text(),
    }
}

/// An execution that does not go on here.
fn halted(taken: Taken<'_>, halt: Halt, current: Option<&str>) -> PerformOutcome {
    let failed = |error: String, timed_out| AttemptEnd {
        completed: false,
        exit_code: None,
        error_message: Some(error),
        timed_out,
        stdout: String::new(),
        stderr: String::new(),
    };
    match halt {
        Halt::Abandoned(what) => PerformOutcome::Abandoned(what),
        Halt::Refused(reason) => {
            let error = format!("the execution cannot go on: {reason}");
            PerformOutcome::ended(taken, failed(error, false), Vec::new())
        }
        Halt::Stop(stop) => PerformOutcome::stopped(taken, stop, Vec::new(), |timed_out| {
            let place = current.map_or_else(String::new, |step| format!(" in step '{step}'"));
            let error = if timed_out {
                format!("the execution's time was over{place}")
            } else {
                "cancelled".to_owned()
            };
            failed(error, timed_out)
        }),
    }
}

/// Waits for a reason to stop that is no cancel: of a cancel the execution itself makes its end.
async fn stopped_otherwise(watched: &Watched<'_>) -> Stop {
    stopped_if(&mut watched.clone(), |_| false).await
}

/// Passes the lease on without its cancel, for as long as it lives.
async fn forward(mut from: watch::Receiver<Lease>, to: watch::Sender<Lease>) {
    while from.changed().await.is_ok() {
        to.send_replace(uncancelled(*from.borrow_and_update()));
    }
}

fn uncancelled(lease: Lease) -> Lease {
    Lease {
        // Steps that wait look again when it rises.
        signals: Signals {
            generation: lease.signals.generation,
            ..Signals::default()
        },
        ..lease
    }
}
