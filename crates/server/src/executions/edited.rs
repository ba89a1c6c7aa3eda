//! The parameters of an execution are edited when it is retried.

use std::sync::Arc;

use engine::RunId;
use playbook::Bundle;
use serde_json::{Map, Value};
use wire::playbooks::{ExecutionInput, OWN_CREDENTIAL};

use super::submission;
use crate::{app::App, refusal::Refusal};

/// Replaces values of the parameters of an execution, whose input was read as `body`; answers the parameters before.
pub(super) async fn edit(
    app: &App,
    (id, body): (RunId, &[u8]),
    input: &mut ExecutionInput,
    edited: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let text = input.playbooks.get(&input.playbook_path);
    let loaded = text.and_then(|text| playbook::parse(text).ok());
    let loaded = loaded.ok_or_else(|| Refusal::internal("the execution's playbook is missing"))?;
    let before = input.parameters.clone();
    let mut after = submission::parameters(&loaded.playbook, edited, &before)?;
    // Templates may name parameters that the playbook does not declare.
    for (name, value) in &before {
        after.entry(name.clone()).or_insert_with(|| value.clone());
    }
    submission::credentials_exist(app, &loaded.playbook, &after).await?;
    let secrets = super::autofill::take_secrets(&mut after, &loaded.playbook);
    if !secrets.is_empty() {
        let sealer = app.vault.sealer(&app.store).await?;
        let mut all = sealer.own_parameters(id, body);
        let all = all.get_or_insert_default();
        all.extend(secrets);
        input.sealed_parameters = Some(sealer.seal_own(id, all));
    }
    // Those of the history stay, so that nothing is said of them.
    input.credentials.extend(bundle(input).credentials(&after));
    input.credentials.remove(OWN_CREDENTIAL);
    input.parameters = after;
    Ok(before)
}

/// The playbooks as they were at the first start.
fn bundle(input: &ExecutionInput) -> Bundle {
    let parsed = input.playbooks.iter().filter_map(|(path, text)| {
        let playbook = playbook::parse(text).ok()?.playbook;
        Some((path.clone(), Arc::new(playbook)))
    });
    Bundle {
        root: input.playbook_path.clone(),
        playbooks: parsed.collect(),
    }
}
