//! Turns what was recorded into the steps of a playbook.

use serde_json::{Map, Value, json};

use super::{
    RecordedAction, RecordedElement,
    step_names::{StepNames, host_and_path},
};

/// A step that does what was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedStep {
    /// Unique among the steps: `click_save`.
    pub id: String,
    /// For people: `Click Save`.
    pub name: String,
    /// `browser.click` and the like.
    pub step_type: &'static str,
    /// The step's parameters.
    pub parameters: Map<String, Value>,
    /// The parameter of the playbook that holds the secret which this step fills in. Two steps that fill the
    /// same field have the same one.
    pub secret_parameter: Option<String>,
}

/// The steps of a playbook, in order. What no step does is left out: the opening and closing of pages. A click
/// that only puts the focus into the field that is filled next is left out as well, and of two texts for one
/// field in a row the last one counts.
#[must_use]
pub fn to_steps(actions: &[RecordedAction]) -> Vec<RecordedStep> {
    let mut names = StepNames::default();
    let mut steps = Vec::new();
    for (at, action) in actions.iter().enumerate() {
        if !is_undone(action, actions.get(at + 1)) {
            steps.extend(step(action, &mut names));
        }
    }
    steps
}

/// Whether the next action does all that this one does.
fn is_undone(action: &RecordedAction, next: Option<&RecordedAction>) -> bool {
    use RecordedAction::{Check, Click, Fill, Navigate, Select};
    let Some(next) = next else {
        return false;
    };
    match (action, next) {
        (Click { element } | Fill { element, .. }, Fill { element: field, .. })
        | (Check { element, .. }, Check { element: field, .. })
        | (Select { element, .. }, Select { element: field, .. }) => {
            element.locator == field.locator
        }
        (Navigate { url }, Navigate { url: again }) => url == again,
        _ => false,
    }
}

fn step(action: &RecordedAction, names: &mut StepNames) -> Option<RecordedStep> {
    let selector = |element: &RecordedElement| json!(literal(element.locator.as_str()));
    let mut secret_parameter = None;
    let (verb, what, step_type, parameters) = match action {
        RecordedAction::Navigate { url } => {
            let parameters = json!({"url": literal(url)});
            ("Open", host_and_path(url), "browser.navigate", parameters)
        }
        RecordedAction::Click { element } => {
            let parameters = json!({"selector": selector(element)});
            ("Click", element.name.clone(), "browser.click", parameters)
        }
        RecordedAction::Fill {
            element,
            value,
            secret,
        } => {
            let value = if *secret {
                let parameter = names.parameter(element);
                let reference = format!("{{{{ parameter.{parameter} }}}}");
                secret_parameter = Some(parameter);
                reference
            } else {
                literal(value)
            };
            let parameters = json!({"selector": selector(element), "value": value});
            ("Fill", element.name.clone(), "browser.fill", parameters)
        }
        RecordedAction::Press { key, element } => {
            let mut parameters = json!({"key": key});
            if let Some(element) = element {
                parameters["selector"] = selector(element);
            }
            ("Press", key.clone(), "browser.press", parameters)
        }
        RecordedAction::Check { element, checked } => {
            let verb = if *checked { "Check" } else { "Uncheck" };
            let parameters = json!({"selector": selector(element), "checked": checked});
            (verb, element.name.clone(), "browser.check", parameters)
        }
        RecordedAction::Select { element, options } => {
            let options: Vec<Value> = options.iter().map(|text| json!(literal(text))).collect();
            let parameters = json!({"selector": selector(element), "value": one_or_all(options)});
            ("Select", element.name.clone(), "browser.select", parameters)
        }
        RecordedAction::Upload { element, files } => {
            let files: Vec<Value> = files.iter().map(|name| json!(literal(name))).collect();
            if files.is_empty() {
                return None;
            }
            let parameters = json!({"selector": selector(element), "file_path": one_or_all(files)});
            let step_type = "browser.file_upload";
            ("Upload", element.name.clone(), step_type, parameters)
        }
        RecordedAction::OpenedPage
        | RecordedAction::ClosedPage
        | RecordedAction::SwitchedPage { .. } => return None,
    };
    let Value::Object(parameters) = parameters else {
        return None;
    };
    Some(RecordedStep {
        id: names.id(verb, &what),
        name: format!("{verb} {what}"),
        step_type,
        parameters,
        secret_parameter,
    })
}

/// The only value as it is, several as a list.
fn one_or_all(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.remove(0),
        _ => Value::from(values),
    }
}

/// A text that stands for itself in a playbook, where double braces begin a template.
fn literal(text: &str) -> String {
    text.replace("{{", "{{ 0 | string | replace('0', '{{') }}")
}

#[cfg(test)]
mod tests;
