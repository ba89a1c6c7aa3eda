//! What a playground may not do: hostile documents, each refused for its own reason, and what a playroom allows.

mod document;
mod places;
mod service_keys;

use std::collections::BTreeSet;

use playground::{
    compose::ComposeDocument,
    policy::{PlaygroundPaths, Policy, Refusal, check},
};
use serde_json::{Value, json};

const PROJECT: &str = "/srv/pg/app";

fn places() -> PlaygroundPaths {
    PlaygroundPaths {
        own: vec![PROJECT.to_owned()],
        ..PlaygroundPaths::default()
    }
}

fn read(document: Value) -> ComposeDocument {
    serde_json::from_value(document).unwrap()
}

fn refusals(document: &ComposeDocument, policy: &Policy) -> Vec<Refusal> {
    check(document, policy, &places(), &BTreeSet::new())
}

fn policy(allowed: Value) -> Policy {
    serde_json::from_value(allowed).unwrap()
}

/// Refused alone, under this key, with this value; allowed with the setting that the refusal names, if there is one.
fn refused(document: Value, service: Option<&str>, key: &str, value: &str, allowed: Value) {
    let document = read(document);
    let found = refusals(&document, &Policy::default());
    let shown: Vec<_> = found
        .iter()
        .map(|r| (r.service.as_deref(), r.key.as_str(), r.value.as_str()))
        .collect();
    assert_eq!(shown, [(service, key, value)], "{found:#?}");
    if allowed.is_null() {
        assert!(
            !found[0].allowed.contains("policy of the playroom"),
            "{found:#?}"
        );
        return;
    }
    let setting = allowed.as_object().unwrap().keys().next().unwrap();
    assert!(
        found[0].allowed.contains(&format!("`{setting}")),
        "{setting}: {found:#?}"
    );
    assert_eq!(refusals(&document, &policy(allowed)), []);
}

/// A map with one key.
fn under(key: &str, value: Value) -> Value {
    Value::Object([(key.to_owned(), value)].into_iter().collect())
}

/// A map with the keys of both.
fn joined(mut map: Value, keys: Value) -> Value {
    let (Value::Object(all), Value::Object(keys)) = (&mut map, keys) else {
        panic!("both are maps")
    };
    all.extend(keys);
    map
}

/// A document with one service that has these keys.
fn service(keys: Value) -> Value {
    under(
        "services",
        under("web", joined(json!({"image": "x"}), keys)),
    )
}

fn refused_service(keys: Value, key: &str, value: &str, allowed: Value) {
    refused(service(keys), Some("web"), key, value, allowed);
}

fn accepted(document: Value) {
    assert_eq!(refusals(&read(document), &Policy::default()), []);
}

#[test]
fn all_refusals_are_shown_at_once_and_in_words() {
    let document = read(json!({"services": {
        "web": {"image": "x", "privileged": true, "pid": "host"},
        "db": {"image": "x", "cap_add": ["SYS_ADMIN", "SYS_ADMIN", "NET_ADMIN"]},
    }}));
    let found = refusals(&document, &Policy::default());
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    let setting = |text: &str| format!("; the policy of the playroom can allow it with `{text}`");
    let expected = [
        format!(
            "service `db`: `cap_add: NET_ADMIN` is refused; those that every container has are allowed{}",
            setting("capabilities")
        ),
        format!(
            "service `db`: `cap_add: SYS_ADMIN` is refused; those that every container has are allowed{}",
            setting("capabilities")
        ),
        format!(
            "service `web`: `pid: host` is refused; the container's own and `service:NAME` are allowed{}",
            setting("host_namespaces: true")
        ),
        format!(
            "service `web`: `privileged: true` is refused; `false` is allowed{}",
            setting("privileged: true")
        ),
    ];
    assert_eq!(shown, expected);
    let outside = Refusal {
        service: None,
        ..found[0].clone()
    };
    assert!(
        outside
            .to_string()
            .starts_with("`cap_add: NET_ADMIN` is refused")
    );
}

#[test]
fn a_setting_that_does_not_exist_is_an_error() {
    assert!(serde_json::from_value::<Policy>(json!({"priviliged": true})).is_err());
    assert!(serde_json::from_value::<Policy>(json!({"ceiling": {"memry": 1}})).is_err());
    assert_eq!(policy(json!({})), Policy::default());
}
