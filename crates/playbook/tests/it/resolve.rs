//! Parameters of an execution: defaults, types, limits.

use playbook::{Playbook, credential_marker};
use serde_json::{Map, Value, json};

use super::{loaded, with_steps};

const STEP: &str = "- {id: a, name: A, type: utility.sleep}\n";

fn playbook(parameter: &str) -> Playbook {
    loaded(&with_steps(
        &format!("parameters:\n- {{name: p, {parameter}}}\n"),
        STEP,
    ))
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

/// What becomes of a value of the parameter `p`, or why it is refused.
fn resolved(parameter: &str, value: &Value) -> Value {
    match playbook(parameter).resolve(&map(json!({"p": value}))) {
        Ok(mut resolved) => resolved.remove("p").unwrap(),
        Err(problems) => {
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].parameter, "p");
            Value::String(problems[0].to_string())
        }
    }
}

#[test]
fn values_become_their_type() {
    let rows = [
        ("string", json!("x"), json!("x")),
        ("string", json!(5), json!("5")),
        ("string", json!(true), json!("true")),
        ("file", json!("a/b"), json!("a/b")),
        ("credential", json!("login"), json!("login")),
        ("secret", json!("s"), json!("s")),
        ("integer", json!(5), json!(5)),
        ("integer", json!("5"), json!(5)),
        ("integer", json!(" -7 "), json!(-7)),
        ("integer", json!("18446744073709551615"), json!(u64::MAX)),
        ("integer", json!(u64::MAX), json!(u64::MAX)),
        ("integer", json!(i64::MIN), json!(i64::MIN)),
        ("integer", json!(3.0), json!(3)),
        ("float", json!(3), json!(3)),
        ("float", json!(1.5), json!(1.5)),
        ("float", json!("1.5"), json!(1.5)),
        ("float", json!("2"), json!(2.0)),
        ("boolean", json!(true), json!(true)),
        ("boolean", json!("true"), json!(true)),
        ("boolean", json!("Yes"), json!(true)),
        ("boolean", json!("on"), json!(true)),
        ("boolean", json!("1"), json!(true)),
        ("boolean", json!(1), json!(true)),
        ("boolean", json!("FALSE"), json!(false)),
        ("boolean", json!("no"), json!(false)),
        ("boolean", json!("off"), json!(false)),
        ("boolean", json!(0), json!(false)),
        ("list", json!([1]), json!([1])),
        ("list", json!("[1, \"a\"]"), json!([1, "a"])),
        ("dict", json!({"a": 1}), json!({"a": 1})),
        ("dict", json!("{\"a\": 1}"), json!({"a": 1})),
    ];
    for (kind, given, expected) in rows {
        assert_eq!(
            resolved(&format!("type: {kind}"), &given),
            expected,
            "{kind} {given}"
        );
    }
}

#[test]
fn what_is_no_value_of_the_type_is_refused_by_name() {
    let rows = [
        ("string", json!([1]), "[1]"),
        ("string", json!(null), "null"),
        ("integer", json!("5.5"), "\"5.5\""),
        ("integer", json!(5.5), "5.5"),
        ("integer", json!(1e300), "1e+300"),
        ("integer", json!(9e15), "9000000000000000.0"),
        ("integer", json!(true), "true"),
        ("integer", json!(""), "\"\""),
        ("float", json!("inf"), "\"inf\""),
        ("float", json!("x"), "\"x\""),
        ("float", json!([]), "[]"),
        ("boolean", json!("maybe"), "\"maybe\""),
        ("boolean", json!(2), "2"),
        ("boolean", json!([]), "[]"),
        ("list", json!("x"), "\"x\""),
        ("list", json!({}), "{}"),
        ("dict", json!("[1]"), "\"[1]\""),
        ("dict", json!(1), "1"),
    ];
    for (kind, given, shown) in rows {
        let expected = format!("parameter `p` must be of type {kind}, not {shown}");
        assert_eq!(resolved(&format!("type: {kind}"), &given), expected);
    }
    assert_eq!(
        resolved("type: secret", &json!(["hidden"])),
        "parameter `p` must be of type secret, not the given value"
    );
    let long = resolved("type: integer", &json!("x".repeat(100)));
    assert_eq!(
        long,
        format!(
            "parameter `p` must be of type integer, not \"{}…",
            "x".repeat(79)
        )
    );
}

