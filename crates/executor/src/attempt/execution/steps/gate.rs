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
    let value = condition
        .get("value")
        .ok_or_else(|| wrong("`value` is missing"))?;
    let name = condition.get("name").map_or_else(|| place.clone(), text);
    let measured =
        || number(value).ok_or_else(|| wrong(&format!("`value` is not a number: {value}")));
    let limit = |field: &str| match condition.get(field) {
        None => Ok(None),
        Some(limit) => number(limit)
            .map(Some)
            .ok_or_else(|| wrong(&format!("`{field}` is not a number: {limit}"))),
    };
    let mut limits = 0;
    let mut broken = Vec::new();
    let mut note = None;
    let mut earlier = Value::Null;
    if let Some(min) = limit("min")? {
        limits += 1;
        let too_low = measured()? < min;
        broken.extend(too_low.then(|| format!("less than {min}")));
    }
    if let Some(max) = limit("max")? {
        limits += 1;
        let too_high = measured()? > max;
        broken.extend(too_high.then(|| format!("more than {max}")));
    }
    if let Some(equals) = condition.get("equals") {
        limits += 1;
        let differs = !same(value, equals);
        broken.extend(differs.then(|| format!("not {}", text(equals))));
    }
    if let Some(percent) = limit("max_change")? {
        limits += 1;
        let measured = measured()?;
        match of_before(before, &name, index) {
            None => note = Some("there is no earlier execution to compare with".to_owned()),
            Some(was) => {
                earlier = was.into();
                let change = change(was, measured);
                if change.is_none_or(|change| change > percent) {
                    let by =
                        change.map_or_else(|| "from zero".to_owned(), |by| format!("by {by:.1} %"));
                    let run = before.execution_id.as_deref().unwrap_or_default();
                    broken.push(format!(
                        "changed {by} against {was} in execution {run}, more than {percent} %"
                    ));
                }
            }
        }
    }
    if limits == 0 {
        return Err(wrong("it has none of `min`, `max`, `equals`, `max_change`"));
    }
    let mut result = condition.clone();
    result.insert("name".to_owned(), name.into());
    result.insert("holds".to_owned(), broken.is_empty().into());
    if !broken.is_empty() {
        note = Some(broken.join(", "));
    }
    if !earlier.is_null() {
        result.insert("before".to_owned(), earlier);
    }
    if let Some(note) = note {
        result.insert("note".to_owned(), note.into());
    }
    Ok(result)
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
fn same(one: &Value, other: &Value) -> bool {
    one == other
        || text(one) == text(other)
        || matches!((number(one), number(other)), (Some(one), Some(other)) if (one - other).abs() < f64::EPSILON)
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}
