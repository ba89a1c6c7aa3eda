//! Random templates and values.

use playbook::{Playbook, Scope, evaluate, references, render, render_text};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::templates::{rendered, with_scope};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z{} ]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text renders, fails or stays, and nothing panics.
    #[test]
    fn any_text_is_handled(text in "([{}]{1,3}|[a-z.|'\" -]{0,4}|[sil]| | is |default|\\PC){0,12}") {
        let value = json!(text);
        let before = references(&value);
        let result = rendered(&value);
        if before.is_empty() {
            prop_assert_eq!(result, Ok(value));
        }
        let _ = with_scope(|scope| (evaluate(&text, scope).is_ok(), render_text(&text, scope).is_ok()));
    }

    /// A value that goes through a reference is the same value.
    #[test]
    fn a_value_keeps_its_type(value in any_json(), name in "[a-z_][a-z0-9_]{0,5}") {
        prop_assume!(!["parameter", "variable", "step", "credential", "status"].contains(&name.as_str()));
        let parameters = json!({ name.as_str(): value });
        let playbook = Playbook::default();
        let scope = Scope::new(&playbook, parameters.as_object().unwrap());
        let marker = value.as_object().is_some_and(|map| map.contains_key("$credential"));
        prop_assume!(!marker);
        for template in [format!("{{{{ {name} }}}}"), format!("{{{{parameter.{name}}}}}")] {
            prop_assert_eq!(render(&json!(template), &scope), Ok(value.clone()));
        }
        let text = match &value { Value::String(text) => text.clone(), other => other.to_string() };
        let expected = format!("<{text}>");
        prop_assert_eq!(render(&json!(format!("<{{{{ {name} }}}}>")), &scope), Ok(json!(expected)));
    }
}