#[test]
fn limits_hold_at_their_edges() {
    let rows = [
        ("type: integer, min: 1, max: 3", json!(1), true),
        ("type: integer, min: 1, max: 3", json!(3), true),
        ("type: integer, min: 1, max: 3", json!(0), false),
        ("type: integer, min: 1, max: 3", json!("4"), false),
        ("type: float, min: -1.5", json!(-1.5), true),
        ("type: float, min: -1.5", json!(-1.6), false),
        ("type: string, min: 2, max: 3", json!("éé"), true),
        ("type: string, min: 2, max: 3", json!("é"), false),
        ("type: string, min: 2, max: 3", json!("abcd"), false),
        ("type: list, min: 1, max: 1", json!([]), false),
        ("type: list, min: 1, max: 1", json!([1]), true),
        ("type: dict, max: 1", json!({"a": 1, "b": 2}), false),
        ("type: boolean, min: 5", json!(true), true),
        ("type: string, pattern: '[a-z]+'", json!("abc"), true),
        ("type: string, pattern: '[a-z]+'", json!("abc1"), false),
        ("type: string, pattern: 'a|b'", json!("ab"), false),
        ("type: integer, pattern: 'a'", json!(3), true),
        ("type: string, enum: [a, b]", json!("b"), true),
        ("type: string, enum: [a, b]", json!("c"), false),
        ("type: integer, enum: [1, 2]", json!("2"), true),
        ("type: float, enum: [1, 2]", json!(2.0), true),
        ("type: float, enum: [1, 2]", json!(3), false),
    ];
    for (parameter, given, fits) in rows {
        let found = resolved(parameter, &given);
        let refused = found
            .as_str()
            .is_some_and(|text| text.starts_with("parameter `p` must"));
        assert_eq!(!refused, fits, "{parameter} {given}: {found}");
    }
}

#[test]
fn limits_are_said() {
    let rows = [
        (
            "type: integer, min: 1",
            json!(0),
            "must be at least 1, not 0",
        ),
        (
            "type: list, max: 1",
            json!([1, 2]),
            "must be at most 1 items, not 2",
        ),
        (
            "type: dict, max: 0",
            json!({"a": 2}),
            "must be at most 0 entries, not 1",
        ),
        (
            "type: string, min: 3",
            json!("ab"),
            "must be at least 3 characters, not 2",
        ),
        (
            "type: string, pattern: 'x+'",
            json!("ab"),
            "must match `x+`, not \"ab\"",
        ),
        (
            "type: string, enum: [a, 1]",
            json!("c"),
            "must be one of \"a\", 1, not \"c\"",
        ),
        (
            "type: secret, pattern: 'x+'",
            json!("ab"),
            "must match `x+`, not the given value",
        ),
        (
            "type: secret, min: 3",
            json!("ab"),
            "must be at least 3 characters, not so",
        ),
        (
            "type: secret, enum: [a]",
            json!("ab"),
            "must be one of \"a\", not the given value",
        ),
    ];
    for (parameter, given, expected) in rows {
        assert_eq!(
            resolved(parameter, &given),
            format!("parameter `p` {expected}")
        );
    }
}

#[test]
fn defaults_are_filled_in_and_what_is_missing_is_named() {
    let top = "parameters:\n- {name: a, type: integer}\n- {name: b, type: integer, default: '4'}\n\
               - {name: c, type: string, required: false}\n- {name: d, type: string}\n";
    let playbook = loaded(&with_steps(top, STEP));
    let problems = playbook.resolve(&Map::new()).unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "required parameter `a` is missing",
            "required parameter `d` is missing"
        ]
    );
    let resolved = playbook
        .resolve(&map(json!({"a": 1, "d": "x", "more": [1]})))
        .unwrap();
    assert_eq!(
        json!(resolved),
        json!({"a": 1, "b": 4, "d": "x", "more": [1]})
    );
    let resolved = playbook
        .resolve(&map(json!({"a": 1, "d": "x", "c": null})))
        .unwrap();
    assert_eq!(resolved["c"], Value::Null);
}

#[test]
fn only_the_server_may_fill_in_credentials() {
    let marker = credential_marker("login", Some("password"));
    assert_eq!(marker, json!({"$credential": "login", "field": "password"}));
    assert_eq!(
        credential_marker("login", None),
        json!({"$credential": "login"})
    );
    let playbook = playbook("type: string, max: 1");
    let problems = playbook.resolve(&map(json!({"p": marker}))).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "parameter `p` must not hold `$credential`"
    );
    let problems = playbook
        .resolve(&map(json!({"p": "x", "q": marker})))
        .unwrap_err();
    assert_eq!(problems[0].parameter, "q");
    let filled = map(json!({"p": marker, "q": 1}));
    let resolved = playbook
        .resolve_with(&map(json!({"q": 2})), &filled)
        .unwrap();
    assert_eq!(json!(resolved), json!({"p": marker, "q": 2}));
    // Without a name, it is an ordinary map.
    assert_eq!(
        super::resolve::resolved("type: dict", &json!({"$credential": 1})),
        json!({"$credential": 1})
    );
}
