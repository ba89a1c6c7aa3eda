//! Reads the steps of a playbook.

use std::{collections::HashMap, sync::Arc};

use super::{
    Fields,
    control::{condition, for_each, on_failure, retry},
};
use crate::{
    Position, Problem, Step, step_type, step_types,
    suggest::did_you_mean,
    yaml::{Node, NodeKey, to_map},
};

const KEYS: [&str; 17] = [
    "id",
    "name",
    "type",
    "parameters",
    "on_failure",
    "timeout",
    "retry_count",
    "retry_delay",
    "retry",
    "when",
    "for_each",
    "steps",
    "parallel",
    "register",
    "idempotent",
    "rollback",
    "description",
];

const RENAMED: [(&str, &str); 9] = [
    ("condition", "when"),
    ("if", "when"),
    ("loop", "for_each"),
    ("foreach", "for_each"),
    ("with_items", "for_each"),
    ("params", "parameters"),
    ("output", "register"),
    ("retries", "retry_count"),
    ("continue_on_error", "on_failure"),
];

/// The limit of one try when a step does not say, in seconds.
const TIMEOUT_S: f64 = 300.0;
/// The same of a step that holds others: a day. Each of them has its own limit.
const COMPOSITE_TIMEOUT_S: f64 = 86_400.0;

/// The same of a step that waits for people: as long as they need, ten years.
const PEOPLE_TIMEOUT_S: f64 = 315_360_000.0;

/// Where each id stands.
type Ids = HashMap<String, Position>;

pub(super) fn read(nodes: &[Node], ids: &mut Ids, problems: &mut Vec<Problem>) -> Vec<Arc<Step>> {
    let steps = nodes.iter().enumerate();
    steps
        .filter_map(|(index, node)| step(index, node, ids, problems))
        .collect()
}

fn step(
    index: usize,
    node: &Node,
    ids: &mut Ids,
    problems: &mut Vec<Problem>,
) -> Option<Arc<Step>> {
    let mut fields = Fields::new(format!("step {}", index + 1), node, problems)?;
    let id = fields.required("id");
    if let Some(id) = &id {
        fields.what = format!("step `{id}`");
        let at = fields.get("id").map_or(node.at, |node| node.at);
        if let Some(first) = ids.insert(id.clone(), at) {
            fields.error(at, &format!("its id stands in line {} too", first.line));
        }
    }
    let name = fields.required("name");
    let kind = kind(&mut fields);
    let parameters = fields.map("parameters").unwrap_or_default();
    if let Some(kind) = &kind {
        warn_of_parameters(&mut fields, kind, parameters);
    }
    let on_failure = on_failure(&mut fields);
    let retry = retry(&mut fields);
    let for_each = fields
        .get("for_each")
        .and_then(|node| for_each(&mut fields, node));
    let inside = ["parallel", "steps"]
        .into_iter()
        .find(|key| fields.has(key));
    let inside = inside
        .and_then(|key| fields.filled_list(key))
        .unwrap_or_default();
    let rollback = fields.list("rollback").unwrap_or_default();
    let kind = kind.unwrap_or_default();
    let holds_steps = matches!(kind.as_str(), "group" | "parallel" | "playbook.run");
    if (holds_steps || for_each.is_some()) && id.as_ref().is_some_and(|id| id.contains('/')) {
        fields.error(
            node.at,
            "the id of a step that holds others must not contain `/`",
        );
    }
    let default_timeout = match kind.as_str() {
        _ if holds_steps => COMPOSITE_TIMEOUT_S,
        "approval" | "gate" => PEOPLE_TIMEOUT_S,
        _ => TIMEOUT_S,
    };
    let timeout = fields.at_least("timeout", 0.0);
    let mut step = Step {
        id: id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        parameters: to_map(parameters),
        on_failure,
        timeout_s: timeout.unwrap_or(default_timeout),
        timeout_given: timeout.is_some(),
        retry,
        when: condition(&mut fields),
        for_each,
        steps: Vec::new(),
        register: fields.text("register"),
        idempotent: fields.boolean("idempotent").unwrap_or(true),
        rollback: Vec::new(),
        at: node.at,
        kind,
    };
    fields.warn_of_others(&KEYS, &RENAMED);
    step.steps = read(inside, ids, fields.problems);
    step.rollback = read(rollback, ids, fields.problems);
    Some(Arc::new(step))
}

/// The type of a step; those that hold steps need not say it.
fn kind(fields: &mut Fields<'_>) -> Option<String> {
    let (group, parallel) = (fields.has("steps"), fields.has("parallel"));
    if group && parallel {
        fields.error(
            fields.at,
            "it has `steps` and `parallel`: one of them holds the other",
        );
    }
    let inferred = match (group, parallel) {
        (_, true) => Some("parallel"),
        (true, false) => Some("group"),
        (false, false) => None,
    };
    if let Some(inferred) = inferred {
        let at = fields.get("type").map_or(fields.at, |node| node.at);
        if fields.text("type").is_some_and(|word| word != inferred) {
            fields.error(
                at,
                &format!("a step with inner steps has no other type than `{inferred}`"),
            );
        }
        return Some(inferred.to_owned());
    }
    let word = fields.required("type")?;
    let at = fields.get("type").map_or(fields.at, |node| node.at);
    match step_type(&word) {
        Some(known) => {
            if let Some(note) = known.note {
                fields.warn(at, &format!("`{word}`: {note}"));
            }
            Some(word)
        }
        None => {
            let hint = did_you_mean(&word, step_types().iter().map(|known| known.name));
            fields.error(at, &format!("unknown step type `{word}`{hint}"));
            None
        }
    }
}

/// Warns of parameters that the step type does not know, and of those that it misses.
fn warn_of_parameters(fields: &mut Fields<'_>, kind: &str, parameters: &[(NodeKey, Node)]) {
    let known = step_type(kind).map_or(&[][..], |step_type| step_type.parameters);
    let open = step_type(kind).is_some_and(|step_type| step_type.open);
    for (key, _) in parameters {
        let name = key.text.as_str();
        if known.iter().any(|parameter| parameter.name == name) {
            continue;
        }
        let meant = known
            .iter()
            .find(|parameter| parameter.mistakes.contains(&name));
        let hint = match meant {
            Some(parameter) => format!(" (did you mean `{}`?)", parameter.name),
            None if open => continue,
            None if [
                "timeout",
                "retry_count",
                "retry_delay",
                "on_failure",
                "when",
            ]
            .contains(&name) =>
            {
                " (it belongs to the step, beside `parameters`)".to_owned()
            }
            None => did_you_mean(name, known.iter().map(|parameter| parameter.name)),
        };
        let message = format!("`{kind}` has no parameter `{name}`; it is ignored{hint}");
        fields.warn(key.at, &message);
    }
    for parameter in known.iter().filter(|parameter| parameter.required) {
        if !parameters.iter().any(|(key, _)| key.text == parameter.name) {
            fields.warn(
                fields.at,
                &format!("`{kind}` needs the parameter `{}`", parameter.name),
            );
        }
    }
}
