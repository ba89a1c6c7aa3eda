//! Variable references: all forms, and any nesting of them against a reference model.

use std::collections::{BTreeMap, BTreeSet};

use playground::variables::{VariableError, escape, missing, names, render, unescape};
use proptest::prelude::*;

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    pairs.collect()
}

#[test]
fn every_form_has_its_value() {
    let values = values(&[("A", "a"), ("E", "")]);
    let cases = [
        ("plain", "plain"),
        ("$A", "a"),
        ("$A.b", "a.b"),
        ("${A}b", "ab"),
        ("$E|", "|"),
        ("${A:-x}", "a"),
        ("${E:-x}", "x"),
        ("${U:-x}", "x"),
        ("${A-x}", "a"),
        ("${E-x}", ""),
        ("${U-x}", "x"),
        ("${U-}", ""),
        ("${A:?x}", "a"),
        ("${A?x}", "a"),
        ("${E?x}", ""),
        ("${A:+x}", "x"),
        ("${E:+x}", ""),
        ("${U:+x}", ""),
        ("${A+x}", "x"),
        ("${E+x}", "x"),
        ("${U+x}", ""),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("$$$A", "$a"),
        ("${U:-${A}}", "a"),
        ("${U:-${V:-$A}-${E:+no}}!", "a-!"),
        ("${U:-a:b?c}", "a:b?c"),
        ("${A:+$U}", "MISSING U"),
        ("${A:-$U}", "a"),
        ("${U:-$$}", "$"),
        ("ü${A}ü", "üaü"),
        // A dollar sign before anything else is one.
        ("$", "$"),
        ("a $ $1 $}", "a $ $1 $}"),
        ("${U:-$}$A", "$a"),
        ("$é", "$é"),
    ];
    for (text, expected) in cases {
        let rendered = match render(text, &values) {
            Err(VariableError::Missing(names)) => format!("MISSING {}", names[0].0),
            other => other.unwrap(),
        };
        assert_eq!(rendered, expected, "{text}");
    }
}

#[test]
fn what_is_missing_is_named_with_its_message() {
    let values = values(&[("E", "")]);
    let of = |text| match render(text, &values) {
        Err(VariableError::Missing(names)) => names,
        other => panic!("{text}: {other:?}"),
    };
    let named =
        |name: &str, message: Option<&str>| vec![(name.to_owned(), message.map(str::to_owned))];
    assert_eq!(of("$U"), named("U", None));
    assert_eq!(of("${U}"), named("U", None));
    assert_eq!(of("${U?set it}"), named("U", Some("set it")));
    assert_eq!(of("${E:?set $E it}"), named("E", Some("set  it")));
    assert_eq!(of("${U:?}"), named("U", Some("")));
    assert_eq!(of("$U ${V}").len(), 2);
    // The compose tool looks at parts that are not used, too, but refuses only what is required.
    assert_eq!(of("${E-${U?}$V}"), named("U", Some("")));
    assert_eq!(render("${E-$V}", &values), Ok(String::new()));
}

