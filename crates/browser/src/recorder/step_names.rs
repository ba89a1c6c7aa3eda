//! Ids of steps and names of parameters: short, of letters that every tool takes, and unique.

use std::collections::{HashMap, HashSet};

use super::RecordedElement;

/// How long the part of an id is that comes from an element's name.
const LONGEST: usize = 32;

/// The names that are taken.
#[derive(Default)]
pub(super) struct StepNames {
    ids: HashSet<String>,
    parameters: HashSet<String>,
    /// The parameter of a field, by its locator.
    secrets: HashMap<String, String>,
}

impl StepNames {
    /// The id of a step that does something with what is called so.
    pub(super) fn id(&mut self, verb: &str, what: &str) -> String {
        let words = [words_of(verb), words_of(what)];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        unique(&mut self.ids, words.join("_").trim_end_matches('_'))
    }

    /// The parameter that holds the secret of a field.
    pub(super) fn parameter(&mut self, field: &RecordedElement) -> String {
        let locator = field.locator.as_str();
        if let Some(known) = self.secrets.get(locator) {
            return known.clone();
        }
        let words = words_of(&field.name);
        let starts_as_name = words.starts_with(|c: char| c.is_ascii_alphabetic());
        let name = if starts_as_name { &words } else { "secret" };
        let name = unique(&mut self.parameters, name);
        self.secrets.insert(String::from(locator), name.clone());
        name
    }
}

/// The name itself, or with a number behind it.
fn unique(taken: &mut HashSet<String>, name: &str) -> String {
    let mut found = String::from(name);
    let mut number = 2;
    while !taken.insert(found.clone()) {
        found = format!("{name}_{number}");
        number += 1;
    }
    found
}

/// `User name *` is `user_name`.
fn words_of(text: &str) -> String {
    let mut words = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        if !words.is_empty() {
            if words.len() + word.len() >= LONGEST {
                break;
            }
            words.push('_');
        }
        words.extend(word.chars().take(LONGEST).map(|c| c.to_ascii_lowercase()));
    }
    words
}

/// An address without its scheme and its query.
pub(super) fn host_and_path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let shown = rest[..end].trim_end_matches('/');
    shown.chars().take(60).collect()
}
