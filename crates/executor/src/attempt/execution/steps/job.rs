//! `job.run`.

use std::{collections::BTreeMap, mem};

use engine::Kind;
use playbook::beside;
use serde_json::{Map, Value, json};
use wire::{
    executors::{JobOutcome, JobSecrets},
    jobs::HashedJobFile,
};

use super::child::{self, ChildRequest};
use crate::{
    attempt::execution::call::{Done, Left, StepCall, StepEnd, StepError, text},
    redactor::REDACTED,
};

/// The longest time of a job, in seconds.
const LONGEST_S: f64 = 316_224_000.0;

pub(super) async fn run(call: &StepCall<'_>) -> Done {
    let expect = call.parameters.list("expect")?.cloned().unwrap_or_default();
    let expect: Vec<i64> = expect.iter().filter_map(code).collect();
    let kept = call.parameters.number("max_bytes")?.unwrap_or(65_536.0);
    let child = child::ended(call, request(call)?).await?;
    let left: JobOutcome = child::outcome(&child)?;
    let kept = kept as usize;
    let (stdout, stderr) = (end_of(&left.stdout, kept), end_of(&left.stderr, kept));
    let output = json!({
        "job_id": child.id,
        "exit_code": left.exit_code,
        "stdout": stdout,
        "stderr": stderr,
        "json": serde_json::from_str::<Value>(stdout).ok(),
        "outputs": left.outputs,
    });
    if child.status != "cancelled" && left.exit_code.is_some_and(|code| expect.contains(&code)) {
        return Ok(Left::output(output));
    }
    let why = match (child.status.as_str(), &left.error) {
        ("cancelled", _) => "was cancelled".to_owned(),
        (_, Some(error)) => format!("failed: {error}"),
        (_, None) => match left.exit_code {
            Some(code) => format!("ended with exit code {code}"),
            None => "failed".to_owned(),
        },
    };
    let message = format!("job {} {why}", child.id);
    let last = false;
    Err(StepEnd::Failed(
        StepError { message, last },
        Left::output(output),
    ))
}

/// The job, its files that are given by their content, and its secrets.
fn request(call: &StepCall<'_>) -> Result<ChildRequest, StepEnd> {
    let parameters = &call.parameters;
    let path = parameters.optional_text("program");
    let called = path.as_deref().and_then(|path| path.rsplit('/').next());
    let program = match &path {
        Some(path) => pinned(call, path)?,
        None => HashedJobFile {
            url: parameters.text("url")?,
            sha256: Some(parameters.text("sha256")?),
        },
    };
    let arguments = parameters.list("arguments")?.into_iter().flatten();
    let arguments = arguments.map(text).enumerate();
    let (arguments, secret_arguments) = apart(call, arguments.collect());
    let env = parameters.texts("env")?.into_iter().collect();
    let (env, secret_env) = apart(call, env);
    let mut files = Map::new();
    let mut contents = BTreeMap::new();
    for (name, file) in parameters.map("files")?.into_iter().flatten() {
        let field = |field: &str| file.get(field).map(text);
        if let Some(path) = field("file") {
            files.insert(name.clone(), json!(pinned(call, &path)?));
        } else if field("url").is_some() {
            files.insert(name.clone(), file.clone());
        } else {
            let content = field("content").unwrap_or_else(|| text(file));
            contents.insert(name.clone(), content);
        }
    }
    let name = parameters.optional_text("name");
    let name = name.unwrap_or_else(|| call.name.clone());
    let words: Vec<&str> = name.split_whitespace().collect();
    let time = call.timeout.as_secs_f64().ceil().clamp(1.0, LONGEST_S);
    let submission = json!({
        "type": words.join("-"),
        "binary_url": program.url,
        "binary_sha256": program.sha256,
        "program_name": called,
        "arguments": arguments.into_values().collect::<Vec<_>>(),
        "env_variables": env,
        "files": files,
        "priority": parameters.optional_text("priority").unwrap_or_else(|| "foreground".to_owned()),
        "timeout_seconds": time as u64,
    });
    Ok(ChildRequest {
        kind: Kind::Job,
        submission,
        playground: parameters
            .optional_text("playground")
            .filter(|name| !name.trim().is_empty()),
        contents,
        secrets: JobSecrets {
            env_variables: secret_env,
            arguments: secret_arguments,
            ..JobSecrets::default()
        },
    })
}

/// What can be kept as it is, and what has a secret, in whose place stands a mark.
fn apart<K: Clone + Ord>(
    call: &StepCall<'_>,
    all: BTreeMap<K, String>,
) -> (BTreeMap<K, String>, BTreeMap<K, String>) {
    let mut kept = all;
    let is_secret = |(_, value): &(&K, &mut String)| call.context.redactor.finds_in(value);
    let secret = kept.iter_mut().filter(is_secret);
    let secret = secret.map(|(key, value)| (key.clone(), mem::replace(value, REDACTED.to_owned())));
    let secret = secret.collect();
    (kept, secret)
}

/// A file of the library as it was when the execution started.
fn pinned(call: &StepCall<'_>, path: &str) -> Result<HashedJobFile, StepEnd> {
    let found = call.context.input.files.get(&beside(&call.playbook, path));
    let missing = || {
        StepEnd::refused(format!(
            "the library had no file `{path}` beside `{}` when the execution started",
            call.playbook
        ))
    };
    found.cloned().ok_or_else(missing)
}

/// An exit code, also one that a template made text of.
fn code(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    }
}

/// The last bytes of a text, from a character's beginning on.
fn end_of(printed: &str, bytes: usize) -> &str {
    &printed[printed.ceil_char_boundary(printed.len().saturating_sub(bytes))..]
}
