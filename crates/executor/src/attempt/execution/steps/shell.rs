//! `utility.shell`.

use serde_json::{Map, Value};

use crate::attempt::execution::{
    call::{Done, Left, StepCall, StepEnd, StepError, text},
    process::{self, Script, failure, fields},
};

/// How much of standard error is in the output.
const ERROR_BYTES: usize = 64 << 10;
/// The name of a script in its directory.
const SCRIPT: &str = "script";

pub(super) async fn run(call: &StepCall<'_>) -> Done {
    let parameters = &call.parameters;
    let expected = expected(parameters.list("expect")?)?;
    let files = parameters.texts("files")?.into_iter();
    let mut script = Script {
        program: parameters
            .optional_text("shell")
            .unwrap_or_else(|| "/bin/sh".to_owned()),
        arguments: Vec::new(),
        environment: parameters.texts("env")?,
        files: files
            .map(|(name, content)| (name, content.into_bytes()))
            .collect(),
        stdin: parameters.optional_text("stdin"),
        network: parameters.flag("network", true)?,
        hands_back: None,
    };
    match (parameters.get("command"), parameters.get("script")) {
        (Some(Value::Array(words)), None) => {
            if let Some(place) = secret_word(call, words) {
                let why = format!(
                    "word {place} of `command` has a secret in it, which every process of the machine could \
                     read: pass it in `env`, `stdin` or `files`"
                );
                return Err(StepEnd::refused(why));
            }
            let mut words = words.iter().map(text);
            let nothing = || StepEnd::refused("parameter `command` is an empty list");
            script.program = words.next().ok_or_else(nothing)?;
            script.arguments = words.collect();
        }
        (Some(command), None) if !call.context.redactor.finds_in(&text(command)) => {
            script.arguments = vec!["-c".to_owned(), text(command)];
        }
        // Arguments can be read by every process of the machine, files of the attempt cannot.
        (Some(content), None) | (None, Some(content)) => {
            script
                .files
                .push((SCRIPT.to_owned(), text(content).into_bytes()));
            script.arguments = vec![SCRIPT.to_owned()];
        }
        (None, None) => return Err(StepEnd::refused("it has neither `command` nor `script`")),
        (Some(_), Some(_)) => return Err(StepEnd::refused("it has both `command` and `script`")),
    }
    let ran = process::run(call, script).await?;
    let mut output: Map<String, Value> = Map::new();
    output.extend(fields(&ran.stdout).map(|(key, value)| (key, value.into())));
    let code = ran.exit.as_ref().ok().copied();
    output.insert("exit_code".to_owned(), code.into());
    let from = ran
        .stderr
        .ceil_char_boundary(ran.stderr.len().saturating_sub(ERROR_BYTES));
    output.insert("_error".to_owned(), ran.stderr[from..].into());
    let message = failure(&ran.exit, &ran.stderr);
    output.insert("_output".to_owned(), ran.stdout.into());
    let left = Left::output(Value::Object(output));
    if code.is_some_and(|code| expected.contains(&i64::from(code))) {
        return Ok(left);
    }
    let last = false;
    Err(StepEnd::Failed(StepError { message, last }, left))
}

/// The first word that has a secret in it, counted from 1.
fn secret_word(call: &StepCall<'_>, words: &[Value]) -> Option<usize> {
    let redactor = &call.context.redactor;
    let place = words.iter().position(|word| redactor.finds_in(&text(word)));
    place.map(|place| place + 1)
}

/// The exit codes that are no failure.
pub(super) fn expected(listed: Option<&Vec<Value>>) -> Result<Vec<i64>, StepEnd> {
    let Some(listed) = listed else {
        return Ok(vec![0]);
    };
    let code = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    let codes: Option<Vec<i64>> = listed.iter().map(code).collect();
    codes.ok_or_else(|| StepEnd::refused("parameter `expect` is not a list of exit codes"))
}
