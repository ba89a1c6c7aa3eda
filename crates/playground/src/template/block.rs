//! The block that declares the variables of a template.

use std::collections::BTreeMap;

use regex::Regex;

use crate::{
    blueprint::{
        BlueprintProblem, TextPosition,
        yaml::{YamlContent, YamlKey, YamlNode},
    },
    suggest::did_you_mean,
};

/// The keys of the block; all mean the same.
pub const BLOCKS: [&str; 4] = [
    "x-playgrounds.dev",
    "playgrounds.dev",
    "x-fibe.gg",
    "fibe.gg",
];
/// What is said of a variable. Where it is used is said by its tokens.
const KEYS: [&str; 9] = [
    "name",
    "validation",
    "required",
    "default",
    "random",
    "secret",
    "sensitive",
    "path",
    "paths",
];

/// A variable that a template declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateVariable {
    /// Where it stands.
    pub at: TextPosition,
    /// What people call it.
    pub name: Option<String>,
    /// What its values match: a regular expression.
    pub validation: Option<String>,
    /// Whether it needs a value; without one it is empty.
    pub required: bool,
    /// Its value where none is given.
    pub default: Option<String>,
    /// Whether its value is drawn where none is given.
    pub random: bool,
    /// Whether its value is for few.
    pub secret: bool,
}

impl TemplateVariable {
    /// What people call it, in parentheses.
    pub(super) fn described(&self) -> String {
        let name = self.name.as_ref();
        name.map_or_else(String::new, |name| format!(" ({name})"))
    }
}

/// The block of a text.
pub(super) fn of(root: &YamlNode) -> Option<(&YamlKey, &YamlNode)> {
    let mut entries = root.entries().iter();
    let found = entries.find(|(key, _)| BLOCKS.contains(&key.text.as_str()))?;
    Some((&found.0, &found.1))
}

/// The text without the block that begins in this line, which leaves empty lines. `None` when other things stand in
/// its lines.
pub(super) fn without(text: &str, root: &YamlNode, line: u32) -> Option<String> {
    let keys = root.entries().iter().map(|(key, _)| key.at.line);
    if line == 0 || keys.clone().filter(|&other| other == line).count() > 1 {
        return None;
    }
    let first = text.lines().nth(usize::try_from(line - 1).ok()?)?;
    if first.starts_with(['{', ' ', '\t']) {
        return None;
    }
    let next = keys.filter(|&other| other > line).min().unwrap_or(u32::MAX);
    let mut rest = String::with_capacity(text.len());
    for (number, text) in (1_u32..).zip(text.lines()) {
        let is_inside = (line..next).contains(&number);
        // Another document begins.
        if !is_inside || text.starts_with("---") {
            rest.push_str(text);
        }
        rest.push('\n');
    }
    Some(rest)
}

/// The variables that the block declares.
pub(super) fn variables(
    block: &YamlNode,
    problems: &mut Vec<BlueprintProblem>,
) -> BTreeMap<String, TemplateVariable> {
    let mut variables = BTreeMap::new();
    let declared = block.get("variables").map_or(&[][..], YamlNode::entries);
    for (key, node) in declared {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if key.text.is_empty() || !key.text.chars().all(is_name) {
            let message = format!(
                "`{}` cannot be the name of a variable: use letters, digits and `_`",
                key.text
            );
            problems.push(BlueprintProblem::error(key.at, message));
            continue;
        }
        variables.insert(key.text.clone(), variable(key, node, problems));
    }
    variables
}

fn variable(
    key: &YamlKey,
    node: &YamlNode,
    problems: &mut Vec<BlueprintProblem>,
) -> TemplateVariable {
    for (one, _) in node.entries() {
        if !KEYS.contains(&one.text.as_str()) {
            let hint = did_you_mean(&one.text, KEYS.iter().copied());
            let message = format!("the variable `{}` has no `{}`{hint}", key.text, one.text);
            problems.push(BlueprintProblem::error(one.at, message));
        }
    }
    let text = |name: &str| node.get(name).and_then(YamlNode::text).map(str::to_owned);
    let mut flag = |name: &str, otherwise: bool| match node.get(name).map(|node| &node.content) {
        None => otherwise,
        Some(YamlContent::Plain(word)) if word == "true" || word == "false" => word == "true",
        Some(_) => {
            let message = format!("`{name}` of the variable `{}` is true or false", key.text);
            problems.push(BlueprintProblem::error(key.at, message));
            otherwise
        }
    };
    let (required, random) = (flag("required", true), flag("random", false));
    let secret = flag("secret", false) | flag("sensitive", false);
    let validation = text("validation").map(|pattern| {
        let inner = pattern
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'));
        inner.unwrap_or(&pattern).to_owned()
    });
    if let Some(Err(error)) = validation.as_deref().map(Regex::new) {
        let message = format!("`validation` of the variable `{}`: {error}", key.text);
        problems.push(BlueprintProblem::error(key.at, message));
    }
    TemplateVariable {
        at: key.at,
        name: text("name"),
        validation,
        required,
        default: text("default"),
        random,
        secret,
    }
}
