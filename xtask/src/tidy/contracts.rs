//! No contract of the server imports another one: what two of them need stands beside them.

use std::collections::BTreeSet;

use super::{Finding, files::File};

/// Each directory here is a contract.
const CONTRACTS: &str = "crates/server/src/api/";

/// Checks all files.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let rooms: Vec<&str> = files.iter().filter_map(contract).collect();
    let inside = files.iter().filter(|file| file.is_rust());
    inside
        .filter_map(|file| Some((file, contract(file)?)))
        .flat_map(|(file, own)| {
            let other = |path: &Vec<String>| match &path[..] {
                [root, api, named, ..] if root == "crate" && api == "api" => {
                    named != own && rooms.contains(&&**named)
                }
                _ => false,
            };
            let module = module(&file.path);
            let paths: BTreeSet<String> = paths(&file.text)
                .into_iter()
                .map(|path| absolute(&module, path))
                .filter(other)
                .map(|path| path[..3].join("::"))
                .collect();
            let finding = |path| format!("{}: contract {own} uses {path}", file.path);
            paths.into_iter().map(finding).collect::<Vec<_>>()
        })
        .collect()
}

/// The contract that a file belongs to.
fn contract(file: &File) -> Option<&str> {
    let (contract, _) = file.path.strip_prefix(CONTRACTS)?.split_once('/')?;
    Some(contract)
}

/// The module that a file is.
fn module(path: &str) -> Vec<String> {
    let path = path.strip_prefix("crates/server/src/").unwrap_or(path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let segments = path.split('/').map(str::to_owned);
    std::iter::once("crate".to_owned())
        .chain(segments)
        .collect()
}

/// A path without `self` and `super`.
fn absolute(module: &[String], path: Vec<String>) -> Vec<String> {
    let supers = path.iter().take_while(|one| *one == "super").count();
    let relative = supers > 0 || path.first().is_some_and(|one| one == "self");
    if !relative {
        return path;
    }
    let base = &module[..module.len().saturating_sub(supers)];
    let rest = path.into_iter().skip(supers.max(1));
    base.iter().cloned().chain(rest).collect()
}

/// All paths of a text that begin with `crate`, `self` or `super`, those of a group each by itself.
fn paths(text: &str) -> Vec<Vec<String>> {
    let code: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(root) {
            if code[..at].ends_with(|c| is_word(c) || c == ':') {
                continue;
            }
            expand(&code[at..], &[], &mut found);
        }
    }
    found
}

/// Reads one path or group of paths below `prefix`; answers with what follows it.
fn expand<'a>(code: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = prefix.to_vec();
    let mut rest = code.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                rest = expand(rest, &path, found).trim_start();
                rest = rest.trim_start_matches([',', '*']).trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        if word.is_empty() {
            // No path begins here: go on behind the character.
            found.push(path);
            return rest.get(1..).unwrap_or_default();
        }
        path.push(word.to_owned());
        match after.strip_prefix("::") {
            Some(after) => rest = after,
            None => {
                found.push(path);
                let renamed = after.trim_start().strip_prefix("as ");
                let end = |rest: &'a str| rest.find([',', '}', ';']).unwrap_or(rest.len());
                return renamed.map_or(after, |rest| &rest[end(rest)..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::files::sample, *};

    fn found(text: &str) -> Vec<Finding> {
        check(&[
            sample("crates/server/src/api/jobs/claim.rs", text),
            sample("crates/server/src/api/plugin_jobs/mod.rs", ""),
            sample("crates/server/src/api/paging.rs", ""),
        ])
    }

    #[test]
    fn another_contract_is_a_finding_however_it_is_named() {
        for text in [
            "use crate::api::plugin_jobs;",
            "use crate::api::plugin_jobs::create;",
            "use crate::{app::App, api::{paging, plugin_jobs as plugins}};",
            "use crate::{\n    app::{App as A, B},\n    api::{\n        plugin_jobs::{self, create},\n    },\n};",
            "use super::super::plugin_jobs::create;",
            "fn f() { crate::api::plugin_jobs::create() }",
        ] {
            assert_eq!(found(text).len(), 1, "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn what_stands_beside_the_contracts_is_for_all() {
        for text in [
            "use crate::api::paging::Page;",
            "use super::{view, super::paging};",
            "use crate::api::jobs::view;",
            "use wire::plugin_jobs;",
            "/// See `crate::api::plugin_jobs`.",
            "use crate::{api::{paging::{self, Page}, jobs::view}, wire::plugin_jobs};",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }
}
