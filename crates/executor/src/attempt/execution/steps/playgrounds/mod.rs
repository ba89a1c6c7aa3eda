//! `playground.create`, `playground.wait`, `playground.rollout`, `playground.destroy` and `playground.exec`.

mod create;
mod destroy;
mod exec;
mod rollout;
mod wait;

use std::{collections::BTreeMap, time::Duration};

use engine::WaitFor;
use serde_json::{Map, Value, json};
use wire::{
    executors::{
        AskPlayground, AskedPlayground, ChildRun, OperationLeft, PlaygroundOfStep,
        PlaygroundRequest, operations::OperationFailure,
    },
    jobs::Stream,
    playgrounds::ServiceSettings,
};

use super::child;
use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd, StepError, text};

pub(super) use create::create;
pub(super) use destroy::destroy;
pub(super) use exec::exec;
pub(super) use rollout::rollout;
pub(super) use wait::wait;

/// An operation of which nothing is heard is looked after so often: it may wait for one that is only planned.
const LOOK_PERIOD: Duration = Duration::from_secs(60);

/// The playground that a step names, by `playground` or `env`.
fn named(call: &StepCall<'_>) -> Result<String, StepEnd> {
    let none = || StepEnd::refused("parameter `playground` is missing");
    maybe_named(call).ok_or_else(none)
}

