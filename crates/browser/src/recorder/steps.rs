//! Turns what was recorded into the steps of a playbook.

use serde_json::{Map, Value, json};

use crate::action::{ButtonName, Position};

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

/// The steps of a playbook, in order. A page that was opened is the current one without a step. A click
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
        (Click { element, .. } | Fill { element, .. }, Fill { element: field, .. })
        | (Check { element, .. }, Check { element: field, .. })
        | (Select { element, .. }, Select { element: field, .. }) => {
            element.locator == field.locator
        }
        (Navigate { url }, Navigate { url: again }) => url == again,
        _ => false,
    }
}

fn step(action: &RecordedAction, names: &mut StepNames) -> Option<RecordedStep> {
    let mut secret_parameter = None;
    let (verb, what, step_type, parameters) = match action {
        RecordedAction::Click { element, .. } => {
            let parameters = mouse_parameters(action);
            ("Click", element.name.clone(), "browser.click", parameters)
        }
        RecordedAction::Drag { element, .. } => {
            let parameters = mouse_parameters(action);
            ("Drag", element.name.clone(), "browser.drag", parameters)
        }
        RecordedAction::Fill {
            element,
            value,
            secret,
        } => {
            let value = match secret {
                true => {
                    let parameter = names.parameter(element);
                    format!("{{{{ parameter.{} }}}}", secret_parameter.insert(parameter))
                }
                false => literal(value),
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
            let parameters = json!({"selector": selector(element), "value": one_or_all(options)});
            ("Select", element.name.clone(), "browser.select", parameters)
        }
        RecordedAction::Upload { element, files } => {
            if files.is_empty() {
                return None;
            }
            let parameters = json!({"selector": selector(element), "file_path": one_or_all(files)});
            (
                "Upload",
                element.name.clone(),
                "browser.file_upload",
                parameters,
            )
        }
        page => of_page(page)?,
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

/// Verb, object, step type and parameters of what was done with a page as a whole.
fn of_page(action: &RecordedAction) -> Option<(&'static str, String, &'static str, Value)> {
    Some(match action {
        RecordedAction::Navigate { url } => {
            let parameters = json!({"url": literal(url)});
            ("Open", host_and_path(url), "browser.navigate", parameters)
        }
        RecordedAction::ClosedPage { url } | RecordedAction::SwitchedPage { url } => {
            let parameters = json!({"url": literal(without_query(url))});
            let what = host_and_path(url);
            ("Go on in", what, "browser.switch_page", parameters)
        }
        _ => return None,
    })
}

/// A query is another one at the next visit.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn selector(element: &RecordedElement) -> Value {
    Value::from(literal(element.locator.as_str()))
}

/// What a click or a drag takes.
fn mouse_parameters(action: &RecordedAction) -> Value {
    let place = |at: &Position| json!({"x": at.x, "y": at.y});
    match action {
        RecordedAction::Click {
            element,
            button,
            position,
        } => {
            let mut parameters = json!({"selector": selector(element)});
            if *button == ButtonName::Right {
                parameters["button"] = json!("right");
            }
            if let Some(at) = position {
                parameters["position"] = place(at);
            }
            parameters
        }
        RecordedAction::Drag {
            element,
            position,
            target,
            target_position,
        } => json!({
            "selector": selector(element), "position": place(position),
            "target": selector(target), "target_position": place(target_position),
        }),
        _ => Value::Null,
    }
}

/// The only text as it is, several as a list.
fn one_or_all(texts: &[String]) -> Value {
    let mut texts: Vec<Value> = texts.iter().map(|text| literal(text).into()).collect();
    match texts.len() {
        1 => texts.remove(0),
        _ => Value::from(texts),
    }
}

/// A text that stands for itself in a playbook, where double braces begin a template.
fn literal(text: &str) -> String {
    text.replace("{{", "{{ 0 | string | replace('0', '{{') }}")
}

#[cfg(test)]
mod tests;
