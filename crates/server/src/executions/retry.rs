//! An execution goes back to one of its steps: an ended one is retried from there, a paused one goes on there. The
//! parts that it has stay; its input says from which step on they do not count, until that step has begun again.

use engine::{Command, Kind, RunId, Stage, State, Status, WaitFor};
use serde_json::{Map, Value};
use store::{Batch, Read, audit::AuditEntry, runs::TopPart};
use wire::playbooks::{ExecutionInput, Requester, Restart};

use super::edited::edit;
use crate::{app::App, kinds::Control, refusal::Refusal, runs::cannot};

/// Where an ended execution goes on, and with what.
#[derive(Clone, Debug, Default)]
pub(crate) struct RetryRequest {
    /// A step at the top level; without one the step at which the execution ended.
    pub(crate) from_step: Option<String>,
    /// Values of parameters that replace those that it had.
    pub(crate) parameters: Option<Map<String, Value>>,
    /// Who asks: from now on the execution is theirs.
    pub(crate) requester: Requester,
}

/// What is to be written, if the run is still as it was.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    version: i64,
    /// For a retry: what the engine decides. A paused execution stays paused.
    command: Option<Command>,
    input: Vec<u8>,
    /// Steps that have begun are performed again.
    goes_back: bool,
    /// For the audit.
    detail: String,
}

/// An execution as it stands.
struct Standing {
    run: engine::Run,
    input: ExecutionInput,
    /// The body that was read.
    body: Vec<u8>,
    /// The steps at the top level that began, in order.
    top: Vec<TopPart>,
    /// The number of the newest part.
    newest: i64,
}

/// Prepares the retry of an execution that has ended.
pub(crate) async fn prepare_retry(
    app: &App,
    id: RunId,
    request: RetryRequest,
) -> Result<Prepared, Refusal> {
    let standing = app.store.read(move |read| standing(read, id)).await?;
    let State::Done { .. } = standing.run.state else {
        let status = standing.run.state.status();
        return Err(cannot_be(Control::Retry, status, id));
    };
    let from_step = match request.from_step {
        None => standing.failed_step(),
        Some(step) => {
            standing.must_have_begun(&step)?;
            Some(step)
        }
    };
    let detail = match &from_step {
        Some(step) => format!("from step {step}"),
        None => "from where it stopped".to_owned(),
    };
    let mut input = standing.input.clone();
    let before = match request.parameters {
        None => None,
        Some(edited) => Some(edit(app, (id, &standing.body), &mut input, &edited).await?),
    };
    input.requester = Some(request.requester);
    input.restarts.push(Restart {
        from_step,
        after: standing.newest,
        parameters_before: before,
    });
    Ok(Prepared {
        version: standing.run.version,
        command: Some(Control::Retry.command(app.aging_step_ms())),
        input: encoded(&input),
        goes_back: true,
        detail,
    })
}

/// Prepares a step back of an execution that is paused.
pub(crate) async fn prepare_step_back(app: &App, id: RunId) -> Result<Prepared, Refusal> {
    let standing = app.store.read(move |read| standing(read, id)).await?;
    let is_paused = match &standing.run.state {
        State::Waiting(wait) => wait.reason == WaitFor::Operator,
        _ => false,
    };
    if !is_paused {
        let message = "The execution can go back only while it is paused";
        return Err(Refusal::bad_request(message).about("execution_id", id.to_string()));
    }
    let Some(step) = standing.step_before() else {
        let message = "The execution has no step before this one";
        return Err(Refusal::bad_request(message).about("execution_id", id.to_string()));
    };
    let mut input = standing.input.clone();
    // What it was to go back to before and did not yet.
    input
        .restarts
        .retain(|restart| restart.after < standing.newest || restart.parameters_before.is_some());
    input.restarts.push(Restart {
        from_step: Some(step.clone()),
        after: standing.newest,
        parameters_before: None,
    });
    Ok(Prepared {
        version: standing.run.version,
        command: None,
        input: encoded(&input),
        goes_back: true,
        detail: format!("to step {step}"),
    })
}