fn maybe_named(call: &StepCall<'_>) -> Option<String> {
    let is_name = |value: &&Value| value.is_string() || value.is_number();
    let names = ["playground", "env"].into_iter();
    let mut names = names.filter_map(|name| call.parameters.get(name).filter(is_name));
    let name = names.next().map(text)?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Asks the server once.
async fn asked(
    call: &StepCall<'_>,
    request: &PlaygroundRequest,
) -> Result<AskedPlayground, StepEnd> {
    let ask = AskPlayground {
        lease: call.lease(),
        step: call.key.to_string(),
        request: request.clone(),
    };
    let (client, run) = (&call.context.runner.client, call.context.taken.id);
    let asked = call.asked(|| client.ask_playground(run, &ask)).await?;
    if let Some(operation) = asked.operation.as_ref().filter(|one| one.submitted) {
        let mut line = format!("operation {} started", operation.id);
        if let Some(playground) = &asked.playground {
            line = format!(
                "{line} on playground {} `{}`",
                playground.id, playground.name
            );
        }
        if asked.again {
            line.push_str(", which an earlier try made: it is used again");
        }
        say(call, &line).await;
    }
    Ok(asked)
}

async fn say(call: &StepCall<'_>, line: &str) {
    let line = format!("{}: {line}\n", call.key);
    let log = &call.context.log;
    log.write(Stream::Stdout, line.as_bytes()).await;
}

/// How much of the try's time is left.
fn left(call: &StepCall<'_>, asked: &AskedPlayground) -> Result<Duration, StepEnd> {
    let left = call
        .timeout
        .checked_sub(Duration::from_millis(asked.age_ms));
    let left = left.filter(|left| !left.is_zero());
    left.ok_or_else(|| call.timed_out())
}

/// Has an operation performed for this try, and waits for its end. The run is parked meanwhile; when the step's time
/// is over, the server cancels the operation with the part's next report.
async fn operated(
    call: &StepCall<'_>,
    request: PlaygroundRequest,
) -> Result<(AskedPlayground, ChildRun), StepEnd> {
    let mut news = call.news();
    let mut told = false;
    loop {
        news.looks();
        let asked = asked(call, &request).await?;
        if let Some(operation) = &asked.operation
            && operation.has_ended()
        {
            let operation = operation.clone();
            return Ok((asked, operation));
        }
        let mut limit = left(call, &asked)?;
        if let Some(after) = &asked.after {
            if !told {
                say(call, &format!("waits for operation {after}")).await;
                told = true;
            }
            limit = limit.min(LOOK_PERIOD);
        }
        news.wait(WaitFor::Playground, Some(limit)).await;
    }
}

/// What an operation left, and that it failed if it did. `output` is what the step leaves either way.
fn judged(
    what: &str,
    operation: &ChildRun,
    playground: Option<&PlaygroundOfStep>,
    output: Map<String, Value>,
) -> Result<(OperationLeft, Map<String, Value>), StepEnd> {
    let left: OperationLeft = child::outcome(operation)?;
    if operation.status == "completed" {
        return Ok((left, output));
    }
    let of = playground.map_or_else(
        || "the playground".to_owned(),
        |one| format!("playground {} `{}`", one.id, one.name),
    );
    let why = why(&operation.status, &left);
    let mut output = output;
    output.insert("failure".to_owned(), json!(left.failure));
    Err(failed(format!("{what} of {of} failed: {why}"), output))
}

/// Why an operation failed: the service, the category and the message.
fn why(status: &str, left: &OperationLeft) -> String {
    let Some(failure) = &left.failure else {
        let said = left.error.clone();
        return said.unwrap_or_else(|| format!("it {status}"));
    };
    let OperationFailure {
        category,
        message,
        failed_service,
        ..
    } = failure;
    match failed_service {
        Some(service) if !message.contains(service.as_str()) => {
            format!("service `{service}`: {message} ({category})")
        }
        _ => format!("{message} ({category})"),
    }
}

/// A failure that leaves an output.
fn failed(message: String, output: Map<String, Value>) -> StepEnd {
    let last = false;
    StepEnd::Failed(
        StepError { message, last },
        Left::output(Value::Object(output)),
    )
}

/// A playground as the output of a step.
fn output(playground: Option<&PlaygroundOfStep>) -> Map<String, Value> {
    let Some(playground) = playground else {
        return Map::new();
    };
    let services: Map<String, Value> = playground
        .services
        .iter()
        .map(|service| (service.name.clone(), json!(service)))
        .collect();
    let mut output = Map::new();
    for (name, value) in [
        ("id", json!(playground.id)),
        ("name", json!(playground.name)),
        ("status", json!(playground.status)),
        ("urls", json!(playground.urls)),
        ("services", services.into()),
        ("project", json!(playground.project)),
        ("network", json!(playground.network)),
        ("playroom", json!(playground.playroom)),
        ("expires_at", json!(playground.expires_at)),
    ] {
        output.insert(name.to_owned(), value);
    }
    if let Some(job) = &playground.job {
        output.insert("job".to_owned(), json!(job));
    }
    output
}

fn done(output: Map<String, Value>) -> Done {
    Ok(Left::output(Value::Object(output)))
}

/// What is set of services: as the contract has it, with `branch` for `git_config.branch_name` and `env` for
/// `env_vars`.
fn services(call: &StepCall<'_>) -> Result<BTreeMap<String, ServiceSettings>, StepEnd> {
    let mut services = BTreeMap::new();
    for (name, settings) in call.parameters.map("services")?.into_iter().flatten() {
        let wrong =
            |why: &str| StepEnd::refused(format!("parameter `services`: service `{name}` {why}"));
        let mut settings = settings.clone();
        let map = settings.as_object_mut();
        let map = map.ok_or_else(|| wrong("is not a map"))?;
        // An empty one is that of a parameter that was not given.
        if let Some(branch) = map.remove("branch").filter(|one| !one.is_null())
            && branch != ""
        {
            let git = map.entry("git_config").or_insert_with(|| json!({}));
            let git = git.as_object_mut();
            let git = git.ok_or_else(|| wrong("has a `git_config` that is not a map"))?;
            git.insert("branch_name".to_owned(), branch);
        }
        if let Some(env) = map.remove("env") {
            map.insert("env_vars".to_owned(), env);
        }
        let read = serde_json::from_value(settings);
        let read = read.map_err(|error| wrong(&format!("is not understood: {error}")))?;
        services.insert(name.clone(), read);
    }
    Ok(services)
}

/// Refuses what would be kept as it is and has a secret in it: only values of environments rest sealed.
fn without_secrets(call: &StepCall<'_>, kept: &Value) -> Result<(), StepEnd> {
    if !call.context.redactor.finds_in(&kept.to_string()) {
        return Ok(());
    }
    Err(StepEnd::refused(
        "its parameters have a secret that would be kept as it is: only values of `env` may have secrets",
    ))
}

/// The values of a template's variables, if any are given.
fn variables(call: &StepCall<'_>) -> Result<Option<BTreeMap<String, String>>, StepEnd> {
    let given = call.parameters.get("variables").is_some();
    let values = call.parameters.texts("variables")?;
    Ok(given.then(|| values.into_iter().collect()))
}
