//! Reads the parameters of a playbook.

use super::Fields;
use crate::{
    Parameter, ParameterKind, Position, Problem, resolve, suggest::did_you_mean, yaml::Node,
};

const KEYS: [&str; 9] = [
    "name",
    "type",
    "required",
    "default",
    "description",
    "enum",
    "min",
    "max",
    "pattern",
];

const RENAMED: [(&str, &str); 6] = [
    ("options", "enum"),
    ("choices", "enum"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("regex", "pattern"),
    ("value", "default"),
];

pub(super) fn read(nodes: &[Node], problems: &mut Vec<Problem>) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let Some(parameter) = parameter(index, node, problems) else {
            continue;
        };
        if parameters.iter().any(|other| other.name == parameter.name) {
            let message = format!(
                "parameter `{}` stands twice; the last one counts",
                parameter.name
            );
            problems.push(Problem::warning(node.at, message));
            parameters.retain(|other| other.name != parameter.name);
        }
        parameters.push(parameter);
    }
    parameters
}

fn parameter(index: usize, node: &Node, problems: &mut Vec<Problem>) -> Option<Parameter> {
    let mut fields = Fields::new(format!("parameter {}", index + 1), node, problems)?;
    let name = fields.required("name")?;
    fields.what = format!("parameter `{name}`");
    let word = fields.required("type");
    let at = fields.get("type").map_or(node.at, |node| node.at);
    let kind = word.and_then(|word| kind(&word, at, &mut fields));
    let options = fields.list("enum").unwrap_or_default();
    let pattern = fields.text("pattern");
    if let Some(pattern) = &pattern
        && let Err(error) = resolve::pattern(pattern)
    {
        let at = fields.get("pattern").map_or(node.at, |node| node.at);
        // The lines before the last one show the place.
        let error = error.to_string();
        let why = error
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        fields.error(at, &format!("`pattern` is not a regular expression: {why}"));
    }
    fields.warn_of_others(&KEYS, &RENAMED);
    let parameter = Parameter {
        name,
        kind: kind?,
        required: fields.boolean("required").unwrap_or(true),
        default: fields.value("default"),
        description: fields.text("description").unwrap_or_default(),
        options: options.iter().map(Node::to_value).collect(),
        min: fields.number("min"),
        max: fields.number("max"),
        pattern,
        at: node.at,
    };
    if let Some(default) = &parameter.default
        && let Err(message) = parameter.coerce(default)
    {
        let at = fields.get("default").map_or(node.at, |node| node.at);
        fields.warn(at, &format!("the default {message}"));
    }
    Some(parameter)
}

fn kind(word: &str, at: Position, fields: &mut Fields<'_>) -> Option<ParameterKind> {
    let kinds = ParameterKind::ALL;
    let kind = kinds.iter().copied().find(|kind| kind.as_str() == word);
    if kind.is_none() {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let hint = did_you_mean(word, words.iter().copied());
        let all = words.join(", ");
        fields.error(
            at,
            &format!("unknown type `{word}`{hint}; valid types are {all}"),
        );
    }
    kind
}