/// Prepares that an execution pauses after each step from the next time on that it goes on, or does not.
pub(crate) async fn prepare_debug(
    app: &App,
    id: RunId,
    debug_mode: bool,
) -> Result<Prepared, Refusal> {
    let standing = app.store.read(move |read| standing(read, id)).await?;
    let input = ExecutionInput {
        debug_mode,
        ..standing.input
    };
    Ok(Prepared {
        version: standing.run.version,
        command: None,
        input: encoded(&input),
        goes_back: false,
        detail: format!("debug mode {debug_mode}"),
    })
}

/// Writes what was prepared.
///
/// # Errors
/// In the inner result: the execution was changed meanwhile.
pub(crate) fn restart(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    prepared: &Prepared,
    entry: &AuditEntry,
) -> Result<Result<(), Refusal>, store::Error> {
    let Prepared {
        version,
        command,
        input,
        goes_back,
        detail,
    } = prepared;
    if !store::runs::replace_input(batch, id, *version, input)? {
        let message = "The execution was changed at the same time: look at it again";
        return Ok(Err(
            Refusal::bad_request(message).about("execution_id", id.to_string())
        ));
    }
    if *goes_back {
        // Steps that waited for people or for other runs begin again.
        store::approvals::withdraw_all(batch, id, entry.at)?;
        store::children::cancel_all(batch, id, entry.at)?;
    }
    let entry = entry.clone().detail(detail);
    match command {
        Some(command) => {
            store::runs::entry(batch, Kind::Execution, id, command, &entry)?;
        }
        None => batch.record(&entry),
    }
    Ok(Ok(()))
}

fn standing(read: &mut Read<'_, '_>, id: RunId) -> Result<Standing, store::Error> {
    let details = store::runs::details(read, id)?;
    if details.run.kind != Kind::Execution {
        return Err(store::Error::NotFound(id));
    }
    let input = serde_json::from_slice(&details.input)
        .map_err(|error| store::Error::Corrupt(format!("an execution's input: {error}")))?;
    Ok(Standing {
        run: details.run,
        input,
        body: details.input,
        top: store::runs::top_parts(read, id)?,
        newest: store::runs::newest_part(read, id)?,
    })
}

impl Standing {
    /// The newest step of the plan that began, with its place in the plan.
    fn last(&self) -> Option<(usize, &TopPart)> {
        let place = |part: &TopPart| {
            self.input
                .steps
                .iter()
                .position(|step| step.id == part.name)
        };
        let mut begun = self.top.iter().rev();
        begun.find_map(|part| Some((place(part)?, part)))
    }

    /// The step at which it ended: without one it goes on after the last that began.
    fn failed_step(&self) -> Option<String> {
        let (place, part) = self.last()?;
        let is_done = matches!(part.stage, Stage::Completed | Stage::Skipped);
        let is_last = place + 1 == self.input.steps.len();
        (!is_done || is_last).then(|| part.name.clone())
    }

    /// The step before the one that goes on or comes next.
    fn step_before(&self) -> Option<String> {
        let waiting = self.input.restarts.last();
        let waiting = waiting.filter(|restart| restart.after == self.newest);
        let waiting = waiting.and_then(|restart| restart.from_step.as_ref());
        let next = match (waiting, self.last()) {
            (Some(step), _) => self.input.steps.iter().position(|one| one.id == *step)?,
            (None, Some((place, part)))
                if part.stage.is_end() && part.stage != Stage::Interrupted =>
            {
                place + 1
            }
            (None, Some((place, _))) => place,
            (None, None) => return None,
        };
        let step = self.input.steps.get(next.checked_sub(1)?)?;
        Some(step.id.clone())
    }

    fn must_have_begun(&self, step: &str) -> Result<(), Refusal> {
        if !self.input.steps.iter().any(|one| one.id == step) {
            let message = "from_step must be a step at the top level of the playbook";
            return Err(Refusal::field("from_step", message));
        }
        if !self.top.iter().any(|part| part.name == step) {
            let message = "from_step must be a step that has begun";
            return Err(Refusal::field("from_step", message));
        }
        Ok(())
    }
}

/// The status of an execution does not allow a control.
pub(crate) fn cannot_be(control: Control, status: Status, id: RunId) -> Refusal {
    let message = format!("The {}", cannot("execution", control, status));
    Refusal::bad_request(message).about("execution_id", id.to_string())
}

fn encoded(input: &ExecutionInput) -> Vec<u8> {
    // Strings and JSON values have a JSON form.
    serde_json::to_vec(input).unwrap_or_default()
}
