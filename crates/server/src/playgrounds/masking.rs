//! What is shown of values that look secret.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    compose::to_yaml,
    environment::{MASK, is_sensitive},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use wire::{executors::operations::PlaygroundEnvironment, playgrounds::EnvMetadataView};

use crate::access::{Principal, Scope};

/// A secret that is shorter stands in too many other words.
const SHORTEST: usize = 4;

/// What a caller sees of secrets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masking {
    reveals: bool,
    /// Names of generated values.
    generated: BTreeSet<String>,
    /// Values that are masked wherever they stand.
    values: BTreeSet<String>,
}

impl Masking {
    /// What this caller sees.
    pub(crate) fn of(principal: &Principal) -> Self {
        Self {
            reveals: principal.scopes().allow(Scope::PlaygroundsReveal),
            ..Self::default()
        }
    }

    /// Whether the caller sees everything.
    pub(crate) fn reveals(&self) -> bool {
        self.reveals
    }

    /// Learns which values of an environment are secret.
    pub(crate) fn learn(&mut self, environment: &PlaygroundEnvironment) {
        self.generated
            .extend(environment.generated_keys.iter().cloned());
        let services = environment.services.values();
        for environment in std::iter::once(environment).chain(services) {
            for (name, value) in &environment.merged {
                if self.is_secret(name) && value.len() >= SHORTEST {
                    self.values.insert(value.clone());
                }
            }
        }
    }

    fn is_secret(&self, name: &str) -> bool {
        is_sensitive(name) || self.generated.contains(name)
    }

    /// A value of an environment.
    pub(crate) fn value(&self, name: &str, value: &str) -> String {
        match (self.reveals, self.is_secret(name)) {
            (true, _) => value.to_owned(),
            (false, true) => MASK.to_owned(),
            (false, false) => self.text(value),
        }
    }

    /// The values of an environment.
    pub(crate) fn values(&self, values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let shown = |(name, value): (&String, &String)| (name.clone(), self.value(name, value));
        values.iter().map(shown).collect()
    }

    /// An environment with its sources.
    pub(crate) fn environment(&self, environment: &PlaygroundEnvironment) -> EnvMetadataView {
        let mut metadata = environment.metadata.clone();
        for (name, value) in &mut metadata {
            value.value = self.value(name, &value.value);
        }
        EnvMetadataView {
            merged: self.values(&environment.merged),
            metadata,
            system_keys: environment.system_keys.clone(),
            generated_keys: environment.generated_keys.clone(),
        }
    }

    /// A text without the secrets that are known, and without passwords in URLs.
    pub(crate) fn text(&self, text: &str) -> String {
        if self.reveals {
            return text.to_owned();
        }
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), MASK);
            }
        }
        without_passwords(&text)
    }

    /// A Compose document. One that cannot be read is not shown.
    pub(crate) fn document(&self, yaml: &str) -> String {
        if self.reveals {
            return yaml.to_owned();
        }
        match serde_saphyr::from_str::<Value>(yaml) {
            Ok(mut document) => {
                self.mask(&mut document);
                to_yaml(&document)
            }
            Err(_) => {
                format!("# {MASK}: this document cannot be read, so nothing of it is shown\n")
            }
        }
    }

    /// Any value with a JSON form. One that loses it by that is not shown.
    pub(crate) fn masked<T: Serialize + DeserializeOwned>(&self, value: T) -> Option<T> {
        if self.reveals {
            return Some(value);
        }
        let mut document = serde_json::to_value(value).ok()?;
        self.mask(&mut document);
        serde_json::from_value(document).ok()
    }

    /// Masks what looks secret in a document, whatever its form.
    fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    match value {
                        Value::Object(_) | Value::Array(_) => self.mask(value),
                        Value::String(_) | Value::Number(_) if self.is_secret(name) => {
                            *value = MASK.into();
                        }
                        value => self.mask(value),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    // `NAME=value`, as the list form of an environment has it.
                    match item.as_str().and_then(|text| text.split_once('=')) {
                        Some((name, text)) if !name.contains(char::is_whitespace) => {
                            *item = format!("{name}={}", self.value(name, text)).into();
                        }
                        _ => self.mask(item),
                    }
                }
            }
            Value::String(text) => *text = self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Masks the passwords of URLs such as `postgres://user:password@host/`.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(|c: char| c == '/' || c == '?' || c.is_whitespace());
        let (authority, tail) = after.split_at(end.unwrap_or(after.len()));
        match authority.rsplit_once('@') {
            Some((login, host)) if login.contains(':') => {
                let user = login.split_once(':').map_or("", |(user, _)| user);
                shown.push_str(&format!("{user}:{MASK}@{host}"));
            }
            _ => shown.push_str(authority),
        }
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masking() -> Masking {
        let mut masking = Masking::default();
        let merged = [
            ("API_TOKEN", "planted-token"),
            ("SALT", "generated-salt"),
            ("MODE", "dev"),
        ];
        let merged = merged.map(|(name, value)| (name.to_owned(), value.to_owned()));
        masking.learn(&PlaygroundEnvironment {
            merged: merged.into(),
            generated_keys: vec!["SALT".to_owned()],
            ..PlaygroundEnvironment::default()
        });
        masking
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let yaml = "services:\n  web:\n    environment:\n      API_TOKEN: planted-token\n      \
            MODE: dev\n      SALT: generated-salt\n      URL: https://a:hunter2@host/x\n    command: \
            [run, --token=planted-token]\n    build:\n      args: [DB_PASSWORD=other, MODE=dev]\n";
        let shown = masking().document(yaml);
        for secret in ["planted-token", "generated-salt", "hunter2", "other"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        for plain in ["MODE: dev", "MODE=dev", "https://a:********@host/x"] {
            assert!(shown.contains(plain), "no {plain} in {shown}");
        }
        assert!(
            !masking()
                .document("{unclosed: [planted-token")
                .contains("planted")
        );
        let reveals = Masking {
            reveals: true,
            ..masking()
        };
        assert_eq!(reveals.document(yaml), yaml);
    }

    #[test]
    fn passwords_of_urls_are_masked_and_nothing_else_of_them() {
        for (text, shown) in [
            ("postgres://db/app", "postgres://db/app"),
            ("postgres://u:p@db/app", "postgres://u:********@db/app"),
            (
                "a http://u:p@b c ftp://x:y:z@d",
                "a http://u:********@b c ftp://x:********@d",
            ),
            ("ssh://git@host/a:b@c", "ssh://git@host/a:b@c"),
            ("u:p@host", "u:p@host"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
