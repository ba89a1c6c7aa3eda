//! One attempt of an operation, from its claim to its outcome.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use wire::{
    executors::{
        ClaimedRun,
        operations::{OperationAction, OperationInput},
    },
    jobs::Stream,
};

use super::{context::Operation, error::OperationError, print::Printer};
use crate::{
    attempt::{
        AttemptRunner, Taken, Watched, input,
        outcome::{AttemptEnd, PerformOutcome, Stop},
        output_stream::unsent,
        progress_reporter::Halt,
        stopped, stopped_if,
    },
    output::capture,
    playrooms::Playroom,
    redactor::Redactor,
};

impl AttemptRunner {
    /// Performs an operation on a playground.
    pub(in crate::attempt) fn perform_operation<'a>(
        &'a self,
        run: &'a ClaimedRun,
        watched: Watched<'a>,
    ) -> BoxFuture<'a, PerformOutcome> {
        // On the heap: what it needs is much, and jobs need none of it.
        self.attempt_operation(run, watched).boxed()
    }

    async fn attempt_operation(&self, run: &ClaimedRun, watched: Watched<'_>) -> PerformOutcome {
        let input: OperationInput = match input(run) {
            Ok(input) => input,
            Err(outcome) => return outcome,
        };
        let taken = Taken::of(run);
        let name = &input.playground.playroom;
        let Some(playroom) = self.playrooms.named(name) else {
            let what = format!("it does not reach the Docker host of the playroom `{name}`");
            return PerformOutcome::Abandoned(what);
        };
        if input.action == OperationAction::Exec {
            return self.attempt_exec(run, &input, &playroom, watched).await;
        }
        let trace = self.trace(taken).prepared();
        let redactor = Redactor::default();
        let (printer, printed) = Printer::new(redactor.clone());
        let out = self.output_stream(taken, Stream::Stdout);
        let work = self.operate(run, &input, &playroom, printer, watched);
        let ends = std::future::pending::<()>;
        let dir = &self.environment.settings.work_dir;
        let (ended, stdout) = tokio::join!(work, capture(dir, printed, ends(), out.clone()));
        let unsent = unsent([(&out, stdout.unsent)]);
        let end = |error: Option<String>, timed_out| AttemptEnd {
            completed: error.is_none(),
            exit_code: None,
            error_message: error.map(|error| redactor.text(error)),
            timed_out,
            stdout: stdout.excerpt.text(),
            stderr: String::new(),
        };
        trace.end(match ended {
            Ok(error) => PerformOutcome::ended(taken, end(error, false), unsent),
            Err(Halt::Abandoned(what)) => PerformOutcome::Abandoned(redactor.text(what)),
            Err(Halt::Refused(reason)) => {
                let error = format!("the operation cannot go on: {reason}");
                PerformOutcome::ended(taken, end(Some(error), false), unsent)
            }
            Err(Halt::Stop(stop)) => PerformOutcome::stopped(taken, stop, unsent, |timed_out| {
                let error = if timed_out {
                    "the operation's time was over"
                } else {
                    "cancelled"
                };
                end(Some(error.to_owned()), timed_out)
            }),
        })
    }

    /// Performs it and reports what it left; answers why it failed, if it did.
    async fn operate(
        &self,
        run: &ClaimedRun,
        input: &OperationInput,
        playroom: &Arc<Playroom>,
        printer: Printer,
        watched: Watched<'_>,
    ) -> Result<Option<String>, Halt> {
        let id = input.playground.id;
        let known = playroom.routing.playground(id);
        // It neither falls asleep nor wakes meanwhile, also while the operation is undone.
        let _locked = known.operation_lock.lock().await;
        if input.action.needs_containers()
            && !input.dry_run
            && let Err(why) = playroom.wake(id, &known).await
        {
            // It may be what the operation mends.
            printer.line(format!("it did not wake up: {why}"));
        }
        let mut waits = watched.clone();
        let opened = tokio::select! {
            biased;
            // What is cancelled cleans up, for which it has to be opened.
            stop = stopped_if(&mut waits, |_| false) => return Err(Halt::Stop(stop)),
            opened = Operation::open(self, run, input, Arc::clone(playroom), printer) => opened,
        };
        let mut operation = match opened {
            Ok(operation) => operation,
            Err(OperationError::Halt(halt)) => return Err(halt),
            Err(OperationError::Failed(failure)) => return Ok(Some(failure.message)),
        };
        let mut waits = watched.clone();
        let performed = tokio::select! {
            biased;
            stop = stopped(&mut waits) => Err(OperationError::Halt(Halt::Stop(stop))),
            performed = operation.perform() => performed,
        };
        let cleaning = Watched {
            deadline: None,
            ..watched
        };
        let finished = async {
            match performed {
                Ok(()) => operation.report(None).await.map(|()| None),
                Err(OperationError::Failed(failure)) => {
                    let message = failure.message.clone();
                    operation
                        .report(Some(*failure))
                        .await
                        .map(|()| Some(message))
                }
                Err(OperationError::Halt(Halt::Stop(
                    stop @ (Stop::Cancelled | Stop::TimedOut),
                ))) => {
                    operation.abandon(stop).await?;
                    Err(Halt::Stop(stop))
                }
                Err(OperationError::Halt(halt)) => Err(halt),
            }
        };
        let mut waits = cleaning;
        let ended = tokio::select! {
            biased;
            stop = stopped_if(&mut waits, |_| false) => Err(Halt::Stop(stop)),
            finished = finished => finished,
        };
        playroom.routing.touch(id);
        ended
    }
}

impl Operation<'_> {
    async fn perform(&mut self) -> Result<(), OperationError> {
        if self.input.dry_run && !self.input.action.can_plan() {
            let action = self.input.action.as_str();
            return Err(OperationError::invalid(format!(
                "{action} cannot be planned"
            )));
        }
        match self.input.action {
            OperationAction::Create => self.create().await,
            OperationAction::HardRestart => self.hard_restart().await,
            OperationAction::Stop => self.stop().await,
            OperationAction::Start => self.start().await,
            OperationAction::Destroy => self.destroy().await,
            OperationAction::Rollout => self.rollout().await,
            OperationAction::Rollback => self.rollback().await,
            OperationAction::Complete => self.complete().await,
            OperationAction::Exec => {
                Err(Halt::Refused("a command has no phases".to_owned()).into())
            }
        }
    }
}
