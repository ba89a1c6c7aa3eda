//! `utility.assert`.

use playbook::{Scope, evaluate};
use serde_json::{Value, json};

use crate::attempt::execution::call::{Done, Left, Parameters, StepCall, StepEnd, text};

/// Where the answer waits for the step's begin.
const CHECKED: &str = "checked";

/// Checks every condition of such a step while the playbook is at hand.
pub(in crate::attempt::execution) fn check(
    parameters: &mut Parameters,
    scope: &Scope<'_>,
) -> Result<(), StepEnd> {
    let that = parameters.required("that")?;
    let conditions = match that {
        Value::Array(conditions) => conditions.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let message = parameters.optional_text("message");
    for condition in &conditions {
        let holds = evaluate(condition, scope);
        if !holds.map_err(|problem| StepEnd::refused(problem.to_string()))? {
            let why = message.unwrap_or_else(|| format!("`{condition}` does not hold"));
            return Err(StepEnd::failed(why));
        }
    }
    parameters
        .0
        .insert(CHECKED.to_owned(), conditions.len().into());
    Ok(())
}

pub(super) fn checked(call: &StepCall<'_>) -> Done {
    Ok(Left::output(
        json!({"checked": call.parameters.get(CHECKED)}),
    ))
}
