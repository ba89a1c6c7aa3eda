//! `utility.python`: a `python3` of its own, with the names that the original gives to scripts.

use serde_json::{Map, Value, json};

use crate::attempt::execution::{
    call::{Done, Left, StepCall, StepEnd, StepError, text},
    process::{self, Script, failure, fields},
};

/// What runs the script.
const RUNNER: &str = include_str!("runner.py");
/// Files in its directory: the script, what it can read, and the variables that it has set.
const SCRIPT: &str = ".step/script.py";
const GIVEN: &str = ".step/given.json";
const SET: &str = ".step/set.json";

pub(super) async fn run(call: &StepCall<'_>) -> Done {
    let parameters = &call.parameters;
    let script = parameters.text("script")?;
    let packages = parameters.list("packages")?.into_iter().flatten();
    let given = json!({
        "variables": call.variables,
        "timeout_overrides": call.context.input.timeout_overrides,
        "packages": packages.map(text).collect::<Vec<_>>(),
    });
    let script = Script {
        program: "python3".to_owned(),
        arguments: vec!["-u".to_owned(), "-c".to_owned(), RUNNER.to_owned()],
        environment: environment(parameters.texts("env")?),
        files: vec![
            (SCRIPT.to_owned(), script.into_bytes()),
            (GIVEN.to_owned(), given.to_string().into_bytes()),
        ],
        stdin: None,
        network: parameters.flag("network", true)?,
        hands_back: Some(SET),
    };
    let ran = process::run(call, script).await?;
    let mut output: Map<String, Value> = Map::new();
    output.extend(fields(&ran.stdout).map(|(key, value)| (key, value.into())));
    output.insert("_output".to_owned(), ran.stdout.into());
    let set = match ran.handed_back {
        Some(text) => serde_json::from_slice(&text).map_err(|error| {
            StepEnd::failed(format!("the variables that it set cannot be read: {error}"))
        })?,
        None => Map::new(),
    };
    let left = Left {
        output: Some(Value::Object(output)),
        set,
    };
    if ran.exit == Ok(0) {
        return Ok(left);
    }
    let (message, last) = (failure(&ran.exit, &ran.stderr), false);
    Err(StepEnd::Failed(StepError { message, last }, left))
}

fn environment(own: Vec<(String, String)>) -> Vec<(String, String)> {
    let fixed = [
        ("PYTHONIOENCODING", "utf-8"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    fixed.into_iter().chain(own).collect()
}