#[test]
fn what_is_not_a_reference_is_refused() {
    let values = values(&[]);
    for (text, expected) in [
        ("${", "a name is missing"),
        ("${}", "a name is missing"),
        ("${1A}", "a name is missing"),
        ("${A", "is not closed"),
        ("${A:-b", "not closed with `}`"),
        ("${A:b}", "is not a form of a variable"),
        ("${A b}", "is not a form of a variable"),
        ("${A:-${B}", "not closed"),
    ] {
        match render(text, &values) {
            Err(VariableError::Syntax(message)) => {
                assert!(message.contains(expected), "{text}: {message}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| format!("{}x{}", "${A:-".repeat(depth), "}".repeat(depth));
    assert_eq!(render(&nested(32), &values(&[])).unwrap(), "x");
    for depth in [33, 100_000] {
        let refused = render(&nested(depth), &values(&[]));
        assert!(
            matches!(refused, Err(VariableError::Syntax(message)) if message.contains("nested"))
        );
    }
}

#[test]
fn escaped_text_is_literal() {
    let text = "a$b${c}$$";
    assert_eq!(escape(text), "a$$b$${c}$$$$");
    assert_eq!(unescape(&escape(text)), text);
    assert_eq!(render(&escape(text), &values(&[])).unwrap(), text);
}

const TEXT: &str = "
name: ${NAME}
# a comment: $COMMENT
services:
  web:
    image: app:$TAG
    ${KEY}: x
    environment:
      - A=${TAG}
      - B=${SECRET:?run the setup}
      - C=${WITH:-default}
  db:
    image: app:$TAG
x-more: ${NAME}
";

#[test]
fn a_text_names_what_it_misses_with_service_and_line() {
    let found = missing(TEXT, &values(&[]));
    let found: Vec<_> = found
        .iter()
        .map(|m| {
            (
                m.name.as_str(),
                m.service.as_deref(),
                m.line,
                m.message.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("NAME", None, Some(2), None),
        ("TAG", Some("web"), Some(6), None),
        ("SECRET", Some("web"), Some(10), Some("run the setup")),
        ("TAG", Some("db"), Some(13), None),
    ];
    assert_eq!(found, expected);
    let all = missing(
        TEXT,
        &values(&[("NAME", "n"), ("TAG", "1"), ("SECRET", "s")]),
    );
    assert_eq!(all, []);
    assert_eq!(missing("a: [", &values(&[])), []);
}

#[test]
fn a_missing_variable_is_shown_in_words() {
    let found: Vec<String> = missing(TEXT, &values(&[]))
        .iter()
        .map(ToString::to_string)
        .collect();
    let hint = "; set it in the environment, or give it a default as in `${NAME:-value}`";
    assert_eq!(
        found[0],
        format!("the variable `NAME` has no value (line 2){hint}")
    );
    assert_eq!(
        found[2],
        format!("the variable `SECRET` has no value (service `web`, line 10): run the setup{hint}")
    );
}

#[test]
fn all_names_are_found_also_in_defaults() {
    let found = names("services: {a: {image: '${A:-${B:+$C}}', command: ['$D', '${E?$F}']}}");
    let expected = ["A", "B", "C", "D", "E", "F"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
    assert!(names(": :").is_empty());
}

/// A reference, as the specification thinks of it.
#[derive(Clone, Debug)]
enum Model {
    Text(String),
    Dollar,
    Variable(String, bool),
    Ruled(String, char, bool, Vec<Model>),
}

fn model() -> impl Strategy<Value = Vec<Model>> {
    let name = "[ABCD]";
    let leaf = prop_oneof![
        "[a-z .:/?+-]{1,4}".prop_map(Model::Text),
        Just(Model::Dollar),
        (name, any::<bool>()).prop_map(|(name, braces)| Model::Variable(name, braces)),
    ];
    let piece = leaf.prop_recursive(3, 12, 3, move |inner| {
        let rule = prop_oneof![Just('-'), Just('?'), Just('+')];
        let inner = prop::collection::vec(inner, 0..3);
        (name, rule, any::<bool>(), inner)
            .prop_map(|(name, rule, colon, inner)| Model::Ruled(name, rule, colon, inner))
    });
    prop::collection::vec(piece, 0..4)
}

fn write(pieces: &[Model]) -> String {
    let piece = |piece: &Model| match piece {
        Model::Text(text) => text.clone(),
        Model::Dollar => "$$".to_owned(),
        Model::Variable(name, true) => format!("${{{name}}}"),
        // A space ends the name.
        Model::Variable(name, false) => format!("${name} "),
        Model::Ruled(name, rule, colon, inner) => {
            let colon = if *colon { ":" } else { "" };
            format!("${{{name}{colon}{rule}{}}}", write(inner))
        }
    };
    pieces.iter().map(piece).collect()
}

/// The value, and which variables are missing: those with `?` also where they are not used.
fn evaluate(
    pieces: &[Model],
    values: &BTreeMap<String, String>,
    missing: &mut Vec<(String, bool)>,
) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Model::Text(literal) => text += literal,
            Model::Dollar => text += "$",
            Model::Variable(name, braces) => {
                match values.get(name) {
                    Some(value) => text += value,
                    None => missing.push((name.clone(), false)),
                }
                if !braces {
                    text += " ";
                }
            }
            Model::Ruled(name, rule, colon, inner) => {
                let set = values.get(name).filter(|value| !colon || !value.is_empty());
                let mut inside = Vec::new();
                let inner = evaluate(inner, values, &mut inside);
                let used = matches!((rule, set), ('-', None) | ('+', Some(_)));
                missing.extend(inside.into_iter().filter(|(_, required)| used || *required));
                match set {
                    _ if used => text += &inner,
                    Some(value) if *rule != '+' => text += value,
                    None if *rule == '?' => missing.push((name.clone(), true)),
                    _ => {}
                }
            }
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_rendered_as_the_model_says(
        pieces in model(),
        values in prop::collection::btree_map("[ABCD]", prop_oneof![Just(String::new()), "[a-z$]{1,3}"], 0..4),
    ) {
        let text = write(&pieces);
        let mut absent = Vec::new();
        let expected = evaluate(&pieces, &values, &mut absent);
        match render(&text, &values) {
            Ok(rendered) => {
                prop_assert!(absent.is_empty(), "{}: {:?} are missing", text, absent);
                prop_assert_eq!(rendered, expected, "{}", text);
            }
            Err(VariableError::Missing(names)) => {
                let names: Vec<(String, bool)> = names.into_iter().map(|(name, message)| (name, message.is_some())).collect();
                prop_assert_eq!(names, absent, "{}", text);
            }
            Err(VariableError::Syntax(message)) => prop_assert!(false, "{}: {}", text, message),
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "[${}:?+A-]{0,24}|.{0,40}") {
        let _ = render(&text, &BTreeMap::new());
        let _ = missing(&text, &BTreeMap::new());
        prop_assert_eq!(render(&escape(&text), &BTreeMap::new()), Ok(text));
    }
}
