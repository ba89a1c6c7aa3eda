//! The playbooks of an execution.

use std::{collections::BTreeMap, sync::Arc};

use playbook::Bundle;
use wire::playbooks::ExecutionInput;

/// The playbooks that the execution was started with.
pub(super) fn bundle(input: &ExecutionInput) -> Result<Bundle, String> {
    let mut playbooks = BTreeMap::new();
    for (path, text) in &input.playbooks {
        let loaded = playbook::parse(text).map_err(|problems| {
            let first = problems.first().map(ToString::to_string);
            format!("{path}:{}", first.unwrap_or_default())
        })?;
        playbooks.insert(path.clone(), Arc::new(loaded.playbook));
    }
    let root = input.playbook_path.clone();
    if playbooks.contains_key(&root) {
        Ok(Bundle { root, playbooks })
    } else {
        Err(format!("the execution has no playbook `{root}`"))
    }
}
