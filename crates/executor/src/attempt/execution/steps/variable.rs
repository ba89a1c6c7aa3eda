//! `utility.set_variable` and `utility.get_variable`.

use serde_json::{Value, json};

use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd};

pub(super) fn set(call: &StepCall<'_>) -> Done {
    let name = call.parameters.text("name")?;
    let value = call
        .parameters
        .0
        .get("value")
        .cloned()
        .unwrap_or(Value::Null);
    Ok(Left {
        output: Some(json!({"variable": name, "value": value})),
        set: [(name, value)].into_iter().collect(),
    })
}

pub(super) fn get(call: &StepCall<'_>) -> Done {
    let name = call.parameters.text("name")?;
    let default = call.parameters.0.get("default");
    let value = call.variables.get(&name).or(default);
    let missing = || StepEnd::refused(format!("variable `{name}` is not set"));
    let value = value.ok_or_else(missing)?;
    Ok(Left::output(json!({"variable": name, "value": value})))
}
