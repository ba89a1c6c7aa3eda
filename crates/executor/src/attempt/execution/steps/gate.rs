//! `gate`.

use serde_json::{Map, Value, json};
use wire::executors::{CompareGate, ComparedGate};

use super::approval;
use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd, StepError, text};

pub(super) async fn gate(call: &StepCall<'_>) -> Done {
    call.parameters.required("conditions")?;
    let conditions = call.parameters.list("conditions")?;
    let conditions = conditions.map(Vec::as_slice).unwrap_or_default();
    let compare = CompareGate {
        lease: call.lease(),
        step: call.key.to_string(),
    };
    let (client, run) = (&call.context.runner.client, call.context.taken.id);
    // Also without a comparison: a later execution may want one.
    let before = call.asked(|| client.compare_gate(run, &compare)).await?;
    let results = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| result(index, condition, &before))
        .collect::<Result<Vec<_>, _>>()?;
    let failed = |result: &&Map<String, Value>| result["holds"] == false;
    let failures: Vec<String> = results.iter().filter(failed).map(why).collect();
    let output = json!({"passed": failures.is_empty(), "results": results});
    if failures.is_empty() {
        return Ok(Left::output(output));
    }
    let message = failures.join("; ");
    if call.parameters.optional_text("on_fail").as_deref() != Some("ask") {
        let last = true;
        return Err(StepEnd::Failed(
            StepError { message, last },
            Left::output(output),
        ));
    }
    let prompt = call.parameters.optional_text("prompt");
    let prompt = prompt.map_or_else(
        || format!("Go on although {message}?"),
        |prompt| format!("{prompt} ({message})"),
    );
    let asked = approval::ask(call, prompt).await?;
    let mut output = output;
    output["approval"] = approval::output(&asked);
    approval::ended(&asked, Left::output(output))
}

/// What one condition comes to.
fn result(
    index: usize,
    condition: &Value,
    before: &ComparedGate,
) -> Result<Map<String, Value>, StepEnd> {
    let place = format!("condition {}", index + 1);
    let wrong = |what: &str| StepEnd::refused(format!("{place}: {what}"));
    let Value::Object(condition) = condition else {
        return Err(wrong("it is not a map"));
    };
    let known = ["name", "value", "min", "max", "equals", "max_change"];
    if let Some(other) = condition.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(wrong(&format!("it has no `{other}`")));
    }
    let limits = ["min", "max", "equals", "max_change"];
    if !limits.iter().any(|limit| condition.contains_key(*limit)) {
        return Err(wrong("it has none of `min`, `max`, `equals`, `max_change`"));
    }
    let name = condition.get("name").map_or_else(|| place.clone(), text);
    let was = of_before(before, &name, index);
    let run = before.execution_id.as_deref().unwrap_or_default();
    let (broken, note) = broken(condition, was, run).map_err(|what| wrong(&what))?;
    let mut result = condition.clone();
    result.insert("name".to_owned(), name.into());
    result.insert("holds".to_owned(), broken.is_empty().into());
    let note = match broken.as_slice() {
        [] => note.map(str::to_owned),
        broken => Some(broken.join(", ")),
    };
    if let Some(was) = was.filter(|_| condition.contains_key("max_change")) {
        result.insert("before".to_owned(), was.into());
    }
    if let Some(note) = note {
        result.insert("note".to_owned(), note.into());
    }
    Ok(result)
}

/// Which limits of a condition do not hold, and what else there is to say; `was` is its value in the execution
/// `run` before. An error says what is wrong with it.
fn broken(
    condition: &Map<String, Value>,
    was: Option<f64>,
    run: &str,
) -> Result<(Vec<String>, Option<&'static str>), String> {
    let value = condition.get("value").ok_or("`value` is missing")?;
    let measured = || number(value).ok_or_else(|| format!("`value` is not a number: {value}"));
    let limit = |field: &str| match condition.get(field) {
        None => Ok(None),
        Some(limit) => number(limit)
            .map(Some)
            .ok_or_else(|| format!("`{field}` is not a number: {limit}")),
    };
    let mut broken = Vec::new();
    if let Some(min) = limit("min")? {
        broken.extend((measured()? < min).then(|| format!("less than {min}")));
    }
    if let Some(max) = limit("max")? {
        broken.extend((measured()? > max).then(|| format!("more than {max}")));
    }
    if let Some(equals) = condition.get("equals") {
        broken.extend((!same(value, equals)).then(|| format!("not {}", text(equals))));
    }
    let Some(percent) = limit("max_change")? else {
        return Ok((broken, None));
    };
    let measured = measured()?;
    let Some(was) = was else {
        let note = "there is no earlier execution to compare with";
        return Ok((broken, Some(note)));
    };
    let change = change(was, measured);
    if change.is_none_or(|change| change > percent) {
        let by = change.map_or_else(|| "from zero".to_owned(), |by| format!("by {by:.1} %"));
        broken.push(format!(
            "changed {by} against {was} in execution {run}, more than {percent} %"
        ));
    }
    Ok((broken, None))
}

/// Why a condition does not hold.
fn why(result: &Map<String, Value>) -> String {
    let part = |field: &str| result.get(field).map(text).unwrap_or_default();
    format!("{} is {}: {}", part("name"), part("value"), part("note"))
}

/// What the same condition measured in the last good execution: the one of this name, or in this place.
fn of_before(before: &ComparedGate, name: &str, index: usize) -> Option<f64> {
    let results = before.output.as_ref()?.get("results")?.as_array()?;
    let named = results.iter().find(|result| result["name"] == name);
    number(
        named
            .or_else(|| results.get(index).filter(|_| named.is_none()))?
            .get("value")?,
    )
}

/// By how many percent a value changed; none of zero, which nothing can be compared with.
fn change(was: f64, is: f64) -> Option<f64> {
    if was == 0.0 {
        return (is == 0.0).then_some(0.0);
    }
    Some(((is - was) / was).abs() * 100.0)
}

/// Whether two values are the same; numbers and texts of numbers by their value.
#[expect(clippy::float_cmp, reason = "equal is what is asked for")]
fn same(one: &Value, other: &Value) -> bool {
    one == other
        || text(one) == text(other)
        || matches!((number(one), number(other)), (Some(one), Some(other)) if one == other)
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}
