//! The YAML that is written is read again as the same value, by a reader that is not ours.

use playground::compose::to_yaml;
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn a_document_is_easy_to_read() {
    let document = json!({
        "volumes": {"data": {}},
        "services": {"web": {"environment": {"A": "yes", "B": "1.0"}, "image": "nginx:1.25", "ports": [{"target": 80}, [1, []]], "command": null}},
        "name": "pg-1-x",
    });
    let expected = "\
name: pg-1-x
services:
  web:
    image: nginx:1.25
    command: null
    environment:
      A: \"yes\"
      B: \"1.0\"
    ports:
      - target: 80
      - - 1
        - []
volumes:
  data: {}
";
    assert_eq!(to_yaml(&document), expected);
    assert_eq!(read(expected), document);
}

#[test]
fn text_that_could_be_something_else_is_quoted() {
    for text in [
        "",
        "true",
        "Yes",
        "NO",
        "on",
        "Off",
        "null",
        "~",
        "y",
        "N",
        "1",
        "0x1",
        "1e3",
        ".5",
        "-1",
        "- a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "*a",
        "&a",
        "!a",
        "@a",
        "`a`",
        "{a",
        "[a",
        "'a",
        "\"a",
        "%a",
        "|",
        ">",
        "a\nb",
        "a\tb",
        " a",
        "a ",
        "a\\b",
        "2001-01-01",
        "12:30",
        "ü",
        "\u{7f}",
        "\u{0}",
        "\u{feff}a",
        "---",
        "...",
        "=",
        "<<",
    ] {
        let written = to_yaml(&json!({"k": text}));
        assert!(written.starts_with("k: \""), "{written}");
        assert_eq!(read(&written), json!({"k": text}), "{written}");
    }
    for text in [
        "a",
        "/a/b",
        "_a",
        "nginx:1.25",
        "A=b",
        "x@y",
        "a.b-c+d",
        "trueish",
        "a$$b",
    ] {
        assert_eq!(to_yaml(&json!({"k": text})), format!("k: {text}\n"));
    }
}

#[test]
fn a_value_alone_is_a_document() {
    assert_eq!(to_yaml(&json!("a b")), "\"a b\"\n");
    assert_eq!(to_yaml(&json!({})), "{}\n");
    assert_eq!(
        to_yaml(&json!([1, {"b": 2, "a": 3}])),
        "- 1\n- a: 3\n  b: 2\n"
    );
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![".{0,12}", "[a-z:#\\-? ]{0,8}", "[0-9.:eE+_x-]{1,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z. :-]{1,6}|.{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_read_again(value in value()) {
        let written = to_yaml(&json!({"value": value}));
        prop_assert_eq!(&read(&written)["value"], &value, "{}", written);
    }
}
