//! `playground.exec`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use wire::{
    executors::{ExecRequest, PlaygroundRequest, operations::ContainerCommand},
    jobs::Stream,
};

use super::{child, done, failed, named, operated, without_secrets};
use crate::attempt::execution::{
    call::{Done, StepCall, StepEnd, text},
    process::fields,
    steps::shell::expected,
};
use wire::executors::OperationLeft;

pub(in super::super) async fn exec(call: &StepCall<'_>) -> Done {
    let expected = expected(call.parameters.list("expect")?)?;
    let request = PlaygroundRequest::Exec(Box::new(request(call)?));
    let (_, operation) = operated(call, request).await?;
    let left: OperationLeft = child::outcome(&operation)?;
    for (stream, printed) in [
        (Stream::Stdout, &left.stdout),
        (Stream::Stderr, &left.stderr),
    ] {
        call.context.log.write(stream, printed.as_bytes()).await;
    }
    let mut output: Map<String, Value> = Map::new();
    output.extend(fields(&left.stdout).map(|(key, value)| (key, value.into())));
    for (name, value) in [
        ("operation_id", json!(operation.id)),
        ("exit_code", json!(left.exit_code)),
        ("stdout", json!(left.stdout)),
        ("stderr", json!(left.stderr)),
    ] {
        output.insert(name.to_owned(), value);
    }
    let ran = matches!(operation.status.as_str(), "completed" | "failed");
    match left.exit_code.filter(|_| ran) {
        Some(code) if expected.contains(&code) => done(output),
        Some(code) => {
            let last = left
                .stderr
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty());
            let last = last.map_or_else(String::new, |line| format!(": {}", line.trim()));
            Err(failed(format!("exited with code {code}{last}"), output))
        }
        None => {
            let why = left
                .error
                .unwrap_or_else(|| format!("it {}", operation.status));
            Err(failed(
                format!("the command did not run to its end: {why}"),
                output,
            ))
        }
    }
}

fn request(call: &StepCall<'_>) -> Result<ExecRequest, StepEnd> {
    let parameters = &call.parameters;
    let shell = parameters.optional_text("shell");
    let shell = shell.unwrap_or_else(|| "/bin/sh".to_owned());
    let argv = match (parameters.get("command"), parameters.get("script")) {
        (Some(Value::Array(words)), None) if words.is_empty() => {
            return Err(StepEnd::refused("parameter `command` is an empty list"));
        }
        (Some(Value::Array(words)), None) => words.iter().map(text).collect(),
        (Some(script), None) | (None, Some(script)) => vec![shell, "-c".to_owned(), text(script)],
        (None, None) => return Err(StepEnd::refused("it has neither `command` nor `script`")),
        (Some(_), Some(_)) => return Err(StepEnd::refused("it has both `command` and `script`")),
    };
    let variables = parameters.get("env").and_then(Value::as_object);
    let variables = variables.into_iter().flatten();
    let env: BTreeMap<String, String> = variables
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let is_secret = |value: &str| call.context.redactor.finds_in(value);
    let secret = env.iter().filter(|(_, value)| is_secret(value));
    let secret_env: BTreeSet<String> = secret.map(|(name, _)| name.clone()).collect();
    let command = ContainerCommand {
        service: parameters.text("service")?,
        argv,
        user: parameters.optional_text("user"),
        directory: parameters.optional_text("directory"),
        secret_env,
    };
    without_secrets(call, &json!(command))?;
    let time = i64::try_from(call.timeout.as_millis()).unwrap_or(i64::MAX);
    Ok(ExecRequest {
        playground: named(call)?,
        command,
        env,
        timeout_ms: time.clamp(1, 1 << 50),
    })
}
