//! `playbook run`.

use std::{io::Read, path::Path};

use serde_json::{Map, Value};
use wire::playbooks::NewExecution;

use crate::{
    args::RunPlaybook,
    commands::{connection, run::follow_to_end},
    exit::{Exit, Failure},
    output::{print_json, print_line},
};

pub(super) async fn run(run: RunPlaybook) -> Result<Exit, Failure> {
    let client = connection::open(&run.address)?;
    let mut parameters = read_parameters(run.parameters.as_deref())?;
    let given = run.parameter.iter();
    parameters.extend(given.map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
    let new = NewExecution {
        playbook_path: run.path,
        parameters: Some(parameters),
        gateway_url: run.gateway_url,
        credential_name: run.credential,
        debug_mode: run.debug.then_some(true),
        timeout_overrides: None,
        labels: run.label.into_iter().collect(),
    };
    let started = client
        .start_execution(&new, run.idempotency_key.as_deref())
        .await?;
    if run.detach {
        match run.format.json {
            true => print_json(&started)?,
            false => print_line(&started.execution_id)?,
        }
        return Ok(Exit::OK);
    }
    let id = &started.execution_id;
    let shown = (run.format.json, true);
    follow_to_end(&client, id, run.reconnect.reconnect_for, shown).await
}

/// Values of parameters from a file, if one is named.
pub(in crate::commands) fn read_parameters(
    file: Option<&Path>,
) -> Result<Map<String, Value>, Failure> {
    let Some(file) = file else {
        return Ok(Map::new());
    };
    let shown = file.display();
    let failed = |error| Failure::io(format!("cannot read {shown}"), &error);
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read_to_string(file).map_err(failed)?;
    }
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{shown} is not a JSON object: {error}")))
}
